package stream

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var limitsToTry = []Limits{{4096, 100}, {0, 0}, {100, 0}, {0, 1}, {300, 7}, {1000, 1000}}

// run takes a list of operations, three bytes each.
func (r *rig) run(ops []byte) {
	now := int64(1_700_000_000_000)
	names := []string{"", "g", "group", "group two with a long name", "group two with a long name 2"}
	people := []string{"alice", "bob", "carol", "a consumer whose name is long", ""}
	for ; len(ops) >= 3; ops = ops[3:] {
		op, a, b := ops[0], int(ops[1]), int(ops[2])
		near := ID{r.last.Ms - min(r.last.Ms, uint64(a)), uint64(b % 3)}
		group, person := names[a%len(names)], people[b%len(people)]
		now += int64(b)
		switch op % 20 {
		case 0, 1, 2, 3, 4, 5:
			r.add(ID{r.last.Ms + uint64(a%40), r.last.Seq + uint64(b%5)}, pairsOf(a*256+b, 1+b%4)...)
		case 6:
			r.add(ID{r.last.Ms + uint64(a)<<uint(b%40), 0}, pairsOf(a, 1)...)
		case 7, 8:
			r.del(near)
		case 9:
			if a%8 == 0 {
				r.trim(Trim{By: TrimLen, MaxLen: int64(len(r.entries) - min(b, len(r.entries))), Approx: b%2 == 0, Limit: int64(b % 5 * 10)})
			}
		case 10:
			if a%8 == 1 {
				r.trim(Trim{By: TrimID, MinID: ID{near.Ms - min(near.Ms, 500), 0}, Approx: b%2 == 0})
			}
		case 11:
			r.walk(near, ID{near.Ms + uint64(b), 1})
		case 12:
			r.createGroup(group, near)
		case 13:
			if a%16 == 3 {
				r.destroyGroup(names[b%len(names)])
			}
		case 14, 15:
			r.read(group, person, 1+b%60, now)
		case 16, 17:
			r.ack(group, near)
		case 18:
			r.give(group, person, ID{near.Ms << uint(a%33), near.Seq << uint(b%50)}, now>>uint(a%41), int64(b)<<uint(a%50))
		case 19:
			switch b % 8 {
			case 0:
				r.removeConsumer(group, people[a%len(people)])
			case 1, 2, 3:
				r.reclaim(1 + a%5)
			default:
				r.store.Compact()
			}
		}
	}
	r.check()
}

// TestAgainstModel runs random operations.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			r := newRig(t, limitsToTry[seed%uint64(len(limitsToTry))])
			if seed%2 == 1 {
				r.atOnce(int(seed / 2 % 3))
			}
			ops := make([]byte, 3*100)
			for range 12 {
				for i := range ops {
					ops[i] = byte(random.Uint32())
				}
				r.run(ops)
			}
			r.free()
		})
	}
}

func FuzzStream(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 8 {
		ops := make([]byte, 3*80)
		for i := 0; i < len(ops); i += 4 {
			binary.LittleEndian.PutUint32(ops[i:], random.Uint32())
		}
		f.Add(uint8(random.Uint32()), ops)
	}
	f.Fuzz(func(t *testing.T, limits uint8, ops []byte) {
		if len(ops) > 3000 {
			return
		}
		r := newRig(t, limitsToTry[int(limits)%len(limitsToTry)])
		if limits >= 128 {
			r.atOnce(int(limits % 3))
		}
		r.run(ops)
		r.free()
	})
}

// TestManyPending has a group with more entries pending than a leaf has room for, in
// each form, and takes them away in another order.
func TestManyPending(t *testing.T) {
	for _, step := range []uint64{1, 1 << 20, 1 << 40} {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			r := newRig(t, Limits{})
			r.createGroup("g", ID{})
			const n = 3000
			for i := range uint64(n) {
				r.give("g", []string{"a", "b"}[i%2], ID{i * step, i % 2 * 70000}, int64(i*step), int64(i))
			}
			r.check()
			for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
				r.ack("g", ID{uint64(i) * step, uint64(i) % 2 * 70000})
				if i%500 == 0 {
					r.check()
				}
			}
			r.check()
			r.free()
		})
	}
}

// TestManyNames has more groups and consumers than one node of slots has room for.
func TestManyNames(t *testing.T) {
	r := newRig(t, Limits{})
	r.createGroup("g", ID{})
	name := func(i int) string { return fmt.Sprintf("a name longer than sixteen bytes %d", i) }
	order := rand.New(rand.NewPCG(3, 4)).Perm(1200)
	for _, i := range order {
		r.createGroup(name(i), ID{uint64(i), 0})
		r.give("g", name(i), ID{uint64(i), 1}, 5, 1)
	}
	r.check()
	for _, i := range order[:1000] {
		r.destroyGroup(name(i))
		r.removeConsumer("g", name(i))
	}
	r.check()
	for _, i := range order[500:900] { // numbers are given again
		r.createGroup(name(i), ID{uint64(i), 0})
		r.give("g", name(i), ID{uint64(i), 1}, 5, 1)
	}
	r.check()
	r.free()
}

