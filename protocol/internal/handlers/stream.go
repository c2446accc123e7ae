package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// What XADD, XTRIM and XSETID answer to what cannot be. The engine has an error of its
// own for each of those that depend on what the stream holds; the others are found
// while the arguments are read, before the key is looked at, as in redis-server.
const (
	errTrimTwice    = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
	errTrimMaxLen   = "ERR The MAXLEN argument must be >= 0."
	errTrimLimit    = "ERR The LIMIT argument must be >= 0."
	errLimitAlone   = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
	errLimitExact   = "ERR syntax error, LIMIT cannot be used without the special ~ option"
	errTrimNothing  = "ERR syntax error, XTRIM must be called with a trimming strategy"
	errAddZero      = "ERR The ID specified in XADD must be greater than 0-0"
	errAddOrder     = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	errAddExhausted = "ERR The stream has exhausted the last possible ID, unable to add more items"
	errAddedSign    = "ERR entries_added must be positive"
	errDeletedArg   = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
	errSetDeleted   = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
	errSetTop       = "ERR The ID specified in XSETID is smaller than the target stream top item"
	errSetAdded     = "ERR The entries_added specified in XSETID is smaller than the target stream length"
)

// streamOptions are those of XADD and XTRIM, which are one function in redis-server
// too. Of XADD they come before the ID of an entry, and what is none of them is taken
// for that ID: so a misspelt option is told to be an invalid ID.
type streamOptions struct {
	add        cache.StreamAdd
	limited    bool // LIMIT was given
	positional int  // index of the first argument behind them
}

// parse reads them. For XADD they end with the ID, which is read too. An option whose
// value is missing is no option, and so again an ID, or for XTRIM a syntax error.
func (o *streamOptions) parse(ctx *Context, xadd bool) (err string) {
	c := args.From(ctx.Args, 2)
	trim := &o.add.Trim
	for done := false; c.More() && !done && err == ""; {
		switch {
		case xadd && len(c.Peek()) == 1 && c.Peek()[0] == '*':
			c.Next()
			done = true
		case c.Option("maxlen", 1):
			err = o.maxLen(&c)
		case c.Option("minid", 1):
			err = o.minID(&c)
		case c.Option("limit", 1):
			o.limited = true
			if trim.Limit, err = c.Int(); err == "" && trim.Limit < 0 {
				err = errTrimLimit
			}
		case xadd && c.Word("nomkstream"):
			o.add.NoCreate = true
		case xadd:
			err = o.id(c.Next())
			done = true
		default:
			err = args.ErrSyntax
		}
	}
	o.positional = c.Position()
	if err != "" {
		return err
	}
	return o.finish(ctx, xadd)
}

// operator reads the "~" or "=" of a threshold. The threshold must follow: where it
// does not, the operator itself is taken for it, and is no number.
func (o *streamOptions) operator(c *args.Cursor) (err string) {
	if o.add.Trim.By != cache.TrimNothing {
		return errTrimTwice
	}
	o.add.Trim.Approximate = c.Option("~", 1)
	if !o.add.Trim.Approximate {
		c.Option("=", 1)
	}
	return ""
}

// maxLen and minID read the two kinds of threshold. One of the same kind twice is told
// in the words that are meant for one of each.
func (o *streamOptions) maxLen(c *args.Cursor) (err string) {
	if err = o.operator(c); err != "" {
		return err
	}
	trim := &o.add.Trim
	if trim.MaxLen, err = c.Int(); err == "" && trim.MaxLen < 0 {
		err = errTrimMaxLen
	}
	trim.By = cache.TrimByLength
	return err
}

// minID reads the threshold of a MINID trim.
func (o *streamOptions) minID(c *args.Cursor) (err string) {
	if err = o.operator(c); err != "" {
		return err
	}
	id, _, ok := parseStreamID(c.Next(), idForm{})
	if !ok {
		return errStreamID
	}
	o.add.Trim.MinID, o.add.Trim.By = id, cache.TrimByID
	return ""
}

// id reads the ID of an entry, which may leave the sequence number to the stream. "*",
// which leaves all of it, has been read before.
func (o *streamOptions) id(b []byte) (err string) {
	id, open, ok := parseStreamID(b, idForm{auto: true})
	if !ok {
		return errStreamID
	}
	o.add.ID, o.add.IDs = id, cache.GivenID
	if open {
		o.add.IDs = cache.NextInMs
	}
	return ""
}

// finish checks the options against each other. A LIMIT of 0 is no limit and, without
// a threshold, no error either. An approximate trim without a limit gets that of
// redis-server, lest it take long: the entries of a hundred full blocks.
func (o *streamOptions) finish(ctx *Context, xadd bool) (err string) {
	trim := &o.add.Trim
	switch {
	case trim.Limit != 0 && trim.By == cache.TrimNothing:
		return errLimitAlone
	case !xadd && trim.By == cache.TrimNothing:
		return errTrimNothing
	case o.limited && !trim.Approximate:
		return errLimitExact
	case !o.limited && trim.Approximate:
		trim.Limit = int64(min(100*ctx.Tx.Limits().StreamNodeMaxEntries, 1_000_000))
		if trim.Limit <= 0 {
			trim.Limit = 10_000
		}
	}
	return ""
}

