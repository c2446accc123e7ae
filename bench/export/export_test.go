package export

import (
	"bytes"
	"encoding/csv"
	"flag"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/result"
	"github.com/ashlar-cache/ashlar/bench/result/resulttest"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

func TestGolden(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("with fused multiplication the samples' last digits differ")
	}
	if testing.Short() {
		t.Skip("the other tests have the same paths")
	}
	compared, searched := resulttest.Comparison(3), resulttest.Search(2)
	for name, print := range map[string]func(*bytes.Buffer) error{
		"compare.txt":   func(b *bytes.Buffer) error { return Text(b, compared) },
		"search.txt":    func(b *bytes.Buffer) error { return Text(b, searched) },
		"benchstat.txt": func(b *bytes.Buffer) error { return Benchstat(b, compared, searched) },
	} {
		var out bytes.Buffer
		require.NoError(t, print(&out))
		file := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), out.String(), "go test -update writes it anew; look at it then")
	}
}

// load is a run with the figures that a test is about.
func load(server string, rate float64, cpu time.Duration, l result.Load) result.Run {
	return result.Run{Server: server, Load: l, Rate: rate, Ops: 1000, Usage: result.Usage{Known: cpu > 0, CPU: cpu, Peak: 1 << 20}}
}

func TestRounds(t *testing.T) {
	l := result.Load{Workload: "get", Connections: 50, Depth: 1}
	d := NewDigest(&result.File{Runs: []result.Run{
		load("ashlar", 100, 1000, l), load("peer", 50, 4000, l),
		load("ashlar", 300, 2000, l), load("peer", 60, 2000, l),
		load("ashlar", 110, 3000, l), load("remote", 10, 0, l),
	}})
	require.Len(t, d.Scenarios, 1)
	s := d.Scenarios[0]
	assert.Equal(t, "get", s.Name, "nothing else to tell it from")
	require.Len(t, s.Rows, 3)
	first, peer, remote := s.Rows[0], s.Rows[1], s.Rows[2]
	assert.Equal(t, []float64{110, 100, 300}, []float64{first.Rate, first.RateLow, first.RateHigh})
	assert.Equal(t, []float64{2, 1, 3}, []float64{first.CPU, first.CPULow, first.CPUHigh})
	assert.Equal(t, 3.0, peer.CPU)
	assert.InDelta(t, 0.5, peer.RateRatio, 1e-9)
	assert.InDelta(t, 1.5, peer.CPURatio, 1e-9)
	assert.True(t, math.IsNaN(first.CPURatio), "the first is not compared with itself")
	assert.True(t, math.IsNaN(remote.CPU), "a server elsewhere: not known, and not zero")
	assert.True(t, math.IsNaN(remote.CPURatio))
	assert.Empty(t, d.Sweeps)
}

// Percentiles of rounds are those of all their commands, never averages.
func TestMergedLatencies(t *testing.T) {
	fast, slow := hdrhistogram.New(1000, int64(time.Minute), 3), hdrhistogram.New(1000, int64(time.Minute), 3)
	require.NoError(t, fast.RecordValues(1e5, 9000))
	require.NoError(t, slow.RecordValues(1e8, 1000))
	var list []result.Latency
	for _, h := range []*hdrhistogram.Histogram{fast, slow} {
		l := hist.Summarize(h)
		text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		require.NoError(t, err)
		l.HDR = string(text)
		list = append(list, l)
	}
	got := merged(list)
	assert.Equal(t, int64(10_000), got.Count)
	assert.InEpsilon(t, 1e5, float64(got.P50), 0.01)
	assert.InEpsilon(t, 1e8, float64(got.P99), 0.01)
	assert.NotEmpty(t, got.Curve)

	// Without the histograms one of the rounds stands for all, and the longest stays.
	list[0].HDR, list[1].HDR = "", "damaged"
	got = merged(list)
	assert.Equal(t, int64(10_000), got.Count)
	assert.InEpsilon(t, 1e8, float64(got.Max), 0.01)
	assert.Equal(t, result.Latency{}, merged(nil))
}

func TestAt(t *testing.T) {
	l := result.Latency{Count: 1000, P50: 10, P99: 99, Max: 500, Curve: []result.Point{{Share: 0, At: 1}, {Share: 0.9, At: 40}, {Share: 0.99, At: 99}, {Share: 1, At: 500}}}
	for share, want := range map[float64]time.Duration{0.5: 10, 0.99: 99, 1: 500, 0.9683772234: 69, 0.995: 500} {
		got, ok := At(l, share)
		assert.True(t, ok)
		assert.InDelta(t, want, got, 1)
	}
	_, ok := At(result.Latency{Count: 5}, 0.3)
	assert.False(t, ok)
	_, ok = At(result.Latency{}, 0.5)
	assert.False(t, ok, "nothing was answered")
}

