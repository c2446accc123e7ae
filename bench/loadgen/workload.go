package loadgen

import (
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/memcached"
	"github.com/ashlar-cache/ashlar/bench/mix"
)

// Workload is what a load sends.
type Workload interface {
	// Commands are the names of its commands, for latencies of each; Op refers to them.
	Commands() []string
	// Stream is the sequence of one thread. It must depend on nothing but the workload
	// and the thread, so that a run can be repeated.
	Stream(thread int) Stream
}

// Stream makes commands one after another; it belongs to one thread.
type Stream interface {
	// Next appends exactly one command.
	Next(dst Appender) Op
}

// Pairs is what a workload's Stream must also be for servers that know keys and
// values only.
type Pairs interface {
	// NextKV is the next command: a read of a key, or a write of a value with a time
	// to live, 0 for none. What it returns is valid until the next call.
	NextKV() (key, value []byte, write bool, ttl time.Duration)
}

// Appender takes the commands of a Stream, and Op says what one was.
type (
	Appender = mix.Appender
	Op       = mix.Op
)

// Mix makes a Workload of what package mix describes.
func Mix(w *mix.Workload) Workload { return mixed{w} }

// mixed exists because a mix's streams are of a type of their own.
type mixed struct{ *mix.Workload }

// Stream is the sequence of one thread.
func (m mixed) Stream(thread int) Stream { return m.Workload.Stream(thread) }

// Fill makes a Workload that stores what a mix asks for; threads is that of the load,
// whose streams share the work. Requests must be the mix's Preload.
func Fill(w *mix.Workload, threads int) Workload { return filling{w, threads} }

// filling is the workload, and fillStream what one thread does of it.
type (
	filling struct {
		w       *mix.Workload
		threads int
	}
	fillStream struct {
		w          *mix.Workload
		next, step uint64
		key        []byte
	}
)

// Commands has one name for all: what they are called in detail says nothing here.
func (f filling) Commands() []string { return []string{"fill"} }

// Stream is a thread's share.
func (f filling) Stream(thread int) Stream {
	return &fillStream{w: f.w, next: uint64(thread), step: uint64(f.threads)}
}

// Next appends a command of those to be sent before a load.
func (s *fillStream) Next(dst Appender) Op {
	s.w.Fill(s.next, dst)
	s.next += s.step
	return Op{}
}

// NextKV is the same for memcached.
func (s *fillStream) NextKV() (key, value []byte, write bool, ttl time.Duration) {
	s.key, value, ttl = s.w.FillKV(s.next, s.key[:0])
	s.next += s.step
	return s.key, value, true, ttl
}

// buffer collects commands to send.
type buffer struct{ b []byte }

// Head begins a command of n words.
func (o *buffer) Head(n int) { o.b = number(o.b, '*', n) }

// Bulk appends a word.
func (o *buffer) Bulk(word []byte) {
	o.b = append(append(number(o.b, '$', len(word)), word...), '\r', '\n')
}

// Inline appends a line as it is.
func (o *buffer) Inline(line []byte) { o.b = append(o.b, line...) }

// words appends a whole command.
func (o *buffer) words(words ...string) {
	o.Head(len(words))
	for _, w := range words {
		o.Bulk([]byte(w))
	}
}

// number appends the line of a length. Nearly all have one digit or two.
func number(dst []byte, kind byte, n int) []byte {
	switch {
	case n < 10:
		return append(dst, kind, byte('0'+n), '\r', '\n')
	case n < 100:
		return append(dst, kind, byte('0'+n/10), byte('0'+n%10), '\r', '\n')
	}
	return append(strconv.AppendInt(append(dst, kind), int64(n), 10), '\r', '\n')
}

// The commands of a load on memcached.
const (
	memcachedGet = iota
	memcachedSet
)

// pairStream makes memcached's commands of a stream's pairs.
type pairStream struct{ pairs Pairs }

// Next appends a get or a set in memcached's own form. The appender is always this
// package's buffer: words in the Redis protocol's form are of no use here.
func (p pairStream) Next(dst Appender) Op {
	out := dst.(*buffer)
	key, value, write, ttl := p.pairs.NextKV()
	if write {
		out.b = memcached.AppendSet(out.b, key, value, ttl)
		return Op{Command: memcachedSet}
	}
	out.b = memcached.AppendGet(out.b, key)
	return Op{Command: memcachedGet, Read: true}
}
