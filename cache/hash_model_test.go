package cache

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hashModel is a hash in Go's own terms: values and expiries by field.
type hashModel map[string]hashField

type hashField struct {
	value string
	due   int64
}

// hashRig does the same to hashes of a cache and to models of them.
type hashRig struct {
	t    *testing.T
	rng  *rand.Rand
	c    *Cache
	now  int64
	tx   Tx
	keys map[string]hashModel
}

func newHashRig(t *testing.T, seed uint64, l Limits) *hashRig {
	r := &hashRig{t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: 1_700_000_000_000, keys: map[string]hashModel{}}
	r.c = open(t, Options{HashSeed: seed + 1}, &r.now)
	r.c.SetLimits(l)
	return r
}

// live is a key's model without what has expired.
func (r *hashRig) live(key string) hashModel {
	m := r.keys[key]
	if m == nil {
		m = hashModel{}
		r.keys[key] = m
	}
	maps.DeleteFunc(m, func(_ string, f hashField) bool { return f.due != 0 && f.due <= r.now })
	return m
}

func (r *hashRig) field() string {
	n := r.rng.IntN(60)
	if n == 0 {
		return string(bytes.Repeat([]byte("f"), 1+r.rng.IntN(700)))
	}
	return "f" + strconv.Itoa(n)
}

func (r *hashRig) value() string {
	switch r.rng.IntN(30) {
	case 0:
		return string(bytes.Repeat([]byte("v"), r.rng.IntN(3000)))
	case 1:
		return ""
	case 2, 3, 4, 5:
		return string(bytes.Repeat([]byte("w"), r.rng.IntN(100)))
	}
	return strconv.Itoa(r.rng.IntN(1000))
}

// step does one random operation and compares what it tells.
func (r *hashRig) step() {
	key := "key" + strconv.Itoa(r.rng.IntN(3))
	m := r.live(key)
	k, field, value := []byte(key), r.field(), r.value()
	old, had := m[field]
	tx, t := &r.tx, r.t
	r.c.BeginKey(tx, 0, k)
	defer tx.End()
	switch op := r.rng.IntN(24); op {
	case 0, 1, 2, 3, 4:
		var pairs [][]byte
		added := 0
		for range 1 + r.rng.IntN(6) {
			f, v := r.field(), r.value()
			if _, had := m[f]; !had {
				added++
			}
			m[f] = hashField{value: v}
			pairs = append(pairs, []byte(f), []byte(v))
		}
		n, err := tx.HSet(k, pairs...)
		require.NoError(t, err)
		require.Equal(t, added, n)
	case 5, 6, 7:
		var fields [][]byte
		deleted := 0
		for range 1 + r.rng.IntN(6) {
			f := r.field()
			if _, had := m[f]; had {
				deleted++
			}
			delete(m, f)
			fields = append(fields, []byte(f))
		}
		n, err := tx.HDel(k, fields...)
		require.NoError(t, err)
		require.Equal(t, deleted, n)
	case 8:
		set, err := tx.HSetNX(k, []byte(field), []byte(value))
		require.NoError(t, err)
		require.Equal(t, !had, set)
		if set {
			m[field] = hashField{value: value}
		}
	case 9, 10:
		got, err := tx.HGet(k, []byte(field))
		require.Equal(t, !had, err == ErrNotFound)
		require.Equal(t, old.value, string(got))
	case 11:
		n, err := strconv.ParseInt(old.value, 10, 64)
		sum, got := tx.HIncrBy(k, []byte(field), 7)
		if had && err != nil {
			require.ErrorIs(t, got, ErrNotInteger)
			break
		}
		require.NoError(t, got)
		require.Equal(t, n+7, sum)
		m[field] = hashField{strconv.FormatInt(sum, 10), old.due}
	case 12, 13, 14:
		r.expire(m, k, field)
	case 15:
		err := tx.HPersist(k, [][]byte{[]byte(field)}, func(what FieldChange) {
			switch {
			case !had:
				require.Equal(t, FieldMissing, what)
			case old.due == 0:
				require.Equal(t, FieldUnchanged, what)
			default:
				require.Equal(t, FieldChanged, what)
				m[field] = hashField{value: old.value}
			}
		})
		require.NoError(t, err)
	case 16:
		err := tx.HGetDel(k, [][]byte{[]byte(field)}, func(value []byte, ok bool) {
			require.Equal(t, had, ok)
			require.Equal(t, old.value, string(value))
		})
		require.NoError(t, err)
		delete(m, field)
	case 17:
		at := r.now + r.rng.Int64N(1000)
		err := tx.HGetEx(k, at, [][]byte{[]byte(field)}, func(value []byte, ok bool) {
			require.Equal(t, had, ok)
			require.Equal(t, old.value, string(value))
		})
		require.NoError(t, err)
		if had {
			m[field] = hashField{old.value, at}
		}
	case 18:
		at := []int64{NoExpiry, KeepTTL, r.now + r.rng.Int64N(2000)}[r.rng.IntN(3)]
		cond := FieldsThere(r.rng.IntN(3))
		set, err := tx.HSetEx(k, at, cond, []byte(field), []byte(value))
		require.NoError(t, err)
		require.Equal(t, cond == AnyFields || had == (cond == AllFields), set)
		if set {
			due := at
			if at == KeepTTL {
				due = old.due
			}
			m[field] = hashField{value, due}
		}
	case 19:
		r.random(m, k)
	case 20, 21:
		r.compare(m, k)
	case 22:
		r.scan(m, k)
	default:
		r.now += r.rng.Int64N(400)
	}
}

