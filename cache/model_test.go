package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/model"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
)

// A pair runs the same operations on the engine and on the model. Operations are
// read from bytes, so that the fuzzer can make and shrink them.
type pair struct {
	t    testing.TB
	c    *Cache
	m    *model.Cache
	now  atomic.Int64
	data []byte
	keys int // how many different ones there are

	// mayVanish tells whether an entry may be gone though nobody removed it: evicted.
	// nil: none may.
	mayVanish func(e model.Entry) bool
	lost      int // how many have
	// mayRefuse tells whether the operation under way may fail for want of memory,
	// and so change nothing. nil: it may not.
	mayRefuse func() bool
}

const modelDBs = 3

func newPair(t testing.TB, o Options, data []byte) *pair {
	p := &pair{t: t, m: model.New(modelDBs), data: data, keys: 40}
	p.now.Store(1_700_000_000_000)
	o.Databases = modelDBs
	o.Clock = p.now.Load
	var err error
	p.c, err = New(o)
	require.NoError(t, err)
	p.m.Now = p.now.Load()
	return p
}

// randomData is n bytes of operations.
func randomData(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	data := make([]byte, n)
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(data[i:], r.Uint64())
	}
	return data
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

func (p *pair) key() []byte {
	n := p.byte()
	if p.keys > 256 {
		n = n<<8 | p.byte()
	}
	return fmt.Appendf(nil, "key:%d", n%p.keys)
}

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

// expiry is none, soon, past, or so far that it takes the wide form.
func (p *pair) expiry() int64 {
	switch n := p.byte(); {
	case n < 100:
		return NoExpiry
	case n < 240:
		return p.now.Load() + int64(n-99)*10
	case n < 250:
		return p.now.Load() - int64(n)
	case n == 250:
		return math.MinInt64 + 1
	}
	return 1 << 60
}

// one begins a transaction on one key and has it compared before and after.
func (p *pair) one(tx *Tx, db int, key []byte, f func() error) {
	p.c.BeginKey(tx, db, key)
	p.same(tx, db, key, true)
	err := f()
	p.same(tx, db, key, err != nil)
}

// done tells whether an operation was done, and not refused for want of memory.
func (p *pair) done(err error) bool {
	if errors.Is(err, ErrOutOfMemory) && p.mayRefuse != nil && p.mayRefuse() {
		return false
	}
	require.NoError(p.t, err)
	return true
}

func (p *pair) step() {
	db, key := p.db(), p.key()
	var tx Tx
	switch op := p.byte() % 19; op {
	case 0, 1, 2:
		p.set(&tx, db, key, p.value(), p.expiry())
	case 3:
		p.set(&tx, db, key, p.value(), KeepTTL)
	case 4, 5:
		p.one(&tx, db, key, func() error {
			require.Equal(p.t, p.m.Delete(db, string(key)), tx.Delete(key))
			return nil
		})
	case 6:
		p.expire(&tx, db, key, p.expiry())
	case 7, 8:
		p.grow(&tx, db, key, op == 7, p.byte()*7, p.value())
	case 9:
		p.incr(&tx, db, key, int64(int8(p.byte()))<<(p.byte()%63))
	case 10, 11:
		p.pairs(&tx, db, key, op == 10)
	case 12:
		p.move(&tx, db, key, p.db())
	case 13:
		p.m.Now = p.now.Add(int64(p.byte()))
	case 14:
		p.whole(p.byte(), db)
	case 15:
		p.lists(p.byte(), db)
	default:
		p.c.BeginKey(&tx, db, key)
		p.same(&tx, db, key, true)
	}
	tx.End()
}

func (p *pair) set(tx *Tx, db int, key, value []byte, at int64) {
	p.one(tx, db, key, func() error {
		err := tx.Set(key, value, at)
		if p.done(err) {
			p.m.Set(db, string(key), string(value), max(at, -math.MaxInt64), at == KeepTTL)
		}
		return err
	})
}

func (p *pair) expire(tx *Tx, db int, key []byte, at int64) {
	p.one(tx, db, key, func() error {
		there := tx.SetExpireAt(key, at)
		if _, err := tx.Peek(key); there && err != nil && p.mayRefuse != nil && p.mayRefuse() {
			p.m.Delete(db, string(key)) // no memory for the expiry: it is gone
			return err
		}
		require.Equal(p.t, p.m.Expire(db, string(key), at), there)
		return nil
	})
}

// grow appends to a value or writes into it.
func (p *pair) grow(tx *Tx, db int, key []byte, atEnd bool, offset int, part []byte) {
	p.one(tx, db, key, func() (err error) {
		n, want := 0, 0
		if atEnd {
			n, err = tx.Append(key, part)
		} else {
			n, err = tx.SetRange(key, offset, part)
		}
		if !p.done(err) {
			return err
		}
		if atEnd {
			want = p.m.Append(db, string(key), string(part))
		} else {
			want = p.m.SetRange(db, string(key), offset, string(part))
		}
		require.Equal(p.t, want, n)
		return nil
	})
}

