package slab

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/invariants"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
)

// TestDirtyPageTooSmallForTheBlock: an empty page keeps the memory that the blocks
// of one class touched; the first block of the next class may need more.
func TestDirtyPageTooSmallForTheBlock(t *testing.T) {
	o, b := newOwner(t, 1<<30)
	require.True(t, o.alloc(2000, 1), "one system page of a page of 64 KiB")
	o.free(0)
	require.Positive(t, o.h.Usage().Dirty)
	b.limit = b.account.Total()
	before := o.h.Usage()
	require.False(t, o.alloc(8000, 1), "needs two")
	require.NoError(t, o.h.CheckInvariants())
	require.Equal(t, before, o.h.Usage(), "a refusal changes nothing")
	require.True(t, o.alloc(2000, 1))
	b.limit += osPage
	o.free(0)
	require.True(t, o.alloc(8000, 1))
	require.NoError(t, o.h.CheckInvariants())
	o.free(0)
	o.h.ReleaseDirty(0, 10)
	require.Zero(t, o.h.region.Committed())
}

// TestRefusalsChangeNothing: commits fail at random, as they do when the system has
// no memory left.
func TestRefusalsChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	o, b := newOwner(t, 1<<30)
	refused := 0
	b.account.Refuse = func(offheap.Purpose, uintptr) bool {
		if r.IntN(3) == 0 {
			refused++
			return true
		}
		return false
	}
	for step := range 20_000 {
		growing := step/4000%2 == 0
		switch n := r.IntN(100); {
		case len(o.refs) == 0 || (growing && n < 70) || n < 30:
			before, took := o.h.Usage(), b.account.Total()
			if refused = 0; !o.alloc(randomSize(r), 7) {
				require.Positive(t, refused)
				require.Equal(t, before, o.h.Usage())
				require.LessOrEqual(t, b.account.Of(offheap.Items), took)
			}
		case n < 95:
			o.free(r.IntN(len(o.refs)))
		case n < 98:
			o.h.Observe()
			o.h.CompactStep(n == 95, o)
		default:
			o.h.ReleaseDirty(int64(r.IntN(1<<20)), 8)
		}
		if step%2000 == 0 {
			require.NoError(t, o.h.CheckInvariants())
		}
	}
	for len(o.refs) > 0 {
		o.free(0)
	}
	o.h.ReleaseDirty(0, 1<<20)
	require.NoError(t, o.h.CheckInvariants())
	require.Zero(t, o.h.region.Committed(), "nothing is lost")
}

func TestShortLivedBlocksDoNotKeepOthersWaiting(t *testing.T) {
	o, _ := newOwner(t, 1<<30)
	now := int64(1)
	expireIn := func(ms int64) {
		require.True(t, o.alloc(1000, 5))
		ref := o.refs[len(o.refs)-1]
		o.h.NoteExpiry(ref, now+ms)
		b := o.blocks[ref]
		b.expire = now + ms
		o.blocks[ref] = b
	}
	for range 16 * 40 { // 40 pages, all due at the same time
		expireIn(100)
	}
	now += 100
	for round := 0; len(o.refs) > 0; round++ {
		// One page is looked at in a step, and as many blocks come that are due in the
		// next one: they go to the pages just freed, the lowest in the heap.
		_, done := o.h.ExpireStep(now, 1, 1000, o)
		require.False(t, done && len(o.refs) > 0 && o.h.NextDue() <= now)
		if now++; round < 1000 {
			expireIn(1)
		}
		if round > 200 && round < 1000 {
			old := 0
			for _, b := range o.blocks {
				if b.expire < now-100 {
					old++
				}
			}
			require.Zero(t, old, "the oldest wait while new ones come and go")
		}
		require.Less(t, round, 3000)
	}
	require.NoError(t, o.h.CheckInvariants())
}

func TestWalkVolatileForgetsPagesWithout(t *testing.T) {
	o, _ := newOwner(t, 1<<30)
	for i := range 2000 {
		require.True(t, o.alloc(1000, 5))
		ref := o.refs[len(o.refs)-1]
		o.h.NoteExpiry(ref, 1000) // but the blocks do not expire, all but one
		if i == 1500 {
			o.blocks[ref] = block{size: 1000, fill: 5, expire: 2000}
		}
	}
	visit := func() (found, pages int) {
		for unit := uint32(0); ; pages++ {
			var hit bool
			unit, hit = o.h.WalkVolatile(unit, 1, o, func(_ Ref, at int64) {
				require.EqualValues(t, 2000, at)
				found++
			})
			require.Equal(t, hit, found > 0 && hit)
			if unit == 0 {
				return found, pages
			}
		}
	}
	found, _ := visit()
	require.Equal(t, 1, found)
	pages := 0
	for unit := range o.h.units() {
		if m := o.h.meta(unit); m.back == 0 && m.state == pageLive && m.minExpire != 0 {
			pages++
		}
	}
	require.Equal(t, 1, pages, "the bounds of the others are renewed")
	require.NoError(t, o.h.CheckInvariants())
	found, _ = visit()
	require.Equal(t, 1, found)
}

func TestLargeRunsUseUpTheAddresses(t *testing.T) {
	b := &bound{limit: 1 << 40}
	h, err := New(64<<20, &b.account, b)
	require.NoError(t, err)
	var refs []Ref
	for {
		ref, err := h.Alloc(3 << 20)
		if err != nil {
			require.ErrorIs(t, err, offheap.ErrReserve)
			break
		}
		*(*byte)(h.At(ref)) = 1
		refs = append(refs, ref)
	}
	require.Equal(t, 21, len(refs))
	_, err = h.Alloc(1 << 40)
	require.Error(t, err)
	require.NoError(t, h.CheckInvariants())
	h.Free(refs[4])
	h.Free(refs[6])
	_, err = h.Alloc(4 << 20)
	require.Error(t, err, "two holes of 3 MiB, not side by side")
	h.Free(refs[5])
	ref, err := h.Alloc(9 << 20)
	require.NoError(t, err)
	require.Equal(t, refs[4], ref)
	require.NoError(t, h.CheckInvariants())
	require.NoError(t, h.Close())
	require.Zero(t, b.account.Total())
}

func TestNewLeavesNothingBehindWhenRefused(t *testing.T) {
	b := &bound{limit: 1 << 30}
	b.account.Refuse = func(p offheap.Purpose, _ uintptr) bool { return p == offheap.Meta }
	h, err := New(1<<30, &b.account, b)
	require.ErrorIs(t, err, offheap.ErrReserve)
	require.Nil(t, h)
	require.Zero(t, b.account.Total())
}

// TestWritesToFreeMemoryAreFound: only in the invariants build.
func TestWritesToFreeMemoryAreFound(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("needs -tags invariants")
	}
	o, _ := newOwner(t, 1<<30)
	require.True(t, o.alloc(100, 1))
	require.True(t, o.alloc(100, 1))
	ref := o.refs[1]
	stale := o.bytes(ref, 100)
	o.free(1)
	require.Panics(t, func() { o.h.Free(ref) }, "freed twice")
	stale[50] = 1
	require.Panics(t, func() { _, _ = o.h.Alloc(100) })
	stale[50] = poisonByte
}
