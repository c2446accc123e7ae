package hist

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLatencies(t *testing.T) {
	a, b := New(), New()
	assert.Zero(t, a.Max())
	for i := 1; i <= 999; i++ {
		a.Record(time.Duration(i) * time.Microsecond)
	}
	b.Record(time.Hour)
	b.Record(0)
	a.Merge(b)
	assert.Equal(t, int64(1001), a.Count())
	assert.InEpsilon(t, float64(500*time.Microsecond), float64(a.At(50)), 0.01)
	assert.InEpsilon(t, float64(time.Minute), float64(a.Max()), 0.01, "cut at the end of the range")
	assert.InDelta(t, 100, a.Above(900*time.Microsecond), 2)
	assert.Zero(t, a.Above(2*time.Minute))
	assert.Regexp(t, `^p50 \d+µs, p99 \d+µs, p99\.9 \S+, max 1m0\S*s$`, a.String())
}

func TestRound(t *testing.T) {
	for in, want := range map[time.Duration]string{
		1234567: "1.235ms", 23456789: "23.5ms", 1_234_567_890: "1.23s",
	} {
		assert.Equal(t, want, Round(in).String())
	}
}
