package index

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// hashers make hashes of many kinds, good and hostile, from random numbers.
var hashers = []struct {
	name string
	hash func(r *rand.Rand) uint64
}{
	{"random", func(r *rand.Rand) uint64 { return r.Uint64() }},
	{"low bits zero", func(r *rand.Rand) uint64 { return r.Uint64() << 16 }},
	{"all equal", func(*rand.Rand) uint64 { return 0x123456789abcdef0 }},
	{"zero and all ones", func(r *rand.Rand) uint64 { return -(r.Uint64() & 1) }},
	{"few values", func(r *rand.Rand) uint64 { return r.Uint64N(64) * 0x9e3779b97f4a7c15 }},
	{"equal top 8 bits", func(r *rand.Rand) uint64 { return 0xab<<56 | r.Uint64()>>8 }},
	{"equal top 24 bits", func(r *rand.Rand) uint64 { return 0xabcdef<<40 | r.Uint64()>>24 }},
	{"top bits alone", func(r *rand.Rand) uint64 { return r.Uint64() &^ (1<<48 - 1) }},
	{"equal tags", func(r *rand.Rand) uint64 { return r.Uint64() &^ (0xffff << 36) }},
	{"clusters", func(r *rand.Rand) uint64 { return r.Uint64N(10)<<60 | r.Uint64()>>26 }},
	{"half a flood", func(r *rand.Rand) uint64 {
		if r.IntN(2) == 0 {
			return 0x7777 << 48
		}
		return r.Uint64()
	}},
}

func TestAgainstModel(t *testing.T) {
	for i, h := range hashers {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			w, r := newWorld(t, 8<<20), newRand(uint64(i))
			const top = 12000
			// Up, around, down, up again, to nothing.
			for _, phase := range []struct{ until, deletePercent int }{
				{top, 10}, {top, 50}, {100, 90}, {top / 2, 20}, {0, 100},
			} {
				w.churn(r, h.hash, phase.until, phase.deletePercent, top)
				w.check()
			}
			w.shrink()
			w.check()
			require.Zero(t, w.pool.Resident())
			require.Len(t, w.table.dir, 2)
		})
	}
}

// churn inserts, deletes, replaces and shrinks at random until the table has so
// many entries, or for so many steps where it does not get there.
func (w *world) churn(r *rand.Rand, hash func(*rand.Rand) uint64, until, deletePercent, steps int) {
	for i := 0; len(w.refs) != until && i < 3*steps; i++ {
		switch p := r.IntN(100); {
		case len(w.refs) > 0 && p < deletePercent:
			w.delete(w.any(r))
		case deletePercent < 100:
			w.mustInsert(hash(r))
		}
		if len(w.refs) > 0 && i%16 == 0 {
			w.replace(w.any(r))
		}
		if i%5 == 0 {
			w.table.ShrinkStep()
		}
		if i%8192 == 8191 {
			w.check()
		}
	}
}

func TestShrunkTableIsDense(t *testing.T) {
	w, r := newWorld(t, 8<<20), newRand(11)
	for range 200000 {
		w.mustInsert(r.Uint64())
	}
	for len(w.refs) > 20000 {
		w.delete(w.any(r))
		if n := len(w.refs); n%20000 == 0 {
			w.shrink()
			t.Logf("%d: %.2f bytes an entry", n, float64(w.pool.Resident())/float64(n))
			require.Less(t, float64(w.pool.Resident())/float64(n), 7.2)
		}
	}
	w.check()
	require.LessOrEqual(t, len(w.table.dir), 32)
}

func TestEmpty(t *testing.T) {
	w := newWorld(t, 1<<20)
	p := w.table.Probe(42)
	require.Zero(t, p.Next())
	require.Zero(t, p.Next())
	_, ok := w.table.FindRef(42, 1)
	require.False(t, ok)
	require.Zero(t, w.table.Any(7))
	require.Zero(t, w.table.Sample(7, make([]uint32, 16)))
	require.Nil(t, w.table.GoAhead(new(Ahead), 42))
	require.False(t, w.table.ShrinkStep())
	require.True(t, w.table.Drain(func(uint32) { t.Fatal("no entries") }, 10))
	require.Zero(t, w.pool.Resident())
	w.check()
}

