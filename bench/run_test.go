package bench

import (
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/loadgen"
	"github.com/ashlar-cache/ashlar/bench/mix"
	"github.com/ashlar-cache/ashlar/bench/result"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// fakeServer answers each command, an array of strings, with what reply says.
func fakeServer(t *testing.T, reply func(words []string) string) *target.Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); work.Wait() })
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				answerAll(c, reply)
			})
		}
	})
	v, err := target.Reach(t.Context(), target.Spec{Name: "fake", Addr: l.Addr().String()}, target.Access{})
	require.NoError(t, err)
	return v
}

// answerAll serves one connection.
func answerAll(c net.Conn, reply func(words []string) string) {
	var p client.Parser
	for {
		command, ok, err := p.Next() // an array of strings
		if err != nil {
			return
		}
		if ok {
			var words []string
			for _, e := range command.Elems {
				words = append(words, string(e.Bytes))
			}
			_, _ = io.WriteString(c, reply(words)) // the next read fails, too
			continue
		}
		n, err := c.Read(p.Room())
		if err != nil {
			return
		}
		p.Filled(n)
	}
}

func small(t *testing.T, c mix.Config) *mix.Workload {
	t.Helper()
	c.Keys = 50
	w, err := mix.New(c)
	require.NoError(t, err)
	return w
}

// A Go server that tells of its collector, in this very process.
func TestRunLoad(t *testing.T) {
	cycles := 0
	var mu sync.Mutex
	v := fakeServer(t, func(words []string) string {
		mu.Lock()
		defer mu.Unlock()
		switch strings.Join(words, " ") {
		case "PING":
			return "+PONG\r\n"
		case "INFO server":
			text := "ashlar_version:9.9\r\nredis_version:7.4.2\r\n"
			return "$" + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n"
		case "INFO ashlar":
			cycles += 3
			text := "go_gc_cycles:" + strconv.Itoa(cycles) + "\r\ngo_gc_cpu_seconds:0.5\r\ngo_gc_max_pause_usec:120\r\ngo_heap_bytes:77\r\n"
			return "$" + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n"
		}
		return "$1\r\nx\r\n"
	})
	l := Load{Server: v, Mix: small(t, mix.Config{TTL: "60s"}), Round: 2, SLO: "p99=1s"}
	l.Requests, l.Rate, l.Poisson, l.Reconnect = 300, 10_000, true, 100
	r, err := Run(t.Context(), l)
	require.NoError(t, err)
	assert.Equal(t, "fake", r.Server)
	assert.Equal(t, "9.9", r.Version)
	assert.Equal(t, 2, r.Round)
	assert.Equal(t, "get=9,set=1, random moments, reconnecting after 100", r.Load.Workload)
	assert.Equal(t, uint64(50), r.Load.Keys)
	assert.Equal(t, "60s", r.Load.TTL)
	assert.Equal(t, "p99=1s", r.Load.SLO)
	require.NotNil(t, r.Usage.GC)
	assert.Equal(t, result.Collector{Cycles: 3, MaxPause: 120 * time.Microsecond, Heap: 77}, *r.Usage.GC)
	if r.Net != nil { // the system lets threads watch for stalls
		assert.Equal(t, r.Latency.Count, r.Net.Count)
	}
	l.Rate = 0
	closed, err := Run(t.Context(), l)
	require.NoError(t, err)
	assert.Nil(t, closed.Net)
	if closed.Usage.Known { // this process is the server
		assert.Positive(t, closed.Usage.Peak)
		assert.Positive(t, closed.Usage.Voluntary)
	}

	filled, err := Fill(t.Context(), l)
	require.NoError(t, err)
	assert.Equal(t, int64(50), filled.Ops)
}

func TestFillFails(t *testing.T) {
	v := fakeServer(t, func(words []string) string {
		if words[0] == "SET" {
			return "-OOM full\r\n"
		}
		return "+OK\r\n"
	})
	_, err := Fill(t.Context(), Load{Server: v, Mix: small(t, mix.Config{})})
	require.ErrorContains(t, err, "50 of 50 commands failed, the first with: OOM full")
}

func TestBound(t *testing.T) {
	b, err := ParseBound("p99.9=1ms")
	require.NoError(t, err)
	assert.Equal(t, Bound{99.9, time.Millisecond}, b)
	assert.Equal(t, "p99.9=1ms", b.String())
	longest, err := ParseBound("max=1s")
	require.NoError(t, err)
	assert.Equal(t, "max=1s", longest.String())
	for _, bad := range []string{"", "p99", "p99=", "p0=1ms", "p101=1ms", "99=1ms", "pp=1s", "p99=-1s", "min=1s"} {
		_, err := ParseBound(bad)
		require.Error(t, err, bad)
	}

	h := hist.New()
	h.RecordN(500*time.Microsecond, 999)
	h.Record(500 * time.Millisecond)
	r := Result{Ops: 1000, Rate: 99, Load: result.Load{OpenRate: 100}, Latency: h.Summary()}
	assert.True(t, b.Met(r))
	assert.True(t, longest.Met(r))
	assert.False(t, Bound{99.99, time.Millisecond}.Met(r))
	assert.False(t, Bound{100, time.Millisecond}.Met(r))
	for name, spoil := range map[string]func(*Result){
		"nothing": func(r *Result) { r.Ops = 0 }, "errors": func(r *Result) { r.Errors = 1 },
		"lost": func(r *Result) { r.Lost = 1 }, "behind": func(r *Result) { r.Behind = 1 }, "slow": func(r *Result) { r.Rate = 90 },
	} {
		spoilt := r
		spoil(&spoilt)
		assert.False(t, b.Met(spoilt), name)
	}
}

func TestSearch(t *testing.T) {
	v := fakeServer(t, func([]string) string { return "+OK\r\n" })
	l := Load{Server: v, Mix: small(t, mix.Config{Workload: "set"}), Config: loadgen.Config{Connections: 2, Duration: 20 * time.Millisecond}}
	told := 0
	// No server misses such a bound by its latency; it may by its rate.
	points, err := Search(t.Context(), l, Bound{50, time.Minute}, func(Result) { told++ })
	require.NoError(t, err)
	assert.Len(t, points, told)
	if best, ok := Best(points); ok {
		assert.Positive(t, best.Load.OpenRate)
		for _, p := range points {
			assert.Equal(t, "p50=1m0s", p.Load.SLO)
			assert.False(t, *p.Within && p.Load.OpenRate > best.Load.OpenRate)
		}
	}
	// And none meets this one.
	points, err = Search(t.Context(), l, Bound{50, time.Nanosecond}, nil)
	require.NoError(t, err)
	assert.NotEmpty(t, points)
	_, ok := Best(points)
	assert.False(t, ok)
	l.Duration = 0
	_, err = Search(t.Context(), l, Bound{50, time.Second}, nil)
	require.Error(t, err)
}

// A rate that is not confirmed does not count, and the next lower one is tried.
func TestRevoke(t *testing.T) {
	yes, no := true, false
	s := search{found: []Result{
		{Load: result.Load{OpenRate: 10}, Within: &yes}, {Load: result.Load{OpenRate: 20}, Within: &yes}, {Load: result.Load{OpenRate: 20}, Within: &no},
	}}
	s.revoke(20)
	best, ok := Best(s.found)
	assert.True(t, ok)
	assert.Equal(t, 10.0, best.Load.OpenRate)
}
