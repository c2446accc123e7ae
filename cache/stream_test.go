package cache

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// streamRig is a cache with a transaction on all of it.
type streamRig struct {
	t  testing.TB
	c  *Cache
	tx *Tx
}

var streamKey = []byte("x")

func newStreamRig(t testing.TB, o Options) *streamRig {
	o.HashSeed, o.NoBackground = 1, true
	c, err := New(o)
	require.NoError(t, err)
	r := &streamRig{t: t, c: c, tx: new(Tx)}
	c.BeginAll(r.tx, 0)
	t.Cleanup(func() {
		r.tx.End()
		require.NoError(t, c.Check())
		require.NoError(t, c.Close())
	})
	return r
}

func (r *streamRig) add(ms uint64) {
	r.t.Helper()
	_, err := r.tx.XAdd(streamKey, StreamAdd{IDs: GivenID, ID: StreamID{Ms: ms}}, []byte("data"), []byte("a"))
	require.NoError(r.t, err)
}

func (r *streamRig) del(ms ...uint64) {
	for _, ms := range ms {
		n, err := r.tx.XDel(streamKey, StreamID{Ms: ms})
		require.NoError(r.t, err)
		require.Equal(r.t, 1, n)
	}
}

func (r *streamRig) create(group string, after uint64, read int64) {
	start := StreamGroupStart{After: StreamID{Ms: after}, Read: read, Create: true}
	require.NoError(r.t, r.tx.XGroupCreate(streamKey, []byte(group), start))
}

func (r *streamRig) read(group string, count int) (ids []uint64) {
	entries, n, err := r.tx.XReadGroup(streamKey, []byte(group), []byte("alice"), StreamDelivery{Count: count})
	require.NoError(r.t, err)
	for entries.Next() {
		ids = append(ids, entries.ID().Ms)
	}
	require.Len(r.t, ids, n)
	return ids
}

const noLag = -1000

// progress checks what XINFO says of a group.
func (r *streamRig) progress(group string, read, lag int64) {
	r.t.Helper()
	info, err := r.tx.XInfo(streamKey)
	require.NoError(r.t, err)
	g, ok := info.Group([]byte(group))
	require.True(r.t, ok)
	assert.Equal(r.t, read, g.Read(), "entries-read")
	n, ok := g.Lag()
	if !ok {
		n = noLag
	}
	assert.Equal(r.t, lag, n, "lag")
}

func (r *streamRig) trim(length int64) {
	_, err := r.tx.XTrim(streamKey, StreamTrim{By: TrimByLength, MaxLen: length})
	require.NoError(r.t, err)
}

// TestStreamLag follows the tests of Redis 7.4, whose reckoning is not that of 7.0.
func TestStreamLag(t *testing.T) {
	t.Run("deletions", func(t *testing.T) {
		r := newStreamRig(t, Options{})
		r.create("g1", 0, Unknown)
		r.progress("g1", Unknown, 0)
		for ms := range uint64(5) {
			r.add(ms + 1)
		}
		r.progress("g1", Unknown, 5)
		assert.Equal(t, []uint64{1}, r.read("g1", 1))
		r.progress("g1", 1, 4)
		r.del(3)
		r.create("g2", 0, Unknown)
		r.progress("g1", 1, noLag)
		r.progress("g2", Unknown, noLag)
		r.read("g1", 1)
		r.progress("g1", Unknown, noLag)
		r.read("g1", 1)
		r.progress("g1", Unknown, noLag)
		r.read("g1", 1)
		r.progress("g1", 5, 0)
		r.add(6)
		r.progress("g1", 5, 1)
		r.del(1, 2)
		r.progress("g2", Unknown, 3)
		r.del(4)
		r.progress("g2", Unknown, 2)
	})
	t.Run("a tombstone behind the group, before the first entry", func(t *testing.T) {
		r := newStreamRig(t, Options{})
		r.create("g1", 0, Unknown)
		r.add(1)
		r.read("g1", 0)
		r.add(2)
		r.add(3)
		r.del(1, 2)
		r.progress("g1", 1, 1)
		r.read("g1", 0)
		r.progress("g1", 3, 0)
	})
	t.Run("a tombstone behind the group and the first entry", func(t *testing.T) {
		r := newStreamRig(t, Options{})
		r.create("g1", 0, Unknown)
		r.add(1)
		r.read("g1", 0)
		r.add(2)
		r.add(3)
		r.add(4)
		r.del(3)
		r.progress("g1", 1, noLag)
		r.read("g1", 1)
		r.progress("g1", Unknown, noLag)
		r.read("g1", 1)
		r.progress("g1", 4, 0)
	})
	t.Run("trimming", func(t *testing.T) {
		r := newStreamRig(t, Options{})
		r.create("g1", 0, Unknown)
		for ms := range uint64(5) {
			r.add(ms + 1)
		}
		r.read("g1", 1)
		r.progress("g1", 1, 4)
		r.trim(1)
		r.progress("g1", 1, 1)
		r.read("g1", 0)
		r.progress("g1", 5, 0)
		r.add(6)
		r.progress("g1", 5, 1)
		r.trim(0)
		r.progress("g1", 5, 0)
	})
	t.Run("a group that begins later", func(t *testing.T) {
		r := newStreamRig(t, Options{})
		for ms := range uint64(5) {
			r.add(ms + 1)
		}
		r.create("first", 1, Unknown)
		r.create("middle", 3, Unknown)
		r.create("last", 5, Unknown)
		r.create("told", 3, 3)
		r.create("beyond", 9, Unknown)
		r.progress("first", Unknown, 4)
		r.progress("middle", Unknown, noLag)
		r.progress("last", Unknown, 0)
		r.progress("told", 3, 2)
		r.progress("beyond", Unknown, noLag)
	})
}

