package exec

import (
	"time"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/latency"
	"github.com/ashlar-cache/ashlar/protocol/internal/slowlog"
)

// observe notes a command that took long, in the slow log and the latency monitor.
func (x *Executor) observe(c *handlers.Command, took time.Duration) {
	if x.server.Slow.Slow(took) && c.Flags&command.SkipSlowlog == 0 {
		s := x.ctx.Session
		x.server.Slow.Add(slowlog.Entry{
			At: x.clock.now / 1000, Micros: took.Microseconds(), Addr: s.Client.RemoteAddr(), Name: s.Name,
		}, redacted(x.ctx.Args))
	}
	if x.server.Latency.Slow(took) {
		name := latency.Command
		if c.Flags&command.Fast != 0 {
			name = latency.FastCommand
		}
		x.server.Latency.Add(name, x.clock.now, took)
	}
}

// feed shows a command that was run to those who monitor. What administers the server
// is not shown, as in Redis.
func (x *Executor) feed(c *handlers.Command, db int, argv [][]byte) {
	if c.Flags&(command.SkipMonitor|command.Admin) == 0 {
		x.server.Monitors.Feed(time.Now().UnixMicro(), db, x.ctx.Session.Client.RemoteAddr(), redacted(argv))
	}
}

// redacted is a command as others may see it: without passwords.
func redacted(argv [][]byte) [][]byte {
	from := len(argv)
	switch {
	case args.Is(argv[0], "auth"):
		from = 1
	case args.Is(argv[0], "hello"):
		for i, arg := range argv {
			if args.Is(arg, "auth") {
				from = i + 1
			}
		}
	case args.Is(argv[0], "acl"):
		if len(argv) > 2 && (args.Is(argv[1], "setuser") || args.Is(argv[1], "getuser") || args.Is(argv[1], "deluser")) {
			from = 2
		}
	case args.Is(argv[0], "migrate"):
		from = 2
	case args.Is(argv[0], "config") && len(argv) > 3 && args.Is(argv[1], "set"):
		for i := 2; i+1 < len(argv); i += 2 {
			if args.Is(argv[i], "requirepass") || args.Is(argv[i], "masterauth") {
				from = i + 1
			}
		}
	}
	if from == len(argv) {
		return argv
	}
	list := append([][]byte(nil), argv...)
	for i := from; i < len(list); i++ {
		list[i] = []byte("(redacted)")
	}
	return list
}
