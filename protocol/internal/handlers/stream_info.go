package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// xinfoHelp is redis-server's, its missing bracket included.
var xinfoHelp = []string{
	"CONSUMERS <key> <groupname>",
	"    Show consumers of <groupname>.",
	"GROUPS <key>",
	"    Show the stream consumer groups.",
	"STREAM <key> [FULL [COUNT <count>]",
	"    Show information about the stream.",
}

// runXinfoHelp: show helpful text about the different subcommands.
func runXinfoHelp(ctx *Context) { ctx.help("XINFO", xinfoHelp) }

// runXinfoConsumers is XINFO CONSUMERS key group, in the order of the names. A consumer
// is idle since it last asked, and inactive since it last got an entry; -1 where it
// never has. (7.0 has no second figure.)
func runXinfoConsumers(ctx *Context) {
	info, err := ctx.Tx.XInfo(ctx.Args[2])
	if err != nil {
		ctx.fail(err)
		return
	}
	g, ok := info.Group(ctx.Args[3])
	if !ok {
		ctx.noSuchGroup()
		return
	}
	now := ctx.Tx.Now()
	ctx.Array(g.ConsumerCount())
	for c, ok := g.NextConsumer(cache.StreamConsumer{}); ok; c, ok = g.NextConsumer(c) {
		ctx.Map(4)
		ctx.BulkString("name")
		ctx.Bulk(c.Name())
		ctx.field("pending", int64(c.PendingCount()))
		ctx.field("idle", max(now-c.Seen(), 0))
		inactive := c.Active()
		if inactive != cache.Unknown {
			inactive = now - inactive
		}
		ctx.field("inactive", inactive)
	}
}

// field writes a name and a number, of a map.
func (ctx *Context) field(name string, n int64) {
	ctx.BulkString(name)
	ctx.Int(n)
}

// fieldID writes a name and an ID, of a map.
func (ctx *Context) fieldID(name string, id cache.StreamID) {
	ctx.BulkString(name)
	ctx.streamID(id)
}

// runXinfoGroups is XINFO GROUPS key, in the order of the names.
func runXinfoGroups(ctx *Context) {
	info, err := ctx.Tx.XInfo(ctx.Args[2])
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.Array(info.GroupCount())
	for g, ok := info.NextGroup(cache.StreamGroup{}); ok; g, ok = info.NextGroup(g) {
		ctx.Map(6)
		ctx.BulkString("name")
		ctx.Bulk(g.Name())
		ctx.field("consumers", int64(g.ConsumerCount()))
		ctx.field("pending", int64(g.PendingCount()))
		ctx.fieldID("last-delivered-id", g.Last())
		ctx.groupProgress(&g)
	}
}

// groupProgress writes how far a group has read: the number of entries, of all that
// were ever added, and how many are left. Either is null where deletions or an
// arbitrary ID have made it unknown; see the engine's reckoning, which is that of 7.4.
func (ctx *Context) groupProgress(g *cache.StreamGroup) {
	ctx.BulkString("entries-read")
	if g.Read() == cache.Unknown {
		ctx.Null()
	} else {
		ctx.Int(g.Read())
	}
	ctx.BulkString("lag")
	if lag, ok := g.Lag(); ok {
		ctx.Int(lag)
	} else {
		ctx.Null()
	}
}

// runXinfoStream is XINFO STREAM key [FULL [COUNT count]]. The short form has the first
// and the last entry and the number of groups; the full one all entries and groups, up
// to the count.
func runXinfoStream(ctx *Context) {
	info, err := ctx.Tx.XInfo(ctx.Args[2])
	if err != nil {
		ctx.fail(err)
		return
	}
	if len(ctx.Args) == 3 {
		ctx.Map(10)
		ctx.streamFacts(&info)
		ctx.field("groups", int64(info.GroupCount()))
		ctx.BulkString("first-entry")
		ctx.edgeEntry(&info, false)
		ctx.BulkString("last-entry")
		ctx.edgeEntry(&info, true)
		return
	}
	count, ok := ctx.fullCount()
	if !ok {
		return
	}
	ctx.Map(9)
	ctx.streamFacts(&info)
	ctx.BulkString("entries")
	entries := info.Entries(cache.StreamID{}, cache.MaxStreamID, false)
	ctx.streamEntries(&entries, count)
	ctx.BulkString("groups")
	ctx.Array(info.GroupCount())
	for g, ok := info.NextGroup(cache.StreamGroup{}); ok; g, ok = info.NextGroup(g) {
		ctx.groupInFull(&g, count)
	}
}

