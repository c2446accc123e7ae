// Package tracking tells clients which of the keys that they keep copies of have
// changed (client-side caching, CLIENT TRACKING).
//
//	 a command reads a key                     a key changes (cache.Listener)
//	          │ Remember                                 │ Changed
//	          ▼                                          ▼
//	┌─ table, in stripes by hash ──────┐      the key's row is taken out, and a
//	│ key ──▶ clients that have read it│ ───▶ letter queued for each of its clients
//	└──────────────────────────────────┘                 │
//	prefixes (BCAST) ──▶ their clients                   │ Deliver, when no shard
//	          and the keys that changed                  ▼ is locked
//	                                           Recipient.Push: ">2 invalidate [key]"
//
// # Glossary
//
// A Client is a session that tracks, or did. It remembers by default each key that it
// reads (OPTIN and OPTOUT say that, or not, for one command), and is told once when
// the key changes, expires, is evicted, or everything is flushed. With BCAST nothing
// is remembered: it is told of every change of a key with one of its prefixes. With
// REDIRECT somebody else is told in its place, in RESP2 by a message on the channel
// __redis__:invalidate.
//
// # Why nothing is missed
//
// Remember and Changed are both called while the key's shard is locked: a client that
// has read a value is in the table before the value can change. Messages go through
// the transport's queues, which are in order, so that the reply with the old value
// comes before the message that makes it void.
//
// # Bounds
//
// The table holds tracking-table-max-keys keys; one more, and the clients of another
// key are told that it has changed. Rows of clients that have left are swept out
// when they are as many as the others. While nobody tracks, a change costs two atomic
// loads, and a command of a client that does not track one comparison with nil.
package tracking
