package cache

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// zrig is a sorted set beside a plain model: its elements in order.
type zrig struct {
	t      testing.TB
	c      *Cache
	key    []byte
	model  []ZMember
	random *rand.Rand
}

func newZRig(t testing.TB, l Limits, seed uint64) *zrig {
	c := open(t, Options{Shards: 4}, nil)
	c.SetLimits(l)
	return &zrig{t: t, c: c, key: []byte("z"), random: rand.New(rand.NewPCG(seed, 7))}
}

// tx runs f in a transaction on the rig's keys.
func (r *zrig) tx(f func(tx *Tx)) {
	var tx Tx
	r.c.BeginAll(&tx, 0)
	defer tx.End()
	f(&tx)
}

func (r *zrig) at(member []byte) int {
	return slices.IndexFunc(r.model, func(m ZMember) bool { return bytes.Equal(m.Member, member) })
}

// set is what an update does to the model.
func (r *zrig) set(member []byte, score float64) {
	if i := r.at(member); i >= 0 {
		r.model[i].Score = score
	} else {
		r.model = append(r.model, ZMember{bytes.Clone(member), score})
	}
	slices.SortFunc(r.model, byScore)
}

func (r *zrig) add(flags ZAddFlags, member []byte, score float64) {
	i := r.at(member)
	wantAdded, wantUpdated := 0, 0
	switch {
	case i < 0 && flags&ZAddXX == 0:
		wantAdded = 1
	case i >= 0 && flags&ZAddNX == 0 && r.model[i].Score != score &&
		(flags&ZAddGT == 0 || score > r.model[i].Score) && (flags&ZAddLT == 0 || score < r.model[i].Score):
		wantUpdated = 1
	}
	r.tx(func(tx *Tx) {
		added, updated, err := tx.ZAdd(r.key, flags, ZMember{member, score})
		require.NoError(r.t, err)
		require.Equal(r.t, wantAdded, added)
		require.Equal(r.t, wantUpdated, updated)
	})
	if wantAdded+wantUpdated > 0 {
		r.set(member, score)
	}
}

func (r *zrig) remove(member []byte) {
	i := r.at(member)
	r.tx(func(tx *Tx) {
		n, err := tx.ZRem(r.key, member)
		require.NoError(r.t, err)
		require.Equal(r.t, i >= 0, n == 1)
	})
	if i >= 0 {
		r.model = slices.Delete(r.model, i, i+1)
	}
}

// query compares a range with the model's, and perhaps removes it.
func (r *zrig) query(q ZRange, remove bool) {
	n := len(r.model)
	in := func(i int) bool {
		m := r.model[i]
		switch q.By {
		case ZByScore:
			return (m.Score > q.Min.Score || m.Score == q.Min.Score && !q.Min.Open) &&
				(m.Score < q.Max.Score || m.Score == q.Max.Score && !q.Max.Open)
		case ZByLex:
			return q.MinLex.reaches(m.Member) && q.MaxLex.within(m.Member)
		}
		if q.Reverse {
			i = n - 1 - i
		}
		start, stop := q.Start, q.Stop
		if start < 0 {
			start += n
		}
		if stop < 0 {
			stop += n
		}
		return i >= start && i <= stop
	}
	var want []ZMember
	for i := range r.model {
		if in(i) {
			want = append(want, r.model[i])
		}
	}
	if q.Reverse {
		slices.Reverse(want)
	}
	if q.Limited && q.By != ZByRank {
		if q.Offset < 0 || q.Offset > len(want) {
			want = nil
		} else if want = want[q.Offset:]; q.Count >= 0 {
			want = want[:min(q.Count, len(want))]
		}
	}
	r.tx(func(tx *Tx) {
		span, err := tx.ZRange(r.key, q)
		require.NoError(r.t, err)
		require.Equal(r.t, len(want), span.Len(), "%+v", q)
		i := 0
		for member, score := range span.All() {
			require.Equal(r.t, string(want[i].Member), string(member))
			require.Equal(r.t, want[i].Score, score)
			i++
		}
		require.Equal(r.t, len(want), i)
		if remove {
			removed, err := tx.ZRemRange(r.key, q)
			require.NoError(r.t, err)
			require.Equal(r.t, len(want), removed)
		}
	})
	if remove {
		r.model = slices.DeleteFunc(r.model, func(m ZMember) bool {
			return slices.ContainsFunc(want, func(w ZMember) bool { return bytes.Equal(w.Member, m.Member) })
		})
	}
}

