package index

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ashlar-cache/ashlar/cache/internal/prefetch"
)

// BenchmarkFill grows a table to 4 million entries and reports the bytes for an
// entry between 1/4 of that and the end, at 65 sizes; what the growth cost; and the
// share of entries that are not in their home bucket at the end.
func BenchmarkFill(b *testing.B) {
	const top = 4 << 20
	for b.Loop() {
		start := time.Now()
		r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
		hashes := make([]uint64, 1, top+1)
		p := NewPool(newMappedRegion(b, 64<<20))
		calls := 0
		t := NewTable(p, func(ref uint32) uint64 { calls++; return hashes[ref] })
		var sizes []float64
		next := float64(top / 4)
		for i := 1; i <= top; i++ {
			h := r.Uint64()
			hashes = append(hashes, h)
			if err := t.Insert(h, uint32(i)); err != nil {
				b.Fatal(err)
			}
			if i >= int(next) {
				sizes = append(sizes, float64(p.Resident())/float64(i))
				next *= math.Pow(2, 1.0/32)
			}
		}
		sum := 0.0
		for _, s := range sizes {
			sum += s
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/top, "ns/insert")
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(sum/float64(len(sizes)), "B/entry-mean")
		b.ReportMetric(slices.Max(sizes), "B/entry-worst")
		b.ReportMetric(float64(calls)/top, "rehash/insert")
		b.ReportMetric(t.displacedShare(), "displaced")
		b.ReportMetric(float64(t.stash.len()), "stashed")
	}
}

func (t *Table) displacedShare() float64 {
	guests := uint32(0)
	t.leaves(func(_ uint64, l leaf) {
		for i := range l.buckets() {
			guests += t.bucket(l, i).overflow()
		}
	})
	return float64(guests) / float64(t.Len())
}

// BenchmarkRebuild times the longest steps of an insertion: growth in the middle
// and to the largest size, and a split. Their items are not read.
func BenchmarkRebuild(b *testing.B) {
	for _, steps := range []uint32{maxSteps/2 + 1, maxSteps - 1, maxSteps} {
		b.Run(fmt.Sprintf("steps=%d", steps), func(b *testing.B) {
			r := newRand(7)
			region := newMappedRegion(b, 1<<20)
			var times []time.Duration
			hashes := make([]uint64, 1)
			for b.Loop() {
				t := NewTable(NewPool(region), func(ref uint32) uint64 { return hashes[ref] })
				hashes = hashes[:1]
				for i := uint32(1); t.at(0).depth() == 0; i++ {
					h := r.Uint64()
					hashes = append(hashes, h)
					was := t.at(0)
					start := time.Now()
					if err := t.Insert(h, i); err != nil {
						b.Fatal(err)
					}
					if d := time.Since(start); was.steps() == steps && was != t.at(0) {
						times = append(times, d)
					}
				}
				for !t.Drain(func(uint32) {}, 1<<20) {
				}
			}
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1000, "us-median")
			b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1000, "us-p99")
		})
	}
}

var sink uint32

// BenchmarkLookup looks random keys up, one after the other, and in batches of 32
// that are touched first.
func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{1000, 1000000, 10000000} {
		r := newRand(uint64(n))
		hashes := make([]uint64, n+1)
		t := NewTable(NewPool(newMappedRegion(b, 256<<20)), func(ref uint32) uint64 { return hashes[ref] })
		for i := 1; i <= n; i++ {
			hashes[i] = r.Uint64()
			if err := t.Insert(hashes[i], uint32(i)); err != nil {
				b.Fatal(err)
			}
		}
		// The hashes to look for come in one stream, so that what is measured is
		// the index, not the cache misses of an array of hashes.
		const stream = 1 << 20
		hits, misses := make([]uint64, stream), make([]uint64, stream)
		for i := range hits {
			hits[i], misses[i] = hashes[1+r.IntN(n)], r.Uint64()
		}
		for _, kind := range []struct {
			name   string
			hashes []uint64
		}{{"hit", hits}, {"miss", misses}} {
			b.Run(fmt.Sprintf("%s/n=%d", kind.name, n), func(b *testing.B) {
				i, candidates := 0, 0
				for b.Loop() {
					p := t.Probe(kind.hashes[i%stream])
					ref := p.Next()
					sink += ref
					if ref != 0 {
						candidates++
					}
					i++
				}
				b.ReportMetric(float64(candidates)/float64(i), "found")
			})
			b.Run(fmt.Sprintf("%s-batch/n=%d", kind.name, n), func(b *testing.B) {
				i := 0
				for b.Loop() {
					if i%prefetch.Room == 0 {
						var q prefetch.Queue
						var a Ahead
						for j := range prefetch.Room {
							q.Add(t.GoAhead(&a, kind.hashes[(i+j)%stream]), 1)
						}
						q.Ask()
					}
					p := t.Probe(kind.hashes[i%stream])
					sink += p.Next()
					i++
				}
			})
		}
	}
}

// BenchmarkChurn deletes an entry and inserts another in a table of a million.
func BenchmarkChurn(b *testing.B) {
	const n = 1000000
	r := newRand(3)
	hashes := make([]uint64, n+1)
	t := NewTable(NewPool(newMappedRegion(b, 64<<20)), func(ref uint32) uint64 { return hashes[ref] })
	for i := 1; i <= n; i++ {
		hashes[i] = r.Uint64()
		if err := t.Insert(hashes[i], uint32(i)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		i := uint32(1 + r.IntN(n))
		p, ok := t.FindRef(hashes[i], i)
		if !ok {
			b.Fatal("lost")
		}
		p.Delete()
		hashes[i] = r.Uint64()
		if err := t.Insert(hashes[i], i); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(t.Resident())/n, "B/entry")
	b.ReportMetric(t.displacedShare(), "displaced")
}

// BenchmarkScan visits all entries of a table of a million; a step is one call.
func BenchmarkScan(b *testing.B) {
	r := newRand(4)
	hashes := make([]uint64, 1000001)
	t := NewTable(NewPool(newMappedRegion(b, 64<<20)), func(ref uint32) uint64 { return hashes[ref] })
	for i := 1; i < len(hashes); i++ {
		hashes[i] = r.Uint64()
		if err := t.Insert(hashes[i], uint32(i)); err != nil {
			b.Fatal(err)
		}
	}
	cursor, seen := uint64(0), 0
	for b.Loop() {
		cursor = t.Scan(cursor, func(ref uint32) { seen++ })
	}
	b.ReportMetric(float64(seen)/float64(b.N), "entries/op")
}

// BenchmarkSample takes 16 references from a table of a million.
func BenchmarkSample(b *testing.B) {
	r := newRand(5)
	hashes := make([]uint64, 1000001)
	t := NewTable(NewPool(newMappedRegion(b, 64<<20)), func(ref uint32) uint64 { return hashes[ref] })
	for i := 1; i < len(hashes); i++ {
		hashes[i] = r.Uint64()
		if err := t.Insert(hashes[i], uint32(i)); err != nil {
			b.Fatal(err)
		}
	}
	dst := make([]uint32, 16)
	for b.Loop() {
		sink += uint32(t.Sample(r.Uint64(), dst))
	}
}
