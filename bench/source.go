package bench

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/bench/trace"
	"github.com/ashlar-cache/ashlar/bench/workload"
)

// source gives the requests of a replay one after another. It begins anew for each
// server.
type source interface {
	// next makes q the next request, whose key is appended to arena; io.EOF at the end.
	next(q *ask, arena []byte) ([]byte, error)
	Close() error
}

// sequence is something to replay.
type sequence struct {
	name     string
	requests int  // how many there are
	warm     int  // how many before hits are counted
	timed    bool // requests have times to live, and must come at a steady rate
	largest  int  // value, in bytes
	open     func() (source, error)
}

// timedRate is how many requests a second a sequence with times to live gets, so
// that a time to live means the same to each server.
const timedRate = 150_000

// workloadSequence is one of package workload's.
func workloadSequence(m workload.Maker, size workload.Size) sequence {
	w := m.Make(size)
	return sequence{
		name: m.Name, requests: w.Requests, warm: w.Warm, timed: w.Timed, largest: workload.MaxSize,
		open: func() (source, error) { return &workloadSource{w: m.Make(size)}, nil },
	}
}

// workloadSource gives the requests of a workload.
type workloadSource struct {
	w  *workload.Workload
	at int
}

func (s *workloadSource) next(q *ask, arena []byte) ([]byte, error) {
	r, ok := s.w.Next()
	if !ok {
		return arena, io.EOF
	}
	at := len(arena)
	arena = append(arena, make([]byte, workload.KeySize)...)
	*q = ask{
		key: numbered(arena[at:], 'h', r.Key), id: r.Key, size: int(r.Size), counted: s.at >= s.w.Warm,
		ttl: time.Duration(float64(r.TTL) / timedRate * float64(time.Second)),
	}
	if r.Write {
		q.op = trace.Set
	}
	s.at++
	return arena, nil
}

// Close has nothing to end.
func (s *workloadSource) Close() error { return nil }

// Trace says which recording to replay.
type Trace struct {
	Path   string
	Format trace.Format
	// Limit is how many requests of it are used; 0: all.
	Limit int
	// MaxValue bounds the values that are stored: what is larger is cut to it. 0: 1 MiB
	// less what memcached needs beside a value, the most that all servers take.
	MaxValue int
}

// defaultMaxValue is that of a Trace.
const defaultMaxValue = 1<<20 - 4<<10

// survey is what one pass over a trace tells.
type survey struct {
	requests, cut int
	largest       int
	span          time.Duration // from the first to the last
	mortal        bool          // some have times to live
}

// look reads the whole trace once: mistakes in it show before any server is started.
func (t Trace) look() (s survey, err error) {
	r, err := trace.Open(t.Path, t.Format)
	if err != nil {
		return s, err
	}
	defer r.Close()
	var q trace.Request
	for t.Limit == 0 || s.requests < t.Limit {
		if err := r.Next(&q); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return s, fmt.Errorf("%s: %w", t.Path, err)
		}
		s.requests++
		if q.Size > int64(t.MaxValue) {
			s.cut++
		}
		s.largest = max(s.largest, int(min(q.Size, int64(t.MaxValue))))
		s.span, s.mortal = q.At, s.mortal || q.TTL > 0
	}
	if s.requests == 0 {
		return s, fmt.Errorf("%s: no request in it", t.Path)
	}
	return s, nil
}

// sequence is the trace for the figure of hit ratios: at full speed, or, if items have
// times to live, at a steady rate with these times shortened as the whole trace is.
func (t Trace) sequence() (sequence, survey, error) {
	s, err := t.look()
	if err != nil {
		return sequence{}, s, err
	}
	q := sequence{name: filepath.Base(t.Path), requests: s.requests, warm: s.requests * 2 / 5, largest: s.largest}
	shorter := 0.0
	if s.mortal && s.span > 0 {
		q.timed = true
		shorter = float64(s.requests) / timedRate / s.span.Seconds()
	}
	q.open = func() (source, error) { return t.source(shorter, q.warm) }
	return q, s, nil
}

// source reads the trace; times to live are multiplied, 0 leaves them out.
func (t Trace) source(times float64, warm int) (*traceSource, error) {
	r, err := trace.Open(t.Path, t.Format)
	return &traceSource{Trace: t, r: r, times: times, warm: warm}, err
}

// traceSource gives the requests of a trace.
type traceSource struct {
	Trace
	r     *trace.Reader
	q     trace.Request
	times float64
	warm  int
	at    int
}

func (s *traceSource) next(q *ask, arena []byte) ([]byte, error) {
	if s.Limit > 0 && s.at >= s.Limit {
		return arena, io.EOF
	}
	if err := s.r.Next(&s.q); err != nil {
		return arena, err
	}
	at := len(arena)
	h := fnv.New64a()
	_, _ = h.Write(s.q.Key) // never fails
	*q = ask{op: s.q.Op, id: h.Sum64(), size: int(min(s.q.Size, int64(s.MaxValue))), counted: s.at >= s.warm}
	arena = appendKey(arena, s.q.Key, q.id)
	q.key = arena[at:len(arena):len(arena)]
	if s.q.TTL > 0 && s.times > 0 {
		q.ttl = max(time.Duration(float64(s.q.TTL)*s.times), time.Millisecond)
	}
	s.at++
	return arena, nil
}

// Close ends reading.
func (s *traceSource) Close() error { return s.r.Close() }

// longestKey is what memcached takes, in bytes.
const longestKey = 250

// appendKey appends a key as every server takes it: one that is too long for memcached
// or has blanks in it stands as its hash, for all servers alike.
func appendKey(dst, key []byte, hash uint64) []byte {
	bad := len(key) > longestKey
	for _, c := range key {
		bad = bad || c <= ' ' || c == 0x7f
	}
	if bad {
		return strconv.AppendUint(append(dst, "hash:"...), hash, 16)
	}
	return append(dst, key...)
}
