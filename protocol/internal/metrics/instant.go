package metrics

import "sync"

// The rates that INFO calls instantaneous: averages over the last samples, of
// which the server takes one every TickEvery milliseconds.
const (
	TickEvery      = 100
	instantSamples = 16
)

const (
	instantCommands = iota
	instantInput
	instantOutput
	instantKinds
)

// instant is the ring of a rate's last samples, each already per second.
type instant struct {
	mu      sync.Mutex
	at      int64 // when the last sample was taken, ms
	last    uint64
	samples [instantSamples]float64
	next    int
}

// add takes a sample of a counter that only grows.
func (i *instant) add(now int64, total uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if elapsed := now - i.at; i.at != 0 && elapsed > 0 && total >= i.last {
		i.samples[i.next] = float64(total-i.last) * 1000 / float64(elapsed)
		i.next = (i.next + 1) % instantSamples
	}
	i.at, i.last = now, total
}

func (i *instant) rate() float64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	var sum float64
	for _, s := range i.samples {
		sum += s
	}
	return sum / instantSamples
}

// Tick takes the samples of the rates; now is in milliseconds. To be called
// every TickEvery milliseconds.
func (m *Metrics) Tick(now int64) {
	for kind, total := range [...]uint64{
		instantCommands: m.Commands(), instantInput: m.NetInput(), instantOutput: m.NetOutput(),
	} {
		m.instant[kind].add(now, total)
	}
}

// OpsPerSec is the rate of commands over the last 1.6 s.
func (m *Metrics) OpsPerSec() uint64 { return uint64(m.instant[instantCommands].rate()) }

// InputKbps is the rate of bytes read, in KiB a second.
func (m *Metrics) InputKbps() float64 { return m.instant[instantInput].rate() / 1024 }

// OutputKbps is the rate of bytes written, in KiB a second.
func (m *Metrics) OutputKbps() float64 { return m.instant[instantOutput].rate() / 1024 }

func (m *Metrics) resetInstant() {
	for kind := range m.instant {
		i := &m.instant[kind]
		i.mu.Lock()
		i.at, i.last, i.samples, i.next = 0, 0, [instantSamples]float64{}, 0
		i.mu.Unlock()
	}
}
