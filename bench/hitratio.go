package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
	"github.com/ashlar-cache/ashlar/bench/workload"
)

// hitBudget is the peak of resident memory that every cache may reach, in bytes, if
// nobody says otherwise.
const hitBudget = 64 << 20

// hitBars are by how many points the first server must beat the best peer.
var hitBars = map[string]float64{
	"zipf0.8": 1.5, "zipf0.99": 1.5, "popularity": 1.5, "sizes": 1.5, "ttl": 1.5,
	"zipf1.1": 0.5, "scans": 0.5, "onehit": 0.5,
	"loop": 0, "equal": 0, "equalloop": 0,
}

// contender is a server with a policy: the peers run with each of theirs.
type contender struct {
	spec   target.Spec
	policy string
	// maxmemory is what came close to the budget last: where the next search begins.
	maxmemory int64
}

// policies are what a server is tried with; "" is what it does by itself. Only policies
// that use all keys make sense where most items have no time to live.
func policies(spec target.Spec) []string {
	switch {
	case spec.Memcached, spec.Name == target.Ashlar, spec.Name == "pogocache":
		return []string{""}
	case spec.Name == "dragonfly": // which has one, and does not evict unless told to
		return []string{"allkeys-lru"}
	}
	return []string{"allkeys-lru", "allkeys-lfu"}
}

// Evicting are the settings with which a server keeps to so many bytes and evicts what
// was used least recently, or what it takes for the least useful by itself.
func Evicting(spec target.Spec, memory int64) []target.Setting {
	settings := []target.Setting{{Name: "maxmemory", Value: strconv.FormatInt(memory, 10)}}
	if p := policies(spec)[0]; p != "" {
		settings = append(settings, target.Setting{Name: "maxmemory-policy", Value: p})
	}
	return settings
}

// contenders are the servers with the policies that they are tried with.
func (r *run) contenders() (all []*contender) {
	for _, spec := range r.cfg.Servers {
		for _, p := range policies(spec) {
			all = append(all, &contender{spec: spec, policy: p, maxmemory: r.budget() * 13 / 16})
		}
	}
	return all
}

// budget is the peak of resident memory that every cache may reach, in bytes.
func (r *run) budget() int64 { return cmp.Or(r.cfg.Memory, hitBudget) }

func (c *contender) name() string {
	if c.policy == "" {
		return c.spec.Name
	}
	return c.spec.Name + " " + c.policy
}

// measureHitRatio replays each workload, or a trace, against each contender at the same
// peak of resident memory.
func measureHitRatio(ctx context.Context, r *run) error {
	all, title, err := r.sequences()
	if err != nil {
		return err
	}
	contenders := r.contenders()
	columns := []string{"workload"}
	for _, c := range contenders {
		columns = append(columns, c.name(), "byte hits", "peak MiB")
	}
	table := r.Table(fmt.Sprintf("hit ratio in %%, look-aside, %s, at %s peak resident memory", title, report.MiB(r.budget())),
		append(columns, "points", "bar")...)
	for _, seq := range all {
		if !r.wants(seq.name) {
			continue
		}
		results := make([]replayed, len(contenders))
		for i, c := range contenders {
			results[i], err = r.search(ctx, c, seq)
			if errors.Is(err, errTooSmall) && c.spec.Name != r.subject() {
				r.Note("%s, %s: %v", seq.name, c.name(), err)
				err = nil
			}
			if err != nil {
				return fmt.Errorf("workload %s, %s: %w", seq.name, c.name(), err)
			}
		}
		r.hitRow(table, seq, contenders, results)
	}
	r.Note("maxmemory of each server was searched for until its peak came close to %s without exceeding it; "+
		"hits are counted after the first two fifths of the requests", report.MiB(r.budget()))
	return nil
}

// sequences are what is replayed: all the workloads, or the trace that was given.
func (r *run) sequences() (all []sequence, title string, err error) {
	if r.cfg.Trace.Path != "" {
		t := r.cfg.Trace
		t.MaxValue = cmp.Or(t.MaxValue, defaultMaxValue)
		r.cfg.Progress.Step("hitratio: reads %s", t.Path)
		seq, s, err := t.sequence()
		if r.Scale < 1 && err == nil {
			t.Limit = max(int(float64(s.requests)*r.Scale), 1)
			seq, s, err = t.sequence()
		}
		if s.cut > 0 {
			r.Note("%d requests are for values of more than %d bytes, which were cut to that", s.cut, t.MaxValue)
		}
		return []sequence{seq}, fmt.Sprintf("%d requests", seq.requests), err
	}
	size := workload.Size{Keys: 5_000_000, Budget: int(r.budget()), Seed: r.cfg.Seed}
	size.Requests = int(8_000_000 * r.Scale)
	if r.Scale < 1 {
		size.Requests = max(int(8_000_000*min(1, 5*r.Scale)), 20_000)
		// Small runs need less of what takes time to set up.
		size.Keys = int(float64(size.Keys) * min(1, 10*r.Scale))
	}
	for _, m := range workload.All() {
		all = append(all, workloadSequence(m, size))
	}
	return all, fmt.Sprintf("%d keys, %d requests", size.Keys, size.Requests), nil
}

