package cache

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fill makes the stream one of n entries, of which all are pending in each group, for its
// consumers in turn.
func (r *streamRig) fill(key []byte, n int, groups ...string) {
	id := StreamID{}
	for ; id.Ms < uint64(n); id.Ms++ {
		_, err := r.tx.XAdd(key, StreamAdd{IDs: GivenID, ID: StreamID{id.Ms, 1}}, []byte("field"), []byte("some value"))
		require.NoError(r.t, err)
	}
	for _, g := range groups {
		require.NoError(r.t, r.tx.XGroupCreate(key, []byte(g), StreamGroupStart{Read: Unknown}))
		for who, left := 0, n; left > 0; who++ {
			_, got, err := r.tx.XReadGroup(key, []byte(g), fmt.Append(nil, who%2), StreamDelivery{Count: 64})
			require.NoError(r.t, err)
			left -= got
		}
	}
}

func (r *streamRig) bytes(key []byte) int {
	object, ok := r.tx.Object(key)
	require.True(r.t, ok)
	return object.Bytes
}

// held is the bytes of all nodes.
func (r *streamRig) held() (n int64) {
	for i := range r.c.shards {
		n += r.c.shards[i].nodes.Held()
	}
	return n
}

// near is another key, of the same shard or of another.
func (r *streamRig) near(key []byte, same bool) []byte {
	s, _ := r.tx.route(key)
	for i := 0; ; i++ {
		other := fmt.Append(nil, "key", i)
		if o, _ := r.tx.route(other); (o == s) == same {
			return other
		}
	}
}

func (r *streamRig) check() {
	r.t.Helper()
	for i := range r.c.shards {
		require.NoError(r.t, r.c.shards[i].check())
	}
}

// step does a step of what is left to be freed, and tells whether there was any.
func (r *streamRig) step() (did bool) {
	for i := range r.c.shards {
		did = r.c.shards[i].drain(32) || did
	}
	return did
}

// TestStreamReclaim takes large parts of a stream away, and lets keys be renamed, copied,
// moved, swapped and deleted before all of it is freed.
func TestStreamReclaim(t *testing.T) {
	const n = 20_000
	g, other := []byte("g"), []byte("other")
	for name, then := range map[string]func(r *streamRig) [][]byte{
		"nothing": func(*streamRig) [][]byte { return [][]byte{streamKey} },
		"rename": func(r *streamRig) [][]byte {
			to := r.near(streamKey, true)
			require.NoError(r.t, r.tx.Rename(streamKey, to))
			return [][]byte{to}
		},
		"rename to another shard": func(r *streamRig) [][]byte {
			to := r.near(streamKey, false)
			require.NoError(r.t, r.tx.Rename(streamKey, to))
			return [][]byte{to}
		},
		"rename twice": func(r *streamRig) [][]byte {
			require.NoError(r.t, r.tx.Rename(streamKey, other))
			r.step()
			require.NoError(r.t, r.tx.Rename(other, streamKey))
			return [][]byte{streamKey}
		},
		"copy": func(r *streamRig) [][]byte {
			_, err := r.tx.Copy(streamKey, 0, other, false)
			require.NoError(r.t, err)
			return [][]byte{streamKey, other}
		},
		"swap": func(r *streamRig) [][]byte {
			r.tx.Swap(0, 3)
			for r.step() {
			}
			r.tx.Swap(3, 0)
			return [][]byte{streamKey}
		},
		"move": func(r *streamRig) [][]byte {
			require.True(r.t, r.tx.Move(streamKey, 2))
			for r.step() {
			}
			r.tx.Swap(0, 2)
			return [][]byte{streamKey}
		},
		"delete": func(r *streamRig) [][]byte {
			require.True(r.t, r.tx.Delete(streamKey))
			return nil
		},
		"flush": func(r *streamRig) [][]byte {
			r.tx.Flush(0)
			return nil
		},
		"overwrite": func(r *streamRig) [][]byte {
			require.NoError(r.t, r.tx.Set(streamKey, g, 0))
			return nil
		},
		"a new one of that name": func(r *streamRig) [][]byte {
			require.True(r.t, r.tx.Delete(streamKey))
			r.add(1)
			return [][]byte{streamKey}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newStreamRig(t, Options{Shards: 2, Databases: 4})
			r.fill(streamKey, n, "g", "h")
			before := r.bytes(streamKey)
			gone, err := r.tx.XGroupDelConsumer(streamKey, g, []byte("0"))
			require.NoError(t, err)
			assert.InDelta(t, n/2, gone, 64)
			destroyed, err := r.tx.XGroupDestroy(streamKey, []byte("h"))
			require.NoError(t, err)
			assert.True(t, destroyed)
			trimmed, err := r.tx.XTrim(streamKey, StreamTrim{By: TrimByLength, MaxLen: 10})
			require.NoError(t, err)
			assert.EqualValues(t, n-10, trimmed)
			r.check()
			assert.Greater(t, r.bytes(streamKey), before/2, "most of it is still there, and counts")

			keys := then(r)
			r.check()
			for steps := 0; r.step(); steps++ {
				if steps%16 == 0 {
					r.check()
				}
			}
			r.check()
			total := 0
			for _, key := range keys {
				total += r.bytes(key)
				assert.Less(t, r.bytes(key), before/4)
			}
			assert.LessOrEqual(t, r.held(), int64(total), "nothing but the streams is held")
			for _, key := range keys {
				assert.True(t, r.tx.Delete(key))
			}
			for r.step() {
			}
			assert.Zero(t, r.held())
		})
	}
}

