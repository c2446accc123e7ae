package cache

import (
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/rdb"
)

// describe is a key's whole value as a text, and what there is to know of a stream
// beside its entries.
func (r *rig) describe(tx *Tx, key []byte) string {
	parts := []string{tx.Type(key).String(), r.show(tx, key)}
	info, err := tx.XInfo(key)
	if err != nil {
		return strings.Join(parts, " ")
	}
	parts = append(parts, fmt.Sprint(info.Len(), info.Blocks(), info.First(), info.Last(), info.MaxDeleted(), info.Added()))
	for g, ok := info.NextGroup(StreamGroup{}); ok; g, ok = info.NextGroup(g) {
		parts = append(parts, fmt.Sprintf("group %q %v %d", g.Name(), g.Last(), g.Read()))
		for p := g.Pending(StreamID{}); p.Next(); {
			parts = append(parts, fmt.Sprintf("%v %q %d %d", p.ID(), p.Consumer(), p.Time(), p.Deliveries()))
		}
		for c, ok := g.NextConsumer(StreamConsumer{}); ok; c, ok = g.NextConsumer(c) {
			parts = append(parts, fmt.Sprintf("consumer %q %d %d %d", c.Name(), c.Seen(), c.Active(), c.PendingCount()))
		}
	}
	return strings.Join(parts, " ")
}

func word(s string, args ...any) []byte { return fmt.Appendf(nil, s, args...) }

// fillers make values of all types, of about n elements, whose strings are of about
// size bytes.
func (r *rig) fillers(n, size int) map[string]func(tx *Tx, key []byte) {
	text := func(i int) []byte { return word("%d-%s", i, strings.Repeat("ab", size/2)) }
	return map[string]func(tx *Tx, key []byte){
		"string": func(tx *Tx, key []byte) { _ = tx.Set(key, text(n), NoExpiry) },
		"number": func(tx *Tx, key []byte) { _ = tx.Set(key, word("%d", n), NoExpiry) },
		"list": func(tx *Tx, key []byte) {
			for i := range n {
				_, _ = tx.RPush(key, text(i))
			}
		},
		"set": func(tx *Tx, key []byte) {
			for i := range n {
				_, _ = tx.SAdd(key, text(i))
			}
		},
		"ints": func(tx *Tx, key []byte) {
			for i := range n {
				_, _ = tx.SAdd(key, word("%d", i*i*i*i-3000))
			}
		},
		"zset": func(tx *Tx, key []byte) {
			for i := range n {
				_, _, _ = tx.ZAdd(key, 0, ZMember{text(i), []float64{float64(i), 0.1 * float64(i), math.Inf(1), -5}[i%4]})
			}
		},
		"hash": func(tx *Tx, key []byte) {
			for i := range n {
				_, _ = tx.HSet(key, text(i), word("%d", i))
			}
		},
		"expiring": func(tx *Tx, key []byte) {
			for i := range n {
				_, _ = tx.HSet(key, text(i), text(i))
				if i%3 == 0 {
					_ = tx.HExpireAt(key, r.now+10_000+int64(i), Always, [][]byte{text(i)}, func(FieldChange) {})
				}
			}
		},
		"stream": func(tx *Tx, key []byte) {
			for i := range n {
				pairs := [][]byte{[]byte("field"), text(i)}
				if i%7 == 0 {
					pairs = append(pairs, []byte("other"), word("%d", i))
				}
				_, _ = tx.XAdd(key, StreamAdd{IDs: GivenID, ID: StreamID{uint64(i/3 + 1), uint64(i % 3)}}, pairs...)
			}
			_, _ = tx.XDel(key, StreamID{1, 1}, StreamID{uint64(n), 0}, StreamID{uint64(n/6 + 1), 1})
			for g := range 3 {
				group := word("group %d", g)
				_ = tx.XGroupCreate(key, group, StreamGroupStart{Read: int64(g) - 1, Create: true})
				for c := range g {
					who := word("consumer %d", c)
					_, _, _ = tx.XReadGroup(key, group, who, StreamDelivery{Count: n/4 + 1})
					r.now++
				}
				_, _ = tx.XGroupCreateConsumer(key, group, []byte("idle"))
			}
		},
	}
}