func (r *hashRig) expire(m hashModel, k []byte, field string) {
	at, cond := r.now-100+r.rng.Int64N(1500), FieldCondition(r.rng.IntN(5))
	old, had := m[field]
	err := r.tx.HExpireAt(k, at, cond, [][]byte{[]byte(field)}, func(what FieldChange) {
		switch {
		case !had:
			require.Equal(r.t, FieldMissing, what)
		case !cond.allows(old.due, at):
			require.Equal(r.t, FieldUnchanged, what)
		case at <= r.now:
			require.Equal(r.t, FieldDeleted, what)
			delete(m, field)
		default:
			require.Equal(r.t, FieldChanged, what)
			m[field] = hashField{old.value, at}
		}
	})
	require.NoError(r.t, err)
}

// random draws fields, with and without repetition.
func (r *hashRig) random(m hashModel, k []byte) {
	view, err := r.tx.HView(k)
	if err != nil || view.Len() == 0 {
		require.Empty(r.t, m)
		return
	}
	n := 1 + r.rng.IntN(70)
	drawn := 0
	view.Random(n, func(field, value []byte) bool { // may repeat
		require.Equal(r.t, m[string(field)].value, string(value))
		require.Contains(r.t, m, string(field))
		drawn++
		return true
	})
	require.Equal(r.t, n, drawn)
	seen := map[string]bool{}
	view.Sample(n, func(field, value []byte) {
		require.Equal(r.t, m[string(field)].value, string(value))
		seen[string(field)] = true
	})
	require.Len(r.t, seen, min(n, len(m)))
}

// compare compares the whole hash.
func (r *hashRig) compare(m hashModel, k []byte) {
	view, err := r.tx.HView(k)
	if err != nil {
		require.ErrorIs(r.t, err, ErrNotFound)
		require.Empty(r.t, m)
		return
	}
	got := hashModel{}
	view.Each(func(field, value []byte) bool {
		at, ok := view.ExpireAt(field)
		require.True(r.t, ok)
		got[string(field)] = hashField{string(value), at}
		return true
	})
	require.Equal(r.t, m, got)
	require.Equal(r.t, len(m), view.Len())
	n, err := r.tx.HLen(k)
	require.NoError(r.t, err)
	require.GreaterOrEqual(r.t, n, len(m))
}

func (r *hashRig) scan(m hashModel, k []byte) {
	got := hashModel{}
	for cursor := uint64(0); ; {
		var err error
		cursor, err = r.tx.HScan(k, cursor, ScanOptions{Count: 5}, func(field, value []byte) {
			got[string(field)] = hashField{string(value), m[string(field)].due}
		})
		require.NoError(r.t, err)
		if cursor == 0 {
			break
		}
	}
	require.Equal(r.t, m, got)
}

// TestHashAgainstModel runs random operations under thresholds small and large, so
// that every form and every change of form is met.
func TestHashAgainstModel(t *testing.T) {
	for seed := range uint64(8) {
		l := DefaultLimits()
		l.HashMaxPackedEntries = []int{128, 5, 30, 0}[seed%4]
		l.HashMaxPackedValue = []int{64, 1000, 4}[seed%3]
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newHashRig(t, seed, l)
			for i := range 6000 {
				r.step()
				if i%100 == 0 {
					require.NoError(t, r.c.Check())
				}
				if i%50 == 0 {
					r.c.Maintain(time.Millisecond)
				}
			}
		})
	}
}

// TestHashFieldsExpireByThemselves: nobody looks, and they go, and the key with the
// last of them.
func TestHashFieldsExpireByThemselves(t *testing.T) {
	for _, n := range []int{5, 3000} {
		r := newHashRig(t, uint64(n), DefaultLimits())
		k := []byte("key")
		for i := range n {
			r.c.BeginKey(&r.tx, 0, k)
			_, err := r.tx.HSet(k, []byte(strconv.Itoa(i)), []byte("v"))
			require.NoError(t, err)
			at := r.now + 1000 + int64(i%7)*1000
			require.NoError(t, r.tx.HExpireAt(k, at, Always, [][]byte{[]byte(strconv.Itoa(i))}, func(FieldChange) {}))
			r.tx.End()
		}
		var lens []int
		for range 8 {
			for r.c.Maintain(time.Millisecond) {
				r.c.Maintain(time.Millisecond)
			}
			r.c.BeginKey(&r.tx, 0, k)
			l, err := r.tx.HLen(k)
			require.NoError(t, err)
			r.tx.End()
			lens = append(lens, l)
			require.NoError(t, r.c.Check())
			r.now += 1000
		}
		require.Equal(t, n, lens[0])
		require.Zero(t, lens[len(lens)-1])
		require.True(t, slices.IsSortedFunc(lens, func(a, b int) int { return b - a }))
		require.Zero(t, r.c.Size(0), "the key goes with its last field")
	}
}
