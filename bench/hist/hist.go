// Package hist counts latencies in an HDR histogram: three significant digits
// from a microsecond to a minute, whatever their number, so that the worst one in
// ten million is reported as exactly as the median.
package hist

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// What lies outside is counted at the nearer end.
const (
	lowest  = int64(time.Microsecond)
	highest = int64(time.Minute)
	digits  = 3
)

// roughDigits are those of Rough.
const roughDigits = 2

// Latencies is a histogram for one goroutine; merge those of several.
type Latencies struct{ h *hdrhistogram.Histogram }

// Rough is an empty histogram with two significant digits. It takes a tenth of the time
// and memory to merge, to ask for percentiles and to reset: some dozens of microseconds,
// where New takes a millisecond in all, which who keeps time cannot spare.
func Rough() *Latencies { return &Latencies{hdrhistogram.New(lowest, highest, roughDigits)} }

// New is an empty histogram.
func New() *Latencies { return &Latencies{hdrhistogram.New(lowest, highest, digits)} }

// Record counts one latency.
func (l *Latencies) Record(d time.Duration) {
	// The value is within the bounds, so there is no error to be had.
	_ = l.h.RecordValue(min(max(int64(d), lowest), highest))
}

// RecordN counts the same latency n times.
func (l *Latencies) RecordN(d time.Duration, n int64) {
	_ = l.h.RecordValues(min(max(int64(d), lowest), highest), n)
}

// Reset forgets all.
func (l *Latencies) Reset() { l.h.Reset() }

// Merge adds what another one has counted.
func (l *Latencies) Merge(other *Latencies) { l.h.Merge(other.h) }

// Count is the number of latencies.
func (l *Latencies) Count() int64 { return l.h.TotalCount() }

// Max is the longest; 0 if there is none.
func (l *Latencies) Max() time.Duration {
	if l.Count() == 0 {
		return 0
	}
	return time.Duration(l.h.Max())
}

// At is the latency that p percent do not exceed.
func (l *Latencies) At(p float64) time.Duration { return time.Duration(l.h.ValueAtPercentile(p)) }

// Above is the number of latencies longer than d, within the histogram's precision.
func (l *Latencies) Above(d time.Duration) int64 {
	var n int64
	for _, bar := range l.h.Distribution() {
		if bar.From > int64(d) {
			n += bar.Count
		}
	}
	return n
}

// String sums up: the percentiles that are usually looked at, and the longest.
func (l *Latencies) String() string {
	return fmt.Sprintf("p50 %v, p99 %v, p99.9 %v, max %v", Round(l.At(50)), Round(l.At(99)), Round(l.At(99.9)), Round(l.Max()))
}

// Round drops the digits that no measurement has.
func Round(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}
