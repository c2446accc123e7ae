package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/target"
)

// servers are one of each protocol: memcached only where it is installed.
func servers(t *testing.T) []target.Spec {
	t.Helper()
	all := []target.Spec{ashlar(t)}
	other, err := target.Find(t.Context(), "memcached", "", "")
	if !errors.Is(err, target.ErrAbsent) {
		require.NoError(t, err)
		all = append(all, other)
	}
	return all
}

// traceFile is a recording of some keys, each asked for again and again: of the reads
// of a key only the first one misses, unless it is deleted.
func traceFile(t *testing.T, lines ...string) Trace {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.csv")
	require.NoError(t, os.WriteFile(path, []byte("time,op,key,size,ttl\n"+strings.Join(lines, "\n")), 0o600))
	return Trace{Path: path}
}

func rounds(keys, times int) (lines []string) {
	for i := range times {
		for k := range keys {
			lines = append(lines, fmt.Sprintf("%d,get,key:%d,%d,0", i, k, 10+k))
		}
	}
	return lines
}

// What is found and what is not is what a program would have seen that sends one
// request after the other, for every server.
func TestReplay(t *testing.T) {
	lines := rounds(500, 4)
	lines = append(lines, "5,delete,key:3,0,0", "5,get,key:3,13,0", "6,set,key:900,50,0", "6,get,key:900,50,60", "6,get,with blank,50,0",
		"7,get,"+strings.Repeat("long", 100)+",5000000,0")
	for _, spec := range servers(t) {
		s, err := spec.Start(t.Context())
		require.NoError(t, err)
		defer s.Stop()
		r, err := Replay(t.Context(), ReplayLoad{Server: s, Trace: traceFile(t, lines...), Connections: 3, Depth: 1})
		require.NoError(t, err, spec.Name)
		assert.Equal(t, int64(4*500+4), r.Hits+r.Misses, spec.Name)
		assert.Equal(t, int64(500+1+2), r.Misses, spec.Name)
		assert.Equal(t, r.Hits+r.Misses+r.Misses+2, r.Ops, "reads, stores of what was missing, a set and a delete")
		assert.Zero(t, r.Errors)
		bytes := int64(500*10 + 500*499/2)
		assert.Equal(t, 3*bytes+50, r.HitBytes, spec.Name)
		assert.Equal(t, bytes+13+50+defaultMaxValue, r.MissBytes, spec.Name)
		assert.Equal(t, r.Ops, r.Latency.Count)
		assert.Len(t, r.Commands, 3)
		assert.NotEmpty(t, r.Timeline)
		assert.Equal(t, "trace some.csv", r.Load.Workload)
		n, err := keys(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, int64(503), n)
	}
}

// Hits count when the cache is warm, and only so many requests are used.
func TestReplayPart(t *testing.T) {
	s := started(t)
	l := ReplayLoad{Server: s, Trace: traceFile(t, rounds(100, 4)...), Warm: 0.5}
	l.Limit = 200
	r, err := Replay(t.Context(), l)
	require.NoError(t, err)
	assert.Equal(t, []int64{100, 0}, []int64{r.Hits, r.Misses})
	assert.Equal(t, int64(200), r.Load.Requests)
}

// In an open loop requests go out when they are due, and times to live shrink with time.
func TestReplaySpeed(t *testing.T) {
	s := started(t)
	began := time.Now()
	r, err := Replay(t.Context(), ReplayLoad{Server: s, Trace: traceFile(t, "10,get,a,5,0", "11,set,b,5,1000000", "12,get,a,5,0"), Speed: 10})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	assert.InDelta(t, 15, r.Load.OpenRate, 0.01)
	assert.Equal(t, "of the trace", r.Load.TTL)
	reply, err := s.Do(t.Context(), "TTL", "b")
	require.NoError(t, err)
	assert.InDelta(t, 100_000, reply.Int, 1000)
}

func TestReplayFailures(t *testing.T) {
	s := started(t)
	_, err := Replay(t.Context(), ReplayLoad{Server: s, Trace: Trace{Path: "/nonexistent"}})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Replay(t.Context(), ReplayLoad{Server: s, Trace: traceFile(t)})
	require.ErrorContains(t, err, "no request in it")
	_, err = Replay(t.Context(), ReplayLoad{Server: s, Trace: traceFile(t, "1,get,a,5,0", "x,get,a,5,0")})
	require.ErrorContains(t, err, "line 3")

	_, err = s.Do(t.Context(), "SADD", "key:7", "of another type")
	require.NoError(t, err)
	r, err := Replay(t.Context(), ReplayLoad{Server: s, Trace: traceFile(t, rounds(50, 3)...), Connections: 1, Depth: 1})
	require.ErrorContains(t, err, "WRONGTYPE")
	assert.Equal(t, int64(15), r.Ops, "what came before is kept: seven keys read and stored, and the failure")

	s.Stop()
	r, err = Replay(t.Context(), ReplayLoad{Server: s, Trace: traceFile(t, rounds(50, 3)...)})
	require.Error(t, err)
	assert.Zero(t, r.Ops)
	assert.NotEmpty(t, r.FirstError)
}

