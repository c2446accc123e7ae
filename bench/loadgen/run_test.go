package loadgen

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/mix"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// workload is one of package mix, small.
func workload(t testing.TB, c mix.Config) *mix.Workload {
	t.Helper()
	if c.Keys == 0 {
		c.Keys = 100
	}
	w, err := mix.New(c)
	require.NoError(t, err)
	return w
}

// transports are the ways to move bytes that there are here.
func transports(t *testing.T, test func(t *testing.T, portable bool)) {
	t.Run("goroutines", func(t *testing.T) { test(t, true) })
	if runtime.GOOS == "linux" {
		t.Run("epoll", func(t *testing.T) { test(t, false) })
	}
}

// values answers GET and SET, and misses every other GET.
func values() func(*fake, int, []string) string {
	var gets atomic.Int64
	return func(_ *fake, _ int, words []string) string {
		switch {
		case words[0] == "SET":
			return "+OK\r\n"
		case gets.Add(1)%2 == 0:
			return "$-1\r\n"
		}
		return "$3\r\nabc\r\n"
	}
}

func TestClosedLoop(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		f := serve(t, values())
		w := workload(t, mix.Config{Mix: "get=1,set=1", Threads: 2})
		var lives atomic.Int64
		r, err := Run(t.Context(), Config{
			Addr: f.addr, Workload: Mix(w), Connections: 5, Depth: 4, Threads: 2, Requests: 2001, Portable: portable,
			Watch:  func(v Live) { lives.Add(1); assert.LessOrEqual(t, v.Share, 1.0) },
			Sample: func() (time.Duration, int64) { return time.Second, 7 },
		})
		require.NoError(t, err)
		log := f.log()
		sets := 0
		for _, c := range log {
			if strings.HasPrefix(c, "SET ") {
				sets++
			}
		}
		assert.Len(t, log, 2001)
		assert.Equal(t, int64(2001), r.Ops)
		assert.Equal(t, int64(2001), r.Latency.Count)
		assert.Equal(t, int64(2001-sets), r.Hits+r.Misses)
		assert.Equal(t, int64((2001-sets)/2), r.Misses)
		assert.Zero(t, r.Errors+r.Closed+r.Lost+r.Behind)
		assert.Equal(t, 5, f.connections())
		require.Len(t, r.Commands, 2)
		assert.Equal(t, int64(2001), r.Commands[0].Ops+r.Commands[1].Ops)
		sum := int64(0)
		for i, s := range r.Timeline {
			assert.Equal(t, i, s.At)
			sum += s.Ops
		}
		assert.Equal(t, int64(2001), sum)
		assert.Positive(t, r.Rate)
		assert.Positive(t, r.BytesIn)
		assert.Positive(t, r.BytesOut)
		assert.NotEmpty(t, r.Latency.HDR)
	})
}

// What a thread sends follows from the seed.
// TestBursts: what is due together goes to one connection, and the next to the next.
func TestBursts(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		var counts [2]atomic.Int64 // of commands, by connection
		f := serve(t, func(_ *fake, conn int, _ []string) string {
			counts[conn-1].Add(1)
			return "+OK\r\n"
		})
		r, err := Run(t.Context(), Config{
			Addr: f.addr, Workload: Mix(workload(t, mix.Config{Mix: "set=1"})), Connections: 2, Depth: 9, Burst: 5,
			Rate: 10_000, Requests: 23, Portable: portable,
		})
		require.NoError(t, err)
		assert.Equal(t, int64(23), r.Ops)
		assert.Equal(t, 5, r.Load.Burst)
		assert.ElementsMatch(t, []int64{13, 10}, []int64{counts[0].Load(), counts[1].Load()})
	})
}

func TestRepeats(t *testing.T) {
	send := func(seed uint64, rate float64) []string {
		f := serve(t, values())
		w := workload(t, mix.Config{Mix: "get=3,set=1", Popularity: "zipf", Values: "uniform:1-50", Seed: seed})
		_, err := Run(t.Context(), Config{Addr: f.addr, Workload: Mix(w), Depth: 7, Requests: 500, Rate: rate, Poisson: true, Seed: seed})
		require.NoError(t, err)
		return f.log()
	}
	first := send(1, 0)
	assert.Equal(t, first, send(1, 0))
	assert.Equal(t, first, send(1, 5000), "an open loop sends the same")
	assert.NotEqual(t, first, send(2, 0))
}

