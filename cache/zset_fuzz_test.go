package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzZSet runs operations on a sorted set beside a model. The first two bytes are the
// thresholds; an operation is four bytes: what, how often, which member, which score.
func FuzzZSet(f *testing.F) {
	f.Add([]byte{0, 0, 0, 200, 1, 2, 3, 100, 1, 2, 5, 3, 9, 9})
	f.Add([]byte{8, 60, 0, 30, 7, 1, 2, 9, 7, 200, 4, 30, 7, 1, 0, 255, 0, 9})
	f.Add([]byte{255, 255, 0, 255, 0, 0, 1, 255, 0, 128, 5, 1, 10, 200, 3, 255, 0, 0})
	f.Add([]byte{100, 100, 0, 250, 57, 11, 0, 250, 107, 12, 3, 90, 57, 0, 6, 0, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) < 2 {
			return
		}
		l := DefaultLimits()
		l.ZSetMaxPackedEntries, l.ZSetMaxPackedValue = int(ops[0])*int(ops[0]), int(ops[1])*4
		r := newZRig(t, l, 1)
		for n := 0; len(ops) >= 6 && n < 40; n++ {
			op, times, member, score := ops[2]%8, int(ops[3]), int(ops[4]), int(ops[5])
			ops = ops[4:]
			if op < 4 {
				for i := range times {
					r.fuzzOne(op, (member*7+i*3)%700, zscores[(score+i)%len(zscores)]+float64(score/len(zscores)))
				}
				continue
			}
			r.fuzzRange(op, times-128, member, score)
		}
		r.check()
	})
}

// fuzzMember is one of 700 members, some of which are long.
func fuzzMember(i int) []byte {
	if i%50 == 7 {
		return []byte(strings.Repeat("long", 20+i))
	}
	return fmt.Appendf(nil, "%d", i*i)
}

func (r *zrig) fuzzOne(op byte, member int, score float64) {
	m := fuzzMember(member)
	switch op {
	case 0:
		r.add(0, m, score)
	case 1:
		r.add(ZAddXX, m, score)
	case 2:
		if i := r.at(m); i < 0 || r.model[i].Score-score == r.model[i].Score-score { // no infinity less itself
			r.add(ZAddGT, m, score)
		}
	case 3:
		r.remove(m)
	}
}

func (r *zrig) fuzzRange(op byte, a, b, c int) {
	q := ZRange{Start: a, Stop: a + b, Reverse: c%2 == 0}
	if op >= 6 {
		q.By = ZByScore
		q.Min = ZBound{zscores[(a+128)%len(zscores)], c%3 == 0}
		q.Max = ZBound{zscores[b%len(zscores)], c%5 == 0}
		q.Limited, q.Offset, q.Count = c%7 == 0, b%5, a
	}
	r.query(q, op%2 == 1)
}

// TestZSetInALittleMemory has sorted sets evicted and compacted while they change.
func TestZSetInALittleMemory(t *testing.T) {
	c := open(t, Options{MaxMemory: 12 << 20, Policy: AllKeysLRU, Shards: 2}, nil)
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for i := range 25_000 {
		var tx Tx
		key := fmt.Appendf(nil, "z%d", random.IntN(40)*random.IntN(40))
		c.BeginAll(&tx, 0)
		member := fmt.Appendf(nil, "%d%s", random.IntN(20_000), strings.Repeat("m", random.IntN(12)*random.IntN(70)))
		var err error
		switch random.IntN(40) {
		case 0:
			_, err = tx.ZRemRange(key, ZRange{Start: random.IntN(5), Stop: random.IntN(400)})
		case 1:
			_, err = tx.ZRangeStore(fmt.Appendf(nil, "z%d", random.IntN(1600)), key, ZRange{Stop: random.IntN(500)})
		case 2:
			_, err = tx.ZUnionStore(fmt.Appendf(nil, "z%d", random.IntN(40)), [][]byte{key, []byte("z0"), []byte("z4")}, ZCombine{})
		default:
			_, _, err = tx.ZAdd(key, 0, ZMember{member, float64(random.IntN(1000))})
		}
		if err == ErrOutOfMemory {
			refused++
		} else {
			require.NoError(t, err)
		}
		tx.End()
		if i%50 == 0 {
			c.Maintain(time.Millisecond)
		}
		if i%6000 == 0 {
			require.NoError(t, c.Check())
		}
	}
	require.Less(t, refused, 250)
	require.Greater(t, c.Stats().Evicted, int64(10))
	require.LessOrEqual(t, c.Stats().PeakResident, int64(14<<20))
}

