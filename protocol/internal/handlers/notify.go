package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/internal/tracking"
	"github.com/ashlar-cache/ashlar/protocol/internal/watch"
)

// Connect makes what is told of every change of every key: transactions that watch it
// (WATCH), clients that keep copies (CLIENT TRACKING) and subscribers of keyspace
// events. wake is called, with a shard locked, when there are messages that no
// command will send: it has somebody call Deliver. The one place where a cache's
// Listener is set.
func (s *Server) Connect(wake func()) {
	s.Watch = watch.New()
	s.Exchange = pubsub.New()
	s.Events = pubsub.NewEvents(s.Exchange, wake)
	s.Tracking = tracking.New(wake)
	s.Cache.Listen(&changes{s.Watch, s.Tracking, s.Events})
}

// changes passes on what the cache reports.
type changes struct {
	watch    *watch.Registry
	tracking *tracking.Registry
	events   *pubsub.Events
}

// Changed implements cache.Listener.
func (c *changes) Changed(db int, key []byte, what cache.Change) {
	c.watch.Changed(db, key, what)
	c.tracking.Changed(db, key, what)
	c.events.Changed(db, key, what)
}

// Mail tells whether messages wait for Deliver: whoever has run a command asks.
func (s *Server) Mail() bool { return s.Tracking.Waiting() || s.Events.Waiting() }

// Deliver sends the messages that changes have caused. No shard may be locked. Those
// to self, the client whose command has ended, are appended to own: they come behind
// its reply.
func (s *Server) Deliver(self *session.Recipient, own []byte) []byte {
	take := func(message []byte) { own = append(own, message...) }
	s.Tracking.Deliver(self, take)
	s.Events.Deliver(self, take)
	return own
}

// Notify publishes a keyspace event of a class, if notify-keyspace-events asks for it:
// once the command has ended, in order. It costs an atomic load where it does not.
func (ctx *Context) Notify(c pubsub.Class, event string, key []byte) {
	if e := ctx.Server.Events; e.On(c) {
		e.Notify(c, event, ctx.Tx.DB(), key)
	}
}

// NotifyTaken is Notify for a command that takes something away from a collection,
// and its last element with the key: then "del" follows.
func (ctx *Context) NotifyTaken(c pubsub.Class, event string, key []byte) {
	if e := ctx.Server.Events; e.On(c | pubsub.Generic) {
		e.Notify(c, event, ctx.Tx.DB(), key)
		if ctx.Tx.Type(key) == cache.None {
			e.Notify(pubsub.Generic, "del", ctx.Tx.DB(), key)
		}
	}
}

// notifyIn is Notify for a key in another database.
func (ctx *Context) notifyIn(db int, event string, key []byte) {
	ctx.Server.Events.Notify(pubsub.Generic, event, db, key)
}

// notifySet is about a string that has been set, with an expiry perhaps.
func (ctx *Context) notifySet(key []byte, at int64) {
	ctx.Notify(pubsub.String, "set", key)
	if at != cache.NoExpiry && at != cache.KeepTTL {
		ctx.Notify(pubsub.Generic, "expire", key)
	}
}

// notifyExpire is about a key that was given an expiry, or deleted if that has come.
func (ctx *Context) notifyExpire(key []byte, at int64) {
	event := "expire"
	if at <= ctx.Tx.Now() {
		event = "del"
	}
	ctx.Notify(pubsub.Generic, event, key)
}

// notifyStored is about the destination of a command that stores its result: without
// elements there is no key, and "del" if there was one.
func (ctx *Context) notifyStored(c pubsub.Class, event string, key []byte, elements int, was bool) {
	switch {
	case elements > 0:
		ctx.Notify(c, event, key)
	case was:
		ctx.Notify(pubsub.Generic, "del", key)
	}
}

// added ends a command that puts n elements into the collection at its first argument:
// it replies with n.
func (ctx *Context) added(c pubsub.Class, event string, n int, err error) {
	if err == nil && n > 0 {
		ctx.Notify(c, event, ctx.Args[1])
	}
	ctx.lengthOr(n, err)
}

// taken is added for one that takes n elements out.
func (ctx *Context) taken(c pubsub.Class, event string, n int, err error) {
	if err == nil && n > 0 {
		ctx.NotifyTaken(c, event, ctx.Args[1])
	}
	ctx.lengthOr(n, err)
}

// stores runs a command that stores its result, of so many elements, under a key, and
// replies with the number.
func (ctx *Context) stores(c pubsub.Class, event string, key []byte, store func() (int, error)) {
	was := ctx.Server.Events.On(pubsub.Generic|pubsub.NewKey) && ctx.Tx.Type(key) != cache.None
	if was && ctx.Server.Events.On(pubsub.NewKey) {
		defer ctx.Server.Events.Replace(key)()
	}
	n, err := store()
	if err == nil {
		ctx.notifyStored(c, event, key, n, was)
	}
	ctx.lengthOr(n, err)
}
