package slab

import (
	"errors"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
)

// bound is a budget over an account.
type bound struct {
	account offheap.Account
	limit   int64
}

func (b *bound) Allow(n int64) bool { return b.account.Total()+n <= b.limit }

// owner keeps what each block should hold and follows moves.
type owner struct {
	t      *testing.T
	h      *Heap
	blocks map[Ref]block
	refs   []Ref
	place  map[Ref]int // where in refs
}

type block struct {
	size   int
	fill   byte
	expire int64
}

func newOwner(t *testing.T, limit int64) (*owner, *bound) {
	b := &bound{limit: limit}
	h, err := New(1<<30, &b.account, b)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, h.Close())
		require.Zero(t, b.account.Total(), "nothing is left at close")
	})
	return &owner{t: t, h: h, blocks: map[Ref]block{}, place: map[Ref]int{}}, b
}

func (o *owner) bytes(r Ref, n int) []byte {
	return unsafe.Slice((*byte)(o.h.At(r)), n)
}

func (o *owner) alloc(size int, fill byte) bool {
	r, err := o.h.Alloc(size)
	if err != nil {
		require.True(o.t, errors.Is(err, ErrFull) || errors.Is(err, offheap.ErrReserve), "%v", err)
		return false
	}
	if _, twice := o.blocks[r]; twice || o.h.Capacity(r) < size || !o.h.Fits(r, size) {
		o.t.Fatalf("block %d of %d bytes for %d, twice: %v", r, o.h.Capacity(r), size, twice)
	}
	b := o.bytes(r, size)
	for i := range b {
		b[i] = fill
	}
	o.blocks[r] = block{size: size, fill: fill}
	o.place[r] = len(o.refs)
	o.refs = append(o.refs, r)
	return true
}

func (o *owner) verify(r Ref) {
	b := o.blocks[r]
	got := o.bytes(r, b.size)
	if got[0] != b.fill || got[b.size/2] != b.fill || got[b.size-1] != b.fill {
		o.t.Fatalf("block %d of %d bytes is damaged", r, b.size)
	}
}

func (o *owner) free(i int) {
	r := o.refs[i]
	o.verify(r)
	last := o.refs[len(o.refs)-1]
	o.refs[i], o.place[last] = last, i
	o.refs = o.refs[:len(o.refs)-1]
	delete(o.blocks, r)
	delete(o.place, r)
	o.h.Free(r)
}

func (o *owner) Moved(old, new Ref) {
	b, known := o.blocks[old]
	if _, taken := o.blocks[new]; !known || taken {
		o.t.Fatalf("moved %d (known %v) to %d (taken %v)", old, known, new, taken)
	}
	delete(o.blocks, old)
	o.blocks[new] = b
	o.verify(new)
	i := o.place[old]
	delete(o.place, old)
	o.refs[i], o.place[new] = new, i
	if b.expire != 0 {
		o.h.NoteExpiry(new, b.expire)
	}
}

func (o *owner) Expiry(r Ref) int64 { return o.blocks[r].expire }

func (o *owner) Expire(r Ref) {
	i, known := o.place[r]
	if !known {
		o.t.Fatalf("block %d, which is unknown, expired", r)
	}
	o.free(i)
}

func randomSize(r *rand.Rand) int {
	switch r.IntN(10) {
	case 0:
		return MaxSlot + r.IntN(200_000)
	case 1, 2:
		return 1024 + r.IntN(MaxSlot-1024)
	}
	return 16 + r.IntN(600)
}

func TestRandomAllocFreeCompact(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		o, _ := newOwner(t, 24<<20)
		for step := range 30_000 {
			// Phases of growth and of decline, so that pages fill and empty.
			growing := step/5000%2 == 0
			switch n := r.IntN(100); {
			case len(o.refs) == 0 || (growing && n < 65) || (!growing && n < 30):
				o.alloc(randomSize(r), byte(1+r.IntN(255)))
			case n < 95:
				o.free(r.IntN(len(o.refs)))
			case n < 98:
				o.h.Observe()
				o.h.CompactStep(n == 95, o)
			default:
				o.h.ReleaseDirty(int64(r.IntN(1<<20)), 8)
			}
			if step%3000 == 0 {
				require.NoError(t, o.h.CheckInvariants())
			}
		}
		for len(o.refs) > 0 {
			o.free(0)
		}
		o.h.ReleaseDirty(0, 1<<20)
		require.NoError(t, o.h.CheckInvariants())
		require.Zero(t, o.h.Usage().Live)
		require.Zero(t, o.h.Usage().Free)
		require.Zero(t, o.h.region.Committed(), "an empty heap holds no memory")
	}
}

