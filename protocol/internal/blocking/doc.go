// Package blocking keeps the clients that wait in a blocking command (BLPOP,
// XREAD BLOCK, ...): who waits for which keys, in which order they came, and until
// when. It runs no command and sends nothing; the executor (package exec) does.
//
// # The life of a wait
//
//	BLPOP finds nothing ──Add──▶ waiting ◀───────────────┐ nothing for it:
//	(keys locked)                  │                      │ its place is kept
//	                               ├─ a key is ready ─▶ serving
//	                               │  (Next; its shards   │ it got a reply
//	                               │   are locked)        ▼
//	                               └─ Due, Take ───────▶ ended
//	                                  time, UNBLOCK, gone
//
// A waiter is in the queue of every key that it waits for. Queues are in order of
// arrival: who adds a waiter holds the locks of its keys, so that there is one order
// for all loops, and nobody pushes in between the look and the wait. Who serves a
// queue holds the key's lock, too, hence two never serve the same one, and nobody
// joins meanwhile.
//
// To serve a waiter takes the locks of all the keys of its command. The command that
// wakes it should have them before it changes anything, or others might take the
// element while the missing ones are got: Reach tells which these are, beforehand.
//
//	push to a;  waiting: BLMOVE a b, BLPOP b c
//	reach of a: a ─▶ b (BLMOVE needs it) ─▶ c (so may who waits for b)
//
// # Locks
//
// A registry has one mutex. It is taken within the locks of the cache's shards, and
// for a few instructions only. A wait may be ended without any lock of a shard, but
// not while it is being served: who wants to waits until that is over, which takes
// no longer than a command.
//
// # Invariants
//
//  1. A client waits at most once; a waiter is in the queues of all its keys, or in
//     none.
//  2. A waiter that has ended was handed to exactly one caller, by Next, Due or Take,
//     and that one answers.
//  3. A key is awaited in the cache (Tx.Await) once for each waiter in its queue.
//  4. Places in a queue change by nothing but leaving.
package blocking
