package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// What XGROUP answers to what cannot be. The hint about MKSTREAM comes with every
// subcommand, whether it has that option or not.
const (
	errGroupExists = "BUSYGROUP Consumer Group name already exists"
	errEntriesRead = "ERR value for ENTRIESREAD must be positive or -1"
	errGroupNoKey  = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use " +
		"the MKSTREAM option to create an empty stream automatically."
)

var xgroupHelp = []string{
	"CREATE <key> <groupname> <id|$> [option]",
	"    Create a new consumer group. Options are:",
	"    * MKSTREAM",
	"      Create the empty stream if it does not exist.",
	"    * ENTRIESREAD entries_read",
	"      Set the group's entries_read counter (internal use).",
	"CREATECONSUMER <key> <groupname> <consumer>",
	"    Create a new consumer in the specified group.",
	"DELCONSUMER <key> <groupname> <consumer>",
	"    Remove the specified consumer.",
	"DESTROY <key> <groupname>",
	"    Remove the specified group.",
	"SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
	"    Set the current group ID and entries_read counter.",
}

// runXgroupHelp is XGROUP HELP.
func runXgroupHelp(ctx *Context) { ctx.help("XGROUP", xgroupHelp) }

// groupOptions reads the options of XGROUP CREATE and SETID; only CREATE has MKSTREAM.
// They are read before the key and the ID are looked at, and an unknown one is told in
// the words for a subcommand. Without ENTRIESREAD nobody knows how many entries the
// group has read.
func (ctx *Context) groupOptions(create bool) (start cache.StreamGroupStart, ok bool) {
	start.Read = cache.Unknown
	for c := args.From(ctx.Args, 5); c.More(); {
		switch {
		case create && c.Word("mkstream"):
			start.Create = true
		case c.Option("entriesread", 1):
			var err string
			if start.Read, err = c.Int(); err == "" && start.Read < cache.Unknown {
				err = errEntriesRead
			}
			if err != "" {
				ctx.Error(err)
				return start, false
			}
		default:
			ctx.Error(args.SubcommandSyntax(ctx.Args[1], "XGROUP"))
			return start, false
		}
	}
	return start, true
}

// runXgroupCreate is XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD n]. The
// key comes before the ID, and that before the question whether the group exists;
// nothing is made where either is wrong. An option may stand twice, but four words of
// options are too many.
func runXgroupCreate(ctx *Context) {
	start, ok := ctx.groupOptions(true)
	if !ok {
		return
	}
	switch ctx.Tx.Type(ctx.Args[2]) {
	case cache.Stream:
	case cache.None:
		if !start.Create {
			ctx.Error(errGroupNoKey)
			return
		}
	default:
		ctx.Error(args.ErrWrongType)
		return
	}
	switch {
	case len(ctx.Args) > 8:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "XGROUP"))
		return
	case isID(ctx.Args[4], '$'):
		start.AtEnd = true
	default:
		if start.After, ok = ctx.strictID(ctx.Args[4]); !ok {
			return
		}
	}
	switch err := ctx.Tx.XGroupCreate(ctx.Args[2], ctx.Args[3], start); err {
	case nil:
		ctx.Notify(pubsub.Stream, "xgroup-create", ctx.Args[2])
		ctx.OK()
	case cache.ErrGroupExists:
		ctx.Error(errGroupExists)
	default:
		ctx.fail(err)
	}
}

// runXgroupSetID is XGROUP SETID key group id | $ [ENTRIESREAD n]. What is pending
// stays so: entries that are delivered once more go over to whom gets them then.
func runXgroupSetID(ctx *Context) {
	start, ok := ctx.groupOptions(false)
	if !ok || !ctx.groupOf() {
		return
	}
	switch {
	case len(ctx.Args) != 5 && len(ctx.Args) != 7:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "XGROUP"))
		return
	case isID(ctx.Args[4], '$'):
		start.AtEnd = true
	default:
		// Here, and nowhere else, "-" and "+" are taken.
		if start.After, _, ok = parseStreamID(ctx.Args[4], idForm{edges: true}); !ok {
			ctx.Error(errStreamID)
			return
		}
	}
	if err := ctx.Tx.XGroupSetID(ctx.Args[2], ctx.Args[3], start); err != nil {
		ctx.fail(err)
		return
	}
	ctx.Notify(pubsub.Stream, "xgroup-setid", ctx.Args[2])
	ctx.OK()
}

