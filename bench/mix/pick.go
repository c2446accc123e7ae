package mix

import (
	"math"
	"math/rand/v2"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// popularity is how keys are drawn, shared by all streams.
type popularity struct {
	shape    shape
	exponent float64 // of Zipf's law
	hot      float64 // share of the keys that are hot
	drawn    float64 // share of the requests that go to them
	every    uint64  // requests after which the popular ones change
	keys     uint64
	threads  uint64
	order    *dist.Permutation // which key has which rank
}

// shape is a form of popularity.
type shape uint8

const (
	uniform shape = iota
	zipf
	hotspot
	latest
	sequential
	shifting
)

// picker draws keys for one stream.
type picker interface{ next() uint64 }

// picker is the one of a stream.
func (p *popularity) picker(s *Stream) picker {
	switch p.shape {
	case zipf:
		return &zipfPicker{s.rand, dist.NewZipf(p.keys, p.exponent), p.order}
	case hotspot:
		hot := min(max(uint64(math.Round(p.hot*float64(p.keys))), 1), p.keys)
		return &hotspotPicker{popularity: p, rand: s.rand, hot: hot}
	case latest:
		return &latestPicker{stream: s, zipf: dist.NewZipf(p.keys, p.exponent), sized: p.keys}
	case sequential:
		return &sequentialPicker{popularity: p, at: s.thread % p.keys}
	case shifting:
		return &shiftingPicker{popularity: p, rand: s.rand, zipf: dist.NewZipf(p.keys, p.exponent)}
	}
	return &uniformPicker{s.rand, p.keys}
}

// uniformPicker draws each key as often as any other.
type uniformPicker struct {
	rand *rand.Rand
	keys uint64
}

func (p *uniformPicker) next() uint64 { return p.rand.Uint64N(p.keys) }

// zipfPicker draws ranks by Zipf's law, which lie anywhere among the keys.
type zipfPicker struct {
	rand  *rand.Rand
	zipf  *dist.Zipf
	order *dist.Permutation
}

func (p *zipfPicker) next() uint64 { return p.order.At(p.zipf.Rank(p.rand)) }

// hotspotPicker draws some keys more often than the others, and each of both kinds
// as often as any other of its kind.
type hotspotPicker struct {
	*popularity
	rand *rand.Rand
	hot  uint64
}

func (p *hotspotPicker) next() uint64 {
	if p.hot == p.keys || p.rand.Float64() < p.drawn {
		return p.order.At(p.rand.Uint64N(p.hot))
	}
	return p.order.At(p.hot + p.rand.Uint64N(p.keys-p.hot))
}

// latestPicker draws by Zipf's law counted from the newest key: first those that
// the stream has added itself, then the ones that were there before.
type latestPicker struct {
	stream *Stream
	zipf   *dist.Zipf
	sized  uint64 // what zipf is made for
}

func (p *latestPicker) next() uint64 {
	s := p.stream
	// Following each key would cost a draw; a hundredth more or less of the least
	// popular ranks shows nowhere.
	if now := s.w.Keys + s.inserted; now > p.sized+p.sized/100 {
		p.zipf.Resize(now)
		p.sized = now
	}
	rank := p.zipf.Rank(s.rand)
	if rank < s.inserted {
		return s.fresh(s.inserted - 1 - rank)
	}
	return s.w.Keys - 1 - (rank - s.inserted)
}

// sequentialPicker takes all keys in order, again and again: with several threads
// each takes those of its own.
type sequentialPicker struct {
	*popularity
	at uint64
}

func (p *sequentialPicker) next() uint64 {
	key := p.at
	if p.at += p.threads; p.at >= p.keys {
		p.at %= p.keys
	}
	return key
}

// shiftingPicker draws by Zipf's law, but which keys are popular changes.
type shiftingPicker struct {
	*popularity
	rand   *rand.Rand
	zipf   *dist.Zipf
	drawn  uint64
	offset uint64
}

func (p *shiftingPicker) next() uint64 {
	// All threads together draw the period's requests.
	if p.drawn += p.threads; p.drawn > p.every {
		p.drawn -= p.every
		// By the golden section of the ranks: who was popular is not so again soon.
		p.offset = (p.offset + max(uint64(float64(p.keys)*0.6180339887498949), 1)) % p.keys
	}
	rank := p.zipf.Rank(p.rand) + p.offset
	if rank >= p.keys {
		rank -= p.keys
	}
	return p.order.At(rank)
}