// check compares everything.
func (r *zrig) check() {
	r.query(ZRange{Stop: -1}, false)
	r.query(ZRange{Stop: -1, Reverse: true}, false)
	r.tx(func(tx *Tx) {
		n, err := tx.ZCard(r.key)
		require.NoError(r.t, err)
		require.Equal(r.t, len(r.model), n)
		require.Equal(r.t, n > 0, tx.Exists(r.key))
		for i, m := range r.model {
			rank, score, err := tx.ZRank(r.key, m.Member, false)
			require.NoError(r.t, err)
			require.Equal(r.t, i, rank)
			require.Equal(r.t, m.Score, score)
		}
		seen := map[string]float64{}
		for cursor := uint64(0); ; {
			cursor, err = tx.ZScan(r.key, cursor, 1+r.random.IntN(100), func(member []byte, score float64) {
				seen[string(member)] = score
			})
			require.NoError(r.t, err)
			if cursor == 0 {
				break
			}
		}
		require.Len(r.t, seen, n)
		for _, m := range r.model {
			require.Equal(r.t, m.Score, seen[string(m.Member)])
		}
	})
	require.NoError(r.t, r.c.Check())
}

// zscores are scores of every form, and near each other.
var zscores = []float64{0, 1, 2, 127, 128, 16383, 16384, 1 << 21, 1 << 28, 1 << 40, 1<<53 + 2, -1, -300, -1 << 40,
	.1, -.1, .5, 1e300, -1e300, math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324}

func (r *zrig) score() float64 {
	if r.random.IntN(3) == 0 {
		return zscores[r.random.IntN(len(zscores))]
	}
	return float64(r.random.IntN(50))
}

func (r *zrig) member(span int) []byte {
	i := r.random.IntN(span)
	if i%50 == 7 {
		return []byte(strings.Repeat("long", 20+i%400))
	}
	return fmt.Appendf(nil, "member:%d", i)
}

// step is one random operation over span members.
func (r *zrig) step(span, grow int) {
	switch n := r.random.IntN(100); {
	case n < grow:
		r.add(0, r.member(span), r.score())
	case n < grow+5:
		r.add(ZAddFlags(r.random.IntN(16)), r.member(span), r.score())
	case n < 85:
		r.remove(r.member(span))
	case n < 88:
		r.incr(r.member(span))
	default:
		r.query(r.rangeOf(), r.random.IntN(10) == 0)
	}
}

func (r *zrig) incr(member []byte) {
	delta, old := float64(r.random.IntN(9)-4), 0.0
	i := r.at(member)
	if i >= 0 {
		old = r.model[i].Score
	}
	r.tx(func(tx *Tx) {
		score, done, err := tx.ZIncrBy(r.key, 0, member, delta)
		require.NoError(r.t, err)
		require.True(r.t, done)
		require.Equal(r.t, old+delta, score)
	})
	if i < 0 || old+delta != old {
		r.set(member, old+delta)
	}
}

func (r *zrig) rangeOf() ZRange {
	q := ZRange{By: ZBy(r.random.IntN(2)), Reverse: r.random.IntN(2) == 0}
	n := len(r.model) + 3
	q.Start = r.random.IntN(2*n) - n
	q.Stop = q.Start + r.random.IntN(20) - 1
	q.Min = ZBound{r.score(), r.random.IntN(2) == 0}
	q.Max = ZBound{r.score(), r.random.IntN(2) == 0}
	if r.random.IntN(3) == 0 {
		q.Limited, q.Offset, q.Count = true, r.random.IntN(8)-1, r.random.IntN(8)-1
	}
	return q
}

// TestZSetAgainstModel works on sets of every size, with thresholds at which
// everything is crossed.
func TestZSetAgainstModel(t *testing.T) {
	for _, entries := range []int{0, 5, 128, 100_000} {
		for _, span := range []int{10, 300, 3000} {
			t.Run(fmt.Sprintf("%d/%d", entries, span), func(t *testing.T) {
				l := DefaultLimits()
				l.ZSetMaxPackedEntries = entries
				l.ZSetMaxPackedValue = 20 + entries
				r := newZRig(t, l, uint64(span))
				for i := range 6000 {
					r.step(span, 30+40*(i/1500%2))
					if i%997 == 0 {
						r.check()
					}
				}
				r.check()
			})
		}
	}
}

// TestZSetLex compares ranges by member where all scores are the same.
func TestZSetLex(t *testing.T) {
	for _, entries := range []int{0, 1000} {
		l := DefaultLimits()
		l.ZSetMaxPackedEntries = entries
		r := newZRig(t, l, 3)
		for i := range 400 {
			r.add(0, fmt.Appendf(nil, "%s%d", strings.Repeat("x", i%12), i%77), 3)
		}
		names := slices.Clone(r.model)
		for range 300 {
			bound := func() ZLexBound {
				if r.random.IntN(6) == 0 {
					return ZLexBound{Inf: int8(2*r.random.IntN(2) - 1)}
				}
				return ZLexBound{Member: names[r.random.IntN(len(names))].Member, Open: r.random.IntN(2) == 0}
			}
			q := ZRange{By: ZByLex, MinLex: bound(), MaxLex: bound(), Reverse: r.random.IntN(2) == 0}
			r.query(q, len(r.model) > 300 && r.random.IntN(40) == 0)
		}
		r.check()
	}
}