// streamOf and groupOf check that the stream, and the group, are there that an XGROUP
// subcommand is about; they write the error if not. DESTROY alone does not mind a
// group that is not there.
func (ctx *Context) streamOf() bool {
	return ctx.streamThere(ctx.Args[2], func() { ctx.Error(errGroupNoKey) })
}

// groupOf checks that the key is a stream and has the group that is named.
func (ctx *Context) groupOf() bool {
	if !ctx.streamOf() {
		return false
	}
	ok, err := ctx.Tx.XHasGroup(ctx.Args[2], ctx.Args[3])
	switch {
	case err != nil:
		ctx.fail(err)
	case !ok:
		ctx.noSuchGroup()
	}
	return ok
}

// noSuchGroup writes that a stream has no such group, as XGROUP and XINFO do. The
// commands that read say it otherwise: see noGroup.
func (ctx *Context) noSuchGroup() {
	key, group := ctx.Args[2], ctx.Args[3]
	ctx.Error("NOGROUP No such consumer group '" + string(args.ClipTo(group, len(group))) +
		"' for key name '" + string(args.ClipTo(key, len(key))) + "'")
}

// runXgroupDestroy is XGROUP DESTROY key group. Clients that wait for entries as one
// of its consumers get an error: the engine makes the key ready for them.
func runXgroupDestroy(ctx *Context) {
	if !ctx.streamOf() {
		return
	}
	gone, err := ctx.Tx.XGroupDestroy(ctx.Args[2], ctx.Args[3])
	if err != nil {
		ctx.fail(err)
		return
	}
	if gone {
		ctx.Notify(pubsub.Stream, "xgroup-destroy", ctx.Args[2])
	}
	ctx.Flag(gone)
}

// runXgroupCreateConsumer is XGROUP CREATECONSUMER key group consumer: 0 if there is
// one of that name, whose times stay as they are.
func runXgroupCreateConsumer(ctx *Context) {
	if !ctx.groupOf() {
		return
	}
	created, err := ctx.Tx.XGroupCreateConsumer(ctx.Args[2], ctx.Args[3], ctx.Args[4])
	if err != nil {
		ctx.fail(err)
		return
	}
	if created {
		ctx.Notify(pubsub.Stream, "xgroup-createconsumer", ctx.Args[2])
	}
	ctx.Flag(created)
}

// runXgroupDelConsumer is XGROUP DELCONSUMER key group consumer: how many entries were
// pending for it, which nobody will get any more.
func runXgroupDelConsumer(ctx *Context) {
	if ctx.groupOf() {
		there := ctx.consumers(ctx.Args[2], ctx.Args[3])
		n, err := ctx.Tx.XGroupDelConsumer(ctx.Args[2], ctx.Args[3], ctx.Args[4])
		if there != ctx.consumers(ctx.Args[2], ctx.Args[3]) {
			ctx.Notify(pubsub.Stream, "xgroup-delconsumer", ctx.Args[2])
		}
		ctx.lengthOr(n, err)
	}
}

// runXack is XACK key group id [id ...]. Where there is no such group no ID is looked
// at.
func runXack(ctx *Context) {
	info, err := ctx.Tx.XInfo(ctx.Args[1])
	switch {
	case err == cache.ErrNotFound:
		ctx.Int(0)
		return
	case err != nil:
		ctx.fail(err)
		return
	}
	if _, ok := info.Group(ctx.Args[2]); !ok {
		ctx.Int(0)
		return
	}
	var room [fewIDs]cache.StreamID
	ids, ok := ctx.strictIDs(ctx.Args[3:], room[:0])
	if ok {
		ctx.lengthOr(ctx.Tx.XAck(ctx.Args[1], ctx.Args[2], ids...))
	}
}

// consumers is how many consumers a group has, if there are events for streams: who
// reads or claims as a consumer that is not there makes it.
func (ctx *Context) consumers(key, group []byte) int {
	if !ctx.Server.Events.On(pubsub.Stream) {
		return 0
	}
	info, err := ctx.Tx.XInfo(key)
	if err != nil {
		return 0
	}
	g, ok := info.Group(group)
	if !ok {
		return 0
	}
	return g.ConsumerCount()
}

// notifyConsumer is about a consumer that a command has made in passing.
func (ctx *Context) notifyConsumer(key, group []byte, before int) {
	if ctx.consumers(key, group) > before {
		ctx.Notify(pubsub.Stream, "xgroup-createconsumer", key)
	}
}