func TestOneEntryFreesItsSegment(t *testing.T) {
	w := newWorld(t, 1<<20)
	ref := w.mustInsert(42)
	require.EqualValues(t, stepBytes, w.pool.Resident())
	w.delete(ref)
	w.shrink()
	require.Zero(t, w.pool.Resident())
}

func TestProbeEndsAndDeletesAmidCollisions(t *testing.T) {
	w := newWorld(t, 1<<20)
	const n = 100 // home, alternate and stash
	for range n {
		w.mustInsert(42)
	}
	require.Positive(t, w.table.stash.len())
	p := w.table.Probe(42)
	seen := map[uint32]bool{}
	for ref := p.Next(); ref != 0; ref = p.Next() {
		require.False(t, seen[ref])
		seen[ref] = true
		if ref%2 == 0 {
			p.Delete()
			w.forget(ref)
		}
	}
	require.Zero(t, p.Next())
	require.Len(t, seen, n)
	w.check()
	require.Len(t, w.live, n/2)
}

func TestFloodHarmsNobody(t *testing.T) {
	w, r := newWorld(t, 16<<20), newRand(3)
	for range 50000 {
		w.mustInsert(r.Uint64())
	}
	before, dir := w.pool.Resident(), len(w.table.dir)
	for range 5000 {
		w.mustInsert(0x123456789abcdef0)
		w.mustInsert(0xabcdef<<40 | r.Uint64()>>24)
	}
	require.LessOrEqual(t, w.pool.Resident(), before+4*slotBytes)
	require.LessOrEqual(t, len(w.table.dir), 4*dir)
	flagged := 0
	w.table.leaves(func(_ uint64, l leaf) {
		for i := range l.buckets() {
			flagged += int(w.table.bucket(l, i).meta & stashFlag / stashFlag)
		}
	})
	require.LessOrEqual(t, flagged, 4)
	w.check()
	for len(w.refs) > 0 {
		w.delete(w.any(r))
	}
	w.shrink()
	w.check()
	require.Zero(t, w.pool.Resident())
	require.Nil(t, w.table.stash.nodes)
}

func TestNoMemory(t *testing.T) {
	w, r := newWorld(t, 16<<20), newRand(4)
	w.region.budget = 40
	failed := 0
	for range 40000 {
		if _, err := w.insert(r.Uint64()); err != nil {
			require.ErrorIs(t, err, errBudget)
			failed++
		}
	}
	require.Positive(t, failed)
	w.check()
	require.Greater(t, w.table.Len(), 40*stepBuckets*slotsPerBucket*9/10)
	w.region.budget = -1
	for range 10000 {
		w.mustInsert(r.Uint64())
	}
	w.check()
}

func TestRegionFull(t *testing.T) {
	w, r := newWorld(t, 3*slotBytes), newRand(5)
	var err error
	for err == nil {
		_, err = w.insert(r.Uint64())
	}
	require.ErrorIs(t, err, ErrFull)
	w.check()
}

// TestBytesPerEntry grows a table and prints, with -v, what an entry takes at eight
// sizes between each two powers of two.
func TestBytesPerEntry(t *testing.T) {
	const top = 1 << 17
	w, r := newWorld(t, 4<<20), newRand(6)
	next := 1024.0
	for n := 1; n <= top; n++ {
		hash := r.Uint64()
		w.hashes = append(w.hashes, hash)
		if err := w.table.Insert(hash, uint32(n)); err != nil {
			t.Fatal(err)
		}
		per := float64(w.pool.Resident()) / float64(n)
		if n > 30000 && per > 6.4 {
			t.Fatalf("%.2f bytes an entry with %d entries", per, n)
		}
		if n >= int(next) {
			t.Logf("%7d entries: %.2f bytes each", n, per)
			next *= math.Pow(2, 1.0/8)
		}
	}
	require.Less(t, float64(w.rehash)/top, 2.0, "items hashed again for an insertion")
	require.NoError(t, w.table.CheckInvariants())
}

func TestTwoTablesShareAPool(t *testing.T) {
	w, r := newWorld(t, 16<<20), newRand(8)
	second := NewTable(w.pool, func(ref uint32) uint64 { return w.hashes[ref] })
	for i := range 40000 {
		w.mustInsert(r.Uint64())
		if i%2 == 0 {
			hash := r.Uint64()
			w.hashes = append(w.hashes, hash)
			require.NoError(t, second.Insert(hash, uint32(len(w.hashes)-1)))
		}
	}
	w.check()
	require.NoError(t, second.CheckInvariants())
	require.Equal(t, 20000, second.Len())
	require.InDelta(t, float64(w.pool.Resident()), float64(w.table.Resident()+second.Resident()), 8192)
	for !second.Drain(func(uint32) {}, 100) {
	}
	w.check()
	require.InDelta(t, float64(w.pool.Resident()), float64(w.table.Resident()), 4096)
}

