package handlers

import (
	"github.com/ashlar-cache/ashlar/protocol/command"
)

// monitorRows is the command that shows all others.
var monitorRows = []Row{
	{
		Spec: command.Spec{
			Name: "monitor", Arity: 1, Summary: "Listen for all requests received by the server in real time",
			Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
			Since: "1.0.0", Group: "server",
		},
		Run: runMonitor,
	},
}

// runMonitor has the client be sent every command that is run from now on.
func runMonitor(ctx *Context) {
	ctx.Server.Monitors.Add(ctx.Session.ID, ctx.Session.Client)
	ctx.OK()
}