// TestBlocks: blocks are cut where Redis cuts them.
func TestBlocks(t *testing.T) {
	r := newRig(t, Limits{MaxBytes: 4096, MaxEntries: 100})
	for i := range 1000 {
		r.add(ID{uint64(i + 1), 0}, []byte("f"), []byte("v"))
	}
	assert.Equal(t, 10, r.open().Blocks())
	r.trim(Trim{By: TrimLen, MaxLen: 555, Approx: true})
	assert.Equal(t, 600, r.open().Len())
	r.trim(Trim{By: TrimLen, MaxLen: 555})
	assert.Equal(t, 555, r.open().Len())
	assert.Equal(t, ID{446, 0}, r.open().First())
	r.add(ID{2000, 0}, []byte("f"), make([]byte, 100_000))
	r.add(ID{2001, 0}, []byte("f"), []byte("v"))
	assert.Equal(t, 8, r.open().Blocks())
	r.check()
}

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		id, next ID
		ok       bool
	}{
		{ID{0, 0}, ID{0, 1}, true},
		{ID{5, MaxID.Seq}, ID{6, 0}, true},
		{MaxID, ID{}, false},
	} {
		next, ok := c.id.Next()
		assert.Equal(t, c.ok, ok)
		assert.Equal(t, c.next, next)
		if ok {
			back, ok := next.Prev()
			assert.True(t, ok)
			assert.Equal(t, c.id, back)
		}
	}
	_, ok := ID{}.Prev()
	assert.False(t, ok)
	_, err := NextID(MaxID, 5)
	assert.ErrorIs(t, err, ErrExhausted)
	id, _ := NextID(ID{10, 3}, 5)
	assert.Equal(t, ID{10, 4}, id, "the clock went back")
	_, err = NextSeq(ID{7, MaxID.Seq}, 7)
	assert.ErrorIs(t, err, ErrOrder)
}

func TestPackedSizes(t *testing.T) {
	for text, want := range map[string]int{
		"": 2, "0": 2, "127": 2, "128": 3, "-1": 3, "-4096": 3, "4095": 3, "4096": 4, "-32769": 5, "8388608": 6,
		"2147483648": 10, "-9223372036854775808": 10, "-9223372036854775809": 22, "9223372036854775808": 21, "-0": 4, "01": 4, "+1": 4,
	} {
		assert.Equal(t, want, packedBytes([]byte(text)), text)
	}
	for n, want := range map[int]int{63: 65, 64: 67, 125: 128, 126: 130, 4095: 4099, 4096: 4103, 20000: 20008} {
		assert.Equal(t, want, packedBytes(make([]byte, n)), "%d bytes", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	r := newRig(b, Limits{MaxBytes: 4096, MaxEntries: 100})
	pairs := [][]byte{[]byte("field"), []byte("value of some length")}
	b.ReportAllocs()
	id := ID{1_700_000_000_000, 0}
	for b.Loop() {
		id.Ms++
		st := Open(r.store.Store, r.root)
		_ = st.Append(id, pairs, r.limits)
		if st.Len() > 1_000_000 {
			st.Trim(Trim{By: TrimLen, MaxLen: 1000, Approx: true})
		}
	}
}

func benchStream(b *testing.B, n int) *rig {
	r := newRig(b, Limits{MaxBytes: 4096, MaxEntries: 100})
	pairs := [][]byte{[]byte("field"), []byte("value of some length")}
	st := r.open()
	for i := range n {
		require.NoError(b, st.Append(ID{uint64(i + 1), 0}, pairs, r.limits))
	}
	return r
}

func BenchmarkRange10(b *testing.B) {
	for _, n := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := benchStream(b, n)
			b.ReportAllocs()
			for b.Loop() {
				st := Open(r.store.Store, r.root)
				from := ID{1 + rand.Uint64N(uint64(n)), 0}
				left := 10
				for c := st.Range(from, MaxID, false); left > 0 && c.Next(); left-- {
					c.Pair()
				}
			}
		})
	}
}

func BenchmarkGiveAck(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := newRig(b, Limits{})
			st := r.open()
			st.CreateGroup([]byte("g"), ID{}, Unknown)
			g, _ := st.Group([]byte("g"))
			c, _ := g.AddConsumer([]byte("c"), 0)
			for i := range n {
				g.Give(c, ID{uint64(i), 0}, 0, 1)
			}
			b.ReportAllocs()
			id := uint64(n)
			for b.Loop() {
				g.Give(c, ID{id, 0}, int64(id), 1)
				g.Ack(ID{id - uint64(n), 0})
				id++
			}
		})
	}
}
