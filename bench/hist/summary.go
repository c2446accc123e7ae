package hist

import (
	"math"
	"time"

	"github.com/ashlar-cache/ashlar/bench/result"
)

// Summary is the distribution as results keep it, the whole histogram included.
func (l *Latencies) Summary() result.Latency {
	if l.Count() == 0 {
		return result.Latency{}
	}
	out := result.Latency{
		Count: l.Count(), Min: time.Duration(l.h.Min()), Mean: time.Duration(l.h.Mean()),
		P50: l.At(50), P90: l.At(90), P99: l.At(99), P999: l.At(99.9), P9999: l.At(99.99),
		Max: l.Max(), Curve: l.curve(),
	}
	// It fails for histograms of other ranges than this package makes.
	if text, err := l.h.EncodeV2(); err == nil {
		out.HDR = string(text)
	}
	return out
}

// pointsEach is how many points of the curve there are for each nine: as many as can
// be told apart in a plot.
const pointsEach = 20

// curve is the latencies at shares that come nearer and nearer to 1, as far as so many
// latencies can tell.
func (l *Latencies) curve() []result.Point {
	last := int(math.Log10(float64(l.Count())) * pointsEach)
	out := make([]result.Point, 0, last+2)
	for i := range last + 1 {
		share := 1 - math.Pow(10, -float64(i)/pointsEach)
		out = append(out, result.Point{Share: share, At: l.At(share * 100)})
	}
	return append(out, result.Point{Share: 1, At: l.Max()})
}
