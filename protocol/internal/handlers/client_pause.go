package handlers

import (
	"math"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// runClientPause holds up the commands of all clients, this one's next included, for so
// many milliseconds: all of them, or those that write. The commands are parked by the
// executor (package pause).
func runClientPause(ctx *Context) {
	all := len(ctx.Args) == 3 || args.Is(ctx.Args[3], "all")
	switch {
	case len(ctx.Args) > 4:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "CLIENT"))
		return
	case !all && !args.Is(ctx.Args[3], "write"):
		ctx.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
		return
	}
	ms, err := args.TimeoutMs(ctx.Args[2])
	if err != "" {
		ctx.Error(err)
		return
	}
	const most = math.MaxInt64 / int64(time.Millisecond)
	ctx.Server.Pause.Begin(time.Duration(min(ms, most))*time.Millisecond, all)
	ctx.OK()
}

// runClientUnpause: resume processing of clients that were paused.
func runClientUnpause(ctx *Context) {
	ctx.Server.Pause.End()
	ctx.OK()
}
