package process

import (
	"math"
	"runtime/metrics"
	"time"
)

// Collector is what the Go runtime tells of its heap and its garbage collector.
type Collector struct {
	Heap     int64         // bytes that the heap takes: objects, and room between them
	Cycles   uint64        // collections since the start
	CPU      float64       // seconds of processor time that collecting took, not what was idle
	MaxPause time.Duration // the longest that all goroutines were stopped for one
}

// GoCollector asks the Go runtime. Processor time counts up to the end of the last
// collection. The longest pause comes from a histogram, as the upper end of its
// bucket. Nothing is stopped for it.
func GoCollector() Collector {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}, // done only where nothing else wants to run
		{Name: "/sched/pauses/total/gc:seconds"},
	}
	metrics.Read(samples)
	return Collector{
		Heap:     int64(samples[0].Value.Uint64() + samples[1].Value.Uint64()),
		Cycles:   samples[2].Value.Uint64(),
		CPU:      max(samples[3].Value.Float64()-samples[4].Value.Float64(), 0),
		MaxPause: longest(samples[5].Value.Float64Histogram()),
	}
}

// longest is the upper end of the last bucket with something in it, or its lower
// end where it has no upper one.
func longest(h *metrics.Float64Histogram) time.Duration {
	for i := len(h.Counts) - 1; i >= 0; i-- {
		if h.Counts[i] == 0 {
			continue
		}
		end := h.Buckets[i+1]
		if math.IsInf(end, 1) {
			end = h.Buckets[i]
		}
		return time.Duration(end * float64(time.Second))
	}
	return 0
}
