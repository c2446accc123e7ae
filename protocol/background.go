package protocol

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	counters "github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/process"
)

// Allowance is how much resident memory the process may have beside the cache
// before it counts against maxmemory, in bytes: the program's own pages, the Go
// runtime and a few connections. What it has beyond that, client buffers
// above all, leaves the data that much less room.
const Allowance = 16 << 20

// background does what has to be done again and again: it keeps the cache told
// of the memory that the rest of the process takes, samples the rates that INFO
// shows, and keeps the Go heap small. The cache expires, compacts and releases
// pages by itself.
type background struct {
	server *Server
	heap   *heapKeeper   // nil: the heap is not this server's to look after
	reset  chan struct{} // hz has changed
	stop   chan struct{}
	work   sync.WaitGroup
}

func newBackground(s *Server, heap *heapKeeper) *background {
	return &background{server: s, heap: heap, stop: make(chan struct{}), reset: make(chan struct{}, 1)}
}

func (b *background) start() {
	if b.heap != nil {
		b.heap.start()
	}
	b.work.Go(b.run)
}

func (b *background) run() {
	ticker := time.NewTicker(b.period())
	defer ticker.Stop()
	sampled := time.Now()
	for {
		select {
		case <-b.stop:
			return
		case <-b.reset:
			ticker.Reset(b.period())
		case now := <-ticker.C:
			b.tick()
			if now.Sub(sampled) >= counters.TickEvery*time.Millisecond {
				b.server.connections()
				b.server.metrics.Tick(now.UnixMilli())
				sampled = now
			}
		}
	}
}

// period is the time between two ticks, by hz; the rates want ten a second.
func (b *background) period() time.Duration {
	return time.Second / time.Duration(max(b.server.cfg.Hz.Int(), 1000/counters.TickEvery))
}

func (b *background) tick() {
	tellOverhead(b.server.cache, process.ResidentSize())
	if b.heap != nil {
		b.heap.adjust()
	}
	b.server.boundClients()
	if b.server.handlers.Mail() {
		b.server.courier.wake()
	}
}

// tellOverhead tells the cache how much resident memory there is beside it.
func tellOverhead(c *cache.Cache, resident int64) {
	if resident == 0 {
		return // the system does not tell
	}
	c.SetOverhead(max(resident-c.Stats().Resident-Allowance, 0))
}

// hzChanged has the ticker follow hz.
func (b *background) hzChanged() {
	select {
	case b.reset <- struct{}{}:
	default: // it will look anyway
	}
}

// close ends the work and waits for it to have ended.
func (b *background) close() {
	close(b.stop)
	b.work.Wait()
}

// heapKeeper bounds the Go heap. The keyspace is not in it, so it holds little:
// connections, and what rare commands allocate. The collector's usual pace, a
// heap of twice what is live, suits neither end: with nearly nothing live it
// would run for every 4 MiB, with many connections it would let the heap double.
// So the room for garbage is set instead: heapRoom, or half of what is live.
//
// It is the whole program's heap, so only a server that is the program has one.
type heapKeeper struct {
	percent int
	sample  [1]metrics.Sample
}

const (
	heapRoom   = 8 << 20
	minPercent = 50
	maxPercent = 200 // with which the runtime's least heap is heapRoom
)

func (h *heapKeeper) start() {
	h.sample[0].Name = "/gc/heap/live:bytes"
	h.percent = maxPercent
	debug.SetGCPercent(h.percent)
}

// adjust follows what was live at the last collection. A change of GOGC stops
// the world for a moment, so small ones are let be.
func (h *heapKeeper) adjust() {
	metrics.Read(h.sample[:])
	want := heapPercent(h.sample[0].Value.Uint64())
	if diff := want - h.percent; diff > 10 || diff < -10 {
		h.percent = want
		debug.SetGCPercent(want)
	}
}

// heapPercent is the GOGC that leaves the room wanted above live bytes.
func heapPercent(live uint64) int {
	if live == 0 {
		return maxPercent
	}
	return int(min(max(heapRoom*100/live, minPercent), maxPercent))
}