// Requests of one second are spread over it, in their order.
func TestDueClock(t *testing.T) {
	start := time.Now()
	c := dueClock{start: start, speed: 2, before: 4}
	var got []time.Duration
	for _, at := range []time.Duration{0, 0, 0, 0, 0, time.Second, time.Second, 2500 * time.Millisecond, 2500 * time.Millisecond} {
		got = append(got, c.due(at).Sub(start))
	}
	ms := time.Millisecond
	assert.Equal(t, []time.Duration{0, 125 * ms, 250 * ms, 375 * ms, 500 * ms, 500 * ms, 600 * ms, 1250 * ms, 1250 * ms}, got)
}

// A trace takes the place of the workloads, and figures that need no more than whole
// values take memcached.
func TestFigureOfTrace(t *testing.T) {
	all := servers(t)
	i := 0
	for ; Figures()[i].Name != "hitratio"; i++ {
	}
	r, err := Figures()[i].Measure(t.Context(), Config{Servers: all, Seed: 1, Trace: traceFile(t, rounds(300, 5)...), Memory: 48 << 20})
	require.NoError(t, err)
	require.Len(t, r.Tables[0].Rows, 1)
	row := r.Tables[0].Rows[0]
	assert.Equal(t, []string{"some.csv", "100.00", "100.00"}, row[:3])
	assert.Empty(t, r.Checks, "nobody knows what a trace should show")
	if len(all) > 1 {
		_, err = Figures()[2].Measure(t.Context(), Config{Servers: all})
		assert.ErrorContains(t, err, "memcached's protocol")
		r, err = Figures()[0].Measure(t.Context(), Config{Servers: all[1:], Scale: 0.002, Only: []string{"16/8 ttl"}})
		require.NoError(t, err)
		assert.Equal(t, "memcached", r.Tables[0].Rows[0][1])
	}
}

// What a connection says of memcached's replies is what a client of Redis would see.
func TestStores(t *testing.T) {
	for _, spec := range servers(t) {
		s, err := spec.Start(t.Context())
		require.NoError(t, err)
		defer s.Stop()
		c, err := dialStore(t.Context(), s)
		require.NoError(t, err)
		defer c.Close()
		key, value := []byte("k"), []byte("value")
		for range 3 { // pipelined, and again
			c.Get(key)
			c.Set(key, value)
			c.Get(key)
			c.SetPX(key, value, time.Hour)
			c.Del(key)
			c.Get(key)
			require.NoError(t, c.Flush())
			var nulls []bool
			for range 6 {
				reply, err := c.Next()
				require.NoError(t, err)
				assert.NotEqual(t, byte('-'), reply.Kind, "%s: %s", spec.Name, reply.Bytes)
				nulls = append(nulls, reply.Null)
			}
			assert.Equal(t, []bool{true, false, false, false, false, true}, nulls, spec.Name)
		}
		if s.Memcached {
			c.Set(key, make([]byte, 2<<20))
			require.NoError(t, c.Flush())
			reply, err := c.Next()
			require.NoError(t, err)
			assert.Equal(t, byte('-'), reply.Kind)
			assert.Contains(t, string(reply.Bytes), "too large")
		}
		n, err := evictions(t.Context(), s)
		require.NoError(t, err)
		assert.Zero(t, n)
	}
}

func TestEvicting(t *testing.T) {
	for name, want := range map[string]int{target.Ashlar: 1, target.Redis: 2, "dragonfly": 2, "pogocache": 1} {
		assert.Len(t, Evicting(target.Spec{Name: name}, 1<<20), want, name)
	}
	assert.Len(t, Evicting(target.Spec{Name: "m", Memcached: true}, 1<<20), 1)
}

func TestKeysOfTraces(t *testing.T) {
	for key, want := range map[string]string{
		"plain:1": "plain:1", "with blank": "hash:7", "line\n": "hash:7", strings.Repeat("x", 251): "hash:7", strings.Repeat("x", 250): strings.Repeat("x", 250),
	} {
		assert.Equal(t, want, string(appendKey(nil, []byte(key), 7)))
	}
}
