package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// holding is a way in which elements are spread over collections, whose overhead
// is measured.
type holding struct {
	name string
	shape
	each  int     // elements of a collection; 0: all of them are in one
	fills []int   // numbers of collections, or of elements where there is one
	bar   float64 // bytes of overhead an element
}

// holdings are those of the figure: many small collections and one large one of
// each type. Overhead is taken at several numbers, since tables grow in steps, and
// the worst one counts.
func (r *run) holdings() []holding {
	unit := r.powerOfTwo(1<<17, 1<<10)
	var small, large []int
	for _, f := range fills {
		small = append(small, int(f*float64(unit)))
	}
	for _, f := range []float64{0.7, 0.85, 1, 1.2} {
		large = append(large, r.count(int(f*1_000_000), int(f*10_000)))
	}
	return []holding{
		{"hash of 10", hashes, 10, small, 9},
		{"set of 20", sets, 20, small, 4},
		{"list of 20", lists, 20, small, 4},
		{"zset of 20", smallZsets, 20, small, 7},
		{"one hash", hashes, 0, large, 20},
		{"one set", sets, 0, large, 14},
		{"one list", lists, 0, large, 2.5},
		{"one zset", zsets, 0, large, 26},
	}
}

// measureCollections takes the overhead of an element, (resident - resident when
// empty - payload) / N, of each holding. A server is filled to the first number,
// measured, and filled up to the next.
func measureCollections(ctx context.Context, r *run) error {
	all := r.holdings()
	small := r.Table("bytes of overhead an element, at four numbers of collections", overheadColumns(all[0].fills)...)
	large := r.Table("the same of one collection, at four numbers of elements", overheadColumns(all[len(all)-1].fills)...)
	for _, h := range all {
		if !r.wants(h.name) {
			continue
		}
		table := small
		if h.each == 0 {
			table = large
		}
		if err := r.holding(ctx, h, table); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
	}
	r.Tables = filled(r.Tables)
	r.Note("empty is what is resident after %d elements were added and flushed", warmUp)
	r.Note("overhead = (resident - resident when empty - keys, fields, members, values) / elements; a score is overhead")
	r.Note("names of keys and members have 16 bytes, of fields %d, values 16; scores are whole numbers in no order, below %d in small sorted sets and below %d in large ones",
		fieldSize, fewScores, manyScores)
	return nil
}

func overheadColumns(fills []int) []string {
	columns := []string{"", "server", "empty"}
	for _, n := range fills {
		columns = append(columns, fmt.Sprintf("N=%d", n))
	}
	return append(columns, "worst", "bar")
}

// filled leaves out tables of parts that nobody asked for.
func filled(tables []*report.Table) (kept []*report.Table) {
	for _, t := range tables {
		if len(t.Rows) > 0 {
			kept = append(kept, t)
		}
	}
	return kept
}

// holding measures one on each server.
func (r *run) holding(ctx context.Context, h holding, table *report.Table) error {
	for i, spec := range r.cfg.Servers {
		r.cfg.Progress.Step("collections: %s, %s", h.name, spec.Name)
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			empty, each, err := r.elementOverhead(ctx, s, h)
			if err != nil {
				return err
			}
			cells, worst := []any{h.name, spec.Name, report.MiB(empty)}, each[0]
			for _, o := range each {
				cells = append(cells, o)
				worst = max(worst, o)
			}
			if i > 0 {
				table.Add(append(cells, worst, "")...)
				return nil
			}
			table.Add(append(cells, worst, h.bar)...)
			r.AtMost("overhead an element, "+h.name, worst, h.bar, "bytes")
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keySize is the length of a collection's key, and oneKey that of one alone.
const (
	keySize = 16
	oneKey  = "the:collection:1"
)

// warmUp is how many elements a server holds for a moment before it counts as empty:
// the pages of its program that it needs for the first of them are no overhead.
const warmUp = 20_000

// elementOverhead fills a server to each of the numbers and takes the overhead.
func (r *run) elementOverhead(ctx context.Context, s *target.Server, h holding) (empty int64, each []float64, err error) {
	patience := r.span(5*time.Second, 100*time.Millisecond)
	if err := r.fillOne(ctx, s, h.shape, oneKey, 0, warmUp); err != nil {
		return 0, nil, err
	}
	if _, err := s.Do(ctx, "FLUSHALL"); err != nil {
		return 0, nil, err
	}
	if empty, err = settled(ctx, s, patience); err != nil {
		return 0, nil, err
	}
	have := 0
	for _, n := range h.fills {
		keys, elements := n, n*h.each
		if h.each == 0 {
			keys, elements = 1, n
			err = r.fillOne(ctx, s, h.shape, oneKey, have, n)
		} else {
			from := have
			err = r.filler(s).fill(ctx, n-have, func(l *lane, i int) {
				h.add(l, l.key('k', uint64(from+i), keySize), (from+i)*h.each, h.each)
			})
		}
		if err != nil {
			return empty, each, err
		}
		have = n
		if err := expectKeys(ctx, s, keys); err != nil {
			return empty, each, err
		}
		resident, err := settled(ctx, s, patience)
		if err != nil {
			return empty, each, err
		}
		payload := int64(elements)*int64(h.payload) + int64(keys)*keySize
		each = append(each, float64(resident-empty-payload)/float64(elements))
	}
	return empty, each, nil
}

// chunk is how many elements a command adds when a large collection is filled.
const chunk = 50

// fillOne adds elements from to to-1 to one collection. Lanes take turns with
// whatever is next, so a list's order is not quite that of the numbers.
func (r *run) fillOne(ctx context.Context, s *target.Server, of shape, key string, from, to int) error {
	load := r.filler(s)
	load.depth = 16
	return load.fill(ctx, (to-from+chunk-1)/chunk, func(l *lane, i int) {
		at := from + i*chunk
		of.add(l, []byte(key), at, min(chunk, to-at))
	})
}
