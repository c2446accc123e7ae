package mix

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// Stream is what one thread sends: it follows from the workload, its seed and the
// number of the thread. It belongs to one goroutine.
type Stream struct {
	w      *Workload
	thread uint64
	pcg    *rand.PCG
	rand   *rand.Rand
	keys   picker

	inserted uint64    // keys that this stream has added
	pending  []command // of the operation under way
	id       uint64    // the key of the operation
	key      []byte    // its text
	scratch  []byte    // for words that are made of several parts
	number   [20]byte
}

// Stream is the one of a thread.
func (w *Workload) Stream(thread int) *Stream {
	s := w.stream(uint64(thread))
	s.keys = w.popular.picker(s)
	return s
}

// stream is one that draws no keys yet.
func (w *Workload) stream(thread uint64) *Stream {
	s := &Stream{w: w, thread: thread, pcg: rand.NewPCG(w.seed, dist.Hash(thread))}
	s.rand = rand.New(s.pcg)
	s.key, s.scratch = make([]byte, 0, 128), make([]byte, 0, 512)
	return s
}

// Next appends exactly one command. It allocates nothing.
func (s *Stream) Next(dst Appender) Op {
	if len(s.pending) == 0 {
		s.begin()
	}
	c := &s.pending[0]
	s.pending = s.pending[1:]
	return Op{Command: c.name, Read: c.read, Words: s.emit(c, dst)}
}

// NextKV is the next command of a plain workload: a read of a key, or a write of a
// value with a time to live (0: none). Both are valid until the next call.
func (s *Stream) NextKV() (key, value []byte, write bool, ttl time.Duration) {
	if len(s.pending) == 0 {
		s.begin()
	}
	c := &s.pending[0]
	s.pending = s.pending[1:]
	if c.read {
		return s.key, nil, false, 0
	}
	return s.key, s.w.value(s.id), true, s.w.ttl(s.id)
}

// begin draws the next operation and its key.
func (s *Stream) begin() {
	w := s.w
	op := &w.ops[0]
	if len(w.ops) > 1 {
		draw, i := s.rand.Uint64N(w.total), 0
		for draw >= w.ops[i].upTo {
			i++
		}
		op = &w.ops[i]
	}
	s.pending = op.commands
	if op.insert {
		s.use(s.fresh(s.inserted))
		s.inserted++
		return
	}
	s.use(s.keys.next())
}

// fresh is the number of the key that this stream adds as its i-th: streams take
// turns behind the keys that there are at first.
func (s *Stream) fresh(i uint64) uint64 { return s.w.Keys + i*s.w.threads + s.thread }

// use makes number id the key of what follows.
func (s *Stream) use(id uint64) {
	s.id = id
	s.key = s.w.AppendKey(s.key[:0], id)
}

// emit appends a command and returns how many words it has.
func (s *Stream) emit(c *command, dst Appender) int {
	if c.inline != nil {
		dst.Inline(c.inline)
		return 1
	}
	n := c.fixed + (len(c.words)-c.repeated)*c.times
	ttl := int64(0)
	if c.ttl {
		if ttl = s.w.ttl(s.id).Milliseconds(); ttl > 0 {
			n += 2
		}
	}
	dst.Head(n)
	for i := range c.words[:c.repeated] {
		s.word(&c.words[i], ttl, dst)
	}
	for again := range c.times {
		if again > 0 && s.keys != nil {
			s.use(s.keys.next())
		}
		for i := c.repeated; i < len(c.words); i++ {
			s.word(&c.words[i], ttl, dst)
		}
	}
	return n
}

var px = []byte("PX")

// word appends one word.
func (s *Stream) word(w *word, ttl int64, dst Appender) {
	switch w.kind {
	case literal:
		dst.Bulk(w.text)
	case theKey:
		dst.Bulk(s.key)
	case theData:
		dst.Bulk(s.w.value(s.id))
	case theTTL:
		if ttl > 0 {
			dst.Bulk(px)
			dst.Bulk(strconv.AppendInt(s.number[:0], ttl, 10))
		}
	default:
		s.scratch = s.scratch[:0]
		for i := range w.parts {
			s.part(&w.parts[i])
		}
		dst.Bulk(s.scratch)
	}
}

// part appends a part of a word to the scratch.
func (s *Stream) part(p *part) {
	switch p.kind {
	case literal:
		s.scratch = append(s.scratch, p.text...)
	case theKey:
		s.scratch = append(s.scratch, s.key...)
	case theData:
		s.scratch = append(s.scratch, s.w.value(s.id)...)
	case theID:
		s.scratch = digits(s.scratch, s.id)
	case randomID:
		s.scratch = digits(s.scratch, s.rand.Uint64N(s.w.Keys))
	case between:
		s.scratch = strconv.AppendUint(s.scratch, p.low+s.rand.Uint64N(p.span), 10)
	}
}

// width is how many digits the number of a key has, as redis-benchmark's.
const width = 12

// digits appends n with zeroes before it.
func digits(dst []byte, n uint64) []byte {
	var text [20]byte
	at := len(text)
	for n > 0 || at > len(text)-width {
		at--
		text[at] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, text[at:]...)
}
