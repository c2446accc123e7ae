package export

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/ashlar-cache/ashlar/bench/result"
)

// Benchstat prints a line for each run in the form of Go's benchmarks, for benchstat:
//
//	Benchmarkget/conns=50/depth=32/server=ashlar-2 1000000 833 ns/op 640 cpu-ns/op ...
//
// Rounds are lines of the same name: benchstat finds their median and whether a
// difference is more than chance. "benchstat -col /server FILE" compares the servers,
// "benchstat OLD NEW" two commits. ns/op is the time from one answer to the next of all
// connections together; latencies have their own units.
func Benchstat(w io.Writer, files ...*result.File) error {
	var b strings.Builder
	for i, f := range files {
		if i > 0 {
			b.WriteByte('\n')
		}
		// Lines of the form "key: value" hold for what follows; benchstat groups by them,
		// so what differs from run to run (the date, the seed) must not stand here.
		fmt.Fprintf(&b, "pkg: ashlar-bench/%s\n", word(Name(f)))
		if system := strings.Join(strings.Fields(f.System), " "); system != "" {
			fmt.Fprintf(&b, "cpu: %s\n", system)
		}
		// By way of the digest, as of a search the best point alone is meant.
		for _, s := range NewDigest(f).Scenarios {
			for _, row := range s.Rows {
				for _, r := range row.Runs {
					benchLine(&b, r)
				}
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// benchLine prints a run. One without an answer has no time an operation, and no line.
func benchLine(b *strings.Builder, r result.Run) {
	if r.Ops <= 0 || !(r.Rate > 0) {
		return
	}
	fmt.Fprintf(b, "Benchmark%s/conns=%d/depth=%d", word(r.Load.Workload), r.Load.Connections, r.Load.Depth)
	for _, part := range [][2]string{{"values", r.Load.Values}, {"keys", r.Load.Popularity}, {"ttl", r.Load.TTL}} {
		if part[1] != "" {
			fmt.Fprintf(b, "/%s=%s", part[0], word(part[1]))
		}
	}
	if r.Load.Burst > 1 {
		fmt.Fprintf(b, "/burst=%d", r.Load.Burst)
	}
	switch {
	case r.Load.SLO != "": // the best point of a search, whatever its rate
		fmt.Fprintf(b, "/slo=%s", word(r.Load.SLO))
	case r.Load.OpenRate > 0:
		fmt.Fprintf(b, "/rate=%.0f", r.Load.OpenRate)
	}
	// The number at the end is what benchstat takes for the number of processors; always
	// there, so that a name that itself ends in a number is not cut.
	fmt.Fprintf(b, "/server=%s-%d\t%d\t%.4g ns/op\t%.0f ops/s", word(r.Server), max(r.Load.Threads, 1), r.Ops, 1e9/r.Rate, r.Rate)
	if cpu := cpuOf(r); !math.IsNaN(cpu) {
		fmt.Fprintf(b, "\t%.4g cpu-ns/op", cpu)
	}
	if l := r.Latency; l.Count > 0 {
		fmt.Fprintf(b, "\t%d p50-ns\t%d p99-ns\t%d p99.9-ns\t%d max-ns", l.P50, l.P99, l.P999, l.Max)
	}
	if l := r.Net; l != nil {
		fmt.Fprintf(b, "\t%d net-p99.9-ns\t%d net-max-ns", l.P999, l.Max)
	}
	if r.Usage.Known {
		fmt.Fprintf(b, "\t%d peak-B", r.Usage.Peak)
	}
	b.WriteByte('\n')
}

// word makes a name of one word without what has a meaning in a benchmark's name.
func word(name string) string {
	out := strings.Map(func(r rune) rune {
		if r <= ' ' || r == '/' || r == 0x7f || r > 0x7f {
			return '_'
		}
		return r
	}, name)
	if out == "" {
		return "_"
	}
	return out
}