func TestSearch(t *testing.T) {
	at := func(server string, rate float64, within bool) result.Run {
		r := load(server, rate, 1000, result.Load{Workload: "get", SLO: "p99.9=1ms", OpenRate: rate})
		r.Within = &within
		return r
	}
	d := NewDigest(&result.File{Runs: []result.Run{
		at("ashlar", 100, true), at("ashlar", 200, false), at("ashlar", 150, true), at("ashlar", 175, false),
		at("peer", 80, true), at("peer", 160, false), at("none", 50, false),
	}})
	require.Len(t, d.Scenarios, 1)
	rows := d.Scenarios[0].Rows
	assert.Equal(t, 150.0, rows[0].Rate)
	assert.Equal(t, 80.0, rows[1].Rate)
	assert.InDelta(t, 80.0/150, rows[1].RateRatio, 1e-9)
	assert.False(t, rows[2].Met)
	assert.True(t, math.IsNaN(rows[2].RateRatio), "a rate that was not reached is compared with nothing")
	require.Len(t, d.Sweeps, 1)
	sweep := d.Sweeps[0]
	assert.Equal(t, time.Millisecond, sweep.Limit)
	assert.Equal(t, "p99.9", sweep.Percentile())
	assert.Len(t, sweep.Lines[0].Points, 4)

	// What was tried again is a point of its own, and one in the line.
	twice := at("ashlar", 200, false)
	twice.Latency = result.Latency{Count: 1000, P999: 30}
	again := twice
	again.Latency.P999 = 50
	line := NewDigest(&result.File{Runs: []result.Run{twice, again}}).Sweeps
	assert.Empty(t, line, "one rate makes no line")
	better := twice
	better.Load.OpenRate, better.Rate = 100, 100
	line = NewDigest(&result.File{Runs: []result.Run{twice, again, better}}).Sweeps
	require.Len(t, line, 1)
	points := line[0].Lines[0].line(0.999)
	require.Len(t, points, 2)
	assert.Equal(t, 40.0, points[1].Y)
}

func TestSweepsWithoutBound(t *testing.T) {
	var runs []result.Run
	for _, l := range []result.Load{{Connections: 1, Depth: 1}, {Connections: 50, Depth: 1}, {Connections: 1000, Depth: 1}, {Connections: 50, Depth: 32}, {OpenRate: 10}, {OpenRate: 20}} {
		runs = append(runs, load("ashlar", 1, 1, l))
	}
	var by []string
	for _, s := range NewDigest(&result.File{Runs: runs}).Sweeps {
		by = append(by, s.By)
	}
	assert.Equal(t, []string{"rate", "connections"}, by, "two depths make no line")
}

func TestNames(t *testing.T) {
	f := &result.File{}
	for _, l := range []result.Load{{Workload: "get", Connections: 50, Depth: 32}, {Workload: "get", Connections: 50, Depth: 1, OpenRate: 1e5}, {Workload: "set", Connections: 50, Depth: 32}} {
		f.Runs = append(f.Runs, load("ashlar", 1, 1, l))
	}
	var names []string
	for _, s := range NewDigest(f).Scenarios {
		names = append(names, s.Name)
	}
	assert.Equal(t, []string{"get, 32 deep, closed loop", "get, 1 deep, 100,000/s", "set, 32 deep, closed loop"}, names)
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	f := resulttest.Comparison(1)
	require.NoError(t, CSV(&out, f, resulttest.Hostile()))
	lines, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 1+len(f.Runs)+2)
	assert.Equal(t, "test,rps,avg_latency_ms,min_latency_ms,p50_latency_ms,p95_latency_ms,p99_latency_ms,max_latency_ms",
		strings.Join(lines[0][:8], ","), "as redis-benchmark has it")
	assert.Equal(t, "get", lines[1][0])
	assert.NotEmpty(t, lines[1][5], "p95 comes from the curve")
}

func TestWarnings(t *testing.T) {
	l := result.Load{Workload: "get"}
	a, b := load("ashlar", 1, 1, l), load("ashlar", 1, 1, l)
	a.Client.Bottleneck = "busy 97 % of the time"
	b.Errors, b.FirstError, b.Closed = 3, "ERR no", 1
	f := &result.File{Runs: []result.Run{a, b}, Absent: []string{"keydb"}}
	assert.Equal(t, []string{
		"keydb is not installed: nothing is compared with it",
		"ashlar, get: 3 error replies, the first: ERR no",
		"ashlar, get: the server closed 1 connection",
		"ashlar, get: the client may have set the limit: busy 97 % of the time (so in 1 of 2 rounds)",
	}, NewDigest(f).Remarks())
	f.Failures = []string{"3 errors"}
	assert.Len(t, NewDigest(f).Remarks(), 2, "what the failures say is not said twice")
}

