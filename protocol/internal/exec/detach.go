package exec

import (
	"context"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// detach has the client wait for work that is done in a goroutine of its own, and that
// writes its reply: see handlers.Context.Detach.
func (x *Executor) detach(work func(ctx context.Context, reply *resp.Writer)) {
	ctx := &x.ctx
	s, c, began := ctx.Session, ctx.Command, x.clock.monotonic()
	client, reply := s.Client, resp.Writer{Proto: int(s.Proto)}
	mute := s.Reply == session.ReplyOff || s.Reply == session.ReplySkipping
	s.Blocked = x.server.Away.Go(func(away context.Context) {
		x.runAway(away, c, work, &reply, began)
		if mute {
			reply.B = nil
		}
		client.Resume(reply.B)
	})
	if !s.Blocked {
		ctx.Error(errInternal)
	}
}

// runAway does the work and accounts for the command. It runs while the executor goes
// on with others, and touches nothing of it but what is for all goroutines.
func (x *Executor) runAway(away context.Context, c *handlers.Command, work func(context.Context, *resp.Writer), reply *resp.Writer, began time.Duration) {
	defer func() {
		if fault := recover(); fault != nil {
			logPanic(x.log, c, fault)
			reply.B = reply.B[:0]
			reply.Error(errInternal)
		}
		stats := x.metrics.Command(c.Index)
		stats.Call(false)
		stats.Timed(x.clock.monotonic()-began, 1)
		if len(reply.B) > 0 && reply.B[0] == '-' {
			stats.Fail()
			x.server.Metrics.ErrorReply(reply.B)
		}
	}()
	work(away, reply)
	if x.server.Mail() {
		x.server.Deliver(nil, nil)
	}
}