func TestDrain(t *testing.T) {
	for i, h := range hashers {
		t.Run(h.name, func(t *testing.T) {
			w, r := newWorld(t, 8<<20), newRand(uint64(i))
			for range 15000 {
				w.mustInsert(h.hash(r))
			}
			calls := 0
			for done := false; !done; calls++ {
				n := 0
				done = w.table.Drain(func(ref uint32) {
					w.mustBeLive(ref)
					w.forget(ref)
					n++
				}, 100)
				require.LessOrEqual(t, n, 100)
				if calls%20 == 0 {
					w.check()
				}
				if calls == 50 {
					w.mustInsert(h.hash(r)) // the table is as good as any
				}
			}
			require.Empty(t, w.live)
			require.Zero(t, w.pool.Resident())
			w.mustInsert(1)
			w.check()
		})
	}
}

func TestHotPathsDoNotAllocate(t *testing.T) {
	w, r := newWorld(t, 16<<20), newRand(9)
	hashes := make([]uint64, 1, 1<<20)
	w.table = NewTable(w.pool, func(ref uint32) uint64 { return hashes[ref] })
	insert := func() {
		hash := r.Uint64()
		hashes = append(hashes, hash)
		if w.table.Insert(hash, uint32(len(hashes)-1)) != nil {
			t.Fatal("no memory")
		}
	}
	for range 20000 {
		insert()
	}
	require.Zero(t, testing.AllocsPerRun(10000, func() {
		p := w.table.Probe(hashes[r.IntN(len(hashes))])
		for p.Next() != 0 {
		}
	}))
	// Directories are made on the Go heap, but seldom.
	require.Zero(t, testing.AllocsPerRun(20000, insert))
	dst := make([]uint32, 16)
	require.Zero(t, testing.AllocsPerRun(100, func() { w.table.Sample(r.Uint64(), dst) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		i := 1 + r.IntN(len(hashes)-1)
		if p, ok := w.table.FindRef(hashes[i], uint32(i)); ok {
			p.Delete()
		}
		w.table.ShrinkStep()
	}))
}

func TestLeafDiagram(t *testing.T) {
	l := makeLeaf(maxSlots-1, maxDepth, leafStepMask)
	require.EqualValues(t, maxSlots-1, l.id())
	require.EqualValues(t, maxDepth, l.depth())
	require.EqualValues(t, leafStepMask, l.steps())
	require.LessOrEqual(t, maxSteps, leafStepMask)
}

// TestGeometry holds the arithmetic of homes against its definition.
func TestGeometry(t *testing.T) {
	for steps := uint32(1); steps <= leafStepMask; steps++ {
		l := makeLeaf(0, 0, steps)
		n, width := l.buckets(), l.width()
		last := uint32(0)
		for b := range n {
			first := firstOf(b, steps, width)
			if first != (b<<width+n-1)/n || l.home(first) != b {
				t.Fatalf("%d steps: bucket %d begins at %d", steps, b, first)
			}
			if b > 0 && (l.home(first-1) != b-1 || first-last > 256 || first-last < 128) {
				t.Fatalf("%d steps: bucket %d begins at %d, after %d", steps, b, first, last)
			}
			last = first
		}
		for b := range n {
			for pair := range uint32(128) {
				if o := other(b, pair, n); o >= n || other(o, pair, n) != b {
					t.Fatalf("%d steps: bucket %d, pair %d: other is %d", steps, b, pair, o)
				}
			}
		}
	}
}

func TestMatch(t *testing.T) {
	r := newRand(10)
	for range 10000 {
		var b bucket
		for i := range b.tags {
			b.tags[i] = uint8(r.IntN(4) * 85)
		}
		for _, tag := range []uint8{0, 1, 85, 170, 255} {
			want := uint32(0)
			for i, have := range b.tags {
				if have == tag {
					want |= 1 << i
				}
			}
			if got := b.match(tag); got != want {
				t.Fatalf("%v match %d: %#x, not %#x", b.tags, tag, got, want)
			}
		}
	}
}