// A single server has nothing to be compared with: its percentiles share a chart.
func TestOneServer(t *testing.T) {
	f := resulttest.Comparison(3)
	f.Runs = f.Runs[:1]
	var names []string
	for _, fig := range NewDigest(f).Figures() {
		names = append(names, fig.Name)
	}
	assert.Equal(t, []string{"cpu", "throughput", "memory", "latency-get", "throughput-over-time-get", "latency-over-time-get", "cpu-over-time-get", "memory-over-time-get"}, names)
}

func TestPictures(t *testing.T) {
	dir := t.TempDir()
	if testing.Short() {
		t.Skip("large pictures")
	}
	f := resulttest.Comparison(1)
	f.Runs = f.Runs[:2]
	f.Runs[0].Timeline, f.Runs[1].Timeline = nil, nil // fewer pictures, of the same kinds
	names, err := PNG(dir, f, f)
	require.NoError(t, err)
	assert.Contains(t, names, filepath.Join(dir, "cpu-2.png"), "of the second file")
	for _, name := range names {
		in, err := os.Open(name)
		require.NoError(t, err)
		_, err = png.Decode(in)
		assert.NoError(t, err)
		require.NoError(t, in.Close())
	}
	names, err = SVG(dir, resulttest.Hostile())
	require.NoError(t, err)
	for _, name := range names {
		assert.Equal(t, dir, filepath.Dir(name), "no name leads elsewhere")
	}
	_, err = SVG(filepath.Join(names[0], "x"), f)
	assert.Error(t, err)
}

// Terminals obey control characters, and error texts come from servers.
func TestHostileText(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Text(&out, resulttest.Hostile()))
	assert.NotContains(t, out.String(), "\x1b")
	assert.NotContains(t, out.String(), "\x00")
	assert.Contains(t, out.String(), "FAILED: ")
	out.Reset()
	require.NoError(t, Benchstat(&out, resulttest.Hostile()))
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "Benchmark") {
			assert.Len(t, strings.Fields(line), 2+2*8, "a name, a count, and pairs")
		}
	}
}

// Whatever a file says, all forms can be made of it.
func TestAnyFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &result.File{Title: "any"}
		number := rapid.Int64()
		for range rapid.IntRange(0, 6).Draw(t, "runs") {
			r := result.Run{
				Server: rapid.SampledFrom([]string{"", "a", "b", "c/d -1"}).Draw(t, "server"),
				Rate:   rapid.Float64().Draw(t, "rate"), Ops: number.Draw(t, "ops"), Errors: number.Draw(t, "errors"),
				Load: result.Load{Workload: rapid.SampledFrom([]string{"get", "", "x y"}).Draw(t, "workload"), Depth: rapid.IntRange(-1, 2).Draw(t, "depth"),
					OpenRate: rapid.SampledFrom([]float64{0, 1, 1e300, math.NaN()}).Draw(t, "open"), SLO: rapid.SampledFrom([]string{"", "p99=1ms", "max=1s", "p0=x", "p99=-1s"}).Draw(t, "slo")},
				Usage: result.Usage{Known: rapid.Bool().Draw(t, "known"), CPU: time.Duration(number.Draw(t, "cpu")), Peak: number.Draw(t, "peak")},
			}
			if rapid.Bool().Draw(t, "verdict") {
				within := rapid.Bool().Draw(t, "within")
				r.Within = &within
			}
			r.Latency = result.Latency{Count: number.Draw(t, "count"), P50: time.Duration(number.Draw(t, "p50")), HDR: rapid.SampledFrom([]string{"", "x", "HISTFAAAAA=="}).Draw(t, "hdr")}
			for range rapid.IntRange(0, 3).Draw(t, "points") {
				r.Latency.Curve = append(r.Latency.Curve, result.Point{Share: rapid.Float64().Draw(t, "share"), At: time.Duration(number.Draw(t, "at"))})
				r.Timeline = append(r.Timeline, result.Second{At: rapid.IntRange(-5, 500).Draw(t, "second"), Ops: number.Draw(t, "in it")})
			}
			f.Runs = append(f.Runs, r)
		}
		var out bytes.Buffer
		require.NoError(t, Text(&out, f))
		require.NoError(t, CSV(&out, f))
		require.NoError(t, Benchstat(&out, f))
		for _, fig := range NewDigest(f).Figures() {
			require.NoError(t, fig.Chart.Scene().SVG(&out))
		}
	})
}
