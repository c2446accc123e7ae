package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// profile is a kind of item whose overhead is measured.
type profile struct {
	name       string
	key        int        // bytes
	value      dist.Sizes // bytes
	ttl        bool       // each has one
	overwrites int        // times that all are overwritten with other sizes
	bar        float64    // bytes of overhead an item
}

// What a time to live may cost beyond the bar of an item without, in bytes.
const ttlBar = 6

// emptyBar is what a server without a key may take, in bytes.
const emptyBar = 16 << 20

// memoryProfiles are those of the figure: four fixed sizes, with and
// without a time to live, and spread ones, fresh and after all were overwritten.
func memoryProfiles() []profile {
	fixed := []profile{
		{name: "16/8", key: 16, value: dist.Fixed(8), bar: 18},
		{name: "16/32", key: 16, value: dist.Fixed(32), bar: 18},
		{name: "24/100", key: 24, value: dist.Fixed(100), bar: 22},
		{name: "32/1000", key: 32, value: dist.Fixed(1000), bar: 48},
	}
	all := append([]profile(nil), fixed...)
	for _, p := range fixed {
		p.name, p.ttl, p.bar = p.name+" ttl", true, p.bar+ttlBar
		all = append(all, p)
	}
	spread := dist.LogNormal{Mean: 225, Sigma: 1, Cap: 64 << 10}
	return append(all,
		profile{name: "lognormal", key: 16, value: spread, bar: 24},
		profile{name: "overwritten", key: 16, value: spread, overwrites: 3, bar: 30})
}

// fills are the numbers of items at which overhead is taken, as shares of a power
// of two: between it and the next, so that no lucky fill of a table counts.
var fills = [...]float64{1.1, 1.35, 1.6, 1.85}

// measureMemory takes the overhead of an item, (resident - resident when empty -
// payload) / N, for each profile. A server is filled to the first number of
// items, measured, filled up to the next, and so on, as caches grow in life.
func measureMemory(ctx context.Context, r *run) error {
	unit := r.powerOfTwo(1<<21, 1<<12)
	columns := []string{"key/value", "server", "empty"}
	for _, f := range fills {
		columns = append(columns, fmt.Sprintf("N=%d", int(f*float64(unit))))
	}
	table := r.Table("bytes of overhead an item, at four numbers of items", append(columns, "worst", "bar")...)
	table.Rows = nil
	most := int64(0)
	for _, p := range memoryProfiles() {
		if !r.wants(p.name) {
			continue
		}
		for i, spec := range r.cfg.Servers {
			r.cfg.Progress.Step("memory: %s, %s", p.name, spec.Name)
			var empty int64
			var overhead []float64
			err := r.with(ctx, spec, nil, func(s *target.Server) (err error) {
				empty, overhead, err = r.overhead(ctx, s, p, unit)
				return err
			})
			if err != nil {
				return fmt.Errorf("profile %s: %w", p.name, err)
			}
			var bar any = ""
			if i == 0 {
				bar = p.bar
			}
			worst := memoryRow(table, p, spec.Name, empty, overhead, bar)
			if i == 0 {
				most = max(most, empty)
				r.AtMost("overhead of "+p.name, worst, p.bar, "bytes an item")
			}
		}
	}
	if most > 0 {
		r.AtMost("resident when empty", float64(most)/(1<<20), emptyBar>>20, "MiB")
	}
	r.Note("overhead = (resident - resident when empty - keys and values) / N; resident memory is the kernel's count")
	return nil
}

// memoryRow adds a server's overheads to the table and returns the worst.
func memoryRow(t *report.Table, p profile, server string, empty int64, overhead []float64, bar any) (worst float64) {
	cells := []any{p.name, server, report.MiB(empty)}
	for _, o := range overhead {
		cells = append(cells, o)
		worst = max(worst, o)
	}
	t.Add(append(cells, worst, bar)...)
	return worst
}

// overhead fills a server with items of a profile and takes the overhead of an
// item at each of the fills.
func (r *run) overhead(ctx context.Context, s *target.Server, p profile, unit int) (empty int64, each []float64, err error) {
	patience := r.span(5*time.Second, 100*time.Millisecond)
	if empty, err = settled(ctx, s, patience); err != nil {
		return 0, nil, err
	}
	values, have, generation := newPayload(p.value.Max()), 0, uint64(0)
	for _, f := range fills {
		n := int(f * float64(unit))
		if err := r.filler(s).fill(ctx, n-have, p.put(values, have, generation)); err != nil {
			return empty, each, err
		}
		have = n
		for range p.overwrites {
			generation++
			if err := r.filler(s).fill(ctx, n, p.put(values, 0, generation)); err != nil {
				return empty, each, err
			}
		}
		if err := expectKeys(ctx, s, n); err != nil {
			return empty, each, err
		}
		resident, err := settled(ctx, s, patience)
		if err != nil {
			return empty, each, err
		}
		each = append(each, float64(resident-empty-p.bytes(n, generation))/float64(n))
	}
	return empty, each, nil
}

// put stores items from a number on; another generation has other sizes.
func (p profile) put(values payload, first int, generation uint64) func(*lane, int) {
	return func(l *lane, i int) {
		n := uint64(first + i)
		key, value := l.key('k', n, p.key), values.value(n+generation, p.size(n, generation))
		if !p.ttl {
			l.Set(key, value)
			return
		}
		// Between one hour and a day: none is due before the end.
		l.SetPX(key, value, time.Hour+time.Duration(dist.Unit(dist.Hash(n))*float64(23*time.Hour)))
	}
}

// size is how many bytes the value of item n has in a generation.
func (p profile) size(n, generation uint64) int { return p.value.Of(n + generation<<40) }

// bytes is the payload of the first n items. Overwriting leaves none of an
// earlier generation, and items that came later were overwritten with all others.
func (p profile) bytes(n int, generation uint64) int64 {
	sum := int64(n) * int64(p.key)
	for i := range uint64(n) {
		sum += int64(p.size(i, generation))
	}
	return sum
}
