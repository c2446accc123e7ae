package embedded

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/target"
)

// heap is what a full store costs the collector and the machine.
type heap struct {
	Bytes    int64         // live in the Go heap, the store's alone
	Objects  int64         // of them
	Resident int64         // of the process, beyond what it had before
	Fill     time.Duration // that it took to fill
	Cycle    time.Duration // processor time of a collection of the full store, mean of some
	Pause    time.Duration // the longest in which all goroutines stood, under load
	Share    float64       // of the processor time under load that went to the collector
	Cycles   int64         // under load, one every collectEvery where it takes no longer
	P999     time.Duration // of reads under load
	Hits     float64       // share of reads under load: that nothing is gained by losing entries
}

// heap fills a store and looks what the collector makes of it: at rest, and under a
// load of 95 reads to 5 writes at full speed.
func (t *task) heap(m maker) (*heap, error) {
	runtime.GC()
	before, resident := memory(), status("VmRSS:")
	s, err := m.make(int64(t.Entries)*int64(t.Value+keySize+256)+64<<20, t.Entries)
	if err != nil {
		return nil, err
	}
	defer s.close()
	began := time.Now()
	fill(s, t.Entries, make([]byte, t.Value))
	h := &heap{Fill: time.Since(began)}
	const rounds = 3
	runtime.GC() // what the filling left behind
	debug.FreeOSMemory()
	after := memory()
	h.Bytes, h.Objects = int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(after.HeapObjects)-int64(before.HeapObjects)
	h.Resident = status("VmRSS:") - resident
	// Nothing else is at work now: what the process uses is the collector's.
	self := target.Server{Pid: os.Getpid()}
	was, err := self.CPU()
	for range rounds {
		runtime.GC()
	}
	now, err2 := self.CPU()
	if h.Cycle = (now - was) / rounds; err != nil || err2 != nil {
		h.Cycle = 0
	}
	t.underLoad(s, h)
	return h, nil
}

// collectEvery is how often the collector is started under load. The stores make little
// garbage themselves, but the programs that they are part of do, and then the collector
// goes through all there is.
const collectEvery = 500 * time.Millisecond

// underLoad is the second half of heap.
func (t *task) underLoad(s store, h *heap) {
	traces := t.traces()
	runtime.GC()
	done := make(chan struct{})
	var collecting sync.WaitGroup
	collecting.Go(func() {
		tick := time.NewTicker(collectEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.GC()
			}
		}
	})
	from, gc, all := memory(), collectorTime(), processTime()
	latency := newLatency()
	v := t.drive(s, traces, 95, t.Seconds, latency)
	close(done)
	collecting.Wait() // a collection that is under way counts as well
	to := memory()
	h.Cycles, h.Hits = int64(to.NumGC-from.NumGC), v.Hits
	if used := processTime() - all; used > 0 {
		h.Share = float64(collectorTime()-gc) / float64(used)
	}
	h.P999 = time.Duration(latency.ValueAtPercentile(99.9))
	// The runtime keeps the pauses of the last 256 cycles in a ring.
	for n := max(from.NumGC, to.NumGC-min(to.NumGC, 255)); n < to.NumGC; n++ {
		h.Pause = max(h.Pause, time.Duration(to.PauseNs[n%uint32(len(to.PauseNs))]))
	}
}

func memory() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}

// collectorTime is the processor time that the collector has used, and processTime
// that of the whole process: both the runtime's own estimates, which it makes at the
// end of each cycle, so they go together.
func collectorTime() time.Duration { return cpu("/cpu/classes/gc/total:cpu-seconds") }

func processTime() time.Duration {
	return cpu("/cpu/classes/total:cpu-seconds") - cpu("/cpu/classes/idle:cpu-seconds")
}

func cpu(name string) time.Duration {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64 {
		return 0
	}
	return time.Duration(sample[0].Value.Float64() * float64(time.Second))
}

// status is a field of this process's status, in bytes; 0 where there is no /proc.
func status(field string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) >= 2 && words[0] == field {
			n, _ := strconv.ParseInt(words[1], 10, 64)
			return n << 10
		}
	}
	return 0
}

// resetPeak starts the kernel's high-water mark of resident memory afresh.
func resetPeak() error {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return fmt.Errorf("hit ratios at the same bytes need Linux's /proc: %w", err)
	}
	return nil
}