// TestStreamReclaimIsUnseen compares what two streams say of themselves, of which one has
// been freed of what was taken from it and the other has not.
func TestStreamReclaimIsUnseen(t *testing.T) {
	const n = 6000
	r := newStreamRig(t, Options{Shards: 1})
	quick, slow := []byte("quick"), []byte("slow")
	for _, key := range [][]byte{quick, slow} {
		r.fill(key, n, "g", "h")
	}
	random := rand.New(rand.NewPCG(5, 5))
	seen := func(key []byte) []any {
		info, err := r.tx.XInfo(key)
		require.NoError(t, err)
		all := []any{info.Len(), info.Blocks(), info.RadixNodes(), info.First(), info.Last(), info.Added(), info.MaxDeleted(), info.GroupCount()}
		for g, ok := info.NextGroup(StreamGroup{}); ok; g, ok = info.NextGroup(g) {
			all = append(all, string(g.Name()), g.PendingCount(), g.LastPending(), g.ConsumerCount())
			for p := g.Pending(StreamID{Ms: random.Uint64N(2) * n / 2}); p.Next(); {
				all = append(all, p.ID(), string(p.Consumer()), p.Deliveries())
			}
		}
		dump, err := r.tx.Dump(nil, key, DumpExact)
		require.NoError(t, err)
		return append(all, string(dump))
	}
	compare := func() {
		t.Helper()
		seed := random.Uint64()
		random = rand.New(rand.NewPCG(seed, 5))
		want := seen(quick)
		random = rand.New(rand.NewPCG(seed, 5))
		require.Equal(t, want, seen(slow))
	}
	for i, f := range []func(key []byte) (any, error){
		func(key []byte) (any, error) { return r.tx.XGroupDelConsumer(key, []byte("g"), []byte("1")) },
		func(key []byte) (any, error) {
			return r.tx.XTrim(key, StreamTrim{By: TrimByID, MinID: StreamID{Ms: n - 500}})
		},
		func(key []byte) (any, error) {
			ids := []StreamID{{n - 1, 1}, {n - 100, 1}, {5, 1}, {70, 1}}
			return r.tx.XAck(key, []byte("g"), ids...)
		},
		func(key []byte) (any, error) {
			how := StreamClaim{Force: true}
			return r.tx.XClaim(key, []byte("g"), []byte("1"), how, []StreamID{{n - 1, 1}, {n - 70, 1}, {n - 300, 1}, {9, 1}})
		},
		func(key []byte) (any, error) {
			next, claimed, deleted, err := r.tx.XAutoClaim(key, []byte("g"), []byte("2"), StreamAutoClaim{Count: 100}, nil, nil)
			return []any{next, claimed, deleted}, err
		},
		func(key []byte) (any, error) { return r.tx.XGroupDestroy(key, []byte("h")) },
	} {
		want, err := f(quick)
		require.NoError(t, err)
		for r.step() {
		}
		got, err := f(slow)
		require.NoError(t, err)
		require.Equal(t, want, got, "step %d", i)
		if i == 0 {
			s := &r.c.shards[0]
			require.NotEmpty(t, s.laden, "there is something to be seen")
		}
		compare()
	}
}

