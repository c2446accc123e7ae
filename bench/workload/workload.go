// Package workload makes the sequences of requests with which caches are
// compared. Each is a look-aside one: a program asks the cache for a key and, if
// it is not there, gets the value elsewhere and stores it. Keys are numbers here,
// and sizes follow from the key, so a sequence is its seed and every server gets
// the same one.
//
// The shapes are those that tell eviction policies apart: popularity by Zipf's
// law, steady or shifting; sizes that shift; times to live; scans; keys that are
// asked for once; loops larger than the cache.
package workload

import (
	"math/rand/v2"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// Request is one look-aside read.
type Request struct {
	Key  uint64
	Size int32 // bytes of the value to store when the key is not there
	TTL  int32 // how many requests later it expires; 0: never
	// Write stores the value without asking for it first; it is not counted.
	Write bool
}

// Size says how large the workloads are.
type Size struct {
	Keys     int // that popularity is spread over
	Requests int
	Budget   int // bytes that the cache has, for the loops that just exceed it
	Seed     uint64
}

// Workload is a sequence of requests.
type Workload struct {
	Name string
	// Warm is the number of requests before hits are counted.
	Warm, Requests int
	// Timed says that requests have times to live, and must come at a steady rate.
	Timed bool

	next func(t int) Request
	now  int
}

// Next is the next request; ok is false at the end.
func (w *Workload) Next() (q Request, ok bool) {
	if w.now >= w.Requests {
		return Request{}, false
	}
	q = w.next(w.now)
	w.now++
	return q, true
}

// The sizes of values in bytes, and the length of the keys.
const (
	MeanSize = 225
	KeySize  = 16
)

// Maker makes a workload, from its beginning.
type Maker struct {
	Name string
	Make func(Size) *Workload
}

// All are the workloads by which hit ratios are compared.
func All() []Maker {
	return []Maker{
		{"zipf0.8", func(s Size) *Workload { return s.zipf(0.8) }},
		{"zipf0.99", func(s Size) *Workload { return s.zipf(0.99) }},
		{"zipf1.1", func(s Size) *Workload { return s.zipf(1.1) }},
		{"popularity", Size.shiftingPopularity},
		{"sizes", Size.shiftingSizes},
		{"ttl", Size.mixedTTL},
		{"scans", Size.scans},
		{"onehit", Size.oneHit},
		{"loop", Size.loop},
		{"equal", Size.equal},
		{"equalloop", Size.equalLoop},
	}
}

var sizes = dist.LogNormal{Mean: MeanSize, Sigma: 1, Cap: MaxSize}

// MaxSize is the largest value, in bytes.
const MaxSize = 64 << 10

func sizeOf(key uint64) int32 { return int32(sizes.Of(key)) }

// popular draws keys by Zipf's law; which key has which rank is random.
type popular struct {
	rand  *rand.Rand
	zipf  *dist.Zipf
	order []uint32
}

func (s Size) popular(exponent float64) *popular {
	r := dist.New(s.Seed, 0)
	p := &popular{rand: r, zipf: dist.NewZipf(uint64(s.Keys), exponent), order: make([]uint32, s.Keys)}
	for i := range p.order {
		p.order[i] = uint32(i)
	}
	r.Shuffle(len(p.order), p.swap)
	return p
}

func (p *popular) swap(i, j int) { p.order[i], p.order[j] = p.order[j], p.order[i] }

func (p *popular) key() uint64 { return uint64(p.order[p.zipf.Rank(p.rand)]) }

// workload counts from two fifths on: by then a cache is in its steady state.
func (s Size) workload(next func(t int) Request) *Workload {
	return &Workload{Warm: s.Requests * 2 / 5, Requests: s.Requests, next: next}
}

// zipf has a popularity that stays as it is.
func (s Size) zipf(exponent float64) *Workload {
	p := s.popular(exponent)
	return s.workload(func(int) Request {
		key := p.key()
		return Request{Key: key, Size: sizeOf(key)}
	})
}

// shiftingPopularity has a random key come up into the popular fiftieth at every
// twentieth request, in the place of one there.
func (s Size) shiftingPopularity() *Workload {
	p := s.popular(0.99)
	return s.workload(func(t int) Request {
		if t%20 == 0 {
			p.swap(p.rand.IntN(max(s.Keys/50, 1)), p.rand.IntN(s.Keys))
		}
		key := p.key()
		return Request{Key: key, Size: sizeOf(key)}
	})
}

// sizeMeans are the means of successive phases, as shares of the usual one.
var sizeMeans = [...]float64{1, 3, 0.5, 2, 0.4}

// shiftingSizes has ten phases whose values are larger or smaller, and one
// request in ten that writes.
func (s Size) shiftingSizes() *Workload {
	p := s.popular(0.99)
	return s.workload(func(t int) Request {
		phase := t * 10 / s.Requests
		l := sizes
		l.Mean *= sizeMeans[phase%len(sizeMeans)]
		key := p.key()
		return Request{Key: key, Size: int32(l.Of(key + uint64(phase)<<32)), Write: p.rand.IntN(10) == 0}
	})
}

// mixedTTL gives a third of the keys short lives, another third longer ones.
func (s Size) mixedTTL() *Workload {
	p := s.popular(0.99)
	ttl := [3]int32{0, int32(s.Requests / 16), int32(s.Requests * 5 / 8)}
	w := s.workload(func(int) Request {
		key := p.key()
		return Request{Key: key, Size: sizeOf(key), TTL: ttl[dist.Hash(key)%3]}
	})
	w.Timed = true
	return w
}

// scans goes over other keys, in order, a quarter of the time.
func (s Size) scans() *Workload {
	p := s.popular(0.99)
	period, scanned := max(s.Keys/5, 4), 0
	return s.workload(func(t int) Request {
		key := uint64(s.Keys + scanned%s.Keys)
		if t%period < period/4 {
			scanned++
		} else {
			key = p.key()
		}
		return Request{Key: key, Size: sizeOf(key)}
	})
}

// oneHit asks for a key that never comes again at every other request.
func (s Size) oneHit() *Workload {
	p, fresh := s.popular(0.99), uint64(s.Keys)
	return s.workload(func(int) Request {
		if p.rand.Uint64()&1 == 0 {
			fresh++
			return Request{Key: fresh, Size: sizeOf(fresh)}
		}
		key := p.key()
		return Request{Key: key, Size: sizeOf(key)}
	})
}

// loopShare is how much larger than the cache the loops are. An item counts with
// the overhead of a server that has little of it, so that none holds the loop.
const (
	loopShare    = 1.05
	leanOverhead = 16
)

// loop asks for slightly more than the cache holds, round and round.
func (s Size) loop() *Workload {
	n, bytes := uint64(0), 0.0
	for bytes < loopShare*float64(s.Budget) {
		bytes += float64(sizeOf(n) + KeySize + leanOverhead)
		n++
	}
	return s.workload(func(t int) Request {
		key := uint64(t) % n
		return Request{Key: key, Size: sizeOf(key)}
	})
}

// equal has values of one size.
func (s Size) equal() *Workload {
	p := s.popular(0.99)
	return s.workload(func(int) Request { return Request{Key: p.key(), Size: MeanSize} })
}

// equalLoop is loop with values of one size.
func (s Size) equalLoop() *Workload {
	n := uint64(loopShare*float64(s.Budget)/(MeanSize+KeySize+leanOverhead)) + 1
	return s.workload(func(t int) Request { return Request{Key: uint64(t) % n, Size: MeanSize} })
}