func (p *pair) incr(tx *Tx, db int, key []byte, delta int64) {
	p.one(tx, db, key, func() error {
		n, err := tx.IncrBy(key, delta)
		if errors.Is(err, ErrOutOfMemory) && !p.done(err) {
			return err
		}
		want, ok := p.m.IncrBy(db, string(key), delta)
		require.Equal(p.t, ok, err == nil)
		require.Equal(p.t, want, n)
		return nil
	})
}

// pairs runs an operation on two keys.
func (p *pair) pairs(tx *Tx, db int, src []byte, rename bool) {
	dst, to, replace := p.key(), p.db(), p.byte()%2 == 0
	if rename {
		to = db
	}
	p.c.Begin(tx, db, src, dst)
	p.same(tx, db, src, true)
	p.same(tx, to, dst, true)
	tx.SelectDB(db)
	done := true
	if rename {
		err := tx.Rename(src, dst)
		if done = errors.Is(err, ErrNotFound) || p.done(err); done {
			require.Equal(p.t, p.m.Rename(db, string(src), string(dst)), err == nil)
		}
	} else if to != db || string(src) != string(dst) {
		ok, err := tx.Copy(src, to, dst, replace)
		if done = p.done(err); done {
			require.Equal(p.t, p.m.Copy(db, string(src), to, string(dst), replace), ok)
		}
	}
	p.same(tx, db, src, !done)
	p.same(tx, to, dst, !done)
}

func (p *pair) move(tx *Tx, db int, key []byte, to int) {
	p.c.BeginKey(tx, db, key)
	p.same(tx, db, key, true)
	p.same(tx, to, key, true)
	tx.SelectDB(db)
	if moved := tx.Move(key, to); moved || p.mayRefuse == nil || !p.mayRefuse() {
		require.Equal(p.t, p.m.Move(db, string(key), to), moved)
	}
	p.same(tx, db, key, false)
	p.same(tx, to, key, false)
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
	default:
		p.c.Maintain(1e6)
	}
}

// lists compares what there is of a database's keys.
func (p *pair) lists(n, db int) {
	keys := map[string]bool{}
	switch {
	case n > 30:
		key, ok := p.c.RandomKey(db, nil)
		if want := p.m.Keys(db); ok || p.mayVanish == nil {
			require.Equal(p.t, ok, len(want) > 0)
			require.Equal(p.t, ok, want[string(key)])
		}
		return
	case n > 15:
		p.c.Keys(db, func(key []byte) {
			require.False(p.t, keys[string(key)], "a key came twice")
			keys[string(key)] = true
		})
	default:
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			cursor = p.c.Scan(db, cursor, ScanOptions{Count: n}, func(key []byte, _ Type) { keys[string(key)] = true })
		}
	}
	want := p.m.Keys(db)
	require.LessOrEqual(p.t, len(want), p.c.Size(db)+p.lost+int(p.c.Stats().Evicted))
	for key := range want {
		if !keys[key] && p.mayVanish != nil {
			if e, _ := p.m.Get(db, key); p.mayVanish(e) {
				p.lost++
				p.m.Delete(db, key)
				delete(want, key)
			}
		}
	}
	require.Equal(p.t, want, keys)
}

// same compares one key. vanish says that it may have been evicted.
func (p *pair) same(tx *Tx, db int, key []byte, vanish bool) {
	tx.SelectDB(db)
	want, there := p.m.Get(db, string(key))
	got, err := tx.Peek(key)
	if there && err != nil && vanish && p.mayVanish != nil && p.mayVanish(want) {
		p.lost++
		p.m.Delete(db, string(key))
		return
	}
	if there != (err == nil) {
		require.FailNow(p.t, "there or not", "key %s in database %d: want %v, %v", key, db, there, err)
	}
	if !there {
		return
	}
	if want.Value != string(got) {
		require.Equal(p.t, want.Value, string(got), "key %s in database %d", key, db)
	}
	at, _ := tx.ExpireAt(key)
	require.Equal(p.t, want.ExpireAt, at)
}

func (p *pair) run() {
	for len(p.data) > 0 {
		p.step()
	}
	for db := range modelDBs {
		for i := range p.keys {
			key := fmt.Appendf(nil, "key:%d", i)
			var tx Tx
			p.c.BeginKey(&tx, db, key)
			p.same(&tx, db, key, true)
			tx.End()
		}
		p.lists(0, db)
	}
	require.NoError(p.t, p.c.Check())
	st := p.c.Stats()
	require.LessOrEqual(p.t, int64(p.lost), st.Evicted)
	if p.mayVanish == nil {
		require.Zero(p.t, st.Evicted)
	}
	require.NoError(p.t, p.c.Close())
	require.Zero(p.t, p.c.account.Total())
}