// A server that stops for 200 ms is seen as it is by an open loop, and not by a closed one.
func TestStall(t *testing.T) {
	const stall = 200 * time.Millisecond
	run := func(t *testing.T, rate float64, portable bool) result.Run {
		var mu sync.Mutex // held during the stall: all connections wait
		stalled := false
		start := time.Now()
		f := serve(t, func(*fake, int, []string) string {
			mu.Lock()
			defer mu.Unlock()
			if !stalled && time.Since(start) > 150*time.Millisecond {
				stalled = true
				time.Sleep(stall)
			}
			return "$-1\r\n"
		})
		w := workload(t, mix.Config{Workload: "get"})
		r, err := Run(t.Context(), Config{
			Addr: f.addr, Workload: Mix(w), Connections: 2, Rate: rate, Duration: 600 * time.Millisecond, Drain: 20 * time.Second, Portable: portable,
		})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, r.Latency.Max, stall*99/100)
		return r
	}
	transports(t, func(t *testing.T, portable bool) {
		if testing.Short() && portable && runtime.GOOS == "linux" {
			t.Skip("one of them is enough")
		}
		open := run(t, 2000, portable)
		assert.Equal(t, int64(1200), open.Ops, "each that was due has been answered")
		// 400 of 1,200 were due meanwhile, and waited for 100 ms on average.
		assert.GreaterOrEqual(t, open.Latency.P999, stall*9/10)
		assert.GreaterOrEqual(t, open.Latency.P90, stall/4)

		closed := run(t, 0, portable)
		assert.Less(t, closed.Latency.P99, stall/2, "two slow commands among many")
	})
}

// What is not answered at the end counts with the time it has waited.
func TestBehind(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		release := make(chan struct{})
		var n atomic.Int64
		f := serve(t, func(*fake, int, []string) string {
			if n.Add(1) > 50 {
				<-release
			}
			return "+OK\r\n"
		})
		t.Cleanup(func() { close(release) })
		w := workload(t, mix.Config{Workload: "set"})
		r, err := Run(t.Context(), Config{
			Addr: f.addr, Workload: Mix(w), Rate: 1000, Duration: 200 * time.Millisecond, Drain: 100 * time.Millisecond, Portable: portable,
		})
		require.NoError(t, err)
		assert.Equal(t, int64(200), r.Ops+r.Behind)
		assert.Equal(t, int64(200), r.Latency.Count)
		assert.GreaterOrEqual(t, r.Behind, int64(150))
		assert.GreaterOrEqual(t, r.Latency.Max, 100*time.Millisecond)
	})
}

func TestErrors(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		f := serve(t, func(_ *fake, _ int, words []string) string {
			if words[0] == "GET" {
				return "-WRONGTYPE no\r\n"
			}
			return "-OOM full\r\n"
		})
		w := workload(t, mix.Config{Mix: "get=1,set=3"})
		r, err := Run(t.Context(), Config{Addr: f.addr, Workload: Mix(w), Requests: 400, Portable: portable})
		require.NoError(t, err, "errors of commands do not end a run")
		assert.Equal(t, int64(400), r.Ops)
		assert.Equal(t, int64(400), r.Errors)
		require.Len(t, r.Faults, 2)
		assert.Equal(t, "OOM full", r.Faults[0].Text)
		assert.Equal(t, int64(400), r.Faults[0].Count+r.Faults[1].Count)
		assert.Contains(t, []string{"OOM full", "WRONGTYPE no"}, r.FirstError)
		assert.Zero(t, r.Hits+r.Misses)
	})
}

// Each text of an error is counted, but not without end.
func TestManyErrors(t *testing.T) {
	var n atomic.Int64
	f := serve(t, func(*fake, int, []string) string { return fmt.Sprintf("-ERR %d\r\n", n.Add(1)) })
	r, err := Run(t.Context(), Config{Addr: f.addr, Workload: Mix(workload(t, mix.Config{})), Requests: 100})
	require.NoError(t, err)
	assert.Len(t, r.Faults, maxFaults+1)
	assert.Equal(t, result.Fault{Text: otherFaults, Count: 100 - maxFaults}, r.Faults[0])
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	transports(t, func(t *testing.T, portable bool) {
		r, err := Run(t.Context(), Config{Addr: l.Addr().String(), Workload: Mix(workload(t, mix.Config{})), Requests: 10, Portable: portable})
		require.ErrorContains(t, err, "refused")
		assert.Zero(t, r.Rate)
		f := serve(t, func(*fake, int, []string) string { return "-WRONGPASS no\r\n" })
		_, err = Run(t.Context(), Config{Addr: f.addr, Password: "x", Workload: Mix(workload(t, mix.Config{})), Requests: 10, Portable: portable})
		require.ErrorContains(t, err, "WRONGPASS")
	})
	_, err = Run(t.Context(), Config{Addr: "nobody", Workload: Mix(workload(t, mix.Config{})), Requests: 10})
	require.Error(t, err)
}

