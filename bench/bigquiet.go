package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// goneBar is how much longer than in calm a request may wait because a collection
// of ten million elements goes.
const goneBar = time.Millisecond

// elementRate is the load in commands a second: each of those that fill stores a
// chunk of elements.
const elementRate = 20_000

// measureBigQuiet looks at a server with a great many elements: what its collector
// does, and who waits when large collections go.
func measureBigQuiet(ctx context.Context, r *run) error {
	if r.wants("heap") {
		if err := r.measureElements(ctx); err != nil {
			return fmt.Errorf("heap: %w", err)
		}
	}
	if r.wants("gone") {
		if err := r.measureGone(ctx); err != nil {
			return fmt.Errorf("gone: %w", err)
		}
	}
	r.Note(probeNote)
	return nil
}

// part is a share of the elements: collections of one shape and size.
type part struct {
	shape
	letter     byte
	keys, each int
}

// What a server keeps per element is what its collector would have to look at if
// the elements were Go values; with few large collections or many small ones it is
// other structures that hold them, so both are there.

// parts spreads 100 million elements evenly over packed and large hashes and sorted
// sets.
func (r *run) parts() []part {
	quarter := r.count(25_000_000, 25_000)
	large := max(quarter/25, 1000)
	return []part{
		{hashes, 'h', quarter / 50, 50}, {hashes, 'H', quarter / large, large},
		{zsets, 'z', quarter / 50, 50}, {zsets, 'Z', quarter / large, large},
	}
}