func TestAgainstModel(t *testing.T) {
	for seed := range uint64(16) {
		o := Options{Shards: 1 << (seed % 4), HashSeed: seed + 1, NoBackground: true}
		newPair(t, o, randomData(seed, 40_000)).run()
	}
}

func FuzzAgainstModel(f *testing.F) {
	f.Add([]byte{0, 1, 0, 100, 7, 50})
	f.Add([]byte{1, 1, 0, 255, 7, 150, 1, 1, 7, 90, 3, 1, 1, 10, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4000 {
			return
		}
		newPair(t, Options{Shards: 2, HashSeed: 1, NoBackground: true}, data).run()
	})
}

// TestAnyOptionsGiveTheSame: none of the options changes what operations do, as
// long as memory suffices.
func TestAnyOptionsGiveTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for seed := range uint64(3) {
		data := randomData(100+seed, 16_000)
		for range 8 {
			o := Options{
				Shards: 1 << r.IntN(7), HashSeed: uint64(r.IntN(2)) * r.Uint64(), Policy: Policy(r.IntN(len(policyNames))),
				Samples: r.IntN(100), MaxMemory: int64(r.IntN(2)) << 30, NoBackground: r.IntN(2) == 0,
			}
			p := newPair(t, o, data)
			p.c.SetActiveExpire(r.IntN(4) > 0)
			p.c.SetMaintenanceHz(10 + r.IntN(490))
			if !t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
				p.t = t
				p.run()
			}) {
				return
			}
		}
	}
}

// TestAgainstModelUnderPressure: what is read is what was last written, or nothing
// where the policy may have let it go.
func TestAgainstModelUnderPressure(t *testing.T) {
	const bound = 1 << 20
	any := func(model.Entry) bool { return true }
	expiring := func(e model.Entry) bool { return e.ExpireAt != 0 }
	for policy := range Policy(len(policyNames)) {
		for _, shards := range []int{1, 4} {
			t.Run(fmt.Sprintf("%v %d", policy, shards), func(t *testing.T) {
				p := newPair(t, Options{MaxMemory: bound, Shards: shards, Policy: policy, NoBackground: policy%2 == 0}, randomData(uint64(policy), 60_000))
				p.keys = 2000
				p.mayRefuse = func() bool { return true }
				switch {
				case policy == NoEviction:
				case policy >= VolatileLRU && policy <= VolatileTTL:
					p.mayVanish = expiring
				default:
					p.mayVanish, p.mayRefuse = any, nil
				}
				p.run()
				require.LessOrEqual(t, p.c.Stats().PeakResident, int64(bound+300<<10))
				require.Positive(t, p.c.Stats().PeakResident/(bound-bound/10), "there was pressure")
			})
		}
	}
}

// TestAgainstModelWhileSettingsChange: the bound and the policy change all the time.
func TestAgainstModelWhileSettingsChange(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	p := newPair(t, Options{MaxMemory: 4 << 20, Shards: 8, NoBackground: true}, randomData(77, 150_000))
	p.keys = 3000
	p.mayVanish = func(model.Entry) bool { return true }
	p.mayRefuse = func() bool { return true }
	for len(p.data) > 0 {
		p.step()
		switch r.IntN(2000) {
		case 0:
			p.c.SetMaxMemory(int64(r.IntN(3 << 20)))
		case 1:
			p.c.SetPolicy(Policy(r.IntN(len(policyNames))))
		case 2:
			p.c.SetMaxMemory(1)
			p.c.Maintain(1e9)
		case 3:
			p.c.SetOverhead(int64(r.IntN(1 << 20)))
		}
	}
	p.run()
}

// TestAgainstModelWhileMemoryIsRefused: the system has no memory left, now and then.
// Nothing is lost but what says so, and nothing leaks.
func TestAgainstModelWhileMemoryIsRefused(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(41, seed))
		p := newPair(t, Options{Shards: 1 << (seed % 3), NoBackground: true}, randomData(200+seed, 30_000))
		p.keys = 1500
		refused, was := 0, 0
		p.c.account.Refuse = func(offheap.Purpose, uintptr) bool {
			if r.IntN(4) == 0 {
				refused++
				return true
			}
			return false
		}
		p.mayRefuse = func() bool { return refused > was }
		for len(p.data) > 0 {
			p.step()
			was = refused
		}
		require.Greater(t, refused, 50)
		p.run()
	}
}
