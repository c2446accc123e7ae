package process

import (
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestCollector(t *testing.T) {
	before := GoCollector()
	runtime.GC()
	after := GoCollector()
	assert.Positive(t, after.Heap)
	assert.Greater(t, after.Cycles, before.Cycles)
	assert.GreaterOrEqual(t, after.CPU, before.CPU)
	assert.Positive(t, after.MaxPause)
}

func TestLongest(t *testing.T) {
	h := &metrics.Float64Histogram{Buckets: []float64{0, 0.001, 0.002, math.Inf(1)}, Counts: []uint64{0, 0, 0}}
	assert.Zero(t, longest(h))
	h.Counts[0] = 1
	assert.Equal(t, time.Millisecond, longest(h))
	h.Counts[2] = 1
	assert.Equal(t, 2*time.Millisecond, longest(h))
}
