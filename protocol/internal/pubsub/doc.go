// Package pubsub knows who listens to what: channels, patterns of channels, and
// sharded channels, and delivers what is published, by clients or, about what becomes
// of keys, by the server itself (Events).
//
//	Exchange ── kind ──▶ name ──▶ subscribers ── Push ──▶ each one's loop
//	    ▲                                                     │
//	 Publish: one lock, one message for each              queued behind its
//	 protocol version, built once                         output, which is bounded
//	    ▲
//	  Events: a queue of what happened to keys, filled while their shards are
//	          locked, emptied when they are not
//
// A Subscriber is what a client becomes when it first subscribes; it lives until
// the client goes or is reset. What a client subscribes to changes on its own
// goroutine only; the exchange's lock guards what publishers on other goroutines
// read.
//
// A slow subscriber harms nobody: its messages wait in its own output, and when
// that is over client-output-buffer-limit the transport cuts it off. Where nobody
// listens at all, to publish costs an atomic load.
//
// # Order
//
// The messages that one client publishes reach each subscriber in their order. A
// subscriber sees the reply to its SUBSCRIBE before the first message, since what
// comes from elsewhere waits until its own command has ended; and what it sends to
// itself follows the reply to the command that sent it.
//
// Events of one key come in the order of what happened to it, and those of one
// command, or transaction, in the order of its steps: the queue is filled under the
// lock of the key's shard, and one goroutine at a time empties it.
package pubsub
