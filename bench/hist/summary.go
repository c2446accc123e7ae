package hist

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ashlar-cache/ashlar/bench/result"
)

// Summary is the distribution as results keep it, the whole histogram included.
func (l *Latencies) Summary() result.Latency {
	if l.Count() == 0 {
		return result.Latency{}
	}
	out := Summarize(l.h)
	// It fails for histograms of other ranges than this package makes.
	if text, err := l.h.EncodeV2(); err == nil {
		out.HDR = string(text)
	}
	return out
}

// Summarize is a histogram of nanoseconds as results have it, without the histogram
// itself.
func Summarize(h *hdrhistogram.Histogram) result.Latency {
	if h.TotalCount() == 0 {
		return result.Latency{}
	}
	at := func(p float64) time.Duration { return time.Duration(h.ValueAtPercentile(p)) }
	return result.Latency{
		Count: h.TotalCount(), Min: time.Duration(h.Min()), Mean: time.Duration(h.Mean()),
		P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), P9999: at(99.99),
		Max: time.Duration(h.Max()), Curve: curve(h),
	}
}

// pointsEach is how many points of the curve there are for each nine: as many as can
// be told apart in a plot.
const pointsEach = 20

// curve is the latencies at shares that come nearer and nearer to 1, as far as so many
// latencies can tell.
func curve(h *hdrhistogram.Histogram) []result.Point {
	last := int(math.Log10(float64(h.TotalCount())) * pointsEach)
	out := make([]result.Point, 0, last+2)
	for i := range last + 1 {
		share := 1 - math.Pow(10, -float64(i)/pointsEach)
		out = append(out, result.Point{Share: share, At: time.Duration(h.ValueAtPercentile(share * 100))})
	}
	return append(out, result.Point{Share: 1, At: time.Duration(h.Max())})
}
