// Package pubsub knows who listens to what: channels, patterns of channels, and
// sharded channels, and delivers what is published.
//
//	Exchange ── kind ──▶ name ──▶ subscribers ── Push ──▶ each one's loop
//	    ▲                                                     │
//	 Publish: one lock, one message for each              queued behind its
//	 protocol version, built once                         output, which is bounded
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
// comes from elsewhere waits until its own command has ended.
package pubsub
