package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
	"github.com/ashlar-cache/ashlar/bench/workload"
)

// hitBudget is the peak of resident memory that every cache may reach, in bytes.
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

// contenders are the servers with the policies that they are tried with. Only
// policies that use all keys make sense where most items have no time to live.
func (r *run) contenders() (all []*contender) {
	for _, spec := range r.cfg.Servers {
		policies := []string{"allkeys-lru", "allkeys-lfu"}
		if spec.Name == target.Ashlar {
			policies = []string{""} // the default
		}
		for _, p := range policies {
			all = append(all, &contender{spec: spec, policy: p, maxmemory: hitBudget * 13 / 16})
		}
	}
	return all
}

func (c *contender) name() string {
	if c.policy == "" {
		return c.spec.Name
	}
	return c.spec.Name + " " + c.policy
}

// measureHitRatio replays each workload against each contender at the same peak
// of resident memory.
func measureHitRatio(ctx context.Context, r *run) error {
	size := workload.Size{Keys: 5_000_000, Budget: hitBudget, Seed: r.cfg.Seed}
	size.Requests = int(8_000_000 * r.Scale)
	if r.Scale < 1 {
		size.Requests = max(int(8_000_000*min(1, 5*r.Scale)), 20_000)
		// Small runs need less of what takes time to set up.
		size.Keys = int(float64(size.Keys) * min(1, 10*r.Scale))
	}
	contenders := r.contenders()
	columns := []string{"workload"}
	for _, c := range contenders {
		columns = append(columns, c.name(), "peak", "byte hits")
	}
	table := r.Table(fmt.Sprintf("hit ratio in %%, look-aside, %d keys, %d requests, at %s peak resident memory",
		size.Keys, size.Requests, report.MiB(hitBudget)), append(columns, "points", "bar")...)
	for _, m := range workload.All() {
		if !r.wants(m.Name) {
			continue
		}
		results := make([]replayed, len(contenders))
		for i, c := range contenders {
			var err error
			if results[i], err = r.search(ctx, c, m, size); err != nil {
				return fmt.Errorf("workload %s, %s: %w", m.Name, c.name(), err)
			}
		}
		r.hitRow(table, m.Name, contenders, results)
	}
	r.Note("maxmemory of each server was searched for until its peak came close to %s without exceeding it; "+
		"hits are counted after the first two fifths of the requests", report.MiB(hitBudget))
	return nil
}

// hitRow adds the results of a workload: the first server's best policy against
// the best of the others.
func (r *run) hitRow(t *report.Table, name string, contenders []*contender, results []replayed) {
	row := []any{name}
	own, peers := math.Inf(-1), math.Inf(-1)
	for i, c := range contenders {
		hits := results[i].ratio()
		row = append(row, fmt.Sprintf("%.2f", hits), fmt.Sprintf("%.1f", mib(results[i].peak)), fmt.Sprintf("%.2f", results[i].byteRatio()))
		if c.spec.Name == r.subject() {
			own = max(own, hits)
		} else {
			peers = max(peers, hits)
		}
	}
	bar := hitBars[name]
	if math.IsInf(peers, 0) {
		t.Add(append(row, "", bar)...)
		return
	}
	t.Add(append(row, fmt.Sprintf("%+.2f", own-peers), bar)...)
	r.AtLeast(name+": points above the best peer", own-peers, bar, "")
}

// replayed is the outcome of a replay.
type replayed struct {
	gets, hits           int64
	bytesAsked, bytesHit int64
	peak                 int64 // resident
	full                 bool  // something was evicted
	refused              int64
	maxmemory            int64
}

// ratio is the share of reads that found their key, in percent.
func (o replayed) ratio() float64 { return 100 * float64(o.hits) / float64(max(o.gets, 1)) }

// byteRatio is the same with each read counting as the bytes that it is for.
func (o replayed) byteRatio() float64 {
	return 100 * float64(o.bytesHit) / float64(max(o.bytesAsked, 1))
}

// search finds how much memory to allow a contender: it replays until the peak is within close of the budget and not above,
// changing maxmemory by what the peak was off, and returns the best replay that
// kept to the budget.
func (r *run) search(ctx context.Context, c *contender, m workload.Maker, size workload.Size) (best replayed, err error) {
	const (
		attempts = 6
		close    = hitBudget / 64
	)
	found := false
	for attempt := range attempts {
		r.cfg.Progress.Step("hitratio: %s, %s, maxmemory %s", m.Name, c.name(), report.MiB(c.maxmemory))
		o, err := r.replay(ctx, c, m, size)
		if err != nil {
			return best, err
		}
		within := o.peak <= hitBudget
		if within && (!found || o.hits > best.hits) {
			best, found = o, true
		}
		if within && (o.peak > hitBudget-close || !o.full) {
			break
		}
		if found && attempt >= 3 {
			break // close enough: peaks vary from run to run
		}
		// What a server takes beside maxmemory, fragmentation above all, hardly
		// depends on a small change of it. Aim a little below: another run may come out higher.
		c.maxmemory = max(c.maxmemory+(hitBudget-close/2-o.peak), 8<<20)
	}
	if !found {
		return best, fmt.Errorf("no maxmemory keeps the peak within %s", report.MiB(hitBudget))
	}
	c.maxmemory = best.maxmemory
	return best, nil
}

