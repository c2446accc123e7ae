package handlers

import (
	"bytes"
	"math"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// What is answered to an ID that is none, and to one that has no neighbour where a
// range excludes it.
const (
	errStreamID      = "ERR Invalid stream ID specified as stream command argument"
	errIntervalStart = "ERR invalid start ID for the interval"
	errIntervalEnd   = "ERR invalid end ID for the interval"
)

// idForm says what a stream ID may look like besides "ms" and "ms-seq".
type idForm struct {
	missing uint64 // the sequence number where there is none
	edges   bool   // "-" and "+" are the least and the greatest ID
	auto    bool   // "ms-*" leaves the sequence number open
}

// parseStreamID reads an ID as redis-server does, which is a C string to it: it ends
// at a NUL. open tells of a sequence number that was left open.
func parseStreamID(b []byte, form idForm) (id cache.StreamID, open, ok bool) {
	if len(b) > 127 {
		return id, false, false
	}
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	if len(b) == 1 && (b[0] == '-' || b[0] == '+') {
		if b[0] == '+' {
			id = cache.MaxStreamID
		}
		return id, false, form.edges
	}
	ms, seq, split := bytes.Cut(b, dash)
	id.Seq = form.missing
	if id.Ms, ok = parseUnsigned(ms); !ok || !split {
		return id, false, ok
	}
	if form.auto && len(seq) == 1 && seq[0] == '*' {
		id.Seq = 0
		return id, true, true
	}
	id.Seq, ok = parseUnsigned(seq)
	return id, false, ok
}

var dash = []byte("-")

// parseUnsigned reads a number as C's strtoull does, which takes blanks, a sign and
// leading zeros, and a negative number modulo 2^64, but not as redis-server's own
// conversion has it, which comes first: "-5" is refused.
func parseUnsigned(b []byte) (uint64, bool) {
	if n, ok := args.Int(b); ok {
		return uint64(n), n >= 0
	}
	for len(b) > 0 && (b[0] == ' ' || b[0] >= '\t' && b[0] <= '\r') {
		b = b[1:]
	}
	negative := len(b) > 0 && b[0] == '-'
	if negative || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	n := uint64(0)
	for _, c := range b {
		digit := uint64(c - '0')
		if digit > 9 || n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	if negative {
		n = -n
	}
	return n, len(b) > 0
}

// strictID reads an ID that is neither "-" nor "+"; it writes the error if it is none.
// One without a sequence number means the first of its millisecond.
func (ctx *Context) strictID(b []byte) (cache.StreamID, bool) {
	id, _, ok := parseStreamID(b, idForm{})
	if !ok {
		ctx.Error(errStreamID)
	}
	return id, ok
}

// strictIDs reads several, into the memory of room. Nothing is done by a command one of
// whose IDs is wrong.
func (ctx *Context) strictIDs(list [][]byte, room []cache.StreamID) ([]cache.StreamID, bool) {
	for _, b := range list {
		id, ok := ctx.strictID(b)
		if !ok {
			return nil, false
		}
		room = append(room, id)
	}
	return room, true
}

// intervalStart and intervalEnd read an end of a range, which "(" excludes, by the next
// ID or the one before. They write the error if it is none, or if there is no such
// neighbour. An ID without a sequence number means all of its millisecond.
func (ctx *Context) intervalStart(b []byte) (id cache.StreamID, ok bool) {
	id, exclusive, ok := ctx.interval(b, 0)
	if ok && exclusive {
		if id, ok = id.Next(); !ok {
			ctx.Error(errIntervalStart)
		}
	}
	return id, ok
}

// intervalEnd reads the upper end of an interval of IDs.
func (ctx *Context) intervalEnd(b []byte) (id cache.StreamID, ok bool) {
	id, exclusive, ok := ctx.interval(b, math.MaxUint64)
	if ok && exclusive {
		if id, ok = id.Prev(); !ok {
			ctx.Error(errIntervalEnd)
		}
	}
	return id, ok
}

// interval reads an ID that may have a "(" before it; then it cannot be "-" or "+".
func (ctx *Context) interval(b []byte, missing uint64) (id cache.StreamID, exclusive, ok bool) {
	exclusive = len(b) > 1 && b[0] == '('
	if exclusive {
		b = b[1:]
	}
	if id, _, ok = parseStreamID(b, idForm{missing: missing, edges: !exclusive}); !ok {
		ctx.Error(errStreamID)
	}
	return id, exclusive, ok
}

// appendStreamID appends an ID as text.
func appendStreamID(dst []byte, id cache.StreamID) []byte {
	dst = strconv.AppendUint(dst, id.Ms, 10)
	return strconv.AppendUint(append(dst, '-'), id.Seq, 10)
}

// streamID writes an ID.
func (ctx *Context) streamID(id cache.StreamID) {
	var text [41]byte
	ctx.Bulk(appendStreamID(text[:0], id))
}