// TestStreamHistory: what was deleted is told, and not counted as delivered again.
func TestStreamHistory(t *testing.T) {
	r := newStreamRig(t, Options{})
	r.create("g", 0, Unknown)
	for ms := range uint64(4) {
		r.add(ms + 1)
	}
	r.read("g", 3)
	r.del(2)
	h, n, err := r.tx.XHistory(streamKey, []byte("g"), []byte("alice"), StreamID{}, 0)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	for want := uint64(1); want <= 3; want++ {
		require.True(t, h.Next())
		assert.Equal(t, want, h.ID().Ms)
		assert.Equal(t, want == 2, h.Deleted())
	}
	assert.False(t, h.Next())
	info, _ := r.tx.XInfo(streamKey)
	g, _ := info.Group([]byte("g"))
	var counts []int64
	for p := g.Pending(StreamID{}); p.Next(); {
		counts = append(counts, p.Deliveries())
	}
	assert.Equal(t, []int64{2, 1, 2}, counts)
}

// TestStreamBatches delivers more than one batch at once.
func TestStreamBatches(t *testing.T) {
	r := newStreamRig(t, Options{})
	r.create("g", 0, Unknown)
	const n = 3*deliveryBatch + 7
	for ms := range uint64(n) {
		r.add(ms + 1)
	}
	assert.Len(t, r.read("g", deliveryBatch), deliveryBatch)
	assert.Len(t, r.read("g", deliveryBatch+1), deliveryBatch+1)
	assert.Len(t, r.read("g", 0), n-2*deliveryBatch-1)
	assert.Empty(t, r.read("g", 0))
	r.progress("g", n, 0)
	acked, err := r.tx.XGroupDelConsumer(streamKey, []byte("g"), []byte("alice"))
	require.NoError(t, err)
	assert.Equal(t, n, acked)
}