// TestStreamReclaimUnderPressure: where the bound is reached, what a stream is laden with
// goes before anything is evicted or refused.
func TestStreamReclaimUnderPressure(t *testing.T) {
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	for _, policy := range []Policy{NoEviction, AllKeysLRU} {
		r := newStreamRig(t, Options{Shards: 1, MaxMemory: 32 << 20, Policy: policy})
		require.NoError(t, r.tx.Set([]byte("first"), []byte("v"), 0))
		how := StreamAdd{IDs: GivenID, ID: StreamID{Ms: 1}}
		value := make([]byte, 1000)
		for r.held() < 26<<20 {
			_, err := r.tx.XAdd(streamKey, how, []byte("f"), value)
			require.NoError(t, err)
			how.ID.Ms++
		}
		for range rounds {
			_, err := r.tx.XTrim(streamKey, StreamTrim{By: TrimByLength, MaxLen: 1})
			require.NoError(t, err)
			for range 20_000 {
				_, err := r.tx.XAdd(streamKey, how, []byte("f"), value)
				require.NoError(t, err)
				how.ID.Ms++
			}
		}
		assert.Equal(t, String, r.tx.Type([]byte("first")), "nothing was evicted")
	}
}

// BenchmarkStreamHold reports, for what takes a large part of a stream away, for how long
// it holds the shard, and for how long the longest of the steps does that free it: of
// several runs the best, since whatever else the machine does only makes it longer.
func BenchmarkStreamHold(b *testing.B) {
	const n = 1_000_000
	key, g := []byte("x"), []byte("g")
	for name, f := range map[string]func(tx *Tx) error{
		"XTRIM": func(tx *Tx) error {
			_, err := tx.XTrim(key, StreamTrim{By: TrimByLength, MaxLen: 1000})
			return err
		},
		"DESTROY": func(tx *Tx) error {
			_, err := tx.XGroupDestroy(key, g)
			return err
		},
		"DELCONSUMER": func(tx *Tx) error {
			_, err := tx.XGroupDelConsumer(key, g, []byte("0"))
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			held, longest, rest := time.Hour, time.Hour, time.Duration(0)
			for range b.N {
				r := newStreamRig(b, Options{Shards: 1})
				r.fill(key, n, "g")
				began := time.Now()
				require.NoError(b, f(r.tx))
				held = min(held, time.Since(began))
				s, most := &r.c.shards[0], time.Duration(0)
				for more := true; more; {
					began = time.Now()
					more = s.drain(128)
					took := time.Since(began)
					most = max(most, took)
					rest += took
				}
				longest = min(longest, most)
			}
			b.ReportMetric(float64(held.Microseconds()), "held-µs")
			b.ReportMetric(float64(longest.Microseconds()), "longest-step-µs")
			b.ReportMetric(float64(rest.Microseconds())/float64(b.N), "steps-µs")
		})
	}
}
