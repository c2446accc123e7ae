package trace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// recordSize is that of oracleGeneral, in bytes; the package doc draws it.
const recordSize = 24

// oracle reads a record. All requests of the format are reads.
func (r *Reader) oracle(q *Request) error {
	r.n++
	record, err := r.in.Peek(recordSize)
	switch {
	case errors.Is(err, io.EOF) && len(record) == 0:
		return io.EOF
	case errors.Is(err, io.EOF):
		return fmt.Errorf("record %d: it ends after %d of %d bytes", r.n, len(record), recordSize)
	case err != nil:
		return fmt.Errorf("record %d: %w", r.n, err)
	}
	q.At = time.Duration(binary.LittleEndian.Uint32(record)) * time.Second
	r.key = hexadecimal(r.key[:0], binary.LittleEndian.Uint64(record[4:]))
	q.Key, q.Size = r.key, int64(binary.LittleEndian.Uint32(record[12:]))
	_, err = r.in.Discard(recordSize)
	return err
}

// hexadecimal appends the 16 digits of a number: all keys are of one length.
func hexadecimal(dst []byte, n uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[n>>shift&15])
	}
	return dst
}
