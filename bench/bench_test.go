package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
	"github.com/ashlar-cache/ashlar/bench/workload"
)

func TestMain(m *testing.M) {
	scratch, err := os.MkdirTemp("", "bench-test-")
	if err != nil {
		panic(err)
	}
	built = sync.OnceValues(func() (target.Spec, error) {
		return target.Find(context.Background(), target.Ashlar, "", scratch)
	})
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// built builds the server once for all tests.
var built func() (target.Spec, error)

// ashlar is how to start the server, which these tests need Linux for.
func ashlar(t *testing.T) target.Spec {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	spec, err := built()
	require.NoError(t, err)
	return spec
}

func started(t *testing.T, settings ...target.Setting) *target.Server {
	t.Helper()
	s, err := ashlar(t).Start(t.Context(), settings...)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

func testRun(scale float64) *run {
	return &run{
		cfg:    Config{Scale: scale, Seed: 1, Progress: report.NewProgress(nil)},
		Report: &report.Report{Scale: scale, Seed: 1},
	}
}

// Every figure can be taken, with a peer beside it; how it comes out is of no
// interest at this size.
func TestFigures(t *testing.T) {
	spec := ashlar(t)
	only := map[string][]string{
		"memory": {"16/8 ttl", "overwritten"}, "cpu": {"p1", "set32"}, "hitratio": {"zipf0.99", "ttl"},
		"collections": {"hash of 10", "one zset"}, "typecpu": {"HGET/small/32", "LPOP/large/32", "XADD/large/1", "ZRANGE600"},
	}
	for _, f := range Figures() {
		t.Run(f.Name, func(t *testing.T) {
			cfg := Config{Servers: []target.Spec{spec}, Scale: 0.002, Seed: 1, Only: only[f.Name]}
			if peer, err := target.Find(t.Context(), target.Redis, "", ""); err == nil && len(f.Peers) > 1 {
				cfg.Servers = append(cfg.Servers, peer)
			}
			r, err := f.Measure(t.Context(), cfg)
			require.NoError(t, err)
			assert.Equal(t, f.Name, r.Name)
			require.NotEmpty(t, r.Tables)
			for _, table := range r.Tables {
				require.NotEmpty(t, table.Rows, table.Title)
				for _, row := range table.Rows {
					assert.Len(t, row, len(table.Columns), table.Title)
				}
			}
			if len(f.Peers) == 1 || len(cfg.Servers) > 1 {
				assert.NotEmpty(t, r.Checks)
			}
			require.NoError(t, r.Text(t.Output()))
		})
	}
}

func TestMeasureFailures(t *testing.T) {
	f := Figures()[0]
	_, err := f.Measure(t.Context(), Config{})
	require.ErrorContains(t, err, "no server")
	_, err = f.Measure(t.Context(), Config{Servers: []target.Spec{{Name: "x", Command: []string{"false"}}}, Scale: 0.001})
	require.ErrorContains(t, err, "exit status 1")
	_, err = f.Measure(t.Context(), Config{Servers: []target.Spec{ashlar(t)}, Only: []string{"nosuch"}})
	require.ErrorContains(t, err, "no part of that name")
}

// A server that dies in the middle is told as such.
func TestDeath(t *testing.T) {
	spec := ashlar(t)
	r := testRun(1)
	err := r.with(t.Context(), spec, nil, func(s *target.Server) error {
		var once sync.Once
		_, err := r.filler(s).run(t.Context(), 1_000_000, func(l *lane, i int) {
			l.Set(l.key('k', uint64(i), 16), nil)
			if i > 10_000 {
				once.Do(func() { assert.NoError(t, syscall.Kill(s.Pid, syscall.SIGKILL)) })
			}
		})
		return err
	})
	require.ErrorContains(t, err, "the server died")
}

func TestLoad(t *testing.T) {
	s := started(t)
	const n = 1000
	seen := make([]bool, n)
	o, err := load{server: s, lanes: 3, depth: 7, progress: report.NewProgress(nil)}.run(t.Context(), n, func(l *lane, i int) {
		seen[i] = true // each number once, so by one lane
		if i%10 == 0 {
			l.Command("NOSUCH")
		} else {
			l.Set(l.key('k', uint64(i), 16), []byte("v"))
		}
	})
	require.NoError(t, err)
	assert.NotContains(t, seen, false)
	assert.Equal(t, int64(n/10), o.refused)
	assert.ErrorContains(t, o.failed(), "ERR unknown command")
	require.NoError(t, expectKeys(t.Context(), s, n-n/10))
	require.Error(t, expectKeys(t.Context(), s, n))

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = load{server: s, lanes: 1, depth: 1, progress: report.NewProgress(nil)}.run(stopped, n, func(*lane, int) {})
	require.ErrorIs(t, err, context.Canceled)
}

func TestKeys(t *testing.T) {
	var l lane
	assert.Equal(t, "k000000000000012", string(l.key('k', 12, 16)))
	assert.Equal(t, "x34", string(l.key('x', 1234, 3)), "the last digits")
}

// A stall of the server is seen by all the requests that fall into it, although
// none of them is answered before the next is due.
func TestProbeSeesStall(t *testing.T) {
	s := started(t)
	p, err := startProbe(t.Context(), s)
	require.NoError(t, err)
	time.Sleep(20 * time.Millisecond)
	require.Positive(t, p.take().latency.Count())
	require.NoError(t, syscall.Kill(s.Pid, syscall.SIGSTOP))
	time.Sleep(200 * time.Millisecond)
	require.NoError(t, syscall.Kill(s.Pid, syscall.SIGCONT))
	time.Sleep(20 * time.Millisecond)
	seen, err := p.close()
	require.NoError(t, err)
	assert.Greater(t, seen.latency.Max(), 150*time.Millisecond)
	assert.Greater(t, seen.latency.Above(50*time.Millisecond), int64(20))
}

func TestProbeSeesDeath(t *testing.T) {
	s := started(t)
	p, err := startProbe(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(s.Pid, syscall.SIGKILL))
	require.Error(t, s.Explain(context.DeadlineExceeded))
	// One that is closed with nothing under way may not have noticed.
	require.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.failure != nil
	}, 5*time.Second, time.Millisecond)
	_, err = p.close()
	require.Error(t, err)
}