// TestDumpRestore has values of all types and sizes make the way out and back, under
// thresholds of which each is crossed.
func TestDumpRestore(t *testing.T) {
	for _, limits := range []Limits{DefaultLimits(), {
		HashMaxPackedEntries: 5, HashMaxPackedValue: 10, SetMaxInts: 50, SetMaxPackedEntries: 20, SetMaxPackedValue: 100,
		ZSetMaxPackedEntries: 1000, ZSetMaxPackedValue: 1000, ListMaxPackedSize: 4, StreamNodeMaxEntries: 3,
	}} {
		for _, n := range []int{1, 2, 5, 6, 100, 128, 129, 600, 2000} {
			for _, size := range []int{0, 30, 100, 5000} {
				if n*size > 600_000 {
					continue
				}
				r := newRig(t, Options{}, 1)
				r.c.SetLimits(limits)
				for name, fill := range r.fillers(n, size) {
					r.do(func(tx *Tx) { r.checkDump(tx, fmt.Sprintf("%s of %d of %d", name, n, size), fill) })
				}
				require.NoError(t, r.c.Check())
			}
		}
	}
}

// checkDump fills a key, and compares it with what the round trip makes of it.
func (r *rig) checkDump(tx *Tx, name string, fill func(tx *Tx, key []byte)) {
	a, b := []byte("a"), []byte("b")
	tx.Delete(a)
	tx.Delete(b)
	fill(tx, a)
	_, err := tx.SAdd(b, []byte("what was there"))
	require.NoError(r.t, err)
	for _, form := range []DumpForm{DumpExact, DumpPortable} {
		payload, err := tx.Dump([]byte("x"), a, form)
		require.NoError(r.t, err, name)
		require.NoError(r.t, tx.Restore(b, payload[1:], r.now+1000), name)
		at, _ := tx.ExpireAt(b)
		require.Equal(r.t, r.now+1000, at, name)
		if form == DumpExact || tx.Type(a) != Stream {
			require.Equal(r.t, r.describe(tx, a), r.describe(tx, b), name)
		}
		was, _ := tx.Object(a)
		is, _ := tx.Object(b)
		require.Equal(r.t, was.Encoding, is.Encoding, name)
		require.LessOrEqual(r.t, is.Bytes, was.Bytes+was.Bytes/8+64, name)
	}
}

// TestRestoreErrors looks at what is refused, and that it changes nothing.
func TestRestoreErrors(t *testing.T) {
	r := newRig(t, Options{MaxMemory: 8 << 20}, 1)
	r.do(func(tx *Tx) {
		key := []byte("key")
		require.NoError(t, tx.Set(key, []byte("old"), NoExpiry))
		good, err := tx.Dump(nil, key, DumpPortable)
		require.NoError(t, err)
		assert.Equal(t, ErrDumpVersion, tx.Restore(key, good[:len(good)-1], NoExpiry))
		assert.Equal(t, ErrDumpVersion, tx.Restore(key, nil, NoExpiry))
		assert.Equal(t, ErrDumpFormat, tx.Restore(key, withFooter([]byte{0, 5, 'a'}), NoExpiry))
		w := rdb.Writer{Raw: true}
		w.Begin(rdb.TypeList)
		w.Number(9)
		for range 9 {
			w.String(make([]byte, 1<<20))
		}
		w.End()
		assert.Equal(t, ErrOutOfMemory, tx.Restore(key, w.B, NoExpiry))
		assert.Equal(t, "string old", r.show(tx, key))
		require.NoError(t, tx.Restore(key, good, r.now), "one that has expired")
		assert.Equal(t, None, tx.Type(key))
		_, err = tx.Dump(nil, key, DumpPortable)
		assert.Equal(t, ErrNotFound, err)
	})
	require.NoError(t, r.c.Check())
}

// withFooter makes a payload of an object, of whatever it may be.
func withFooter(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(slices.Clone(b), 12)
	return binary.LittleEndian.AppendUint64(b, ^crc64.Update(^uint64(0), crc64.MakeTable(0x95ac9329ac4bc9b5), b))
}

