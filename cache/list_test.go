package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listRig is a cache with lists beside a map of slices.
type listRig struct {
	t     testing.TB
	c     *Cache
	tx    *Tx
	model map[string][]string
}

func newListRig(t testing.TB) *listRig {
	c, err := New(Options{MaxMemory: 1 << 30, Shards: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return &listRig{t: t, c: c, tx: &Tx{}, model: map[string][]string{}}
}

func (r *listRig) do(f func(tx *Tx)) {
	r.c.BeginAll(r.tx, 0)
	defer r.tx.End()
	f(r.tx)
}

// read is a list as LRange tells it.
func readList(tx *Tx, key string) []string {
	list, err := tx.LRange([]byte(key), 0, -1)
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for e := range list.All() {
		out = append(out, string(e))
	}
	return out
}

func (r *listRig) put(key string, list []string) {
	if len(list) == 0 {
		delete(r.model, key)
		return
	}
	r.model[key] = list
}

// check compares a key with the model.
func (r *listRig) check(key string) {
	r.do(func(tx *Tx) {
		require.Equal(r.t, r.model[key], readList(tx, key))
		n, err := tx.LLen([]byte(key))
		require.NoError(r.t, err)
		require.Equal(r.t, len(r.model[key]), n)
		_, there := tx.Object([]byte(key))
		require.Equal(r.t, n > 0, there, "no list is empty")
	})
}

func listElement(random *rand.Rand) string {
	n := random.IntN(12)
	switch random.IntN(60) {
	case 0:
		n = random.IntN(6000)
	case 1:
		n = 100 + random.IntN(100)
	}
	return string(bytes.Repeat([]byte{byte('a' + random.IntN(5))}, n))
}

func listElements(list []string) (out [][]byte) {
	for _, e := range list {
		out = append(out, []byte(e))
	}
	return out
}

// push is one of the pushes.
func (r *listRig) push(tx *Tx, random *rand.Rand, key string) {
	list := r.model[key]
	var add []string
	for range 1 + random.IntN(1+random.IntN(8)*random.IntN(8)) {
		add = append(add, listElement(random))
	}
	var n int
	var err error
	switch k, elements := []byte(key), listElements(add); {
	case random.IntN(2) == 0:
		if n, err = tx.RPush(k, elements...); random.IntN(4) == 0 {
			_, _ = tx.RPushX([]byte("none"), elements...)
		}
		list = slices.Concat(list, add)
	default:
		n, err = tx.LPush(k, elements...)
		slices.Reverse(add)
		list = slices.Concat(add, list)
	}
	require.NoError(r.t, err)
	require.Equal(r.t, len(list), n)
	r.put(key, list)
}

func (r *listRig) pop(tx *Tx, random *rand.Rand, key string) {
	list := slices.Clone(r.model[key])
	count := 1
	if random.IntN(3) == 0 {
		count = random.IntN(40)
	}
	want := min(count, len(list))
	side := Side(random.IntN(2))
	if side == Right {
		slices.Reverse(list)
	}
	n, err := tx.LPopN([]byte(key), side, count, func(i, n int, e []byte) {
		require.Equal(r.t, want, n)
		require.Equal(r.t, list[i], string(e))
	})
	require.NoError(r.t, err)
	require.Equal(r.t, want, n)
	list = list[n:]
	if side == Right {
		slices.Reverse(list)
	}
	r.put(key, list)
}

func (r *listRig) edit(tx *Tx, random *rand.Rand, key string) {
	list := slices.Clone(r.model[key])
	k, e := []byte(key), listElement(random)
	i := random.IntN(len(list))
	switch random.IntN(4) {
	case 0:
		index := i
		if random.IntN(2) == 0 {
			index -= len(list)
		}
		require.NoError(r.t, tx.LSet(k, index, []byte(e)))
		list[i] = e
	case 1:
		before := random.IntN(2) == 0
		at := slices.Index(list, list[i])
		if !before {
			at++
		}
		n, err := tx.LInsert(k, before, []byte(list[i]), []byte(e))
		require.NoError(r.t, err)
		list = slices.Insert(list, at, e)
		require.Equal(r.t, len(list), n)
	case 2:
		count := random.IntN(7) - 3
		n, err := tx.LRem(k, count, []byte(list[i]))
		require.NoError(r.t, err)
		was := len(list)
		list = without(list, list[i], count)
		require.Equal(r.t, was-len(list), n)
	case 3:
		start, stop := random.IntN(3), -1-random.IntN(3)
		if random.IntN(20) == 0 {
			start, stop = i, i+random.IntN(100)
		}
		require.NoError(r.t, tx.LTrim(k, start, stop))
		from, end := clip(start, stop, len(list))
		list = list[from:end]
	}
	r.put(key, list)
}

func without(list []string, e string, count int) []string {
	if count < 0 {
		slices.Reverse(list)
	}
	gone, most := 0, max(count, -count)
	list = slices.DeleteFunc(list, func(s string) bool {
		if s != e || most > 0 && gone == most {
			return false
		}
		gone++
		return true
	})
	if count < 0 {
		slices.Reverse(list)
	}
	return list
}

func (r *listRig) move(tx *Tx, random *rand.Rand, from, to string) {
	take, add := Side(random.IntN(2)), Side(random.IntN(2))
	list := slices.Clone(r.model[from])
	var got string
	require.NoError(r.t, tx.LMove([]byte(from), []byte(to), take, add, func(e []byte) { got = string(e) }))
	var e string
	if take == Left {
		e, list = list[0], list[1:]
	} else {
		e, list = list[len(list)-1], list[:len(list)-1]
	}
	require.Equal(r.t, e, got)
	r.put(from, list)
	if add == Left {
		r.put(to, slices.Concat([]string{e}, r.model[to]))
	} else {
		r.put(to, slices.Concat(r.model[to], []string{e}))
	}
}

func (r *listRig) look(tx *Tx, random *rand.Rand, key string) {
	list := r.model[key]
	i := random.IntN(len(list))
	e, err := tx.LIndex([]byte(key), i-len(list)*random.IntN(2))
	require.NoError(r.t, err)
	require.Equal(r.t, list[i], string(e))
	for _, rank := range []int{1, 2, -1, -3} {
		count, maxLen := random.IntN(3), random.IntN(2)*random.IntN(50)
		got, err := tx.LPos(nil, []byte(key), []byte(list[i]), rank, count, maxLen)
		require.NoError(r.t, err)
		require.Equal(r.t, positions(list, list[i], rank, count, maxLen), got)
	}
}

// positions is LPOS as its documentation has it.
func positions(list []string, e string, rank, count, maxLen int) (out []int) {
	for i := range list {
		at := i
		if rank < 0 {
			at = len(list) - 1 - i
		}
		if maxLen > 0 && i >= maxLen {
			break
		}
		if list[at] == e {
			out = append(out, at)
		}
	}
	out = out[min(max(rank, -rank)-1, len(out)):]
	if count > 0 {
		out = out[:min(count, len(out))]
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func TestListsAgainstSlices(t *testing.T) {
	for seed := range uint64(4) {
		r := newListRig(t)
		random := rand.New(rand.NewPCG(seed, 11))
		limits := DefaultLimits()
		limits.ListMaxPackedSize = []int{-2, -1, 10, -5}[seed]
		r.c.SetLimits(limits)
		for i := range 6000 {
			key, other := fmt.Sprint(random.IntN(3)), fmt.Sprint(random.IntN(3))
			grow := i/1000%2 == 0
			r.do(func(tx *Tx) {
				switch op := random.IntN(10); {
				case len(r.model[key]) == 0 || op < 2 || grow && op < 4:
					r.push(tx, random, key)
				case op < 6:
					r.pop(tx, random, key)
				case op < 8:
					r.edit(tx, random, key)
				case op < 9:
					r.move(tx, random, key, other)
				default:
					r.look(tx, random, key)
				}
			})
			r.check(key)
			r.check(other)
			if i%100 == 0 {
				require.NoError(t, r.c.Check())
			}
		}
	}
}

// TestListOfManyBytes pushes more than is added at once.
func TestListOfManyBytes(t *testing.T) {
	r := newListRig(t)
	var list []string
	for i := range 30_000 {
		list = append(list, fmt.Sprint(i))
	}
	r.do(func(tx *Tx) {
		n, err := tx.RPush([]byte("k"), listElements(list)...)
		require.NoError(t, err)
		assert.Equal(t, len(list), n)
	})
	r.put("k", list)
	r.check("k")
	require.NoError(t, r.c.Check())
}

func TestListErrors(t *testing.T) {
	r := newListRig(t)
	s, none, e := []byte("string"), []byte("none"), []byte("e")
	fail := func(_, _ int, _ []byte) { t.Error("visited") }
	r.do(func(tx *Tx) {
		require.NoError(t, tx.Set(s, s, 0))
		for name, f := range map[string]func(key []byte) (any, error){
			"LPush":   func(k []byte) (any, error) { return tx.LPush(k, e) },
			"RPushX":  func(k []byte) (any, error) { return tx.RPushX(k, e) },
			"LLen":    func(k []byte) (any, error) { return tx.LLen(k) },
			"LIndex":  func(k []byte) (any, error) { return tx.LIndex(k, 0) },
			"LRange":  func(k []byte) (any, error) { return tx.LRange(k, 0, 1) },
			"LPos":    func(k []byte) (any, error) { return tx.LPos(nil, k, e, 1, 0, 0) },
			"LSet":    func(k []byte) (any, error) { return nil, tx.LSet(k, 0, e) },
			"LInsert": func(k []byte) (any, error) { return tx.LInsert(k, true, e, e) },
			"LRem":    func(k []byte) (any, error) { return tx.LRem(k, 0, e) },
			"LTrim":   func(k []byte) (any, error) { return nil, tx.LTrim(k, 0, 1) },
			"LPop":    func(k []byte) (any, error) { return tx.LPop(nil, k) },
			"LPopN":   func(k []byte) (any, error) { return tx.LPopN(k, Left, 2, fail) },
			"LMove":   func(k []byte) (any, error) { return nil, tx.LMove(k, k, Left, Right, nil) },
			"LMPop": func(k []byte) (any, error) {
				_, n, err := tx.LMPop([][]byte{none, k}, Left, 1, fail)
				return n, err
			},
		} {
			_, err := f(s)
			assert.ErrorIs(t, err, ErrWrongType, name)
			if name == "LPush" {
				continue
			}
			_, err = f(none)
			if slices.Contains([]string{"LIndex", "LSet", "LPop", "LMove"}, name) {
				assert.ErrorIs(t, err, ErrNotFound, name)
			} else {
				assert.NoError(t, err, name)
			}
			assert.Equal(t, None, tx.Type(none), name)
		}
		_, err := tx.RPush([]byte("l"), e)
		require.NoError(t, err)
		assert.ErrorIs(t, tx.LSet([]byte("l"), 1, e), ErrIndex)
		assert.ErrorIs(t, tx.LSet([]byte("l"), -2, e), ErrIndex)
		assert.ErrorIs(t, tx.LMove([]byte("l"), s, Left, Left, nil), ErrWrongType)
		n, err := tx.LInsert([]byte("l"), true, none, e)
		assert.Equal(t, []any{-1, nil}, []any{n, err})
		assert.Equal(t, []string{"e"}, readList(tx, "l"))
	})
}

// TestListKeepsItsExpiry: whatever becomes of a list, also in one that is never empty.
func TestListKeepsItsExpiry(t *testing.T) {
	r := newListRig(t)
	k := []byte("k")
	r.do(func(tx *Tx) {
		_, err := tx.RPush(k, []byte("one"))
		require.NoError(t, err)
		at := tx.Now() + 100_000
		require.True(t, tx.SetExpireAt(k, at))
		require.NoError(t, tx.LMove(k, k, Left, Right, func(e []byte) { assert.Equal(t, "one", string(e)) }))
		for range 1000 {
			_, err := tx.LPush(k, []byte("0123456789"))
			require.NoError(t, err)
		}
		_, err = tx.LPopN(k, Left, 1000, func(_, _ int, _ []byte) {})
		require.NoError(t, err)
		info, _ := tx.Object(k)
		assert.Equal(t, at, info.ExpireAt)
		assert.Equal(t, EncodingListpack, info.Encoding)
	})
}

// TestListEncodings follows Redis's rules for the name of the encoding.
func TestListEncodings(t *testing.T) {
	r := newListRig(t)
	k := []byte("k")
	ten := bytes.Repeat([]byte("x"), 10) // 12 bytes as an entry
	for _, c := range []struct {
		size, grow, shrink int // a quicklist from grow elements, a listpack from shrink
	}{{-2, 683, 340}, {-1, 341, 170}, {4, 5, 2}, {0, 2, 0}, {1000, 683, 500}, {-9, 5461, 2730}} {
		limits := DefaultLimits()
		limits.ListMaxPackedSize = c.size
		r.c.SetLimits(limits)
		encoding := func(tx *Tx) Encoding {
			info, _ := tx.Object(k)
			return info.Encoding
		}
		r.do(func(tx *Tx) {
			for n := 1; n <= 6000; n++ {
				_, err := tx.RPush(k, ten)
				require.NoError(t, err)
				want := EncodingListpack
				if n >= c.grow {
					want = EncodingQuicklist
				}
				require.Equal(t, want, encoding(tx), "%+v: %d elements, growing", c, n)
			}
			for n := 5999; n > 0; n-- {
				_, err := tx.LPop(nil, k)
				require.NoError(t, err)
				want := EncodingQuicklist
				if n <= c.shrink {
					want = EncodingListpack
				}
				require.Equal(t, want, encoding(tx), "%+v: %d elements, shrinking", c, n)
			}
			tx.Delete(k)
		})
	}
}

// TestSmallListOverhead holds what is promised of a list of 20 elements: the
// bytes an element over what the user stores, the key aside.
func TestSmallListOverhead(t *testing.T) {
	const n, width, lists = 20, 10, 20_000
	r := newListRig(t)
	used := func() int64 { st := r.c.Stats(); return st.ItemBytes + st.IndexBytes }
	before := used()
	for i := range lists {
		key := fmt.Appendf(nil, "list:%08d", i)
		r.c.BeginKey(r.tx, 0, key)
		for j := range n {
			_, err := r.tx.RPush(key, fmt.Appendf(nil, "%010d", j))
			require.NoError(t, err)
		}
		r.tx.End()
	}
	each := float64(used()-before)/lists - n*width
	assert.Less(t, each/n, 4.4)
	t.Logf("%.2f bytes an element, key included", each/n)
}

func TestListsAllocateNothing(t *testing.T) {
	r := newListRig(t)
	k, e, sum := []byte("k"), []byte("element"), 0
	visit := func(_, _ int, e []byte) { sum += len(e) }
	for _, size := range []int{5, 20_000} {
		r.do(func(tx *Tx) {
			for range size {
				_, err := tx.LPush(k, e)
				require.NoError(t, err)
			}
			assert.Zero(t, testing.AllocsPerRun(1000, func() {
				_, _ = tx.LPush(k, e)
				_, _ = tx.RPush(k, e)
				_, _ = tx.LPopN(k, Left, 1, visit)
				_, _ = tx.LPopN(k, Right, 1, visit)
				_, _ = tx.LIndex(k, 2)
				_ = tx.LSet(k, 2, e)
				_ = tx.LMove(k, k, Left, Right, func(e []byte) { sum += len(e) })
				list, _ := tx.LRange(k, 0, 10)
				for e, ok := list.Next(); ok; e, ok = list.Next() {
					sum += len(e)
				}
			}))
		})
	}
}

// FuzzListCheck: no bytes make the checks of a packed list panic.
func FuzzListCheck(f *testing.F) {
	f.Add([]byte{1, 0, 1, 'a', 1})
	f.Add([]byte{1})
	f.Add([]byte{1, listGapped, 6, 0, 'x', 'x', 1, 'a', 1})
	f.Fuzz(func(_ *testing.T, v []byte) { _ = checkList(nil, item.ListPacked, v) })
}

// TestPackedLists has all operations on lists that stay packed for the most part, under
// keys that make their items cross all sizes of headers and blocks.
func TestPackedLists(t *testing.T) {
	for _, length := range []int{1, 100, 15_000, 17_000} {
		r := newListRig(t)
		random := rand.New(rand.NewPCG(uint64(length), 5))
		key := string(bytes.Repeat([]byte{'k'}, length))
		grow := true
		for i := range 3000 {
			list := r.model[key]
			if len(list) < 5 || len(list) > 150 {
				grow = len(list) < 5
			}
			r.do(func(tx *Tx) {
				switch op := random.IntN(10); {
				case len(list) == 0 || grow && op < 6 || op < 2:
					r.push(tx, random, key)
				case op < 8:
					r.pop(tx, random, key)
				default:
					r.edit(tx, random, key)
				}
				if i%100 == 0 {
					tx.SetExpireAt([]byte(key), tx.Now()+1_000_000)
				}
				var c coll
				if length <= 100 && tx.openPeek(&c, []byte(key), List) == nil && c.kind() == item.ListPacked {
					n := c.listSize()
					require.LessOrEqual(t, c.listRoom(), n+n*3/8+16, "the room of a list of %d bytes", n)
				}
			})
			r.check(key)
		}
		require.NoError(t, r.c.Check())
	}
}

// TestPackedListPushes: a list that is pushed to is seldom moved, from whichever side,
// and one that is a queue hardly ever.
func TestPackedListPushes(t *testing.T) {
	for name, op := range map[string]func(tx *Tx, k, e []byte, i int){
		"left":  func(tx *Tx, k, e []byte, _ int) { _, _ = tx.LPush(k, e) },
		"right": func(tx *Tx, k, e []byte, _ int) { _, _ = tx.RPush(k, e) },
		"both": func(tx *Tx, k, e []byte, i int) {
			if i%2 == 0 {
				_, _ = tx.LPush(k, e)
			} else {
				_, _ = tx.RPush(k, e)
			}
		},
		"queue": func(tx *Tx, k, e []byte, _ int) {
			_, _ = tx.RPush(k, e)
			_, _ = tx.LPopN(k, Left, 1, func(int, int, []byte) {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newListRig(t)
			k, e := []byte("k"), []byte("0123456789abcdef")
			r.do(func(tx *Tx) {
				_, err := tx.RPush(k, slices.Repeat([][]byte{e}, 50)...)
				require.NoError(t, err)
				ref := func() any {
					var c coll
					require.NoError(t, tx.openPeek(&c, k, List))
					require.Equal(t, item.ListPacked, c.kind())
					return c.e.ref
				}
				moves, at := 0, ref()
				for i := range 60 {
					if op(tx, k, e, i); ref() != at {
						moves, at = moves+1, ref()
					}
				}
				assert.LessOrEqual(t, moves, 12)
			})
		})
	}
}

// TestListTrimmedToLittle: what is cut off is freed later, and counts no longer.
func TestListTrimmedToLittle(t *testing.T) {
	r := newListRig(t)
	k := []byte("k")
	many := slices.Repeat([][]byte{[]byte("0123456789")}, 10_000)
	for _, keep := range []int{1, 100, 30_000} {
		r.do(func(tx *Tx) {
			for range 20 {
				_, err := tx.RPush(k, many...)
				require.NoError(t, err)
			}
			require.NoError(t, tx.LTrim(k, 50_000, 50_000+keep-1))
			n, err := tx.LLen(k)
			require.NoError(t, err)
			assert.Equal(t, keep, n)
			info, _ := tx.Object(k)
			assert.Less(t, int(info.Bytes), keep*14+10_000)
		})
		require.NoError(t, r.c.Check())
		r.do(func(tx *Tx) { tx.Delete(k) })
		require.NoError(t, r.c.Check())
	}
}

// TestListRemoveOfNothing: to look for an element moves the ends of a long list into
// its tree, which must be kept though nothing was removed.
func TestListRemoveOfNothing(t *testing.T) {
	r := newRig(t, Options{Shards: 1}, 1)
	key := []byte("k")
	r.do(func(tx *Tx) {
		_, err := tx.RPush(key, make([]byte, 15000), []byte("m"))
		require.NoError(t, err)
		removed, err := tx.LRem(key, 3, []byte("absent"))
		require.NoError(t, err)
		require.Zero(t, removed)
		n, err := tx.LPush(key, make([]byte, 3000))
		require.NoError(t, err)
		require.Equal(t, 3, n)
	})
	require.NoError(t, r.c.Check())
}
