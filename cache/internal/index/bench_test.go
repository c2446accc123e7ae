package index

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// BenchmarkFill grows a table to 4 million entries and reports the bytes for an
// entry between 1/4 of that and the end, at 65 sizes: on average and at worst; and
// what the growth cost.
func BenchmarkFill(b *testing.B) {
	const top = 4 << 20
	for b.Loop() {
		r := newRand(7)
		hashes := make([]uint64, 1, top+1)
		region := newFakeRegion(64 << 20)
		p := NewPool(region)
		calls := 0
		t := NewTable(p, func(ref uint32) uint64 { calls++; return hashes[ref] })
		var sum, worst, least float64 = 0, 0, 100
		var longest time.Duration
		next, points := float64(top/4), 0
		start := time.Now()
		for i := 1; i <= top; i++ {
			h := r.Uint64()
			hashes = append(hashes, h)
			t0 := time.Now()
			if err := t.Insert(h, uint32(i)); err != nil {
				b.Fatal(err)
			}
			longest = max(longest, time.Since(t0))
			if i >= int(next) {
				per := float64(p.Resident()) / float64(i)
				sum, worst, least = sum+per, max(worst, per), min(least, per)
				points++
				next *= math.Pow(2, 1.0/32)
			}
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/top, "ns/insert")
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(sum/float64(points), "B/entry-mean")
		b.ReportMetric(worst, "B/entry-worst")
		b.ReportMetric(least, "B/entry-least")
		b.ReportMetric(float64(calls)/top, "rehash/insert")
		b.ReportMetric(float64(longest.Microseconds()), "us-longest")
		b.ReportMetric(float64(t.displacedShare()), "displaced")
	}
}

func (t *Table) displacedShare() float64 {
	guests := 0
	t.leaves(func(_ uint64, l leaf) {
		for i := range l.buckets() {
			guests += int(t.bucket(l, i).overflow())
		}
	})
	return float64(guests) / float64(t.Len())
}

var _ = fmt.Sprint

// BenchmarkRebuild times the longest single steps: a growth to the largest size,
// and a split.
func BenchmarkRebuild(b *testing.B) {
	for _, steps := range []uint32{maxSteps/2 + 1, maxSteps - 1, maxSteps} {
		b.Run(fmt.Sprintf("steps=%d", steps), func(b *testing.B) {
			r := newRand(7)
			hashes := make([]uint64, 1)
			var total time.Duration
			n := 0
			for b.Loop() {
				p := NewPool(newFakeRegion(1 << 20))
				t := NewTable(p, func(ref uint32) uint64 { return hashes[ref] })
				hashes = hashes[:1]
				for i := uint32(1); t.at(0).depth() == 0; i++ {
					h := r.Uint64()
					hashes = append(hashes, h)
					was := t.at(0)
					t0 := time.Now()
					t.Insert(h, i)
					if d := time.Since(t0); was.steps() == steps && was != t.at(0) {
						total += d
						n++
					}
				}
			}
			b.ReportMetric(float64(total.Nanoseconds())/float64(n)/1000, "us/rebuild")
		})
	}
}
