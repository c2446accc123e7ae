package handlers

import (
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// counted is the head of an array or a map whose length is known when its elements
// have been written. To look at them twice would cost more than to move them now and
// then by the byte that the length turns out to be longer.
type counted struct {
	at    int // where it stands
	guess int // the length that is there in the meantime
	kind  byte
}

// open writes the head of an array (*) or a map (%) with a guess at its length. If the
// guess has the right number of digits nothing needs to be moved later.
func (ctx *Context) open(kind byte, guess int) counted {
	c := counted{at: len(ctx.B), guess: max(guess, 0), kind: kind}
	ctx.B = appendHead(ctx.B, kind, c.guess)
	return c
}

// close writes the length.
func (ctx *Context) close(c counted, n int) {
	if n == c.guess {
		return
	}
	var room, old [24]byte
	head, was := appendHead(room[:0], c.kind, n), appendHead(old[:0], c.kind, c.guess)
	if by := len(head) - len(was); by != 0 {
		end := len(ctx.B)
		ctx.B = append(ctx.B, room[:max(by, 0)]...)
		copy(ctx.B[c.at+len(head):], ctx.B[c.at+len(was):end])
		ctx.B = ctx.B[:end+by]
	}
	copy(ctx.B[c.at:], head)
}

// appendHead appends the head of an array or a map of n.
func appendHead(dst []byte, kind byte, n int) []byte {
	dst = strconv.AppendInt(append(dst, kind), int64(n), 10)
	return append(dst, '\r', '\n')
}

// runXrange is XRANGE key start end [COUNT count], runXrevrange XREVRANGE key end
// start [COUNT count].
func runXrange(ctx *Context) { ctx.xrange(ctx.Args[2], ctx.Args[3], false) }

// runXrevrange: return a range of elements in a stream, with IDs matching the specified IDs
// interval, in reverse order (from greater to smaller IDs) compared to XRANGE.
func runXrevrange(ctx *Context) { ctx.xrange(ctx.Args[3], ctx.Args[2], true) }

// xrange is both. The last COUNT counts. A count of 0 or less gives a null array where
// there is a stream, and an empty one where there is none: so it is in redis-server.
func (ctx *Context) xrange(startArg, endArg []byte, back bool) {
	start, ok := ctx.intervalStart(startArg)
	if !ok {
		return
	}
	end, ok := ctx.intervalEnd(endArg)
	if !ok {
		return
	}
	count := int64(-1)
	for c := args.From(ctx.Args, 4); c.More(); {
		err := args.ErrSyntax
		if c.Option("count", 1) {
			count, err = c.Int()
			count = max(count, 0)
		}
		if err != "" {
			ctx.Error(err)
			return
		}
	}
	var entries cache.StreamEntries
	var err error
	if back {
		entries, err = ctx.Tx.XRevRange(ctx.Args[1], end, start)
	} else {
		entries, err = ctx.Tx.XRange(ctx.Args[1], start, end)
	}
	switch {
	case err == cache.ErrNotFound:
		ctx.Array(0)
	case err != nil:
		ctx.fail(err)
	case count == 0:
		ctx.NullArray()
	default:
		ctx.streamEntries(&entries, max(count, 0))
	}
}

// streamEntries writes an array of entries, count at most; 0 for all.
func (ctx *Context) streamEntries(entries *cache.StreamEntries, count int64) (n int) {
	head := ctx.open('*', int(min(count, 1<<30)))
	for (count == 0 || int64(n) < count) && entries.Next() {
		ctx.streamEntry(entries)
		n++
	}
	ctx.close(head, n)
	return n
}

// streamEntry writes an entry: its ID and its fields and values in turn, which are an
// array in RESP3 too, since a field may stand there twice.
func (ctx *Context) streamEntry(e *cache.StreamEntries) {
	ctx.Array(2)
	ctx.streamID(e.ID())
	n := e.Len()
	ctx.Array(2 * n)
	for range n {
		field, value := e.Pair()
		ctx.Bulk(field)
		ctx.Bulk(value)
	}
}
