package export

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/result"
)

// csvColumns are the fields of a line. The first eight are those of redis-benchmark
// --csv, so that what reads its output reads this too.
var csvColumns = []struct {
	head string
	cell func(result.Run) string
}{
	{"test", func(r result.Run) string { return r.Load.Workload }},
	{"rps", func(r result.Run) string { return float(r.Rate, 2) }},
	{"avg_latency_ms", func(r result.Run) string { return millis(r.Latency.Mean) }},
	{"min_latency_ms", func(r result.Run) string { return millis(r.Latency.Min) }},
	{"p50_latency_ms", func(r result.Run) string { return millis(r.Latency.P50) }},
	{"p95_latency_ms", func(r result.Run) string {
		at, ok := At(r.Latency, 0.95)
		if !ok {
			return ""
		}
		return millis(at)
	}},
	{"p99_latency_ms", func(r result.Run) string { return millis(r.Latency.P99) }},
	{"max_latency_ms", func(r result.Run) string { return millis(r.Latency.Max) }},
	// What redis-benchmark does not tell: the tail, who was asked, and with what.
	{"p99.9_latency_ms", func(r result.Run) string { return millis(r.Latency.P999) }},
	{"p99.99_latency_ms", func(r result.Run) string { return millis(r.Latency.P9999) }},
	// The same less the machine's own stalls, in open loops where they are known.
	{"net_p99.9_latency_ms", netMillis(func(l *result.Latency) time.Duration { return l.P999 })},
	{"net_p99.99_latency_ms", netMillis(func(l *result.Latency) time.Duration { return l.P9999 })},
	{"net_max_latency_ms", netMillis(func(l *result.Latency) time.Duration { return l.Max })},
	{"server", func(r result.Run) string { return r.Server }},
	{"version", func(r result.Run) string { return r.Version }},
	{"round", func(r result.Run) string { return strconv.Itoa(r.Round) }},
	{"connections", func(r result.Run) string { return strconv.Itoa(r.Load.Connections) }},
	{"depth", func(r result.Run) string { return strconv.Itoa(r.Load.Depth) }},
	{"burst", func(r result.Run) string { return strconv.Itoa(max(r.Load.Burst, 1)) }},
	{"threads", func(r result.Run) string { return strconv.Itoa(r.Load.Threads) }},
	{"offered_rps", func(r result.Run) string { return float(r.Load.OpenRate, 2) }}, // 0: closed loop
	{"keys", func(r result.Run) string { return strconv.FormatUint(r.Load.Keys, 10) }},
	{"popularity", func(r result.Run) string { return r.Load.Popularity }},
	{"values", func(r result.Run) string { return r.Load.Values }},
	{"ttl", func(r result.Run) string { return r.Load.TTL }},
	// Of a search for the highest rate: its bound, and whether this point met it.
	{"slo", func(r result.Run) string { return r.Load.SLO }},
	{"within", func(r result.Run) string {
		if r.Within == nil {
			return ""
		}
		return strconv.FormatBool(*r.Within)
	}},
	// What came of it.
	{"seconds", func(r result.Run) string { return float(r.Took.Seconds(), 3) }},
	{"ops", func(r result.Run) string { return whole(r.Ops) }},
	{"errors", func(r result.Run) string { return whole(r.Errors) }},
	{"first_error", func(r result.Run) string { return r.FirstError }},
	{"closed", func(r result.Run) string { return whole(r.Closed) }},
	{"hits", func(r result.Run) string { return whole(r.Hits) }},
	{"misses", func(r result.Run) string { return whole(r.Misses) }},
	{"hit_bytes", func(r result.Run) string { return whole(r.HitBytes) }},
	{"miss_bytes", func(r result.Run) string { return whole(r.MissBytes) }},
	{"lost", func(r result.Run) string { return whole(r.Lost) }},
	{"behind", func(r result.Run) string { return whole(r.Behind) }},
	{"undelivered", func(r result.Run) string { return whole(r.Undelivered) }},
	{"bytes_in", func(r result.Run) string { return whole(r.BytesIn) }},
	{"bytes_out", func(r result.Run) string { return whole(r.BytesOut) }},
	// What the server took, where it runs on the same machine.
	{"cpu_us_per_op", func(r result.Run) string { return float(cpuOf(r)/1000, 4) }},
	{"rss_before_bytes", usage(func(u result.Usage) int64 { return u.Before })},
	{"rss_after_bytes", usage(func(u result.Usage) int64 { return u.After })},
	{"rss_peak_bytes", usage(func(u result.Usage) int64 { return u.Peak })},
	{"switches_voluntary", usage(func(u result.Usage) int64 { return u.Voluntary })},
	{"switches_involuntary", usage(func(u result.Usage) int64 { return u.Involuntary })},
	{"bottleneck", func(r result.Run) string { return r.Client.Bottleneck }},
}

// CSV prints a line for each run of the files. What is not known is empty.
func CSV(w io.Writer, files ...*result.File) error {
	out := csv.NewWriter(w)
	line := make([]string, len(csvColumns))
	for i, c := range csvColumns {
		line[i] = c.head
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, f := range files {
		for _, r := range f.Runs {
			for i, c := range csvColumns {
				line[i] = c.cell(r)
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// whole prints a count.
func whole(v int64) string { return strconv.FormatInt(v, 10) }

// usage is a column of what the server took, where the kernel could say.
func usage(of func(result.Usage) int64) func(result.Run) string {
	return func(r result.Run) string {
		if !r.Usage.Known {
			return ""
		}
		return whole(of(r.Usage))
	}
}

// netMillis is a column of latencies less the machine's stalls.
func netMillis(of func(*result.Latency) time.Duration) func(result.Run) string {
	return func(r result.Run) string {
		if r.Net == nil {
			return ""
		}
		return millis(of(r.Net))
	}
}

// millis prints a time in redis-benchmark's unit, to the microsecond.
func millis(d time.Duration) string { return float(float64(d)/1e6, 3) }

// float prints a number; one that is none is not known, and empty.
func float(f float64, decimals int) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return ""
	}
	return strconv.FormatFloat(f, 'f', decimals, 64)
}
