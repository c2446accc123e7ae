package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// groupForClaim checks that the group that XCLAIM, XAUTOCLAIM or XPENDING is about is
// there, and writes the error if not: one and the same for a key and for a group that
// is missing. XCLAIM asks before it reads its arguments, the others after.
func (ctx *Context) groupForClaim() (info cache.StreamInfo, g cache.StreamGroup, ok bool) {
	info, err := ctx.Tx.XInfo(ctx.Args[1])
	switch {
	case err == nil:
		g, ok = info.Group(ctx.Args[2])
	case err != cache.ErrNotFound:
		ctx.fail(err)
		return info, g, false
	}
	if !ok {
		ctx.noGroup(ctx.Args[1], ctx.Args[2], "")
	}
	return info, g, ok
}

// minIdle reads the idle time that an entry must have at least; below 0 is 0.
func (ctx *Context) minIdle(command string) (ms int64, ok bool) {
	if ms, ok = args.Int(ctx.Args[4]); !ok {
		ctx.Error("ERR Invalid min-idle-time argument for " + command)
	}
	return max(ms, 0), ok
}

// runXclaim is XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME
// unix-ms] [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id]. The IDs end with the first
// argument that is none, so that a wrong ID is told to be an unknown option.
func runXclaim(ctx *Context) {
	if _, _, ok := ctx.groupForClaim(); !ok {
		return
	}
	var how cache.StreamClaim
	var ok bool
	if how.MinIdle, ok = ctx.minIdle("XCLAIM"); !ok {
		return
	}
	var room [fewIDs]cache.StreamID
	ids, options := room[:0], 5
	for ; options < len(ctx.Args); options++ {
		id, _, ok := parseStreamID(ctx.Args[options], idForm{})
		if !ok {
			break // options follow, or it is wrong as one
		}
		ids = append(ids, id)
	}
	if err := claimOptions(ctx, &how, args.From(ctx.Args, options)); err != "" {
		ctx.Error(err)
		return
	}
	before := ctx.consumers(ctx.Args[1], ctx.Args[2])
	claimed, err := ctx.Tx.XClaim(ctx.Args[1], ctx.Args[2], ctx.Args[3], how, ids)
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.notifyConsumer(ctx.Args[1], ctx.Args[2], before)
	ctx.claimed(claimed, how.JustID)
}

// claimOptions reads the options of XCLAIM. Where several give the time of delivery
// the last one counts. A time that cannot be, in the future or before 1970, is no
// error: clients reckon with clocks of their own, and the engine takes now instead. A
// RETRYCOUNT below 0 is as if it was not given.
func claimOptions(ctx *Context, how *cache.StreamClaim, c args.Cursor) (err string) {
	for c.More() && err == "" {
		ok := true
		switch {
		case c.Word("force"):
			how.Force = true
		case c.Word("justid"):
			how.JustID = true
		case c.Option("idle", 1):
			if how.Time, ok = args.Int(c.Next()); !ok {
				err = "ERR Invalid IDLE option argument for XCLAIM"
			}
			how.Time, how.SetTime = ctx.Tx.Now()-how.Time, true
		case c.Option("time", 1):
			if how.Time, ok = args.Int(c.Next()); !ok {
				err = "ERR Invalid TIME option argument for XCLAIM"
			}
			how.SetTime = true
		case c.Option("retrycount", 1):
			if how.Count, ok = args.Int(c.Next()); !ok {
				err = "ERR Invalid RETRYCOUNT option argument for XCLAIM"
			}
			how.SetCount = how.Count >= 0
		case c.Option("lastid", 1):
			if how.LastID, _, ok = parseStreamID(c.Next(), idForm{}); !ok {
				err = errStreamID
			}
		default:
			word := c.Next()
			err = "ERR Unrecognized XCLAIM option '" + string(args.ClipTo(word, len(word))) + "'"
		}
	}
	return err
}

// claimed writes the entries that were claimed, or their IDs alone. They are looked up
// again, since the engine hands out nothing borrowed while it still changes things.
func (ctx *Context) claimed(ids []cache.StreamID, justID bool) {
	ctx.Array(len(ids))
	if justID || len(ids) == 0 {
		for _, id := range ids {
			ctx.streamID(id)
		}
		return
	}
	info, err := ctx.Tx.XInfo(ctx.Args[1])
	for _, id := range ids {
		entry := cache.StreamEntries{}
		if err == nil {
			entry = info.Entries(id, id, false)
		}
		if entry.Next() {
			ctx.streamEntry(&entry)
		} else {
			ctx.Null() // it was claimed, so it is there
		}
	}
}

// mostClaims is the greatest COUNT that redis-server takes: ten times as many entries
// are looked at, and sixteen bytes kept for each, which must not overflow.
const mostClaims = math.MaxInt64 / 16

// runXautoclaim is XAUTOCLAIM key group consumer min-idle-time start [COUNT count]
// [JUSTID]. The reply is where to go on, 0-0 for the end; what was claimed; and which
// entries are no longer pending because the stream has lost them.
func runXautoclaim(ctx *Context) {
	how := cache.StreamAutoClaim{Count: 100}
	var ok bool
	if how.MinIdle, ok = ctx.minIdle("XAUTOCLAIM"); !ok {
		return
	}
	if how.Start, ok = ctx.intervalStart(ctx.Args[5]); !ok {
		return
	}
	for c := args.From(ctx.Args, 6); c.More(); {
		switch {
		case c.Option("count", 1):
			n, ok := args.Int(c.Next())
			if !ok || n < 1 || n > mostClaims {
				ctx.Error("ERR COUNT must be > 0")
				return
			}
			how.Count = n
		case c.Word("justid"):
			how.JustID = true
		default:
			ctx.Error(args.ErrSyntax)
			return
		}
	}
	if _, _, ok := ctx.groupForClaim(); !ok {
		return
	}
	var room, lost [fewIDs]cache.StreamID
	before := ctx.consumers(ctx.Args[1], ctx.Args[2])
	next, claimed, deleted, err := ctx.Tx.XAutoClaim(ctx.Args[1], ctx.Args[2], ctx.Args[3], how, room[:0], lost[:0])
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.notifyConsumer(ctx.Args[1], ctx.Args[2], before)
	ctx.Array(3)
	ctx.streamID(next)
	ctx.claimed(claimed, how.JustID)
	ctx.Array(len(deleted))
	for _, id := range deleted {
		ctx.streamID(id)
	}
}
