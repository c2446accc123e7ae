package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/crowd"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// Loads name elements by number, in the same form in which the collections were
// filled, so that each command finds what it asks for and nothing has to be looked
// up while the clock runs.

// spread is how the elements that a load asks for lie in collections.
type spread struct {
	name       string
	keys, each int
}

// The two spreads: collections that every server keeps in its own large form, and
// ones that are packed.
func (r *run) spreads() (large, small spread) {
	return spread{"large", 100, r.count(10_000, 1000)}, spread{"small", r.count(50_000, 500), 20}
}

// operation is a command whose cost is compared.
type operation struct {
	name  string
	shape func(*lane, int) // appends element i to the command that fills a collection
	fill  string           // that command
	words func(spread) []crowd.Word
	// again says how the collections are made anew before each turn; nil: they stay.
	again func(requests int, in spread) int // elements of each collection; 0: none
	large bool                              // takes as much as only large collections have
}

// The bars: in deep pipelines, without them, and for long replies.
const (
	deepBar = 0.75
	flatBar = 1.0
	longBar = 1.0
)

// word makes a word of the command that a load sends, of the same form as numbered
// makes it when collections are filled.
func word(letter string, length int, below int) crowd.Word {
	return crowd.Word{Text: letter, Below: uint64(below), Digits: length - 1}
}

func plain(words ...string) (out []crowd.Word) {
	for _, w := range words {
		out = append(out, crowd.Word{Text: w})
	}
	return out
}

// The elements of these figures are told by their number, for the load to name them.
func plainField(l *lane, i int) {
	l.Bulk(numbered(l.text[:fieldSize], 'f', uint64(i)))
	l.Bulk(numbered(l.text[:memberSize], 'v', uint64(i)))
}

func plainMember(l *lane, i int) { l.Bulk(numbered(l.text[:memberSize], 'm', uint64(i))) }

func plainScored(l *lane, i int) {
	l.Bulk(score(l, uint64(i), manyScores))
	plainMember(l, i)
}

// operations are those of the figure. Reads ask for what is there; HSET, SADD and
// ZADD name elements that are there too, as they mostly do in a cache that is warm:
// HSET writes in place, SADD finds the member, ZADD moves it. Lists and streams are
// made anew before each turn, or they would grow from turn to turn.
func operations() []operation {
	key := func(in spread) crowd.Word { return word("k", keySize, in.keys) }
	value := strings.Repeat("x", memberSize)
	one := func(command string, last ...crowd.Word) func(spread) []crowd.Word {
		return func(in spread) []crowd.Word {
			words := append(plain(command), key(in))
			for _, w := range last {
				if w.Below == 1 { // stands for "one of the elements"
					w.Below = uint64(in.each)
				}
				words = append(words, w)
			}
			return words
		}
	}
	fieldOf, memberOf := word("f", fieldSize, 1), word("m", memberSize, 1)
	scoreOf := crowd.Word{From: 100_000_000, Below: 900_000_000, Digits: 9}
	refill, empty := func(_ int, in spread) int { return in.each }, func(int, spread) int { return 0 }
	// Enough for all pops, which fall on lists at random.
	enough := func(requests int, in spread) int { return requests*3/2/in.keys + 50 }
	middle := func(in spread) []crowd.Word {
		return append(append(plain("ZRANGE"), key(in)), plain(fmt.Sprint(in.each/2), fmt.Sprint(in.each/2+9))...)
	}
	return []operation{
		{"HGET", plainField, "HSET", one("HGET", fieldOf), nil, false},
		{"HSET", plainField, "HSET", one("HSET", fieldOf, plain(value)[0]), nil, false},
		{"LPUSH", plainMember, "RPUSH", one("LPUSH", plain(value)[0]), refill, false},
		{"LPOP", plainMember, "RPUSH", one("LPOP"), enough, false},
		{"SADD", plainMember, "SADD", one("SADD", memberOf), nil, false},
		{"SISMEMBER", plainMember, "SADD", one("SISMEMBER", memberOf), nil, false},
		{"ZADD", plainScored, "ZADD", one("ZADD", scoreOf, memberOf), nil, false},
		{"ZSCORE", plainScored, "ZADD", one("ZSCORE", memberOf), nil, false},
		{"ZRANGE10", plainScored, "ZADD", middle, nil, false},
		{"XADD", nil, "", one("XADD", plain("*", "field", value)...), empty, false},
		{"LRANGE600", plainMember, "RPUSH", one("LRANGE", plain("0", "599")...), nil, true},
		{"ZRANGE600", plainScored, "ZADD", one("ZRANGE", plain("0", "599")...), nil, true},
	}
}

// measureTypeCPU compares the processor time that operations on collections take,
// as measureCPU does: in turns, and by the median of their ratios.
func measureTypeCPU(ctx context.Context, r *run) error {
	servers, stop, err := r.startAll(ctx)
	defer stop()
	if err != nil {
		return err
	}
	table := r.cpuTable()
	large, small := r.spreads()
	for _, o := range operations() {
		for _, in := range []spread{large, small} {
			for _, depth := range []int{32, 1} {
				if in == small && (o.large || depth == 1) {
					continue // without pipelining, it is the kernel's work that is measured
				}
				load := o.load(r, in, depth)
				if !r.wants(load.name) && !r.wants(o.name) {
					continue
				}
				if err := r.compareCPU(ctx, servers, load, table); err != nil {
					return fmt.Errorf("profile %s: %w", load.name, err)
				}
			}
		}
	}
	r.Note(cpuNote)
	r.Note("profiles are operation/collections/commands in a batch; large: %d collections of %d elements, small: %d of %d",
		large.keys, large.each, small.keys, small.each)
	return nil
}

// load is the operation as a load on one of the spreads.
func (o operation) load(r *run, in spread, depth int) cpuLoad {
	bar := deepBar
	if depth == 1 {
		bar = flatBar
	}
	if o.large {
		bar = longBar
	}
	load := cpuLoad{
		name: fmt.Sprintf("%s/%s/%d", o.name, in.name, depth), bar: bar, turn: r.span(time.Second, 20*time.Millisecond),
		options: crowd.Options{Conns: 50, Depth: depth, Words: o.words(in)},
		prepare: func(ctx context.Context, s *target.Server) error { return o.store(ctx, r, s, in, in.each) },
	}
	if o.again != nil {
		load.again = func(ctx context.Context, s *target.Server, requests int) error {
			return o.store(ctx, r, s, in, o.again(requests, in))
		}
	}
	return load
}

// store empties the server and makes the collections, of so many elements each.
func (o operation) store(ctx context.Context, r *run, s *target.Server, in spread, each int) error {
	if _, err := s.Do(ctx, "FLUSHALL"); err != nil {
		return err
	}
	if o.fill == "" {
		each = 0
	}
	pieces := (each + chunk - 1) / chunk
	load := r.filler(s)
	load.depth = 16
	return load.fill(ctx, in.keys*pieces, func(l *lane, i int) {
		from := i / in.keys * chunk
		o.add(l, l.key('k', uint64(i%in.keys), keySize), from, min(chunk, each-from))
	})
}

// perElement is how many words an element has in the command that stores it.
func (o operation) perElement() int {
	if o.fill == "HSET" || o.fill == "ZADD" {
		return 2
	}
	return 1
}