// fullCount reads FULL [COUNT count], where nothing, or less than 0, means 10 and 0
// all. It writes the error if there is one.
func (ctx *Context) fullCount() (count int64, ok bool) {
	options := ctx.Args[3:]
	if len(options) != 1 && len(options) != 3 || !args.Is(options[0], "full") ||
		len(options) == 3 && !args.Is(options[1], "count") {
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "XINFO"))
		return 0, false
	}
	if len(options) == 1 {
		return 10, true
	}
	if count, ok = args.Int(options[2]); !ok {
		ctx.Error(args.ErrNotInteger)
		return 0, false
	}
	if count < 0 {
		count = 10
	}
	return count, true
}

// streamFacts writes the seven fields that both forms begin with. There is no radix
// tree here: what is told is how large Redis's would be, with the same blocks.
func (ctx *Context) streamFacts(info *cache.StreamInfo) {
	ctx.field("length", int64(info.Len()))
	ctx.field("radix-tree-keys", int64(info.Blocks()))
	ctx.field("radix-tree-nodes", int64(info.RadixNodes()))
	ctx.fieldID("last-generated-id", info.Last())
	ctx.fieldID("max-deleted-entry-id", info.MaxDeleted())
	ctx.field("entries-added", info.Added())
	ctx.fieldID("recorded-first-entry-id", info.First())
}

// edgeEntry writes the first entry or the last, or null if there is none.
func (ctx *Context) edgeEntry(info *cache.StreamInfo, last bool) {
	entries := info.Entries(cache.StreamID{}, cache.MaxStreamID, last)
	if entries.Next() {
		ctx.streamEntry(&entries)
		return
	}
	ctx.Null()
}

// groupInFull writes a group with its pending entries and its consumers, and theirs,
// count of each at most; 0 for all. The consumers are all there, however many.
func (ctx *Context) groupInFull(g *cache.StreamGroup, count int64) {
	ctx.Map(7)
	ctx.BulkString("name")
	ctx.Bulk(g.Name())
	ctx.fieldID("last-delivered-id", g.Last())
	ctx.groupProgress(g)
	ctx.field("pel-count", int64(g.PendingCount()))
	ctx.BulkString("pending")
	n := atMost(g.PendingCount(), count)
	ctx.Array(n)
	for p := g.Pending(cache.StreamID{}); n > 0 && p.Next(); n-- {
		ctx.Array(4)
		ctx.streamID(p.ID())
		ctx.Bulk(p.Consumer())
		ctx.Int(p.Time())
		ctx.Int(p.Deliveries())
	}
	ctx.BulkString("consumers")
	ctx.Array(g.ConsumerCount())
	for c, ok := g.NextConsumer(cache.StreamConsumer{}); ok; c, ok = g.NextConsumer(c) {
		ctx.consumerInFull(g, c, count)
	}
}

// consumerInFull writes a consumer, the times as they are and not since when.
func (ctx *Context) consumerInFull(g *cache.StreamGroup, c cache.StreamConsumer, count int64) {
	ctx.Map(5)
	ctx.BulkString("name")
	ctx.Bulk(c.Name())
	ctx.field("seen-time", c.Seen())
	ctx.field("active-time", c.Active())
	ctx.field("pel-count", int64(c.PendingCount()))
	ctx.BulkString("pending")
	n := atMost(c.PendingCount(), count)
	ctx.Array(n)
	for p := g.PendingFor(c, cache.StreamID{}); n > 0 && p.Next(); n-- {
		ctx.Array(3)
		ctx.streamID(p.ID())
		ctx.Int(p.Time())
		ctx.Int(p.Deliveries())
	}
}

// atMost is n, or count if that is less and not 0.
func atMost(n int, count int64) int {
	if count == 0 {
		return n
	}
	return int(min(int64(n), count))
}
