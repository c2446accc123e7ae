package cache

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/model"
)

// A pair runs the same operations on the engine and on the model. Operations are
// read from bytes, so that the fuzzer can make and shrink them.
type pair struct {
	t    testing.TB
	c    *Cache
	m    *model.Cache
	now  int64
	data []byte
}

const modelDBs = 3

func newPair(t testing.TB, o Options, data []byte) *pair {
	p := &pair{t: t, m: model.New(modelDBs), now: 1_700_000_000_000, data: data}
	o.Databases, o.NoBackground = modelDBs, true
	o.Clock = func() int64 { return p.now }
	var err error
	p.c, err = New(o)
	require.NoError(t, err)
	p.m.Now = p.now
	return p
}

func (p *pair) byte() int {
	if len(p.data) == 0 {
		return 0
	}
	b := p.data[0]
	p.data = p.data[1:]
	return int(b)
}

func (p *pair) db() int { return p.byte() % modelDBs }

func (p *pair) key() []byte { return fmt.Appendf(nil, "key:%d", p.byte()%40) }

// value has a length that crosses size classes, from nothing to large blocks.
func (p *pair) value() []byte {
	n, fill := p.byte(), byte(p.byte())
	switch {
	case n < 60:
		return fmt.Appendf(nil, "%d", int(int8(fill))*n)
	case n > 250:
		n = (n - 240) * 2500
	case n > 200:
		n = (n - 199) * 90
	}
	v := make([]byte, n)
	for i := range v {
		v[i] = fill + byte(i)
	}
	return v
}

// expiry is none, soon, or so far that it takes the wide form.
func (p *pair) expiry() int64 {
	switch n := p.byte(); {
	case n < 100:
		return NoExpiry
	case n < 240:
		return p.now + int64(n-99)*10
	case n < 250:
		return p.now - int64(n)
	}
	return 1 << 60
}

func (p *pair) step() {
	db, key := p.db(), p.key()
	k := string(key)
	var tx Tx
	switch op := p.byte() % 18; op {
	case 0, 1, 2:
		value, at := p.value(), p.expiry()
		p.c.BeginKey(&tx, db, key)
		require.NoError(p.t, tx.Set(key, value, at))
		p.m.Set(db, k, string(value), at, false)
	case 3:
		value := p.value()
		p.c.BeginKey(&tx, db, key)
		require.NoError(p.t, tx.Set(key, value, KeepTTL))
		p.m.Set(db, k, string(value), 0, true)
	case 4, 5:
		p.c.BeginKey(&tx, db, key)
		require.Equal(p.t, p.m.Delete(db, k), tx.Delete(key))
	case 6:
		at := p.expiry()
		p.c.BeginKey(&tx, db, key)
		require.Equal(p.t, p.m.Expire(db, k, at), tx.SetExpireAt(key, at))
	case 7:
		tail := p.value()
		p.c.BeginKey(&tx, db, key)
		n, err := tx.Append(key, tail)
		require.NoError(p.t, err)
		require.Equal(p.t, p.m.Append(db, k, string(tail)), n)
	case 8:
		offset, part := p.byte()*7, p.value()
		p.c.BeginKey(&tx, db, key)
		n, err := tx.SetRange(key, offset, part)
		require.NoError(p.t, err)
		require.Equal(p.t, p.m.SetRange(db, k, offset, string(part)), n)
	case 9:
		delta := int64(int8(p.byte())) << (p.byte() % 63)
		p.c.BeginKey(&tx, db, key)
		n, err := tx.IncrBy(key, delta)
		want, ok := p.m.IncrBy(db, k, delta)
		require.Equal(p.t, ok, err == nil)
		require.Equal(p.t, want, n)
	case 10, 11:
		p.pairs(&tx, db, key, op == 10)
	case 12:
		to := p.db()
		p.c.BeginKey(&tx, db, key)
		if to != db {
			require.Equal(p.t, p.m.Move(db, k, to), tx.Move(key, to))
		}
	case 13:
		ms := int64(p.byte())
		p.now += ms
		p.m.Now = p.now
	case 14:
		p.whole(p.byte(), db)
	default:
		p.c.BeginKey(&tx, db, key)
		p.same(&tx, db, key)
	}
	tx.End()
}

// pairs runs an operation on two keys.
func (p *pair) pairs(tx *Tx, db int, src []byte, rename bool) {
	dst := p.key()
	p.c.Begin(tx, db, src, dst)
	if rename {
		err := tx.Rename(src, dst)
		require.Equal(p.t, p.m.Rename(db, string(src), string(dst)), err == nil)
		return
	}
	to, replace := p.db(), p.byte()%2 == 0
	if to == db && string(src) == string(dst) {
		return
	}
	ok, err := tx.Copy(src, to, dst, replace)
	require.NoError(p.t, err)
	require.Equal(p.t, p.m.Copy(db, string(src), to, string(dst), replace), ok)
}

// whole runs an operation on all keys, or a round of background work.
func (p *pair) whole(n, db int) {
	switch {
	case n < 3:
		p.c.Flush(db)
		p.m.Flush(db)
	case n == 3:
		p.c.Flush(-1)
		p.m.Flush(-1)
	case n < 10:
		p.c.Swap(db, n%modelDBs)
		p.m.Swap(db, n%modelDBs)
	case n < 20:
		keys := map[string]bool{}
		p.c.Keys(db, func(key []byte) {
			require.False(p.t, keys[string(key)], "a key came twice")
			keys[string(key)] = true
		})
		require.Equal(p.t, p.m.Keys(db), keys)
	default:
		p.c.Maintain(1e6)
	}
}

// same compares one key.
func (p *pair) same(tx *Tx, db int, key []byte) {
	want, there := p.m.Get(db, string(key))
	got, err := tx.Get(key)
	require.Equal(p.t, there, err == nil, "key %s in database %d", key, db)
	if !there {
		return
	}
	require.Equal(p.t, want.Value, string(got))
	at, _ := tx.ExpireAt(key)
	require.Equal(p.t, want.ExpireAt, at)
}

func (p *pair) run() {
	for len(p.data) > 0 {
		p.step()
	}
	for db := range modelDBs {
		for i := range 40 {
			key := fmt.Appendf(nil, "key:%d", i)
			var tx Tx
			p.c.BeginKey(&tx, db, key)
			p.same(&tx, db, key)
			tx.End()
		}
	}
	require.NoError(p.t, p.c.Check())
	require.NoError(p.t, p.c.Close())
}

func TestAgainstModel(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		data := make([]byte, 40_000)
		for i := 0; i < len(data); i += 8 {
			binary.LittleEndian.PutUint64(data[i:], r.Uint64())
		}
		shards := 1 << (seed % 4)
		newPair(t, Options{Shards: shards, HashSeed: seed + 1}, data).run()
	}
}

func FuzzAgainstModel(f *testing.F) {
	f.Add([]byte{0, 1, 0, 100, 7, 50})
	f.Add([]byte{1, 1, 0, 255, 7, 150, 1, 1, 7, 90, 3, 1, 1, 10, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4000 {
			return
		}
		newPair(t, Options{Shards: 2, HashSeed: 1}, data).run()
	})
}
