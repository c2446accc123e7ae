package exec

import (
	"slices"
	"strings"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/internal/tracking"
)

// What a command means to others than its client: keys that it reads are remembered
// for those who keep copies, keys that it misses are events. What it changes the cache
// reports by itself.

// apply runs a handler, with the locks of its keys held.
func (x *Executor) apply(c *handlers.Command, ctx *handlers.Context) {
	if ctx.Session.Mail == nil && !x.server.Events.On(pubsub.Miss) {
		c.Run(ctx)
		return
	}
	x.applyObserved(c, ctx)
}

// applyObserved is apply where somebody wants to know about it.
func (x *Executor) applyObserved(c *handlers.Command, ctx *handlers.Context) {
	var room [8]command.KeyRef
	refs := room[:0]
	if c.Keyed() {
		refs, _ = c.FindKeys(ctx.Args, refs)
	}
	if x.server.Events.On(pubsub.Miss) {
		x.misses(c, ctx, refs)
	}
	var tracker *tracking.Client
	if m := ctx.Session.Mail; m != nil {
		tracker, _ = m.Tracking.(*tracking.Client)
	}
	if !tracker.On() {
		c.Run(ctx)
		return
	}
	if tracker.Mode().NoLoop {
		keys := make([][]byte, len(refs))
		for i, ref := range refs {
			keys[i] = ctx.Args[ref.Index]
		}
		tracker.Begin(keys, c.Flags&command.AllKeys != 0)
		defer tracker.End()
	}
	c.Run(ctx)
	if c.Flags&command.ReadOnly != 0 && c.Categories&command.CatScripting == 0 { // of a script, what it calls
		for _, ref := range refs {
			x.server.Tracking.Remember(tracker, ctx.Args[ref.Index])
		}
	}
}

// misses publishes the event "keymiss" for each key that the command is going to read
// and that is not there.
func (x *Executor) misses(c *handlers.Command, ctx *handlers.Context, refs []command.KeyRef) {
	if c.Group == "server" || c.Group == "transactions" || strings.HasPrefix(c.FullName, "object|") {
		return // they look at keys without reading them
	}
	all := false
	switch c.Name {
	case "getdel", "getex", "getset", "pfcount", "pfmerge":
		all = true
	case "set":
		all = slices.ContainsFunc(ctx.Args[3:], func(arg []byte) bool { return args.Is(arg, "get") })
	}
	for _, ref := range refs {
		reads := all || slices.Contains(c.Keys[ref.Spec].Flags, "RO")
		if key := ctx.Args[ref.Index]; reads && ctx.Tx.Type(key) == cache.None {
			ctx.Notify(pubsub.Miss, "keymiss", key)
		}
	}
}

// mail sends what the command has caused. Messages to its own client come behind its
// reply, in out.
func (x *Executor) mail(c *handlers.Command, s *session.Session, out []byte) []byte {
	var self *session.Recipient
	if s.Mail != nil {
		self = s.Mail.Recipient
		out = append(out, x.ctx.Own...)
		x.ctx.Own = x.ctx.Own[:0]
		if t, _ := s.Mail.Tracking.(*tracking.Client); t != nil && s.Multi == nil && !isClient(c) {
			t.SetCaching(false) // CLIENT CACHING was about this command, or transaction
		}
	}
	if x.server.Mail() {
		out = x.server.Deliver(self, out)
	}
	return out
}

// isClient tells whether a command is one of CLIENT's.
func isClient(c *handlers.Command) bool {
	return c != nil && strings.HasPrefix(c.FullName, "client|")
}