// TestStreamErrors are those of the API that the protocol checks before.
func TestStreamErrors(t *testing.T) {
	r := newStreamRig(t, Options{})
	g, a := []byte("g"), []byte("a")
	for name, err := range map[string]error{
		"XRange":      second(r.tx.XRange(streamKey, StreamID{}, MaxStreamID)),
		"XReadGroup":  third(r.tx.XReadGroup(streamKey, g, a, StreamDelivery{})),
		"XHistory":    third(r.tx.XHistory(streamKey, g, a, StreamID{}, 0)),
		"XClaim":      second(r.tx.XClaim(streamKey, g, a, StreamClaim{}, nil)),
		"XSetID":      r.tx.XSetID(streamKey, StreamState{}),
		"XGroupSetID": r.tx.XGroupSetID(streamKey, g, StreamGroupStart{}),
		"XInfo":       second(r.tx.XInfo(streamKey)),
		"XAdd":        second(r.tx.XAdd(streamKey, StreamAdd{NoCreate: true}, a, a)),
	} {
		assert.ErrorIs(t, err, ErrNotFound, name)
	}
	r.add(1)
	_, _, err := r.tx.XReadGroup(streamKey, g, a, StreamDelivery{})
	assert.ErrorIs(t, err, ErrNoGroup)
	_, _, _, err = r.tx.XAutoClaim(streamKey, g, a, StreamAutoClaim{Count: 1}, nil, nil)
	assert.ErrorIs(t, err, ErrNoGroup)
	r.create("g", 0, Unknown)
	assert.ErrorIs(t, r.tx.XGroupCreate(streamKey, g, StreamGroupStart{}), ErrGroupExists)
	_, err = r.tx.XAdd(streamKey, StreamAdd{IDs: GivenID, ID: StreamID{1, 0}}, a, a)
	assert.ErrorIs(t, err, ErrStreamOrder)
	_, err = r.tx.XAdd(streamKey, StreamAdd{IDs: GivenID, ID: MaxStreamID}, a, a)
	assert.NoError(t, err)
	_, err = r.tx.XAdd(streamKey, StreamAdd{}, a, a)
	assert.ErrorIs(t, err, ErrStreamExhausted)
	odd := [][]byte{a}
	assert.Panics(t, func() { _, _ = r.tx.XAdd(streamKey, StreamAdd{}, odd...) })
	require.NoError(t, r.tx.Set([]byte("s"), a, 0))
	_, err = r.tx.XAdd([]byte("s"), StreamAdd{}, a, a)
	assert.ErrorIs(t, err, ErrWrongType)
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

// TestStreamAllocatesNothing is about the commands of a single entry.
func TestStreamAllocatesNothing(t *testing.T) {
	r := newStreamRig(t, Options{})
	group, who := []byte("g"), []byte("alice")
	pairs := [][]byte{[]byte("field"), []byte("value"), []byte("other"), []byte("12345")}
	r.create("g", 0, Unknown)
	ms := uint64(0)
	add := func() {
		ms++
		how := StreamAdd{IDs: GivenID, ID: StreamID{Ms: ms}, Trim: StreamTrim{By: TrimByLength, MaxLen: 1000, Approximate: true}}
		_, _ = r.tx.XAdd(streamKey, how, pairs...)
	}
	for range 2000 {
		add()
	}
	for name, f := range map[string]func(){
		"XAdd": add,
		"XRange": func() {
			entries, _ := r.tx.XRange(streamKey, StreamID{Ms: ms - 10}, MaxStreamID)
			for entries.Next() {
				entries.Pair()
			}
		},
		"XReadGroup and XAck": func() {
			add()
			entries, n, _ := r.tx.XReadGroup(streamKey, group, who, StreamDelivery{Count: 1})
			if n == 1 && entries.Next() {
				_, _ = r.tx.XAck(streamKey, group, entries.ID())
			}
		},
		"XDel": func() {
			add()
			_, _ = r.tx.XDel(streamKey, StreamID{Ms: ms})
		},
	} {
		assert.Zero(t, testing.AllocsPerRun(2000, f), name)
	}
}

// TestStreamIsOffHeap: entries, groups and what is pending cost the collector nothing,
// and a deleted stream's memory is given back step by step.
func TestStreamIsOffHeap(t *testing.T) {
	r := newStreamRig(t, Options{})
	r.create("g", 0, Unknown)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for ms := range uint64(200_000) {
		r.add(ms + 1)
	}
	for len(r.read("g", 5000)) > 0 {
	}
	assert.Less(t, int64(heap()-before), int64(1<<20))
	object, ok := r.tx.Object(streamKey)
	require.True(t, ok)
	assert.Equal(t, EncodingStream, object.Encoding)
	assert.Equal(t, 200_000, object.Length)
	// 5 bytes of strings, 5 of head, 14 and 6 of what is pending, and 4 of IDs.
	assert.Less(t, object.Bytes, 200_000*(5+5+14+6+4))
	assert.True(t, r.tx.Delete(streamKey))
	assert.NoError(t, r.tx.XGroupCreate(streamKey, []byte("g"), StreamGroupStart{Create: true}))
}

// TestStreamEviction adds to many streams within a bound.
func TestStreamEviction(t *testing.T) {
	r := newStreamRig(t, Options{MaxMemory: 32 << 20, Policy: AllKeysLRU, Shards: 4})
	random := rand.New(rand.NewPCG(1, 1))
	value := make([]byte, 100)
	for i := range 400_000 {
		key := fmt.Appendf(nil, "stream:%d", random.IntN(5000))
		_, err := r.tx.XAdd(key, StreamAdd{IDs: GivenID, ID: StreamID{Ms: uint64(i + 1)}}, []byte("f"), value[:random.IntN(100)])
		require.NoError(t, err)
		if i%1000 == 0 {
			_ = r.tx.XGroupCreate(key, []byte("g"), StreamGroupStart{Read: Unknown})
			_, _, err := r.tx.XReadGroup(key, []byte("g"), []byte("c"), StreamDelivery{})
			require.NoError(t, err)
		}
	}
	_, err := r.tx.XLen([]byte("stream:1"))
	require.NoError(t, err)
}

func TestStreamIDs(t *testing.T) {
	next, ok := StreamID{1, math.MaxUint64}.Next()
	assert.True(t, ok)
	assert.Equal(t, StreamID{2, 0}, next)
	prev, ok := next.Prev()
	assert.True(t, ok)
	assert.Equal(t, StreamID{1, math.MaxUint64}, prev)
	assert.True(t, prev.Less(next))
	_, ok = MaxStreamID.Next()
	assert.False(t, ok)
}

func BenchmarkXAdd(b *testing.B) {
	r := newStreamRig(b, Options{})
	pairs := [][]byte{[]byte("field"), []byte("value of some length")}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.tx.XAdd(streamKey, StreamAdd{Trim: StreamTrim{By: TrimByLength, MaxLen: 100_000, Approximate: true}}, pairs...)
	}
}
