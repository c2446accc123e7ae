package hist

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSummary(t *testing.T) {
	l := New()
	assert.Zero(t, l.Summary())
	for i := 1; i <= 10_000; i++ {
		l.RecordN(time.Duration(i)*10*time.Microsecond, 2)
	}
	s := l.Summary()
	assert.Equal(t, int64(20_000), s.Count)
	assert.InEpsilon(t, 50e6, float64(s.P50), 0.01)
	assert.InEpsilon(t, 99.9e6, float64(s.P999), 0.01)
	assert.InEpsilon(t, 50e6, float64(s.Mean), 0.01)
	assert.Equal(t, l.Max(), s.Max)
	// The curve rises, and ends with the longest.
	last := s.Curve[0]
	for _, p := range s.Curve[1:] {
		assert.Greater(t, p.Share, last.Share)
		assert.GreaterOrEqual(t, p.At, last.At)
		last = p
	}
	assert.Equal(t, 1.0, last.Share)
	assert.Equal(t, s.Max, last.At)
	// The whole of it is kept.
	h, err := hdrhistogram.Decode([]byte(s.HDR))
	require.NoError(t, err)
	assert.Equal(t, s.Count, h.TotalCount())
	assert.Equal(t, int64(s.P999), h.ValueAtPercentile(99.9))

	l.Reset()
	assert.Zero(t, l.Count())
}