// A server that ends connections now and then is loaded all the same.
func TestClosing(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		var n atomic.Int64
		f := serve(t, func(*fake, int, []string) string {
			if n.Add(1)%50 == 0 {
				return ""
			}
			return "+OK\r\n"
		})
		w := workload(t, mix.Config{Workload: "set"})
		r, err := Run(t.Context(), Config{Addr: f.addr, Workload: Mix(w), Connections: 3, Requests: 1000, Portable: portable})
		require.NoError(t, err)
		assert.Equal(t, int64(20), r.Closed)
		assert.Equal(t, int64(20), r.Lost)
		assert.Equal(t, int64(980), r.Ops)
		assert.NotEmpty(t, r.FirstError)
	})
}

// A server that dies leaves what was measured before.
func TestDying(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		for _, rate := range []float64{0, 3000} {
			var n atomic.Int64
			f := serve(t, func(f *fake, _ int, _ []string) string {
				if n.Add(1) == 300 {
					go f.stop()
				}
				return "+OK\r\n"
			})
			w := workload(t, mix.Config{Workload: "set"})
			r, err := Run(t.Context(), Config{
				Addr: f.addr, Workload: Mix(w), Connections: 4, Duration: time.Minute, Rate: rate, Portable: portable,
			})
			require.ErrorContains(t, err, "no connection is left")
			assert.GreaterOrEqual(t, r.Ops, int64(290))
			assert.Positive(t, r.Rate)
			assert.Equal(t, int64(4), r.Closed)
			assert.NotEmpty(t, r.FirstError)
			assert.NotEmpty(t, r.Timeline)
		}
	})
}

// So does one that says nothing more, and one that says nonsense.
func TestSilence(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		release := make(chan struct{})
		var n atomic.Int64
		f := serve(t, func(*fake, int, []string) string {
			if n.Add(1) > 10 {
				<-release
			}
			return "+OK\r\n"
		})
		t.Cleanup(func() { close(release) }) // before the server waits for its connections
		c := Config{Addr: f.addr, Workload: Mix(workload(t, mix.Config{})), Requests: 1000, Patience: 300 * time.Millisecond, Portable: portable}
		r, err := Run(t.Context(), c)
		require.ErrorContains(t, err, "no reply for 300ms")
		assert.Equal(t, int64(10), r.Ops)

		c.Addr = serve(t, func(*fake, int, []string) string { return "nonsense\r\n" }).addr
		_, err = Run(t.Context(), c)
		require.ErrorContains(t, err, "not a reply")
		c.Addr = serve(t, func(*fake, int, []string) string { return "+OK\r\n+OK\r\n" }).addr
		r, err = Run(t.Context(), c)
		require.NoError(t, err)
		assert.Positive(t, r.Closed, "replies that nobody asked for")
	})
}

func TestInterrupted(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		ctx, cancel := context.WithCancel(t.Context())
		var n atomic.Int64
		f := serve(t, func(*fake, int, []string) string {
			if n.Add(1) == 100 {
				cancel()
			}
			return "+OK\r\n"
		})
		r, err := Run(ctx, Config{Addr: f.addr, Workload: Mix(workload(t, mix.Config{})), Duration: time.Minute, Portable: portable})
		require.ErrorIs(t, err, context.Canceled)
		assert.GreaterOrEqual(t, r.Ops, int64(99))
	})
}

func TestReconnect(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		for _, rate := range []float64{0, 5000} {
			f := serve(t, values())
			w := workload(t, mix.Config{})
			r, err := Run(t.Context(), Config{
				Addr: f.addr, Workload: Mix(w), Connections: 4, Depth: 3, Requests: 400, Reconnect: 10, Rate: rate, Portable: portable,
			})
			require.NoError(t, err)
			assert.Equal(t, int64(400), r.Ops)
			assert.Zero(t, r.Closed)
			assert.GreaterOrEqual(t, f.connections(), 40)
			last := r.Commands[len(r.Commands)-1]
			assert.Equal(t, ConnectName, last.Name)
			assert.GreaterOrEqual(t, last.Ops, int64(36))
		}
	})
}