// measureElements fills a server and keeps it under load, with the probe at work,
// and takes what it says of its heap and its collector.
func (r *run) measureElements(ctx context.Context) error {
	parts := r.parts()
	total := 0
	for _, p := range parts {
		total += p.keys * p.each
	}
	columns := append([]string{"server", "phase", "rate/s"}, probeColumns...)
	table := r.Table(fmt.Sprintf("requests with up to %d elements in hashes and sorted sets", total), columns...)
	inside := r.Table("inside the server", "server", "Go heap", "collector's CPU", "longest pause", "collections", "CPU used")
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			q := &quiet{run: r, server: s, rate: elementRate, table: table}
			if err := q.through(ctx, elementPhases(r, q, parts)); err != nil {
				return err
			}
			q.inside(inside)
			if i == 0 && q.goes {
				q.AtMost("Go heap", mib(q.heap), mib(heapBar), "MiB")
				q.AtMost("collector's share of the server's CPU", q.share(), collectorBar, "%")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// elementPhases are the filling of each part, and a load on all of them: reads,
// writes in place, and elements that come and go.
func elementPhases(r *run, q *quiet, parts []part) []phase {
	var phases []phase
	for _, p := range parts {
		pieces := (p.each + chunk - 1) / chunk
		phases = append(phases, phase{
			name: fmt.Sprintf("fill %d × %s of %d", p.keys, p.name, p.each), n: p.keys * pieces,
			put: func(l *lane, i int) {
				k, from := i/pieces, i%pieces*chunk
				p.add(l, l.key(p.letter, uint64(k), keySize), k*p.each+from, min(chunk, p.each-from))
			},
		})
	}
	return append(phases, phase{name: "read and write", n: r.count(4_000_000, 20_000), rate: quietRate, put: func(l *lane, i int) {
		h := dist.Hash(uint64(i))
		p := parts[h%uint64(len(parts))]
		k, e := int(h>>8)%p.keys, int(h>>32)%p.each
		mixedOperation(l, p, l.key(p.letter, uint64(k), keySize), k*p.each+e, int(h>>4&7))
	}})
}

// mixedOperation appends one operation on element e of a collection: of eight, five
// read, one writes in place and two take out and put back.
func mixedOperation(l *lane, p part, key []byte, e, choice int) {
	switch {
	case choice >= 6:
		p.add(l, key, e, 1)
		return
	case choice == 5:
		l.Head(3)
		l.Bulk([]byte(map[string]string{"HSET": "HDEL", "ZADD": "ZREM"}[p.command]))
	default:
		l.Head(3)
		l.Bulk([]byte(map[string]string{"HSET": "HGET", "ZADD": "ZRANK"}[p.command]))
	}
	l.Bulk(key)
	if p.command == "HSET" {
		l.Bulk(field(l, uint64(e)))
	} else {
		l.Bulk(member(l, uint64(e)))
	}
}

// departure is a way for a collection to go.
type departure struct {
	name string
	of   shape
	how  func(key string) []string
	// later is how long after the command it happens.
	later time.Duration
}

// departures are those of the figure: every type is deleted, and what expires or is
// written over takes the same way out. UNLINK is not among them, since DEL must be
// no worse.
func departures() []departure {
	const soon = 300 * time.Millisecond
	expire := func(key string) []string { return []string{"PEXPIRE", key, strconv.FormatInt(soon.Milliseconds(), 10)} }
	command := func(name string) func(string) []string {
		return func(key string) []string { return []string{name, key} }
	}
	return []departure{
		{"hash, DEL", hashes, command("DEL"), 0}, {"hash, expires", hashes, expire, soon},
		{"set, DEL", sets, command("DEL"), 0},
		{"zset, DEL", zsets, command("DEL"), 0}, {"zset, expires", zsets, expire, soon},
		{"list, DEL", lists, command("DEL"), 0}, {"list, SET over it", lists, func(key string) []string { return []string{"SET", key, "v"} }, 0},
	}
}

// measureGone has collections of ten million elements go while a probe sends
// requests, and compares the longest wait with that of the same time in calm.
func (r *run) measureGone(ctx context.Context) error {
	n := r.count(10_000_000, 20_000)
	columns := append([]string{"what goes", "server", "command took", "MiB before", "MiB after", "calm worst"}, probeColumns...)
	table := r.Table(fmt.Sprintf("a collection of %d elements goes, and requests meanwhile", n), columns...)
	for _, d := range departures() {
		for i, spec := range r.cfg.Servers {
			err := r.with(ctx, spec, nil, func(s *target.Server) error {
				g, err := r.depart(ctx, s, d, n)
				if err != nil {
					return err
				}
				calm, worst := g.calm.worst, g.during.worst
				cells := []any{d.name, spec.Name, hist.Round(g.took), mib(g.before), mib(g.after), hist.Round(calm)}
				table.Add(append(cells, g.during.cells()...)...)
				if i == 0 {
					r.AtMost(d.name+": worst request beyond the worst in calm", ms(max(worst-calm, 0)), ms(goneBar), "ms")
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
		}
	}
	return nil
}

// going is what was seen of a collection that goes.
type going struct {
	took          time.Duration // the command that removes it
	before, after int64         // resident
	calm, during  reading
}

// depart fills a collection, waits for calm, removes it and watches for a while.
func (r *run) depart(ctx context.Context, s *target.Server, d departure, n int) (g going, err error) {
	r.cfg.Progress.Step("bigquiet: %s, %s of %d", s.Name, d.name, n)
	if err := r.fillOne(ctx, s, d.of, oneKey, 0, n); err != nil {
		return g, err
	}
	span := r.span(3*time.Second, 200*time.Millisecond)
	if _, err := settled(ctx, s, span); err != nil {
		return g, err
	}
	c, err := s.Dial(ctx)
	if err != nil {
		return g, err
	}
	defer c.Close()
	p, err := startProbe(ctx, s)
	if err != nil {
		return g, err
	}
	defer func() {
		_, closing := p.close()
		err = errors.Join(err, closing)
	}()
	// The first requests of a connection are slower: they are not counted as calm.
	if err := pause(ctx, span/10); err != nil {
		return g, err
	}
	p.take()
	if err := pause(ctx, span+d.later); err != nil {
		return g, err
	}
	g.calm = p.take()
	if g.before, err = s.Resident(); err != nil {
		return g, err
	}
	began := time.Now()
	if _, err := c.Do(d.how(oneKey)...); err != nil {
		return g, err
	}
	g.took = time.Since(began)
	if err := pause(ctx, span+d.later); err != nil {
		return g, err
	}
	g.during = p.take()
	g.after, err = s.Resident()
	return g, err
}