// TestZSetOrders fills a set in every order and empties it in every order.
func TestZSetOrders(t *testing.T) {
	const n = 20_000
	orders := map[string]func(i int) int{
		"up": func(i int) int { return i }, "down": func(i int) int { return n - 1 - i },
		"mixed": func(i int) int { return i * 7919 % n },
	}
	for in, insert := range orders {
		for out, remove := range orders {
			t.Run(in+"/"+out, func(t *testing.T) {
				r := newZRig(t, DefaultLimits(), 1)
				name := func(i int) []byte { return fmt.Appendf(nil, "m%d", i) }
				r.tx(func(tx *Tx) {
					for i := range n {
						added, _, err := tx.ZAdd(r.key, 0, ZMember{name(insert(i)), float64(insert(i) / 3)})
						require.NoError(t, err)
						require.Equal(t, 1, added)
					}
				})
				require.NoError(t, r.c.Check())
				r.tx(func(tx *Tx) {
					for i := range n {
						removed, err := tx.ZRem(r.key, name(remove(i)))
						require.NoError(t, err)
						require.Equal(t, 1, removed)
						if i%5000 == 0 {
							require.NoError(t, tx.c.shardOf(tx.c.Hash(r.key)).check())
						}
					}
					require.False(t, tx.Exists(r.key))
				})
			})
		}
	}
}

// TestZSetCopies copies, renames and moves large sets, whose index must follow.
func TestZSetCopies(t *testing.T) {
	r := newZRig(t, DefaultLimits(), 1)
	for i := range 2000 {
		r.tx(func(tx *Tx) {
			_, _, err := tx.ZAdd(r.key, 0, ZMember{fmt.Appendf(nil, "m%d%s", i, strings.Repeat("y", i%700)), float64(i % 10)})
			require.NoError(t, err)
		})
	}
	r.tx(func(tx *Tx) {
		span, err := tx.ZRange(r.key, ZRange{Stop: -1})
		require.NoError(t, err)
		for member, score := range span.All() {
			r.model = append(r.model, ZMember{bytes.Clone(member), score})
		}
	})
	for i := range 12 {
		to := fmt.Appendf(nil, "z%d", i)
		r.tx(func(tx *Tx) {
			if i%2 == 0 {
				_, err := tx.Copy(r.key, 0, to, true)
				require.NoError(t, err)
			} else {
				require.NoError(t, tx.Rename(r.key, to))
			}
		})
		if i%2 == 0 {
			r.check()
		}
		r.key = to
		for j := range 20 {
			r.add(0, fmt.Appendf(nil, "new%d/%d", i, j), float64(j))
			r.remove(r.model[r.random.IntN(len(r.model))].Member)
		}
		r.check()
	}
}

func TestScores(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	try := func(f float64) {
		var b [maxScoreSize]byte
		n := putScore(b[:], 0, f)
		require.Equal(t, scoreSize(f), n, "%v", f)
		got, next := readScore(b[:], 0)
		require.Equal(t, math.Float64bits(f), math.Float64bits(got), "%v", f)
		require.Equal(t, n, next)
		require.Equal(t, n, skipScore(b[:], 0))
	}
	for _, f := range zscores {
		try(f)
	}
	for range 100_000 {
		try(math.Trunc(math.Ldexp(random.Float64()-.5, random.IntN(60))))
		if f := math.Float64frombits(random.Uint64()); !math.IsNaN(f) {
			try(f)
		}
		try(float64(random.IntN(1e6)) / 100)
	}
	require.Equal(t, 2, scoreSize(12345))
}