// replay runs a workload against a fresh server.
func (r *run) replay(ctx context.Context, c *contender, m workload.Maker, size workload.Size) (o replayed, err error) {
	settings := []target.Setting{{Name: "maxmemory", Value: strconv.FormatInt(c.maxmemory, 10)}}
	if c.policy != "" {
		settings = append(settings, target.Setting{Name: "maxmemory-policy", Value: c.policy})
	}
	err = r.with(ctx, c.spec, settings, func(s *target.Server) error {
		conn, err := s.Dial(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		peak := s.WatchPeak(ctx)
		p := &replay{lane: lane{Conn: conn}, values: newPayload(workload.MaxSize), work: m.Make(size), began: time.Now()}
		err = p.run(ctx, r.cfg.Progress)
		o = p.replayed
		o.peak, o.maxmemory = peak.Stop(), c.maxmemory
		if err != nil {
			return err
		}
		info, err := s.Info(ctx, "stats")
		o.full = number(info["evicted_keys"]) > 0
		if o.refused > 0 {
			r.Note("%s refused %d stores of %s", c.name(), o.refused, m.Name)
		}
		return err
	})
	return o, err
}

// replayDepth is how many requests are in flight. A key asked for twice among
// them is answered twice before it can be stored once; see answer.
const replayDepth = 32

// timedRate is how many requests a second a workload with times to live gets, so
// that a time to live means the same to each server.
const timedRate = 150_000

// replay is a workload under way.
type replay struct {
	replayed
	lane
	work   *workload.Workload
	values payload
	began  time.Time

	batch  []workload.Request
	stored []uint64 // keys that the batch before found missing
	misses []workload.Request
}

// run sends the whole workload: batches of reads, and with each the stores of
// what the batch before did not find.
func (p *replay) run(ctx context.Context, progress *report.Progress) error {
	for sent := 0; ctx.Err() == nil; {
		p.batch = p.batch[:0]
		for len(p.batch) < replayDepth {
			q, ok := p.work.Next()
			if !ok {
				break
			}
			p.batch = append(p.batch, q)
		}
		if len(p.batch) == 0 {
			return nil
		}
		if p.work.Timed {
			due := p.began.Add(time.Duration(float64(sent) / timedRate * float64(time.Second)))
			if err := pause(ctx, time.Until(due)); err != nil {
				return err
			}
		}
		if err := p.exchange(sent >= p.work.Warm); err != nil {
			return err
		}
		sent += len(p.batch)
		progress.At(sent, p.work.Requests)
	}
	return ctx.Err()
}

// exchange sends the batch's reads and writes, and then stores what was missing.
func (p *replay) exchange(counted bool) error {
	for _, q := range p.batch {
		if q.Write {
			p.store(q)
		} else {
			p.Get(p.key('h', q.Key, workload.KeySize))
		}
	}
	if err := p.Flush(); err != nil {
		return err
	}
	p.misses, p.stored = p.misses[:0], p.stored[:0]
	for _, q := range p.batch {
		reply, err := p.Next()
		if err != nil {
			return err
		}
		if err := p.answer(q, reply, counted); err != nil {
			return err
		}
	}
	if len(p.misses) == 0 {
		return nil
	}
	for _, q := range p.misses {
		p.store(q)
	}
	if err := p.Flush(); err != nil {
		return err
	}
	for range p.misses {
		reply, err := p.Next()
		if err != nil {
			return err
		}
		if reply.Kind == '-' {
			p.refused++
		}
	}
	return nil
}

// answer counts a reply. A key that was missing a moment ago in the same batch
// would have been stored by now if requests came one by one: it counts as a hit.
func (p *replay) answer(q workload.Request, reply client.Reply, counted bool) error {
	if reply.Kind == '-' {
		if q.Write {
			p.refused++
			return nil
		}
		return fmt.Errorf("GET: %s", reply.Bytes)
	}
	if q.Write {
		return nil
	}
	hit := !reply.Null
	if !hit {
		if hit = slices.Contains(p.stored, q.Key); !hit {
			p.stored = append(p.stored, q.Key)
			p.misses = append(p.misses, q)
		}
	}
	if counted {
		p.gets++
		p.bytesAsked += int64(q.Size)
		if hit {
			p.hits++
			p.bytesHit += int64(q.Size)
		}
	}
	return nil
}

// store appends the SET of a request's value.
func (p *replay) store(q workload.Request) {
	key, value := p.key('h', q.Key, workload.KeySize), p.values.value(q.Key, int(q.Size))
	if q.TTL == 0 {
		p.Set(key, value)
		return
	}
	p.SetPX(key, value, time.Duration(float64(q.TTL)/timedRate*float64(time.Second)))
}
