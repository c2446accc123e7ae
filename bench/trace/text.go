package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// column is what a value of a line is for.
type column uint8

const (
	ignored column = iota
	timeColumn
	opColumn
	keyColumn
	sizeColumn
	ttlColumn
)

// twitterColumns are those of a trace without names.
var twitterColumns = []column{timeColumn, keyColumn, ignored, sizeColumn, ignored, opColumn, ttlColumn}

// columnNames are those that are known, in lower case.
var columnNames = map[string]column{
	"time": timeColumn, "timestamp": timeColumn, "ts": timeColumn, "clock_time": timeColumn,
	"op": opColumn, "operation": opColumn, "command": opColumn, "request": opColumn,
	"key": keyColumn, "id": keyColumn, "obj_id": keyColumn, "object": keyColumn, "anonymized_key": keyColumn,
	"size": sizeColumn, "value_size": sizeColumn, "obj_size": sizeColumn, "valuesize": sizeColumn,
	"ttl": ttlColumn,
}

// opNames are what operations are called, in lower case. What changes a value without
// a read, such as memcached's append, counts as a write of it.
var opNames = map[string]Op{
	"get": Get, "gets": Get, "read": Get, "mget": Get, "r": Get,
	"set": Set, "add": Set, "replace": Set, "cas": Set, "append": Set, "prepend": Set, "incr": Set, "decr": Set, "write": Set, "put": Set, "w": Set,
	"delete": Delete, "del": Delete, "d": Delete,
}

// line reads the next one that is not empty, without its end.
func (r *Reader) line() ([]byte, error) {
	for {
		line, err := r.in.ReadSlice('\n')
		r.n++
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, r.wrong(fmt.Errorf("longer than %d bytes", bufferSize))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, r.wrong(err) // of the disk or of what unpacks
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
		if err != nil {
			return nil, io.EOF
		}
	}
}

// wrong adds the number of the line to an error.
func (r *Reader) wrong(err error) error { return fmt.Errorf("line %d: %w", r.n, err) }

// head reads the line of names.
func (r *Reader) head() error {
	line, err := r.line()
	if err != nil {
		return fmt.Errorf("a trace begins with a line of names: %w", err)
	}
	for _, name := range strings.Split(string(line), ",") {
		c := columnNames[strings.ToLower(strings.TrimSpace(name))]
		if c != ignored && slices.Contains(r.columns, c) {
			return r.wrong(fmt.Errorf("%.40q says again what another column is for", name))
		}
		r.columns = append(r.columns, c)
	}
	if !slices.Contains(r.columns, keyColumn) {
		return r.wrong(fmt.Errorf("none of the names is key, in %.80q: a trace without names must have Twitter's seven values", line))
	}
	return nil
}

// csv reads a line of values.
func (r *Reader) csv(q *Request) error {
	line, err := r.line()
	if err != nil {
		return err
	}
	at := 0
	for rest, more := line, true; more; at++ {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte{','})
		if at >= len(r.columns) {
			return r.wrong(fmt.Errorf("more than %d values", len(r.columns)))
		}
		if err := r.columns[at].read(bytes.TrimSpace(field), q); err != nil {
			return r.wrong(err)
		}
	}
	if at < len(r.columns) {
		return r.wrong(fmt.Errorf("%d values instead of %d", at, len(r.columns)))
	}
	return nil
}

// read puts a value where it belongs.
func (c column) read(field []byte, q *Request) (err error) {
	switch c {
	case timeColumn:
		q.At, err = seconds(field)
	case ttlColumn:
		if len(field) > 0 {
			q.TTL, err = seconds(field)
		}
	case keyColumn:
		if q.Key = field; len(field) == 0 {
			err = errors.New("no key")
		}
	case sizeColumn:
		var n uint64
		if n, err = decimal(field); err == nil && n > MaxSize {
			err = fmt.Errorf("a value of %d bytes", n)
		}
		q.Size = int64(n)
	case opColumn:
		op, known := opNames[string(field)] // no allocation in a lookup
		if !known {
			if op, known = opNames[strings.ToLower(string(field))]; !known {
				err = fmt.Errorf("%.40q is no operation", field)
			}
		}
		q.Op = op
	}
	return err
}

// seconds reads a time, mostly a whole number of seconds.
func seconds(field []byte) (time.Duration, error) {
	if n, err := decimal(field); err == nil && n < math.MaxInt64/uint64(time.Second) {
		return time.Duration(n) * time.Second, nil
	}
	f, err := strconv.ParseFloat(string(field), 64)
	if err != nil || !(f >= 0 && f < math.MaxInt64/float64(time.Second)) {
		return 0, fmt.Errorf("%.40q is no time in seconds", field)
	}
	return time.Duration(f * float64(time.Second)), nil
}

// decimal reads a whole number without allocating.
func decimal(field []byte) (n uint64, err error) {
	if len(field) == 0 || len(field) > 19 {
		return 0, fmt.Errorf("%.40q is no whole number", field)
	}
	for _, d := range field {
		if d < '0' || d > '9' {
			return 0, fmt.Errorf("%.40q is no whole number", field)
		}
		n = n*10 + uint64(d-'0')
	}
	return n, nil
}

// The bounds of arc's lines: blocks are disk sectors.
const (
	blockSize = 512
	maxBlocks = 1 << 20
)

// arc gives the blocks of a line one by one, as reads.
func (r *Reader) arc(q *Request) error {
	if r.blocks == 0 {
		line, err := r.line()
		if err != nil {
			return err
		}
		words := bytes.Fields(line)
		if len(words) != 4 {
			return r.wrong(fmt.Errorf("%d numbers instead of 4", len(words)))
		}
		first, err := decimal(words[0])
		if err != nil {
			return r.wrong(err)
		}
		if r.blocks, err = decimal(words[1]); err != nil {
			return r.wrong(err)
		}
		if r.blocks == 0 || r.blocks > maxBlocks {
			return r.wrong(fmt.Errorf("%d blocks in one request", r.blocks))
		}
		r.block = first
	}
	r.key = strconv.AppendUint(r.key[:0], r.block, 10)
	q.Key, q.Size = r.key, blockSize
	r.block++
	r.blocks--
	return nil
}