// With room for everything, each key is missing exactly once, whether or not it is
// asked for again before it was stored.
func TestReplayCounts(t *testing.T) {
	size := workload.Size{Keys: 500, Requests: 20_000, Budget: 1 << 20, Seed: 3}
	for _, m := range workload.All() {
		if m.Name == "ttl" || m.Name == "sizes" { // expire, and are stored unasked
			continue
		}
		distinct := map[uint64]bool{}
		w := m.Make(size)
		for q, ok := w.Next(); ok; q, ok = w.Next() {
			distinct[q.Key] = true
		}
		unwarmed := workload.Maker{Name: m.Name, Make: func(s workload.Size) *workload.Workload {
			w := m.Make(s)
			w.Warm = 0
			return w
		}}
		c := &contender{spec: ashlar(t), maxmemory: 1 << 30}
		o, err := testRun(1).replay(t.Context(), c, workloadSequence(unwarmed, size))
		require.NoError(t, err)
		assert.Equal(t, int64(size.Requests), o.gets, m.Name)
		assert.Equal(t, int64(len(distinct)), o.gets-o.hits, m.Name)
		assert.False(t, o.full)
		assert.Zero(t, o.refused)
		assert.Greater(t, o.peak, int64(1<<20))
	}
}

func TestProfileBytes(t *testing.T) {
	for _, p := range memoryProfiles() {
		if p.name == "16/32" {
			assert.Equal(t, int64(100*48), p.bytes(100, 0))
		}
	}
}

// What elements are made of has the length that is counted as payload, differs
// from element to element, and is never a number.
func TestElements(t *testing.T) {
	var l lane
	seen := make(map[string]bool)
	for i := range uint64(10_000) {
		m, f := string(member(&l, i)), ""
		f = string(field(&l, i))
		assert.Len(t, m, memberSize)
		assert.Len(t, f, fieldSize)
		assert.Regexp(t, "^[g-v][0-9a-f]+$", m)
		seen[m], seen[f] = true, true
		n, err := strconv.Atoi(string(score(&l, i, manyScores)))
		assert.NoError(t, err)
		assert.Less(t, n, 1_000_000_000)
	}
	assert.Len(t, seen, 20_000)
}

// A load names elements as they were stored.
func TestWordsNameElements(t *testing.T) {
	var l lane
	for _, o := range operations() {
		for _, w := range o.words(spread{"x", 100, 1000}) {
			if w.Below == 0 || w.From > 0 {
				continue
			}
			want := map[string]string{
				"k": string(l.key('k', 7, keySize)), "f": string(numbered(l.text[:fieldSize], 'f', 7)), "m": string(numbered(l.text[:memberSize], 'm', 7)),
			}[w.Text]
			assert.Equal(t, want, fmt.Sprintf("%s%0*d", w.Text, w.Digits, 7), o.name)
		}
	}
}

func TestMedian(t *testing.T) {
	of := func(values ...float64) float64 {
		return median(make([]cpuSample, len(values)), func(k int) float64 { return values[k] })
	}
	assert.Equal(t, 2.0, of(3, 1, 2))
	assert.Equal(t, 2.5, of(4, 1, 2, 3))
}