// TestRestoredFieldsExpire leaves out fields whose time has come, and the hash with
// the last of them.
func TestRestoredFieldsExpire(t *testing.T) {
	r := newRig(t, Options{}, 1)
	hash := func(dues ...int64) []byte {
		var w rdb.Writer
		w.Begin(rdb.TypeHashExpiring)
		w.Millis(r.now - 100)
		w.Number(uint64(len(dues)))
		for i, due := range dues {
			w.Number(uint64(due))
			w.String(word("f%d", i))
			w.String([]byte("v"))
		}
		w.End()
		return w.B
	}
	r.do(func(tx *Tx) {
		key := []byte("key")
		require.NoError(t, tx.Restore(key, hash(1, 50, 300), NoExpiry))
		assert.Equal(t, fmt.Sprintf("hash f2=v@%d", r.now+199), r.show(tx, key))
		require.NoError(t, tx.Restore(key, hash(1, 50), NoExpiry))
		assert.Equal(t, None, tx.Type(key))
		require.NoError(t, tx.Restore(key, hash(0, 0), NoExpiry))
		info, _ := tx.Object(key)
		assert.Equal(t, EncodingListpackEx, info.Encoding)
	})
	require.NoError(t, r.c.Check())
}

func TestSetIdle(t *testing.T) {
	for _, policy := range []Policy{AllKeysLRU, AllKeysLFU, AllKeysDensity, NoEviction} {
		r := newRig(t, Options{Policy: policy}, 1)
		r.maintain()
		r.do(func(tx *Tx) {
			key := []byte("key")
			assert.False(t, tx.SetIdle(key, 5))
			require.NoError(t, tx.Set(key, nil, NoExpiry))
			for _, seconds := range []int64{0, 1, 100, 1000, 10_000} {
				assert.True(t, tx.SetIdle(key, seconds))
				info, _ := tx.Object(key)
				if policy == AllKeysLFU {
					assert.InDelta(t, seconds*1000, info.IdleMs, 60_000)
					continue
				}
				assert.InDelta(t, seconds*1000, info.IdleMs, 1000+float64(seconds)*20, "%v", policy)
			}
			tx.SetFrequency(key, 77)
			if info, _ := tx.Object(key); policy == AllKeysLFU {
				assert.Equal(t, uint8(77), info.Frequency)
			}
		})
	}
}

// FuzzRestore restores anything that has a right footer. What is taken must be whole,
// and be the same after another round trip.
func FuzzRestore(f *testing.F) {
	f.Add([]byte{0, 3, 'a', 'b', 'c'})
	f.Add([]byte("\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x02\x00"))
	f.Add([]byte("\x14\x0b\x0b\x00\x00\x00\x02\x00\x01\x01\x02\x01\xff"))
	r := &rig{now: 1_700_000_000_000}
	c, err := New(Options{NoBackground: true, Clock: func() int64 { return r.now }, Shards: 1})
	require.NoError(f, err)
	f.Cleanup(func() { _ = c.Close() })
	r.c = c
	for _, n := range []int{3, 200} {
		for _, fill := range r.fillers(n, 30) {
			for _, form := range []DumpForm{DumpExact, DumpPortable} {
				r.do(func(tx *Tx) {
					tx.Delete([]byte("a"))
					fill(tx, []byte("a"))
					payload, _ := tx.Dump(nil, []byte("a"), form)
					f.Add(payload[:len(payload)-10])
				})
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r.t = t
		r.do(func(tx *Tx) {
			a, b := []byte("a"), []byte("b")
			tx.Delete(a)
			tx.Delete(b)
			if tx.Restore(a, withFooter(body), NoExpiry) != nil || tx.Type(a) == None {
				return
			}
			payload, err := tx.Dump(nil, a, DumpExact)
			require.NoError(t, err)
			require.NoError(t, tx.Restore(b, payload, NoExpiry))
			require.Equal(t, r.describe(tx, a), r.describe(tx, b))
		})
		require.NoError(t, r.c.Check())
	})
}
