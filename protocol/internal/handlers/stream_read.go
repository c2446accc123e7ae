package handlers

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// What XREAD and XREADGROUP answer to what they do not understand.
const (
	errReadGroupOption = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."
	errReadNoAck       = "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."
	errReadInScript    = "ERR %s command is not allowed with BLOCK option from scripts"
	errReadNoGroup     = "ERR Missing GROUP option for XREADGROUP"
	errReadNew         = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
	errReadDollar      = "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of " +
		"this consumer by specifying a proper ID, or use the > ID to get new messages. " +
		"The $ ID would just return an empty result set."
	errReadPlus = "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of " +
		"this consumer by specifying a proper ID, or use the > ID to get new messages. " +
		"The + ID would just return an empty result set."
	errUnbalancedRead = "ERR Unbalanced 'xread' list of streams: " +
		"for each stream key an ID, '+', or '$' must be specified."
	errUnbalancedGroup = "ERR Unbalanced 'xreadgroup' list of streams: " +
		"for each stream key an ID or '>' must be specified."
)

// streamRead is an XREAD or an XREADGROUP: its arguments, and how far its reply is.
// Streams that have nothing to give are not in the reply, so its length is known at
// the end.
type streamRead struct {
	ctx             *Context
	group, consumer []byte   // XREADGROUP
	keys, ids       [][]byte // as many of these as of those
	count           int64    // entries of each stream; 0: all
	timeout         int64    // ms; -1: no BLOCK
	noack           bool     // what is delivered does not become pending

	head   counted
	served int // streams that the reply has
}

// runXread is XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id
// [id ...]. All IDs are looked at before the first stream is read.
func runXread(ctx *Context) {
	r := streamRead{ctx: ctx, timeout: -1}
	if !r.parse(false) {
		return
	}
	var room [fewIDs]cache.StreamID
	ids := room[:0]
	for i := range r.keys {
		after, ok := r.after(i)
		if !ok {
			return
		}
		ids = append(ids, after)
	}
	for i, key := range r.keys {
		entries, err := ctx.Tx.XRead(key, ids[i])
		if err == nil && entries.Next() {
			r.serve(key)
			r.entries(&entries)
		}
	}
	r.finish()
}

// runXreadgroup is XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds]
// [NOACK] STREAMS key [key ...] id [id ...]. All groups and IDs are looked at before
// anything is delivered. What may fail after that is memory alone; then what the reply
// has already is taken back, and stays pending, to be asked for as history.
func runXreadgroup(ctx *Context) {
	r := streamRead{ctx: ctx, timeout: -1}
	if !r.parse(true) {
		return
	}
	for i := range r.keys {
		if !r.locked(r.keys[i]) || !r.groupThere(i) {
			return
		}
	}
	for i, key := range r.keys {
		before := ctx.consumers(key, r.group)
		if err := r.deliver(key, r.ids[i]); err != nil {
			ctx.B = ctx.B[:r.start()]
			ctx.fail(err)
			return
		}
		ctx.notifyConsumer(key, r.group, before)
	}
	r.finish()
}

// parse reads the arguments; it writes the error if they are wrong.
func (r *streamRead) parse(grouped bool) bool {
	c := args.From(r.ctx.Args, 1)
	for c.More() && r.keys == nil {
		if err := r.option(&c, grouped); err != "" {
			r.ctx.Error(err)
			return false
		}
	}
	switch {
	case r.keys == nil:
		r.ctx.Error(args.ErrSyntax)
	case grouped && r.group == nil:
		r.ctx.Error(errReadNoGroup)
	default:
		return true
	}
	return false
}

// option reads one option. STREAMS is the last: all that follows is keys and as many
// IDs, so that no other word can come after it. 7.4 has its own words for a list that
// does not come out even.
func (r *streamRead) option(c *args.Cursor, grouped bool) (err string) {
	switch {
	case c.Option("block", 1):
		if r.ctx.InScript { // where nothing blocks this option alone is refused, as ever
			return fmt.Sprintf(errReadInScript, r.ctx.Args[0])
		}
		r.timeout, err = args.TimeoutMs(c.Next())
	case c.Option("count", 1):
		r.count, err = c.Int()
		r.count = max(r.count, 0)
	case c.Option("streams", 1):
		n := c.Left()
		switch rest := r.ctx.Args[c.Position():]; {
		case n%2 == 0:
			r.keys, r.ids = rest[:n/2], rest[n/2:]
		case grouped:
			err = errUnbalancedGroup
		default:
			err = errUnbalancedRead
		}
	case c.Option("group", 2):
		if !grouped {
			return errReadGroupOption
		}
		r.group, r.consumer = c.Next(), c.Next()
	case c.Word("noack"):
		if r.noack = true; !grouped {
			err = errReadNoAck
		}
	default:
		err = args.ErrSyntax
	}
	return err
}

// locked tells whether the command has its key locked, and writes an error if not. By
// its key specification the keys follow the first word "streams", which a group or a
// consumer of that very name can be as well.
func (r *streamRead) locked(key []byte) bool {
	if !args.Is(r.group, "streams") && !args.Is(r.consumer, "streams") || r.ctx.Tx.Covers(key) {
		return true
	}
	r.ctx.Error(args.ErrSyntax)
	return false
}

