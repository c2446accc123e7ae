package stream

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTrimCut trims many blocks at once, which have gaps, and compares with a trim that
// goes block by block.
func TestTrimCut(t *testing.T) {
	for _, limits := range []Limits{{4096, 100}, {0, 1}, {0, 7}} {
		for seed := range uint64(12) {
			t.Run(fmt.Sprint(limits, seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 11))
				cut, slow := newRig(t, limits), newRig(t, limits)
				n := 1 + random.IntN(800)
				for i := range n {
					for _, r := range []*rig{cut, slow} {
						r.add(ID{uint64(i + 1), 0}, []byte("f"), []byte("v"))
					}
				}
				for range random.IntN(2 * n) {
					id := ID{1 + random.Uint64N(uint64(n)), 0}
					cut.del(id)
					slow.del(id)
				}
				trim := Trim{By: TrimLen, MaxLen: int64(random.IntN(n)), Approx: seed%2 == 0}
				if seed%4 > 1 {
					trim = Trim{By: TrimID, MinID: ID{random.Uint64N(uint64(n)), 1}, Approx: trim.Approx}
				}
				if seed%3 == 0 {
					trim.Limit = 1 + int64(random.IntN(n))
				}
				slow.atOnce(1 << 30)
				slow.trim(trim)
				cut.atOnce(random.IntN(3))
				cut.trim(trim)
				require.Equal(t, slow.entries, cut.entries)
				for range 5 {
					require.Equal(t, slow.open().Blocks(), cut.open().Blocks())
					require.Equal(t, slow.open().First(), cut.open().First())
					cut.check()
					cut.reclaim(random.IntN(20))
					cut.add(ID{cut.last.Ms + 1, 0}, []byte("f"), []byte("v"))
					slow.add(ID{slow.last.Ms + 1, 0}, []byte("f"), []byte("v"))
				}
				cut.reclaim(0)
				cut.check()
				slow.trim(Trim{By: TrimLen})
				cut.trim(Trim{By: TrimLen})
				cut.reclaim(0)
				require.Zero(t, cut.store.Len(), "nothing is left")
				slow.free()
			})
		}
	}
}

// TestLeaving removes consumers that have much pending, between others, and looks at all
// that can be seen while they leave.
func TestLeaving(t *testing.T) {
	for _, shape := range []struct {
		step   uint64 // between IDs: narrow leaves and wide ones
		run    int    // entries in a row that are a consumer's
		people int
	}{{1, 1, 4}, {1 << 40, 1, 4}, {1, 200, 4}, {1, 1, 40}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			random := rand.New(rand.NewPCG(shape.step, uint64(shape.run)))
			r := newRig(t, Limits{})
			r.atOnce(0)
			const n = 1600
			who := func(i int) string { return string(rune('a' + i%shape.people)) }
			for _, g := range []string{"g", "h", "i"} {
				r.createGroup(g, ID{})
				for i := range n {
					r.give(g, who(i/shape.run), ID{uint64(i) * shape.step, 1}, int64(i), 1)
				}
			}
			r.removeConsumer("g", "a")
			r.removeConsumer("h", "b")
			r.removeConsumer("i", "d")
			r.removeConsumer("g", "b")
			r.check()
			for i := range 40 {
				for _, g := range []string{"g", "i"} {
					id := ID{uint64(random.IntN(n)) * shape.step, 1}
					group, _ := r.group(g)
					e, ok := group.PendingAt(id)
					_, there := r.groups[g].pending[id]
					require.Equal(t, there, ok)
					require.Equal(t, there, ok && e.ID == id)
					if i%2 == 0 {
						r.ack(g, id) // not of those that count as gone
					} else {
						r.give(g, who(random.IntN(4)), id, int64(i), 2) // even of them, also to who is back
					}
				}
				r.reclaim(2)
				switch i {
				case 1:
					r.destroyGroup("h") // between the others in their chain
				case 5:
					r.removeConsumer("g", "a") // who came back
				}
				if i%8 == 1 {
					r.check()
				}
			}
			r.check()
			for i := range shape.people {
				r.removeConsumer("g", who(i))
			}
			r.check() // all that is in the list counts as gone
			r.reclaim(0)
			r.destroyGroup("g")
			r.destroyGroup("i")
			r.reclaim(0)
			require.Zero(t, r.store.Len(), "nothing is left")
			require.Zero(t, r.store.Held())
		})
	}
}

// TestLeavingAlone removes the one consumer who has all that is pending.
func TestLeavingAlone(t *testing.T) {
	r := newRig(t, Limits{})
	r.createGroup("g", ID{})
	for i := range uint64(50_000) {
		r.give("g", "a", ID{i, 0}, 0, 1)
	}
	r.removeConsumer("g", "a")
	assert.True(t, r.open().Laden(), "some is left to be freed")
	r.give("g", "b", ID{3, 3}, 0, 1)
	r.check()
	r.reclaim(0)
	r.check()
	r.destroyGroup("g")
	assert.Zero(t, r.store.Held(), "what is small goes at once")
}

// TestReclaimIsBounded: no step is long, whatever is taken away.
func TestReclaimIsBounded(t *testing.T) {
	r := newRig(t, Limits{MaxEntries: 10})
	for i := range uint64(30_000) {
		r.add(ID{i + 1, 0}, []byte("f"), []byte("v"))
	}
	r.createGroup("g", ID{})
	r.createGroup("h", ID{})
	for i := range 300 {
		for _, g := range []string{"g", "h"} {
			r.read(g, fmt.Sprint(i%7), 100, 5)
		}
	}
	freed := func(f func()) int {
		before := r.store.Len()
		f()
		return before - r.store.Len()
	}
	const most = freedAtOnceMost
	assert.LessOrEqual(t, freed(func() { r.trim(Trim{By: TrimLen, MaxLen: 5}) }), most)
	assert.LessOrEqual(t, freed(func() { r.destroyGroup("g") }), most)
	assert.LessOrEqual(t, freed(func() { r.removeConsumer("h", "3") }), most)
	steps := 0
	for st := r.open(); st.Laden(); steps++ {
		assert.LessOrEqual(t, freed(func() { st.Reclaim(64) }), 64)
	}
	assert.Greater(t, steps, 3000/64)
	r.check()
	r.free()
}

const freedAtOnceMost = 128 + 8 // a few inner nodes beside
