package exec

import (
	"github.com/ashlar-cache/ashlar/protocol/internal/acl"
	"github.com/ashlar-cache/ashlar/protocol/internal/blocking"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
)

// What a client's user may do is asked when a command comes, also one that is only
// queued; again when a transaction runs it, and when a command that has waited is run
// again, since rules may change at any time.

// permit is the error to answer with where the client's user may not run a command.
func (x *Executor) permit(c *handlers.Command, argv [][]byte) (refusal string) {
	where := acl.AtTop
	if x.ctx.Session.Multi != nil {
		where = acl.InMulti
	}
	if message, ok := x.ctx.Permit(c, argv, where); !ok {
		return "NOPERM " + message
	}
	return ""
}

// revoked answers a command of a transaction that the client's user may not run any
// more.
func (x *Executor) revoked(c *handlers.Command) bool {
	ctx := &x.ctx
	if ctx.Account().Unrestricted() {
		return false
	}
	d, ok := ctx.Allowed(c, ctx.Args)
	if ok {
		return false
	}
	_, _ = ctx.Permit(c, ctx.Args, acl.InMulti) // to note it
	reason := "no permission to execute the command or subcommand"
	switch d.Reason {
	case acl.Key:
		reason = "no permission to touch the specified keys"
	case acl.Channel:
		reason = "no permission to access one of the channels used as arguments"
	}
	start := len(ctx.B)
	ctx.Error("NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " +
		"This command is no longer allowed for the following reason: " + reason)
	x.server.Metrics.ErrorReply(ctx.B[start:])
	return true
}

// barred answers a waiter whose user may not run its command any more.
func (x *Executor) barred(w *blocking.Waiter, c *handlers.Command) bool {
	ctx := &x.waiting.ctx
	if ctx.Account().Unrestricted() {
		return false
	}
	ctx.Session.Blocked = true // it is at home in another loop
	message, ok := ctx.Permit(c, w.Args, acl.AtTop)
	ctx.Session.Blocked = false
	if ok {
		return false
	}
	start := len(ctx.B)
	ctx.Error("NOPERM " + message)
	x.metrics.Command(c.Index).Reject()
	x.server.Metrics.ErrorReply(ctx.B[start:])
	return true
}