// TestZSetErrors: what cannot be done is told, and nothing has changed.
func TestZSetErrors(t *testing.T) {
	r := newZRig(t, DefaultLimits(), 1)
	text, none, member := []byte("text"), []byte("none"), []byte("m")
	r.tx(func(tx *Tx) {
		require.NoError(t, tx.Set(text, []byte("x"), NoExpiry))
		_, _, err := tx.ZAdd(text, 0, ZMember{member, 1})
		require.ErrorIs(t, err, ErrWrongType)
		_, _, err = tx.ZAdd(none, 0, ZMember{member, 1}, ZMember{text, math.NaN()})
		require.ErrorIs(t, err, ErrScoreNaN)
		_, _, err = tx.ZIncrBy(none, 0, member, math.NaN())
		require.ErrorIs(t, err, ErrScoreNaN)
		require.False(t, tx.Exists(none))
		_, err = tx.ZRem(text, member)
		require.ErrorIs(t, err, ErrWrongType)
		_, err = tx.ZScore(text, member)
		require.ErrorIs(t, err, ErrWrongType)
		_, err = tx.ZScore(none, member)
		require.ErrorIs(t, err, ErrNotFound)
		_, _, err = tx.ZRank(none, member, false)
		require.ErrorIs(t, err, ErrNotFound)
		_, err = tx.ZCard(text)
		require.ErrorIs(t, err, ErrWrongType)
		_, err = tx.ZRange(text, ZRange{Stop: -1})
		require.ErrorIs(t, err, ErrWrongType)
		_, err = tx.ZScan(text, 0, 10, nil)
		require.ErrorIs(t, err, ErrWrongType)
		require.ErrorIs(t, tx.ZRandMember(text, 1, nil), ErrWrongType)
		_, err = tx.ZUnion([][]byte{none, text}, ZCombine{})
		require.ErrorIs(t, err, ErrWrongType)
		_, err = tx.ZUnionStore(none, [][]byte{text}, ZCombine{})
		require.ErrorIs(t, err, ErrWrongType)
		_, err = tx.GeoSearch(text, GeoShape{Unit: 1}, 0)
		require.ErrorIs(t, err, ErrWrongType)

		_, _, err = tx.ZAdd(r.key, 0, ZMember{member, math.Inf(1)})
		require.NoError(t, err)
		_, _, err = tx.ZIncrBy(r.key, 0, member, math.Inf(-1))
		require.ErrorIs(t, err, ErrScoreNaN)
		n, err := tx.ZRangeStore(text, r.key, ZRange{Stop: -1})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, ZSet, tx.Type(text), "whatever was there is overwritten")
		n, err = tx.ZRangeStore(text, none, ZRange{Stop: -1})
		require.NoError(t, err)
		require.Zero(t, n)
		require.False(t, tx.Exists(text))
	})
}

// TestZPop takes elements from both ends until none is left.
func TestZPop(t *testing.T) {
	for _, n := range []int{10, 3000} {
		r := newZRig(t, DefaultLimits(), 1)
		for i := range n {
			r.tx(func(tx *Tx) { _, _, _ = tx.ZAdd(r.key, 0, ZMember{fmt.Appendf(nil, "%06d", i), float64(i / 2)}) })
		}
		low, high := 0, n-1
		for low <= high {
			some := 1 + r.random.IntN(7)
			r.tx(func(tx *Tx) {
				popped, err := tx.ZPop(r.key, some, some%2 == 0, func(member []byte, score float64) {
					want := low
					if some%2 == 0 {
						want = high
						high--
					} else {
						low++
					}
					require.Equal(t, fmt.Sprintf("%06d", want), string(member))
					require.Equal(t, float64(want/2), score)
				})
				require.NoError(t, err)
				require.LessOrEqual(t, popped, some)
			})
		}
		r.tx(func(tx *Tx) {
			require.False(t, tx.Exists(r.key))
			popped, err := tx.ZPop(r.key, 5, true, nil)
			require.NoError(t, err)
			require.Zero(t, popped)
		})
	}
}

// TestZSetRefusedMemory: where nothing may be evicted, a refused write leaves the set as
// it was, and what is stored over another key leaves that one.
func TestZSetRefusedMemory(t *testing.T) {
	c := open(t, Options{MaxMemory: 3 << 20, Policy: NoEviction, Shards: 1}, nil)
	var tx Tx
	c.BeginAll(&tx, 0)
	defer tx.End()
	key, other := []byte("z"), []byte("other")
	require.NoError(t, tx.Set(other, []byte("stays"), NoExpiry))
	n := 0
	for {
		added, _, err := tx.ZAdd(key, 0, ZMember{fmt.Appendf(nil, "member%d", n), float64(n % 1000)})
		if err != nil {
			require.ErrorIs(t, err, ErrOutOfMemory)
			break
		}
		n += added
	}
	require.Greater(t, n, 10_000)
	card, err := tx.ZCard(key)
	require.NoError(t, err)
	require.Equal(t, n, card)
	_, err = tx.ZRangeStore(other, key, ZRange{Stop: -1})
	require.ErrorIs(t, err, ErrOutOfMemory)
	value, err := tx.Get(other)
	require.NoError(t, err)
	require.Equal(t, "stays", string(value))
	removed, err := tx.ZRemRange(key, ZRange{By: ZByScore, Max: ZBound{Score: 500}})
	require.NoError(t, err, "to take away needs no memory")
	require.Greater(t, removed, n/3)
}
