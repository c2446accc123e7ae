package exec

import (
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/pause"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// sleep waits while the server sleeps (DEBUG SLEEP), and looks at the clock then.
func (x *Executor) sleep() {
	x.server.Pause.WaitAwake()
	x.clock.look()
	x.tx.SetClock(x.clock.now)
}

// holdUp parks the client if a pause holds its command up, and tells whether it did.
// What is let through while clients are paused reads, and removes nothing that has
// expired: a pause is there so that the data stays as it is.
func (x *Executor) holdUp(c *handlers.Command, s *session.Session) bool {
	writes := x.mayWrite(c, s)
	if x.server.Pause.State()&(pause.Writes|pause.All) != 0 && x.server.Pause.Park(s, writes) {
		s.Blocked, s.Postponed = true, true
		s.Commands-- // it comes again
		return true
	}
	x.held = x.server.Pause.State()&(pause.Writes|pause.All) != 0
	x.tx.SetKeepExpired(x.held && !writes)
	return false
}

// mayWrite tells whether a pause of writes concerns a command: it changes something, or
// may (EVAL, unless the script says that it does not), or would be sent to replicas (PUBLISH), as might one in the transaction
// that it ends.
func (x *Executor) mayWrite(c *handlers.Command, s *session.Session) bool {
	const writes = command.Write | command.MayReplicate
	if c.Name != "exec" || s.Multi == nil {
		if flags, ok := x.server.ScriptFlags(c, x.ctx.Args); ok {
			return flags&script.NoWrites == 0
		}
		return c.Flags&writes != 0
	}
	for _, argv := range s.Multi.Queue {
		if x.server.Table.Find(argv).Flags&writes != 0 {
			return true
		}
	}
	return false
}