func TestBudgetIsKept(t *testing.T) {
	o, b := newOwner(t, 4<<20)
	n := 0
	for o.alloc(100, 7) {
		n++
	}
	require.LessOrEqual(t, b.account.Total(), b.limit)
	require.Greater(t, n, 35_000, "the budget is used")
	o.free(3)
	require.True(t, o.alloc(100, 8), "a freed slot needs no budget")
	require.NoError(t, o.h.CheckInvariants())
}

func TestCompactionGivesMemoryBack(t *testing.T) {
	o, b := newOwner(t, 1<<30)
	r := rand.New(rand.NewPCG(1, 2))
	for range 60_000 {
		o.alloc(40+r.IntN(200), 9)
	}
	full := b.account.Total()
	for len(o.refs) > 6_000 {
		o.free(r.IntN(len(o.refs)))
	}
	for o.h.CompactStep(false, o) {
	}
	o.h.Observe()
	o.h.Observe()
	for o.h.CompactStep(true, o) {
	}
	for i := range o.h.classes {
		require.Less(t, int64(o.h.classes[i].freeSlots)*int64(classes[i].size), int64(2*osPage), "holes are closed")
	}
	o.h.ReleaseDirty(0, 1<<20)
	require.NoError(t, o.h.CheckInvariants())
	require.Less(t, b.account.Total(), full/7, "nine tenths were freed")
	for ref := range o.blocks {
		o.verify(ref)
	}
}

func TestExpireStepFindsExactlyWhatIsDue(t *testing.T) {
	o, _ := newOwner(t, 1<<30)
	r := rand.New(rand.NewPCG(5, 5))
	for range 20_000 {
		o.alloc(randomSize(r), 3)
		ref := o.refs[len(o.refs)-1]
		if r.IntN(3) > 0 {
			b := o.blocks[ref]
			b.expire = int64(1 + r.IntN(1000))
			o.blocks[ref] = b
			o.h.NoteExpiry(ref, b.expire)
		}
	}
	for now := int64(0); now <= 1000; now += 37 {
		for {
			if _, done := o.h.ExpireStep(now, 1+r.IntN(20), 5, o); done {
				break
			}
		}
		for _, b := range o.blocks {
			if b.expire != 0 && b.expire <= now {
				t.Fatalf("due at %d, still there at %d", b.expire, now)
			}
		}
	}
	require.NoError(t, o.h.CheckInvariants())
}

func TestChunkMapFindsRuns(t *testing.T) {
	c := chunkMap{limit: 1000}
	require.Equal(t, 0, c.take(1))
	require.Equal(t, 1, c.take(70))
	require.Equal(t, 71, c.take(1))
	c.mark(10, 2, false)
	c.mark(40, 3, false)
	require.Equal(t, 40, c.take(3), "the first hole is too small")
	require.Equal(t, 10, c.take(1), "the lowest")
	require.Equal(t, 72, c.take(2))
	require.Equal(t, 11, c.take(1))
	require.Equal(t, -1, c.take(1000))
	require.Equal(t, 74, c.take(926))
	require.Equal(t, -1, c.take(1))
}

func TestClassesCoverAndRound(t *testing.T) {
	for n := 1; n <= MaxSlot; n++ {
		c := classes[classOf[(n+7)>>3]]
		require.GreaterOrEqual(t, int(c.size), n)
		if n >= 64 {
			require.LessOrEqual(t, float64(RoundUp(n)), float64(n)*1.13+8)
		}
		require.LessOrEqual(t, int(c.size)*int(c.slots), int(c.units)*unitSize)
	}
	for _, c := range classes {
		for slot := range int(c.slots) {
			at := uint64(slot) * uint64(c.size)
			require.EqualValues(t, slot, at*uint64(c.recip)>>32, "reciprocal of %d", c.size)
		}
	}
	require.Less(t, len(classes), 200)
	t.Logf("%d classes", len(classes))
}