// runXadd is XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]]
// * | id field value [field value ...]. What the options are comes before how many
// arguments follow them, and both before what the key holds. NOMKSTREAM answers null
// where there is no stream.
func runXadd(ctx *Context) {
	var o streamOptions
	if err := o.parse(ctx, true); err != "" {
		ctx.Error(err)
		return
	}
	pairs := ctx.Args[min(o.positional, len(ctx.Args)):]
	switch {
	case len(pairs) < 2 || len(pairs)%2 != 0:
		ctx.Error(args.WrongArity("xadd"))
		return
	case o.add.IDs == cache.GivenID && o.add.ID == cache.StreamID{}:
		ctx.Error(errAddZero)
		return
	}
	trims := o.add.Trim.By != cache.TrimNothing && ctx.Server.Events.On(pubsub.Stream)
	before := 0
	if trims {
		before, _ = ctx.Tx.XLen(ctx.Args[1])
	}
	id, err := ctx.Tx.XAdd(ctx.Args[1], o.add, pairs...)
	switch {
	case err == nil:
		ctx.streamID(id)
		ctx.Notify(pubsub.Stream, "xadd", ctx.Args[1])
		if !trims {
			break
		}
		if after, _ := ctx.Tx.XLen(ctx.Args[1]); after <= before {
			ctx.Notify(pubsub.Stream, "xtrim", ctx.Args[1])
		}
	case err == cache.ErrNotFound:
		ctx.Null()
	case err == cache.ErrStreamOrder:
		ctx.Error(errAddOrder)
	case err == cache.ErrTooLarge:
		ctx.Error("ERR Elements are too large to be stored")
	case err == cache.ErrStreamExhausted:
		ctx.Error(errAddExhausted)
	default:
		ctx.fail(err)
	}
}

// runXlen is XLEN key.
func runXlen(ctx *Context) { ctx.lengthOr(ctx.Tx.XLen(ctx.Args[1])) }

// fewIDs is for how many IDs a command has room on its stack; more need the heap.
const fewIDs = 8

// runXdel is XDEL key id [id ...]. Of a stream that is not there no ID is looked at;
// else all are, before the first is deleted.
func runXdel(ctx *Context) {
	if !ctx.streamThere(ctx.Args[1], func() { ctx.Int(0) }) {
		return
	}
	var room [fewIDs]cache.StreamID
	ids, ok := ctx.strictIDs(ctx.Args[2:], room[:0])
	if ok {
		n, err := ctx.Tx.XDel(ctx.Args[1], ids...)
		ctx.added(pubsub.Stream, "xdel", n, err)
	}
}

// streamThere tells whether a key holds a stream. If it holds something else it
// writes that error; if there is no such key it calls missing, which replies.
func (ctx *Context) streamThere(key []byte, missing func()) bool {
	switch ctx.Tx.Type(key) {
	case cache.Stream:
		return true
	case cache.None:
		missing()
	default:
		ctx.Error(args.ErrWrongType)
	}
	return false
}

// runXtrim is XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]. A stream that
// is trimmed to nothing stays, as one whose entries were deleted does.
func runXtrim(ctx *Context) {
	var o streamOptions
	if err := o.parse(ctx, false); err != "" {
		ctx.Error(err)
		return
	}
	n, err := ctx.Tx.XTrim(ctx.Args[1], o.add.Trim)
	ctx.added(pubsub.Stream, "xtrim", int(n), err)
}

// runXsetid is XSETID key last-id [ENTRIESADDED n] [MAXDELETEDID id]. It is meant for
// replication and for restoring a stream, hence its checks that the figures go with
// what is there. (7.0 does not yet compare the ID with the greatest that was deleted.)
func runXsetid(ctx *Context) {
	last, ok := ctx.strictID(ctx.Args[2])
	if !ok {
		return
	}
	state := cache.StreamState{Last: last, Added: -1}
	for c := args.From(ctx.Args, 3); c.More(); {
		var err string
		switch {
		case c.Option("entriesadded", 1):
			if state.Added, err = c.Int(); err == "" && state.Added < 0 {
				err = errAddedSign
			}
		case c.Option("maxdeletedid", 1):
			if state.MaxDeleted, _, ok = parseStreamID(c.Next(), idForm{}); !ok {
				err = errStreamID
			} else if last.Less(state.MaxDeleted) {
				err = errDeletedArg
			}
		default:
			err = args.ErrSyntax
		}
		if err != "" {
			ctx.Error(err)
			return
		}
	}
	switch err := ctx.Tx.XSetID(ctx.Args[1], state); err {
	case nil:
		ctx.Notify(pubsub.Stream, "xsetid", ctx.Args[1])
		ctx.OK()
	case cache.ErrStreamDeleted:
		ctx.Error(errSetDeleted)
	case cache.ErrStreamTop:
		ctx.Error(errSetTop)
	case cache.ErrStreamAdded:
		ctx.Error(errSetAdded)
	default:
		ctx.fail(err)
	}
}
