package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// pendingRange is what the long form of XPENDING asks for: entries in a range of IDs
// that have waited for some time, of one consumer or of all.
type pendingRange struct {
	minIdle    int64
	start, end cache.StreamID
	count      int64
	consumer   []byte
}

// runXpending is XPENDING key group [[IDLE min-idle-time] start end count [consumer]].
// The arguments come before the key. Without IDLE more of them than there should be
// are not looked at, up to nine in all, as in redis-server.
func runXpending(ctx *Context) {
	n := len(ctx.Args)
	if n != 3 && (n < 6 || n > 9) {
		ctx.Error(args.ErrSyntax)
		return
	}
	var r pendingRange
	if n > 3 && !r.parse(ctx) {
		return
	}
	_, g, ok := ctx.groupForClaim()
	switch {
	case !ok:
	case n == 3:
		ctx.pendingSummary(&g)
	default:
		r.reply(ctx, &g)
	}
}

// parse reads the arguments behind the group, and writes the error if they are wrong:
// the count before the bounds.
func (r *pendingRange) parse(ctx *Context) (ok bool) {
	c := args.From(ctx.Args, 3)
	if c.Word("idle") {
		if r.minIdle, ok = args.Int(c.Next()); !ok {
			ctx.Error(args.ErrNotInteger)
			return false
		}
		if c.Left() < 3 {
			ctx.Error(args.ErrSyntax)
			return false
		}
	}
	startArg, endArg := c.Next(), c.Next()
	if r.count, ok = args.Int(c.Next()); !ok {
		ctx.Error(args.ErrNotInteger)
		return false
	}
	if r.start, ok = ctx.intervalStart(startArg); !ok {
		return false
	}
	if r.end, ok = ctx.intervalEnd(endArg); !ok {
		return false
	}
	r.consumer = c.Next()
	return true
}

// pendingSummary writes how much is pending, from which ID to which, and how much of
// it for whom, in the order of the names; who has nothing is left out.
func (ctx *Context) pendingSummary(g *cache.StreamGroup) {
	ctx.Array(4)
	ctx.Int(int64(g.PendingCount()))
	if g.PendingCount() == 0 {
		ctx.Null()
		ctx.Null()
		ctx.NullArray()
		return
	}
	first := g.Pending(cache.StreamID{})
	first.Next()
	ctx.streamID(first.ID())
	ctx.streamID(g.LastPending())
	head, n := ctx.open('*', g.ConsumerCount()), 0
	for c, ok := g.NextConsumer(cache.StreamConsumer{}); ok; c, ok = g.NextConsumer(c) {
		if c.PendingCount() == 0 {
			continue
		}
		n++
		ctx.Array(2)
		ctx.Bulk(c.Name())
		ctx.BulkInt(int64(c.PendingCount()))
	}
	ctx.close(head, n)
}

// reply writes what is pending in the range: of each entry for whom, for how long, and
// how often it was delivered. A consumer that is unknown has nothing pending. Entries
// that are not idle enough do not count.
func (r *pendingRange) reply(ctx *Context, g *cache.StreamGroup) {
	pending := g.Pending(r.start)
	if r.consumer != nil {
		c, ok := g.Consumer(r.consumer)
		if !ok {
			ctx.Array(0)
			return
		}
		pending = g.PendingFor(c, r.start)
	}
	now, left := ctx.Tx.Now(), r.count
	head, n := ctx.open('*', int(min(max(r.count, 0), int64(g.PendingCount())))), 0
	for left > 0 && pending.Next() && !r.end.Less(pending.ID()) {
		idle := now - pending.Time()
		if r.minIdle != 0 && idle < r.minIdle {
			continue
		}
		left--
		n++
		ctx.Array(4)
		ctx.streamID(pending.ID())
		ctx.Bulk(pending.Consumer())
		ctx.Int(max(idle, 0))
		ctx.Int(pending.Deliveries())
	}
	ctx.close(head, n)
}
