package index

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScanGuarantee changes a table wildly between the calls of a scan: what was
// there all the time must be visited.
func TestScanGuarantee(t *testing.T) {
	for i, h := range hashers {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			r := newRand(uint64(i) + 100)
			for round := range 6 {
				w := newWorld(t, 8<<20)
				stay := map[uint32]bool{}
				for n := range []int{100, 3000, 10000}[round%3] {
					if ref := w.mustInsert(h.hash(r)); n%10 == 0 {
						stay[ref] = true
					}
				}
				growing := round < 3
				seen := map[uint32]bool{}
				cursor := uint64(0)
				for first := true; first || cursor != 0; first = false {
					cursor = w.table.Scan(cursor, func(ref uint32) {
						w.mustBeLive(ref)
						seen[ref] = true
					})
					for range r.IntN(20) {
						if growing {
							w.mustInsert(h.hash(r))
						} else if ref := w.any(r); !stay[ref] {
							w.delete(ref)
						}
					}
					w.table.ShrinkStep()
					if r.IntN(100) == 0 {
						w.shrink()
						growing = len(w.live) < 10000 && r.IntN(2) == 0
					}
				}
				for ref := range stay {
					if !seen[ref] {
						t.Fatalf("ref %d with hash %#x was not visited", ref, w.hashes[ref])
					}
				}
				w.check()
			}
		})
	}
}

func TestScanTakesAnyCursor(t *testing.T) {
	w, r := newWorld(t, 8<<20), newRand(1)
	for range 10000 {
		w.mustInsert(r.Uint64())
	}
	for range 10000 {
		cursor := r.Uint64()
		if next := w.table.Scan(cursor, func(uint32) {}); next != 0 && next <= cursor {
			t.Fatalf("cursor %#x after %#x", next, cursor)
		}
	}
	require.Zero(t, w.table.Scan(math.MaxUint64, func(uint32) {}))
}

func TestSample(t *testing.T) {
	r := newRand(2)
	dst := make([]uint32, 16)
	for _, n := range []int{1, 5, 100, 1000, 10000} {
		w := newWorld(t, 8<<20)
		for range n {
			w.mustInsert(r.Uint64())
		}
		counts := map[uint32]int{}
		total := 0
		for range min(20*n, 30000) {
			got := w.table.Sample(r.Uint64(), dst)
			found := slices.Clone(dst[:got])
			slices.Sort(found)
			if len(slices.Compact(found)) != got {
				t.Fatalf("an entry is twice in the sample %v", dst[:got])
			}
			for _, ref := range found {
				w.mustBeLive(ref)
				counts[ref]++
				total++
			}
			w.mustBeLive(w.table.Any(r.Uint64()))
		}
		if n >= 1000 {
			require.Len(t, counts, n, "every entry is found sometimes")
			mean := float64(total) / float64(n)
			for ref, c := range counts {
				if float64(c) > 3*mean || float64(c) < mean/4 {
					t.Fatalf("ref %d was found %d times, others %f times", ref, c, mean)
				}
			}
		}
	}
}

// TestSampleOfDenseAndSparse: entries in dense parts of the table are as likely to
// be found as those in sparse parts.
func TestSampleOfDenseAndSparse(t *testing.T) {
	w, r := newWorld(t, 8<<20), newRand(3)
	for range 100000 {
		w.mustInsert(r.Uint64())
	}
	var quarters [4]int
	dst := make([]uint32, 5)
	for range 100000 {
		for _, ref := range dst[:w.table.Sample(r.Uint64(), dst)] {
			quarters[w.hashes[ref]>>62]++
		}
	}
	for _, n := range quarters {
		require.InEpsilon(t, 125000, n, 0.05)
	}
}

func TestSampleFindsTheStashed(t *testing.T) {
	w, r := newWorld(t, 8<<20), newRand(4)
	for range 1000 {
		w.mustInsert(42)
	}
	counts := map[uint32]int{}
	dst := make([]uint32, 8)
	for range 5000 {
		for _, ref := range dst[:w.table.Sample(r.Uint64(), dst)] {
			counts[ref]++
		}
		counts[w.table.Any(r.Uint64())]++
	}
	require.NotContains(t, counts, uint32(0))
	require.Greater(t, len(counts), 950)
	for len(w.refs) > 0 {
		w.delete(w.table.Any(r.Uint64()))
	}
	w.check()
}

// TestAheadFindsMost: all but those before which another with the same tag stands, guests
// in their alternate buckets included.
func TestAheadFindsMost(t *testing.T) {
	w, r := newWorld(t, 8<<20), newRand(5)
	require.Zero(t, aheadOf(w.table, 42))
	for range 50000 {
		w.mustInsert(r.Uint64())
	}
	found := 0
	for ref, hash := range w.live {
		if aheadOf(w.table, hash) == ref {
			found++
		}
	}
	require.Greater(t, found, len(w.live)*95/100)
	require.Less(t, found, len(w.live))
}

// aheadOf is what the way to hash leads to.
func aheadOf(t *Table, hash uint64) (ref uint32) {
	var a Ahead
	for line := t.GoAhead(&a, hash); line != nil; {
		ref, line = a.Step()
	}
	return ref
}

// TestAheadWhileTheTableChanges has one goroutine go ahead in what another changes under
// its lock: it must not fault, nor be a data race in the table's own fields.
func TestAheadWhileTheTableChanges(t *testing.T) {
	region := newMappedRegion(t, 16<<20)
	hashes := make([]uint64, 1, 400000)
	table := NewTable(NewPool(region), func(ref uint32) uint64 { return hashes[ref] })
	var stop atomic.Bool
	var done sync.WaitGroup
	done.Go(func() {
		r, sum := newRand(1), uint32(0)
		for !stop.Load() {
			for range 1000 {
				sum += aheadOf(table, r.Uint64())
			}
		}
		t.Log(sum)
	})
	r := newRand(2)
	for range 2 {
		first := len(hashes)
		for range 30000 {
			hash := r.Uint64()
			hashes = append(hashes, hash)
			if err := table.Insert(hash, uint32(len(hashes)-1)); err != nil {
				t.Fatal(err)
			}
		}
		for i := first; i < len(hashes); i++ {
			p, ok := table.FindRef(hashes[i], uint32(i))
			if !ok {
				t.Fatalf("ref %d is lost", i)
			}
			p.Delete()
			table.ShrinkStep()
		}
		for table.ShrinkStep() {
		}
	}
	stop.Store(true)
	done.Wait()
}