// What has to be said before commands are taken.
func TestGreeting(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		f := serve(t, func(_ *fake, _ int, words []string) string {
			if words[0] == "HELLO" {
				return "%1\r\n+server\r\n+fake\r\n"
			}
			return "+OK\r\n"
		})
		w := workload(t, mix.Config{Workload: "set"})
		_, err := Run(t.Context(), Config{
			Addr: f.addr, Protocol: RESP3, User: "ann", Password: "secret", DB: 3, Workload: Mix(w), Requests: 1, Portable: portable,
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"HELLO 3 AUTH ann secret", "SELECT 3"}, f.log()[:2])
		_, err = Run(t.Context(), Config{Addr: f.addr, User: "ann", Password: "secret", Workload: Mix(w), Requests: 1, Portable: portable})
		require.NoError(t, err)
		assert.Equal(t, "AUTH ann secret", f.log()[3])
	})
}

// Messages reach all subscribers, and say how long they took.
func TestSubscribers(t *testing.T) {
	transports(t, func(t *testing.T, portable bool) {
		var mu sync.Mutex
		subs := map[string][]int{}
		f := serve(t, func(f *fake, conn int, words []string) string {
			mu.Lock()
			defer mu.Unlock()
			if words[0] == "SUBSCRIBE" {
				subs[words[1]] = append(subs[words[1]], conn)
				return "*3\r\n$9\r\nsubscribe\r\n" + bulk(words[1]) + ":1\r\n"
			}
			for _, n := range subs[words[1]] {
				_, _ = f.conn(n).Write([]byte("*3\r\n$7\r\nmessage\r\n" + bulk(words[1]) + bulk(words[2])))
			}
			return fmt.Sprintf(":%d\r\n", len(subs[words[1]]))
		})
		r, err := Run(t.Context(), Config{
			Addr: f.addr, Workload: Publications{Channels: 2, Size: 40}, Connections: 2, Subscribers: 6, Channels: 2,
			Threads: 2, Requests: 100, Portable: portable,
		})
		require.NoError(t, err)
		assert.Equal(t, int64(100), r.Ops)
		last := r.Commands[len(r.Commands)-1]
		assert.Equal(t, MessageName, last.Name)
		assert.Equal(t, int64(300), last.Ops)
		assert.Equal(t, int64(300), last.Latency.Count)
		assert.Zero(t, r.Undelivered)
	})
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

// Commands larger than a socket takes at once, on a unix socket.
func TestLargeValues(t *testing.T) {
	const size = 300_000
	path := filepath.Join(t.TempDir(), "s")
	f := serve(t, func(_ *fake, _ int, words []string) string {
		assert.Len(t, words[2], size)
		return "+OK\r\n"
	})
	// The same server on a socket of the other kind: bytes are passed on.
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); f.stop(); work.Wait(); os.Remove(path) })
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { defer c.Close(); f.answer(0, c) })
		}
	})
	w := workload(t, mix.Config{Workload: "set", Values: fmt.Sprint(size)})
	transports(t, func(t *testing.T, portable bool) {
		for _, addr := range []string{f.addr, path} {
			r, err := Run(t.Context(), Config{Addr: addr, Workload: Mix(w), Connections: 2, Depth: 10, Requests: 30, Portable: portable})
			require.NoError(t, err)
			assert.Equal(t, int64(30), r.Ops)
			assert.Greater(t, r.BytesOut, int64(30*size))
		}
	})
}

// Filling sends each command once, whatever the threads.
func TestFill(t *testing.T) {
	f := serve(t, func(*fake, int, []string) string { return "+OK\r\n" })
	w := workload(t, mix.Config{Mix: "get", Keys: 501})
	r, err := Run(t.Context(), Config{
		Addr: f.addr, Workload: Fill(w, 3), Connections: 4, Depth: 5, Threads: 3, Requests: int64(w.Preload()),
	})
	require.NoError(t, err)
	assert.Equal(t, int64(501), r.Ops)
	log := f.log()
	slices.Sort(log)
	assert.Len(t, slices.Compact(log), 501)
}

func TestConfig(t *testing.T) {
	good := Config{Addr: "127.0.0.1:1", Workload: Publications{}, Requests: 1}
	for name, spoil := range map[string]func(*Config){
		"workload":  func(c *Config) { c.Workload = nil },
		"duration":  func(c *Config) { c.Requests = 0 },
		"1 to":      func(c *Config) { c.Connections = -1 },
		"depth":     func(c *Config) { c.Depth = 1 << 20 },
		"a burst":   func(c *Config) { c.Depth, c.Burst = 4, 5 },
		"negative":  func(c *Config) { c.Rate = -1 },
		"channels":  func(c *Config) { c.Protocol, c.Password = Memcached, "x" },
		"only":      func(c *Config) { c.Protocol = Memcached },
		"at most 1": func(c *Config) { c.Rate = 1e12 },
	} {
		c := good
		spoil(&c)
		_, err := Run(t.Context(), c)
		require.ErrorContains(t, err, name)
	}
}
