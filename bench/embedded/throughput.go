package embedded

import (
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// exponent is that of the popularity of keys.
const exponent = 0.99

// speed is what some threads reached.
type speed struct {
	Threads int
	Reads   int     // of 100 operations
	Rate    float64 // operations a second
	CPU     float64 // nanoseconds of processor time an operation; 0 where unknown
	Hits    float64 // share of the reads
	// Latencies of reads in nanoseconds, taken in a run of their own.
	P50, P99, P999, Max int64
}

// pass is how many operations a thread's requests are, which it goes through again
// and again.
const pass = 1 << 19

// throughput measures each number of threads with each mix.
func (t *task) throughput(m maker) ([]speed, error) {
	value := make([]byte, t.Value)
	// Room for everything, in the measure of those that need most.
	s, err := m.make(int64(t.Entries)*int64(t.Value+keySize+256)+64<<20, t.Entries)
	if err != nil {
		return nil, err
	}
	defer s.close()
	traces := t.traces()
	var all []speed
	for _, threads := range t.Threads {
		for _, reads := range t.Mixes {
			// Writes push entries out of those that keep them in rings: all begin with all.
			fill(s, t.Entries, value)
			// The first run brings store and branch predictors into their steady state.
			t.drive(s, traces[:threads], reads, t.Seconds/4, nil)
			v := t.drive(s, traces[:threads], reads, t.Seconds, nil)
			h := newLatency()
			t.drive(s, traces[:threads], reads, t.Seconds, h)
			v.P50, v.P99 = h.ValueAtPercentile(50), h.ValueAtPercentile(99)
			v.P999, v.Max = h.ValueAtPercentile(99.9), h.Max()
			all = append(all, v)
		}
	}
	return all, nil
}

// newLatency counts times from a nanosecond on: package hist begins with a microsecond.
func newLatency() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(10*time.Second), 3)
}

// traces are the keys that each thread asks for.
func (t *task) traces() (all []keys) {
	zipf := dist.NewZipf(uint64(t.Entries), exponent)
	for i := range slices.Max(t.Threads) {
		r := dist.New(t.Seed, uint64(i))
		all = append(all, keysOf(min(pass, max(4*t.Entries, 1<<12)), func() uint64 { return zipf.Rank(r) }))
	}
	return all
}

// worker is one thread at work.
type worker struct {
	store   store
	keys    keys
	value   []byte
	reads   int
	stop    *atomic.Bool
	latency *hdrhistogram.Histogram // nil: not asked for

	done, gets, hits int64
}

// drive has a thread for each trace call the store for some time. With a histogram,
// one read in timedEvery is timed.
func (t *task) drive(s store, traces []keys, reads int, seconds float64, h *hdrhistogram.Histogram) speed {
	var stop atomic.Bool
	workers := make([]worker, len(traces))
	var work sync.WaitGroup
	for i := range workers {
		w := &workers[i]
		*w = worker{store: s, keys: traces[i], value: make([]byte, t.Value), reads: reads, stop: &stop}
		if h != nil {
			w.latency = newLatency()
		}
	}
	self := target.Server{Pid: os.Getpid()}
	cpu, unknown := self.CPU()
	began := time.Now()
	for i := range workers {
		work.Go(workers[i].run)
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	stop.Store(true)
	work.Wait()
	took := time.Since(began).Seconds()
	v := speed{Threads: len(traces), Reads: reads}
	used, err := self.CPU()
	var done, gets, hits int64
	for i := range workers {
		w := &workers[i]
		done, gets, hits = done+w.done, gets+w.gets, hits+w.hits
		if h != nil {
			h.Merge(w.latency)
		}
	}
	v.Rate, v.Hits = float64(done)/took, float64(hits)/float64(max(gets, 1))
	if unknown == nil && err == nil {
		v.CPU = float64(used-cpu) / float64(max(done, 1))
	}
	return v
}

// Between two looks at whether to stop there are a hundred operations. Stepping
// through them by stride, prime to it, scatters the writes evenly; one read is timed.
const (
	round  = 100
	stride = 37
)

// run goes through the thread's requests until it is told to stop.
func (w *worker) run() {
	// Workers lie side by side in memory: what changes at each step is kept apart.
	self := *w
	dst := make([]byte, 0, len(w.value)+64)
	n := self.keys.len()
	for at := 0; !self.stop.Load(); at += round {
		if at+round > n {
			at = 0
		}
		for i := range round {
			k := self.keys.at(at + i)
			place := i * stride % round
			if place >= self.reads {
				self.store.set(k, self.value)
				continue
			}
			var began time.Time
			timed := place == 0 && self.latency != nil
			if timed {
				began = time.Now()
			}
			_, ok := self.store.get(dst[:0], k)
			if timed {
				_ = self.latency.RecordValue(max(1, int64(time.Since(began))))
			}
			if ok {
				self.hits++
			}
		}
		self.done += round
		self.gets += int64(self.reads)
	}
	*w = self
}