// TestZSetScanSeesWhatStays changes the scores of all, and puts in and takes out
// others, while a scan goes on: what is there all the while is seen.
func TestZSetScanSeesWhatStays(t *testing.T) {
	r := newZRig(t, DefaultLimits(), 5)
	stay := func(i int) []byte { return fmt.Appendf(nil, "stay%d", i) }
	const n = 2000
	r.tx(func(tx *Tx) {
		for i := range n {
			_, _, err := tx.ZAdd(r.key, 0, ZMember{stay(i), 0})
			require.NoError(t, err)
		}
	})
	seen, come := map[string]bool{}, 0
	for cursor, calls := uint64(0), 0; calls == 0 || cursor != 0; calls++ {
		r.tx(func(tx *Tx) {
			var err error
			cursor, err = tx.ZScan(r.key, cursor, 10, func(member []byte, _ float64) { seen[string(member)] = true })
			require.NoError(t, err)
			for range 200 {
				_, _, err = tx.ZAdd(r.key, 0, ZMember{stay(r.random.IntN(n)), r.random.Float64()})
				require.NoError(t, err)
			}
			for range r.random.IntN(60) {
				_, _, err = tx.ZAdd(r.key, 0, ZMember{fmt.Appendf(nil, "pass%d", come), r.random.Float64()})
				require.NoError(t, err)
				come++
			}
			for range r.random.IntN(60) {
				_, err = tx.ZRem(r.key, fmt.Appendf(nil, "pass%d", r.random.IntN(come+1)))
				require.NoError(t, err)
			}
		})
		require.Less(t, calls, 2000)
	}
	for i := range n {
		require.True(t, seen[string(stay(i))], "%d", i)
	}
}

// TestZRandMember picks without repetition and with, and everything in the end.
func TestZRandMember(t *testing.T) {
	for _, n := range []int{5, 1000} {
		r := newZRig(t, DefaultLimits(), 1)
		for i := range n {
			r.add(0, fmt.Appendf(nil, "%d", i), float64(i))
		}
		drawn := map[string]bool{}
		for _, count := range []int{0, 1, 3, n / 10, n / 2, n - 1, n, n + 1, -1, -n, -10 * n} {
			seen, all := map[string]bool{}, 0
			r.tx(func(tx *Tx) {
				require.NoError(t, tx.ZRandMember(r.key, count, func(member []byte, score float64) bool {
					require.Equal(t, fmt.Sprint(score), string(member))
					seen[string(member)], drawn[string(member)] = true, true
					all++
					return true
				}))
			})
			if count < 0 {
				require.Equal(t, -count, all)
			} else {
				require.Equal(t, min(count, n), all)
				require.Len(t, seen, all)
			}
		}
		require.Len(t, drawn, n)
	}
}

// TestZAlgebra compares unions, intersections and differences with maps, of sets of
// both kinds.
func TestZAlgebra(t *testing.T) {
	r := newZRig(t, DefaultLimits(), 9)
	keys := [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("none")}
	for range 40 {
		models := make([]map[string]float64, len(keys))
		weights := make([]float64, len(keys))
		r.tx(func(tx *Tx) {
			for i, key := range keys {
				models[i], weights[i] = map[string]float64{}, float64(r.random.IntN(5))
				tx.Delete(key)
				if i == 3 {
					continue
				}
				for range r.random.IntN(1 << r.random.IntN(10)) {
					m := fmt.Appendf(nil, "%d", r.random.IntN(300))
					score := float64(r.random.IntN(100))
					var err error
					if i == 2 {
						score = 1
						_, err = tx.SAdd(key, m)
					} else {
						_, _, err = tx.ZAdd(key, 0, ZMember{m, score})
					}
					require.NoError(t, err)
					models[i][string(m)] = score
				}
			}
			some := keys[:2+r.random.IntN(3)]
			union, inter, diff := map[string]float64{}, map[string]float64{}, map[string]float64{}
			for i := range some {
				for m, score := range models[i] {
					union[m] += score * weights[i]
				}
			}
			for m, score := range models[0] {
				sum, in, only := 0.0, true, true
				for i := range some {
					s, ok := models[i][m]
					in = in && ok
					only = only && (i == 0 || !ok)
					sum += s * weights[i]
				}
				if in {
					inter[m] = sum
				}
				if only {
					diff[m] = score
				}
			}
			o := ZCombine{Weights: weights[:len(some)]}
			check := func(want map[string]float64) func(got []ZMember, err error) {
				return func(got []ZMember, err error) {
					require.NoError(t, err)
					require.Len(t, got, len(want))
					for i, m := range got {
						require.Equal(t, want[string(m.Member)], m.Score)
						require.True(t, i == 0 || byScore(got[i-1], m) < 0)
					}
				}
			}
			check(union)(tx.ZUnion(some, o))
			check(inter)(tx.ZInter(some, o))
			check(diff)(tx.ZDiff(some))
			n, err := tx.ZInterCard(some, 0)
			require.NoError(t, err)
			require.Equal(t, len(inter), n)
			n, err = tx.ZUnionStore(keys[3], some, o)
			require.NoError(t, err)
			require.Equal(t, len(union), n)
			span, err := tx.ZRange(keys[3], ZRange{Stop: -1})
			require.NoError(t, err)
			var stored []ZMember
			for m, score := range span.All() {
				stored = append(stored, ZMember{bytes.Clone(m), score})
			}
			check(union)(stored, nil)
			tx.Delete(keys[3])
		})
		require.NoError(t, r.c.Check())
	}
}
