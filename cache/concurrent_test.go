package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// sealed makes a value that tells whether it is whole: a checksum, and noise.
func sealed(r *rand.Rand, n int) []byte {
	v := make([]byte, 8+n)
	for i := 8; i < len(v); i++ {
		v[i] = byte(r.Uint32())
	}
	binary.LittleEndian.PutUint64(v, xxhash.Sum64(v[8:]))
	return v
}

func intact(v []byte) bool {
	return len(v) >= 8 && binary.LittleEndian.Uint64(v) == xxhash.Sum64(v[8:])
}

// worker is one of many that do everything at once.
type worker struct {
	t  *testing.T
	c  *Cache
	r  *rand.Rand
	tx Tx
}

const workerKeys = 1000

func (w *worker) key(kind string) []byte {
	return fmt.Appendf(nil, "%s:%d", kind, w.r.IntN(workerKeys))
}

// expect reports errors other than those that memory pressure and absence explain.
func (w *worker) expect(err error) {
	if err != nil && !errors.Is(err, ErrOutOfMemory) && !errors.Is(err, ErrNotFound) {
		w.t.Error(err)
	}
}

func (w *worker) size() int {
	switch w.r.IntN(20) {
	case 0:
		return w.r.IntN(60_000)
	case 1, 2, 3:
		return w.r.IntN(8000)
	}
	return w.r.IntN(300)
}

func (w *worker) at(tx *Tx) int64 {
	if w.r.IntN(2) == 0 {
		return NoExpiry
	}
	return tx.Now() + int64(w.r.IntN(30))
}

func (w *worker) step() {
	switch w.r.IntN(10) {
	case 0, 1, 2:
		w.values()
	case 3:
		w.texts()
	case 4, 5:
		w.pairs()
	case 6, 7:
		w.many()
	case 8:
		w.batch()
	default:
		w.rare()
	}
}

// values works on one key whose value is sealed.
func (w *worker) values() {
	tx, key, db := &w.tx, w.key("sealed"), w.r.IntN(3)
	w.c.BeginKey(tx, db, key)
	defer tx.End()
	switch w.r.IntN(8) {
	case 0, 1, 2:
		w.expect(tx.Set(key, sealed(w.r, w.size()), w.at(tx)))
	case 3:
		tx.SetExpireAt(key, w.at(tx))
	case 4:
		tx.Persist(key)
	case 5:
		tx.Move(key, (db+1)%3)
	case 6:
		tx.Delete(key)
	default:
		v, err := tx.Get(key)
		if w.expect(err); err == nil && !intact(v) {
			w.t.Errorf("%s: %d bytes that nobody wrote", key, len(v))
		}
		tx.Object(key)
	}
}

// texts works on strings that only ever hold the letter a and zero bytes.
func (w *worker) texts() {
	tx, key := &w.tx, w.key("text")
	part := make([]byte, w.size()/4)
	for i := range part {
		part[i] = 'a'
	}
	w.c.BeginKey(tx, 0, key)
	defer tx.End()
	switch w.r.IntN(4) {
	case 0, 1:
		_, err := tx.Append(key, part)
		w.expect(err)
	case 2:
		_, err := tx.SetRange(key, w.r.IntN(20_000), part)
		w.expect(err)
	}
	v, err := tx.Peek(key)
	w.expect(err)
	for _, b := range v {
		if b != 'a' && b != 0 {
			w.t.Errorf("%s holds %#x", key, b)
			break
		}
	}
	if len(v) > 100_000 {
		tx.Delete(key)
	}
}

// pairs works on two keys with sealed values.
func (w *worker) pairs() {
	tx, a, b := &w.tx, w.key("sealed"), w.key("sealed")
	w.c.Begin(tx, w.r.IntN(3), a, b)
	defer tx.End()
	if w.r.IntN(2) == 0 {
		w.expect(tx.Rename(a, b))
	} else {
		_, err := tx.Copy(a, w.r.IntN(3), b, w.r.IntN(2) == 0)
		w.expect(err)
	}
	if v, err := tx.Peek(b); err == nil && !intact(v) {
		w.t.Errorf("%s: %d bytes that nobody wrote", b, len(v))
	}
}

// many keeps two numbers the same: nobody may see them differ.
func (w *worker) many() {
	i := w.r.IntN(workerKeys)
	a, b := fmt.Appendf(nil, "left:%d", i), fmt.Appendf(nil, "right:%d", i)
	tx := &w.tx
	w.c.Begin(tx, 0, a, b)
	defer tx.End()
	x, errA := tx.IncrBy(a, 0)
	y, errB := tx.IncrBy(b, 0)
	w.expect(errors.Join(errA, errB))
	if x != y && x != 0 && y != 0 { // one may have been evicted or flushed
		w.t.Errorf("%d and %d", x, y)
	}
	n := w.r.Int64N(1 << 40)
	if errors.Join(tx.Set(a, fmt.Append(nil, n), w.at(tx)), tx.Set(b, fmt.Append(nil, n), NoExpiry)) != nil {
		tx.Delete(a)
		tx.Delete(b)
	}
}