// hitRow adds the results of a workload: the first server's best policy against
// the best of the others.
func (r *run) hitRow(t *report.Table, seq sequence, contenders []*contender, results []replayed) {
	row := []any{seq.name}
	own, peers := math.Inf(-1), math.Inf(-1)
	for i, c := range contenders {
		o := results[i]
		if o.gets == 0 {
			row = append(row, "–", "–", "–")
			continue
		}
		row = append(row, fmt.Sprintf("%.2f", o.ratio()), fmt.Sprintf("%.2f", o.byteRatio()), fmt.Sprintf("%.1f", mib(o.peak)))
		switch {
		case c.spec.Name == r.subject():
			own = max(own, o.ratio())
		case seq.timed && c.spec.Memcached:
			r.Note("memcached counts times to live in whole seconds: its items of %s live longer than those of others, so it is left out of the comparison", seq.name)
		default:
			peers = max(peers, o.ratio())
		}
	}
	points, bar := "", ""
	if !math.IsInf(peers, 0) {
		points = fmt.Sprintf("%+.2f", own-peers)
	}
	// A trace has no bar: what it should show, nobody knows beforehand.
	wanted, has := hitBars[seq.name]
	if has {
		bar = report.Cell(wanted)
	}
	t.Add(append(row, points, bar)...)
	if points == "" || !has {
		return
	}
	r.AtLeast(seq.name+": points above the best peer", own-peers, wanted, "")
}

// replayed is the outcome of a replay.
type replayed struct {
	asked
	peak      int64 // resident
	full      bool  // something was evicted
	maxmemory int64
}

// leastMemory is the smallest maxmemory that is tried: some servers take no less.
const leastMemory = 8 << 20

var errTooSmall = errors.New("no maxmemory keeps the peak within")

// search finds how much memory to allow a contender: it replays until the peak is
// within close of the budget and not above, changing maxmemory by what the peak was
// off, and returns the best replay that kept to the budget.
func (r *run) search(ctx context.Context, c *contender, seq sequence) (best replayed, err error) {
	const attempts = 6
	budget := r.budget()
	close := budget / 64
	found := false
	for attempt := range attempts {
		r.cfg.Progress.Step("hitratio: %s, %s, maxmemory %s", seq.name, c.name(), report.MiB(c.maxmemory))
		o, err := r.replay(ctx, c, seq)
		if err != nil {
			return best, err
		}
		within := o.peak <= budget
		if within && (!found || o.hits > best.hits) {
			best, found = o, true
		}
		if within && (o.peak > budget-close || !o.full) {
			break
		}
		if found && attempt >= 3 {
			break // close enough: peaks vary from run to run
		}
		// What a server takes beside maxmemory, fragmentation above all, hardly
		// depends on a small change of it. Aim a little below: another run may come out higher.
		before := c.maxmemory
		if c.maxmemory = max(c.maxmemory+(budget-close/2-o.peak), leastMemory); c.maxmemory == before {
			break
		}
	}
	if !found {
		return best, fmt.Errorf("%w %s", errTooSmall, report.MiB(budget))
	}
	c.maxmemory = best.maxmemory
	return best, nil
}

// replay runs a sequence against a fresh server.
func (r *run) replay(ctx context.Context, c *contender, seq sequence) (o replayed, err error) {
	settings := []target.Setting{{Name: "maxmemory", Value: strconv.FormatInt(c.maxmemory, 10)}}
	if c.policy != "" {
		settings = append(settings, target.Setting{Name: "maxmemory-policy", Value: c.policy})
	}
	err = r.with(ctx, c.spec, settings, func(s *target.Server) error {
		conn, err := dialStore(ctx, s)
		if err != nil {
			return err
		}
		defer conn.Close()
		from, err := seq.open()
		if err != nil {
			return err
		}
		defer from.Close()
		peak := s.WatchPeak(ctx)
		p := &lookaside{store: conn, values: newPayload(seq.largest)}
		err = p.replay(ctx, seq, from, r.cfg.Progress)
		o.asked, o.peak, o.maxmemory = p.asked, peak.Stop(), c.maxmemory
		if err != nil {
			return err
		}
		n, err := evictions(ctx, s)
		o.full = n > 0
		if o.refused > 0 {
			r.Note("%s refused %d stores of %s, the first with: %s", c.name(), o.refused, seq.name, o.first)
		}
		return err
	})
	return o, err
}

// replayDepth is how many requests are in flight. A key asked for twice among
// them is answered twice before it can be stored once; see lookaside.answer.
const replayDepth = 32

// replay sends a whole sequence.
func (p *lookaside) replay(ctx context.Context, seq sequence, from source, progress *report.Progress) error {
	batch, arena, began := make([]ask, replayDepth), []byte(nil), time.Now()
	for sent := 0; ctx.Err() == nil; {
		n, err := 0, error(nil)
		arena = arena[:0]
		for n < replayDepth && err == nil {
			if arena, err = from.next(&batch[n], arena); err == nil {
				n++
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n == 0 {
			return nil
		}
		if seq.timed {
			due := began.Add(time.Duration(float64(sent) / timedRate * float64(time.Second)))
			if err := pause(ctx, time.Until(due)); err != nil {
				return err
			}
		}
		if err := p.exchange(batch[:n]); err != nil {
			return err
		}
		sent += n
		progress.At(sent, seq.requests)
	}
	return ctx.Err()
}