// isID tells whether an argument is one of the IDs of a single character, as C has it.
func isID(b []byte, char byte) bool {
	return len(b) > 0 && b[0] == char && (len(b) == 1 || b[1] == 0)
}

// after is the ID behind which XREAD reads a stream. It writes the error if that
// cannot be told, and puts the ID in the place of "$", which would be another one when
// the command is run again.
func (r *streamRead) after(i int) (after cache.StreamID, ok bool) {
	arg := r.ids[i]
	// That the key holds a stream, or nothing, comes before what the ID looks like.
	if t := r.ctx.Tx.Type(r.keys[i]); t != cache.Stream && t != cache.None {
		r.ctx.Error(args.ErrWrongType)
		return after, false
	}
	switch {
	case isID(arg, '$'):
		after, _, _ = r.ctx.Tx.XLast(r.keys[i])
		r.ids[i] = appendStreamID(nil, after)
		return after, true
	case isID(arg, '+'):
		_, top, _ := r.ctx.Tx.XLast(r.keys[i])
		if before, ok := top.Prev(); ok {
			after = before // so that the last entry is read
		}
		return after, true
	case isID(arg, '>'):
		r.ctx.Error(errReadNew)
		return after, false
	}
	return r.ctx.strictID(arg)
}

// groupThere checks one of XREADGROUP's streams and writes the error if it cannot be
// read.
func (r *streamRead) groupThere(i int) bool {
	info, err := r.ctx.Tx.XInfo(r.keys[i])
	if err == cache.ErrWrongType {
		r.ctx.fail(err)
		return false
	}
	there := err == nil
	if there {
		_, there = info.Group(r.group)
	}
	if !there {
		r.ctx.noGroup(r.keys[i], r.group, " in XREADGROUP with GROUP option")
		return false
	}
	switch arg := r.ids[i]; {
	case isID(arg, '>'):
		return true
	case isID(arg, '$'):
		r.ctx.Error(errReadDollar)
	case isID(arg, '+'):
		r.ctx.Error(errReadPlus)
	default:
		_, ok := r.ctx.strictID(arg)
		return ok
	}
	return false
}

// noGroup writes that a key or its group is not there.
func (ctx *Context) noGroup(key, group []byte, where string) {
	ctx.Error("NOGROUP No such key '" + string(args.ClipTo(key, len(key))) +
		"' or consumer group '" + string(args.ClipTo(group, len(group))) + "'" + where)
}

// deliver serves one stream of XREADGROUP: what is new, if there is anything, or the
// consumer's own history, empty or not.
func (r *streamRead) deliver(key, arg []byte) error {
	tx := r.ctx.Tx
	if isID(arg, '>') || isMaxID(arg) {
		how := cache.StreamDelivery{Count: int(r.count), NoAck: r.noack}
		entries, n, err := tx.XReadGroup(key, r.group, r.consumer, how)
		if err != nil || n == 0 {
			return err
		}
		r.serve(key)
		r.ctx.streamEntries(&entries, int64(n))
		return nil
	}
	after, _, _ := parseStreamID(arg, idForm{})
	history, n, err := tx.XHistory(key, r.group, r.consumer, after, int(r.count))
	if err != nil {
		return err
	}
	r.serve(key)
	r.ctx.Array(n)
	for history.Next() {
		if history.Deleted() {
			r.ctx.Array(2)
			r.ctx.streamID(history.ID())
			r.ctx.NullArray()
			continue
		}
		r.ctx.streamEntry(&history.StreamEntries)
	}
	return nil
}

// isMaxID: redis-server takes the greatest ID for ">".
func isMaxID(arg []byte) bool {
	id, _, ok := parseStreamID(arg, idForm{})
	return ok && id == cache.MaxStreamID
}

// serve begins what the reply has of one stream: a pair in an array, which RESP3 has a
// map for.
func (r *streamRead) serve(key []byte) {
	if r.served++; r.served == 1 {
		kind := byte('%')
		if r.ctx.Proto < 3 {
			kind = '*'
		}
		r.head = r.ctx.open(kind, len(r.keys))
	}
	if r.ctx.Proto < 3 {
		r.ctx.Array(2)
	}
	r.ctx.Bulk(key)
}

// entries writes those of XREAD, of which the first has been found: whether there is
// one decides whether the stream is in the reply at all.
func (r *streamRead) entries(e *cache.StreamEntries) {
	head, n := r.ctx.open('*', int(min(r.count, 1<<30))), 0
	for more := true; more; more = (r.count == 0 || int64(n) < r.count) && e.Next() {
		r.ctx.streamEntry(e)
		n++
	}
	r.ctx.close(head, n)
}

// start is where the reply begins, for an error to take its place.
func (r *streamRead) start() int {
	if r.served > 0 {
		return r.head.at
	}
	return len(r.ctx.B)
}

// finish ends the reply, or waits for the streams where there was nothing to read.
func (r *streamRead) finish() {
	switch {
	case r.served > 0:
		r.ctx.close(r.head, r.served)
	case r.timeout < 0:
		r.ctx.NullArray()
	default:
		r.ctx.Block(Wait{Keys: r.keys, Type: cache.Stream, Timeout: r.timeout, Gone: r.group != nil})
	}
}