// batch is what an event loop does: touch without locks, then work.
func (w *worker) batch() {
	keys, touches := make([][]byte, 40), make([]KeyTouch, 40)
	for i := range keys {
		keys[i] = w.key("sealed")
		touches[i] = KeyTouch{Hash: w.c.Hash(keys[i]), Lines: len(keys[i]) % 8, Writes: i%2 == 0}
	}
	w.c.TouchKeys(0, touches)
	for _, key := range keys {
		w.c.BeginHashed(&w.tx, 0, key, w.c.Hash(key))
		if v, err := w.tx.Get(key); err == nil && !intact(v) {
			w.t.Errorf("%s: %d bytes that nobody wrote", key, len(v))
		}
		w.tx.End()
	}
}

// rare is what happens seldom.
func (w *worker) rare() {
	switch db := w.r.IntN(3); w.r.IntN(60) {
	case 0:
		switch w.r.IntN(10) {
		case 0:
			w.c.Flush(db)
		case 1:
			w.c.Flush(-1)
		}
	case 2:
		w.c.Swap(1, 2)
	case 3:
		w.c.SetMaxMemory(int64(2+w.r.IntN(4)) << 20)
	case 4:
		w.c.SetPolicy(Policy(w.r.IntN(len(policyNames))))
	case 5:
		w.c.SetSamples(w.r.IntN(100))
		w.c.SetActiveExpire(w.r.IntN(3) > 0)
	case 6:
		if err := w.c.Check(); err != nil {
			w.t.Error(err)
		}
	case 7:
		w.c.BeginAll(&w.tx, db)
		for range 50 {
			w.expect(w.tx.Set(w.key("sealed"), sealed(w.r, w.size()), w.at(&w.tx)))
		}
		w.tx.End()
	case 8, 9:
		w.c.Keys(db, func([]byte) {})
	case 10, 11:
		w.c.Maintain(time.Millisecond)
	case 12:
		w.c.ResetStats()
	case 13, 14:
		w.c.Stats()
		w.c.DBStats(db)
		w.c.Size(db)
	case 15, 16:
		w.c.RandomKey(db, nil)
	case 17:
		w.c.MakeRoom(w.size())
	default:
		for cursor, more := uint64(0), true; more; more = cursor != 0 && w.r.IntN(10) > 0 {
			cursor = w.c.Scan(db, cursor, ScanOptions{Count: w.r.IntN(100)}, func(key []byte, _ Type) {
				if len(key) < 5 {
					w.t.Errorf("key %q", key)
				}
			})
		}
	}
}

func TestEverythingAtOnce(t *testing.T) {
	const steps = 3000
	for _, o := range []Options{
		{Shards: 1, Policy: AllKeysDensity}, {Shards: 4, Policy: AllKeysLRU}, {Shards: 16, Policy: VolatileTTL}, {Shards: 64, Policy: AllKeysLFU},
	} {
		t.Run(fmt.Sprint(o.Shards), func(t *testing.T) {
			o.MaxMemory, o.Databases = 4<<20, 3
			c, err := New(o)
			require.NoError(t, err)
			c.SetMaintenanceHz(100)
			var wg sync.WaitGroup
			for g := range 6 {
				w := &worker{t: t, c: c, r: rand.New(rand.NewPCG(uint64(o.Shards), uint64(g)))}
				wg.Go(func() {
					for range steps {
						w.step()
					}
				})
			}
			wg.Wait()
			require.NoError(t, c.Check())
			require.NoError(t, c.Close(), "with the background work at it")
			require.Zero(t, c.account.Total())
		})
	}
}

// TestTransactionsWaitForNobodyInTurn: transactions on many shards in any order of
// keys, each of which makes room in shards that others hold, do not block each other.
func TestTransactionsOnManyShardsDoNotBlockEachOther(t *testing.T) {
	c, err := New(Options{Shards: 32, MaxMemory: 4 << 20, Policy: AllKeysLRU})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(51, uint64(g)))
			var tx Tx
			for range 300 {
				keys := make([][]byte, 1+r.IntN(12))
				for i := range keys {
					keys[i] = fmt.Appendf(nil, "key:%d", r.IntN(2000))
				}
				c.Begin(&tx, 0, keys...)
				for _, key := range keys {
					if err := tx.Set(key, make([]byte, r.IntN(12_000)), NoExpiry); err != nil {
						t.Error(err)
					}
				}
				tx.End()
			}
		})
	}
	wg.Wait()
	require.NoError(t, c.Check())
	require.NoError(t, c.Close())
}

// TestItemsFitTheirBlocks keeps the two packages' ideas of the smallest block together.
func TestItemsFitTheirBlocks(t *testing.T) {
	require.GreaterOrEqual(t, slab.RoundUp(item.SizeOf(0, 0, 0)), 16, "a header is decoded 12 bytes deep")
}
