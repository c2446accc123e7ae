package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// slack is what a server's process may have beside the data, in bytes, in the
// bars on resident memory.
const slack = 16 << 20

// measureChurn looks at what becomes of memory that is no longer needed.
func measureChurn(ctx context.Context, r *run) error {
	if r.wants("deletes") {
		if err := r.measureDeletes(ctx); err != nil {
			return err
		}
	}
	if r.wants("phases") {
		return r.measurePhases(ctx)
	}
	return nil
}

// The bar on what is resident after deletes, as a multiple of the live payload.
const liveBar = 1.3

// measureDeletes stores mixed items, deletes nine of ten at random, and watches
// resident memory for ten seconds.
func (r *run) measureDeletes(ctx context.Context) error {
	const seconds = 10
	columns := []string{"server", "live", "full", "0 s"}
	for i := 1; i <= seconds; i++ {
		columns = append(columns, strconv.Itoa(i)+" s")
	}
	n := r.count(2_000_000, 20_000)
	table := r.Table(fmt.Sprintf("MiB resident after 90 %% of %d items were deleted", n), columns...)
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			live, full, err := r.thinOut(ctx, s, n)
			if err != nil {
				return err
			}
			row := []any{spec.Name, mib(live), mib(full)}
			began := time.Now()
			for second := range seconds + 1 {
				at := r.span(time.Duration(second)*time.Second, 0)
				if err := pause(ctx, time.Until(began.Add(at))); err != nil {
					return err
				}
				resident, err := s.ResidentExact()
				if err != nil {
					return err
				}
				row = append(row, mib(resident))
				if second == seconds && i == 0 {
					r.AtMost("resident 10 s after the deletes", mib(resident), mib(int64(liveBar*float64(live))+slack), "MiB")
				}
			}
			table.Add(row...)
			return expectKeys(ctx, s, n-n*9/10)
		})
		if err != nil {
			return fmt.Errorf("deletes: %w", err)
		}
	}
	r.Note("live is the payload that is left, keys and values; the bar is %g × live + %d MiB", liveBar, slack>>20)
	return nil
}

// mixed are the sizes of the items that are deleted: from tiny to pages.
func mixed() dist.Mix {
	return dist.Mix{dist.Fixed(8), dist.Fixed(32), dist.Fixed(100), dist.Fixed(1000),
		dist.LogNormal{Mean: 225, Sigma: 1, Cap: 64 << 10}, dist.Between{Low: 50, High: 2000}}
}

// thinOut stores n items and deletes nine of ten, in a random order, and returns
// the payload that is left and what was resident before the deletes.
func (r *run) thinOut(ctx context.Context, s *target.Server, n int) (live, full int64, err error) {
	const keyLength = 20
	sizes := mixed()
	values := newPayload(sizes.Max())
	// What is live is known from the sizes alone: no server has to be asked.
	r.cfg.Progress.Step("churn: %s stores %d items", s.Name, n)
	err = r.filler(s).fill(ctx, n, func(l *lane, i int) {
		l.Set(l.key('k', uint64(i), keyLength), values.value(uint64(i), sizes.Of(uint64(i))))
	})
	if err != nil {
		return 0, 0, err
	}
	if full, err = s.ResidentExact(); err != nil {
		return 0, 0, err
	}
	order := dist.New(r.cfg.Seed, 1).Perm(n)
	gone := n * 9 / 10
	for _, i := range order[gone:] {
		live += int64(keyLength + sizes.Of(uint64(i)))
	}
	r.cfg.Progress.Step("churn: %s deletes %d", s.Name, gone)
	err = r.filler(s).fill(ctx, gone, func(l *lane, i int) {
		l.Del(l.key('k', uint64(order[i]), keyLength))
	})
	return live, full, err
}

// phases are the sizes of values, in bytes, that come one after the other.
var phases = []dist.Between{{Low: 50, High: 150}, {Low: 200, High: 900}, {Low: 2 << 10, High: 6 << 10}, {Low: 20, High: 80}}

// measurePhases writes twice maxmemory of one size after another, as new keys
// and one time in eight over one of the earlier ones, and watches the peak of
// resident memory in each phase.
func (r *run) measurePhases(ctx context.Context) error {
	memory := int64(256 << 20)
	if r.Scale < 1 { // a process takes some megabytes whatever it holds
		memory = max(int64(float64(memory)*r.Scale*4), 16<<20)
	}
	columns := []string{"server"}
	for _, p := range phases {
		columns = append(columns, p.String()+" B")
	}
	table := r.Table(fmt.Sprintf("peak MiB resident with maxmemory %s, values of each size in turn", report.MiB(memory)),
		append(columns, "peak", "refused")...)
	for i, spec := range r.cfg.Servers {
		settings := []target.Setting{{Name: "maxmemory", Value: strconv.FormatInt(memory, 10)}}
		if spec.Name != target.Ashlar { // which evicts by default, as others do not
			settings = append(settings, target.Setting{Name: "maxmemory-policy", Value: "allkeys-lru"})
		}
		err := r.with(ctx, spec, settings, func(s *target.Server) error {
			peak, refused, first, err := r.runPhases(ctx, s, memory, table)
			if err != nil {
				return err
			}
			if i == 0 {
				r.AtMost("peak through four phases of sizes", mib(peak), mib(memory+memory/20+slack), "MiB")
				r.AtMost("refused stores", float64(refused), 0, "")
			}
			if refused > 0 {
				r.Note("%s refused stores, the first with: %s", spec.Name, first)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("phases: %w", err)
		}
	}
	return nil
}

// runPhases takes a server through the phases and adds its row to the table. It
// returns the highest peak, the stores refused, and the first refusal's text.
func (r *run) runPhases(ctx context.Context, s *target.Server, memory int64, table *report.Table) (peak, refused int64, first string, err error) {
	values := newPayload(phases[2].Max()) // the largest
	row := []any{s.Name}
	stored := uint64(0) // keys so far
	for _, sizes := range phases {
		r.cfg.Progress.Step("churn: %s, values of %v B", s.Name, sizes)
		n := int(2 * memory / int64((sizes.Low+sizes.High)/2+16))
		from := stored
		watch := s.WatchPeak(ctx)
		o, err := r.filler(s).run(ctx, n, func(l *lane, i int) {
			id := from + uint64(i)
			// The number of a key that was stored before, whatever became of it.
			if h := dist.Hash(id); h%8 == 0 {
				id = dist.Hash(h) % (id + 1)
			}
			l.Set(l.key('k', id, 16), values.value(id, sizes.Of(from+uint64(i))))
		})
		top := watch.Stop()
		if err != nil {
			return 0, 0, "", err
		}
		if refused == 0 {
			first = o.first
		}
		stored += uint64(n)
		refused += o.refused
		peak = max(peak, top)
		row = append(row, mib(top))
	}
	table.Add(append(row, mib(peak), refused)...)
	return peak, refused, first, nil
}

// mib is a size in MiB for a table.
func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
