// Package trace reads recordings of what caches were asked for, so that they can be
// asked the same again: by the figure hitratio and by ashlar-bench replay.
//
// A Reader gives one Request after another and keeps nothing: traces are larger than
// memory. Its input may come from anywhere, so whatever is wrong with it is an error
// that names the line or the record, and never more than a bounded part of it is held.
//
// # Formats
//
// All may be compressed by gzip or zstd, which is seen from the first bytes.
//
//	csv      a line of names, then lines of values, with commas and without quotes:
//
//	             op,key,size,ttl
//	             get,user:17,225,0
//
//	         key must be there; time (seconds), op (get if there is none), size (bytes of
//	         the value) and ttl (seconds, 0: none) may be. Names used elsewhere are known,
//	         such as timestamp and obj_id.
//	twitter  no names, seven values: time, key, key size, value size, client, operation,
//	         ttl, as in Twitter's cluster traces (Yang, Yue and Rashmi, "A large scale
//	         analysis of hundreds of in-memory cache clusters at Twitter", OSDI 2020).
//	arc      four numbers with blanks between them: first block, number of blocks, one
//	         ignored, number of the request; a block has 512 bytes. So are the traces of
//	         Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache"
//	         (FAST 2003).
//	oracle   libCacheSim's oracleGeneral: records of 24 bytes, lowest byte first:
//
//	           0       4               12      16              24
//	           | time  | object        | size  | next access   |
//	           | u32 s | u64           | u32   | i64, not used |
//
// Open tells them apart by the name of the file and, for text, by its first line.
package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// Op is what a request does.
type Op uint8

// The operations: a read, a write of a value, and a delete.
const (
	Get Op = iota
	Set
	Delete
)

// String is its name.
func (o Op) String() string { return [...]string{"get", "set", "delete"}[o] }

// Request is one of a trace.
type Request struct {
	// At is when it came, counted from the first; 0 where the trace has no times.
	At time.Duration
	Op Op
	// Key is valid until the next one is read. It is not empty.
	Key []byte
	// Size is that of the value, in bytes.
	Size int64
	// TTL is how long a stored value lives; 0 stands for ever.
	TTL time.Duration
}

// Format is a form of traces.
type Format string

// The formats; Auto is for Open and New to find out.
const (
	Auto    Format = ""
	CSV     Format = "csv"
	Twitter Format = "twitter"
	ARC     Format = "arc"
	Oracle  Format = "oracle"
)

// ParseFormat reads the name of a format; "auto" and nothing stand for Auto.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case Auto, CSV, Twitter, ARC, Oracle:
		return f, nil
	case "auto":
		return Auto, nil
	}
	return Auto, fmt.Errorf("there is no format %q: there are csv, twitter, arc and oracle", name)
}

// MaxSize is the largest value that a trace may have: what 32 bits hold.
const MaxSize = 1<<32 - 1

// Reader reads a trace.
type Reader struct {
	// Format is the one that was named or found.
	Format Format

	in    *bufio.Reader
	close []func() error
	raw   *counter
	parse func(*Reader, *Request) error
	n     int // lines or records so far
	first time.Duration
	began bool
	last  time.Duration

	columns []column // of csv
	key     []byte
	block   uint64 // of arc: the next one, and how many are to come
	blocks  uint64
}

// Next reads a request into q; io.EOF at the end. After another error there is no
// more to be had.
func (r *Reader) Next(q *Request) error {
	*q = Request{}
	if err := r.parse(r, q); err != nil {
		return err
	}
	// Times count from the first, and a clock that was set back does not count.
	if !r.began {
		r.began, r.first = true, q.At
	}
	q.At = max(q.At-r.first, r.last)
	r.last = q.At
	return nil
}

// Consumed is how many bytes of the file, as it lies on disk, have been read.
func (r *Reader) Consumed() int64 { return r.raw.n }

// Close ends reading.
func (r *Reader) Close() error {
	var errs []error
	for i := len(r.close) - 1; i >= 0; i-- {
		errs = append(errs, r.close[i]())
	}
	r.close = nil
	return errors.Join(errs...)
}

// counter counts what passes.
type counter struct {
	io.Reader
	n int64
}

// Read reads.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}
