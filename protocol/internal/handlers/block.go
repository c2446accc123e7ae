package handlers

import "github.com/ashlar-cache/ashlar/cache"

// Wait says what a blocking command waits for.
type Wait struct {
	// Keys are waited for, all of them: the first that gets something ends the wait.
	// They must be among those that the command's key specifications name, since
	// their shards have to be locked. One that stands there twice counts once.
	Keys [][]byte
	// Type is what a key must hold for the command to be run again: List, ZSet or
	// Stream.
	Type cache.Type
	// Timeout is how long to wait, in milliseconds; 0 is for ever. args.Timeout and
	// args.TimeoutMs read it.
	Timeout int64
	// Gone has the command run again, too, when a key is deleted, or overwritten by
	// one of another type: for XREADGROUP, which then has an error to answer with.
	Gone bool
	// NullBulk is about a client that must not wait, within a transaction or a
	// script: the answer is then the null bulk string (BLMOVE, BRPOPLPUSH) rather than
	// the null array (all others).
	NullBulk bool
	// Expired is the reply when the time is up; nil for the null array.
	Expired []byte
}

// Block has the client wait. A blocking command tries first; if there is nothing it
// calls Block once, as the last thing it does, and writes no reply:
//
//	for _, key := range keys {
//		if something is there { take it, reply and return }
//	}
//	ctx.Block(Wait{Keys: keys, Type: cache.List, Timeout: ms})
//
// The handler is run again, with a copy of the arguments, whenever one of the keys
// becomes ready, perhaps by another client's loop, with the shards of all its keys
// locked, and in the client's database and protocol. It then replies, which ends the
// wait, an error included; or it calls Block again, of which only the fact counts,
// and the client keeps its place in the queue. It must parse its arguments anew each
// time, and not mind that. What it wants to be different then, it changes in ctx.Args
// before it calls Block: XREAD puts the last ID in place of "$". (The elements may be
// replaced; the bytes of the old ones must be left alone.)
//
// When the time is up the frame replies with a null array, whatever the command, as
// redis-server does. In a client that must not wait Block replies itself.
func (ctx *Context) Block(w Wait) {
	switch {
	case ctx.NoWait && w.NullBulk:
		ctx.Null()
	case ctx.NoWait:
		ctx.NullArray()
	default:
		ctx.Wait, ctx.Blocked = w, true
	}
}
