package handlers

import (
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// replicationRows are the commands about replicas. This server has none and is none, so
// they answer what a master without replicas answers, and refuse what asks for one.
var replicationRows = []Row{
	{
		Spec: command.Spec{
			Name: "role", Arity: 1, Summary: "Return the role of the instance in the context of replication",
			Flags: command.NoScript | command.Loading | command.Stale | command.Fast, Categories: command.CatAdmin | command.CatDangerous,
			Since: "2.8.12", Group: "server", Complexity: "O(1)",
		},
		Run: runRole,
	},
	{
		Spec: command.Spec{
			Name: "replicaof", Arity: 3, Summary: "Make the server a replica of another instance, or promote it as master.",
			Flags: command.Admin | command.NoScript | command.Stale | command.NoAsyncLoading,
			Since: "5.0.0", Group: "server", Complexity: "O(1)",
			Args: []command.Arg{
				{Name: "args", Type: "oneof", Args: []command.Arg{
					{Name: "host-port", Type: "block", Args: []command.Arg{
						{Name: "host", Type: "string"},
						{Name: "port", Type: "integer"},
					}},
					{Name: "no-one", Type: "block", Args: []command.Arg{
						{Name: "no", Type: "pure-token", Token: "NO"},
						{Name: "one", Type: "pure-token", Token: "ONE"},
					}},
				}},
			},
		},
		Run: runReplicaof,
	},
	{
		Spec: command.Spec{
			Name: "slaveof", Arity: 3, Summary: "Make the server a replica of another instance, or promote it as master.",
			Flags: command.Admin | command.NoScript | command.Stale | command.NoAsyncLoading,
			Since: "1.0.0", Group: "server", Complexity: "O(1)",
			Deprecated: "5.0.0", ReplacedBy: "`REPLICAOF`",
			Args: []command.Arg{
				{Name: "args", Type: "oneof", Args: []command.Arg{
					{Name: "host-port", Type: "block", Args: []command.Arg{
						{Name: "host", Type: "string"},
						{Name: "port", Type: "integer"},
					}},
					{Name: "no-one", Type: "block", Args: []command.Arg{
						{Name: "no", Type: "pure-token", Token: "NO"},
						{Name: "one", Type: "pure-token", Token: "ONE"},
					}},
				}},
			},
		},
		Run: runReplicaof,
	},
	{
		Spec: command.Spec{
			Name: "wait", Arity: 3, Summary: "Wait for the synchronous replication of all the write commands sent in the context of the current connection",
			Flags: command.NoScript, Categories: command.CatConnection,
			Since: "3.0.0", Group: "generic", Complexity: "O(1)",
			Tips: []string{"request_policy:all_shards", "response_policy:agg_min"},
			Args: []command.Arg{
				{Name: "numreplicas", Type: "integer"},
				{Name: "timeout", Type: "integer"},
			},
		},
		Run: runWait,
	},
	{
		Spec: command.Spec{
			Name: "waitaof", Arity: 4, Summary: "Blocks until all of the preceding write commands sent by the connection are written to the append-only file of the master and/or replicas.",
			Flags: command.Blocking, Categories: command.CatConnection,
			Since: "7.2.0", Group: "generic", Complexity: "O(1)",
			Tips: []string{"request_policy:all_shards", "response_policy:agg_min"},
			Args: []command.Arg{
				{Name: "numlocal", Type: "integer"},
				{Name: "numreplicas", Type: "integer"},
				{Name: "timeout", Type: "integer"},
			},
		},
		Run: runWaitAOF,
	},
	{
		Spec: command.Spec{
			Name: "failover", Arity: -1, Summary: "Start a coordinated failover between this server and one of its replicas.",
			Flags: command.Admin | command.NoScript | command.Stale,
			Since: "6.2.0", Group: "server", Complexity: "O(1)",
			Args: []command.Arg{
				{Name: "target", Type: "block", Token: "TO", Optional: true, Args: []command.Arg{
					{Name: "host", Type: "string"},
					{Name: "port", Type: "integer"},
					{Name: "force", Type: "pure-token", Token: "FORCE", Optional: true},
				}},
				{Name: "abort", Type: "pure-token", Token: "ABORT", Optional: true},
				{Name: "milliseconds", Type: "integer", Token: "TIMEOUT", Optional: true},
			},
		},
		Run: runFailover,
	},
	{
		Spec: command.Spec{
			Name: "psync", Arity: -3, Summary: "Internal command used for replication",
			Flags: command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti,
			Since: "2.8.0", Group: "server",
			Args: []command.Arg{
				{Name: "replicationid", Type: "string"},
				{Name: "offset", Type: "integer"},
			},
		},
		Run: runNotMaster,
	},
	{
		Spec: command.Spec{
			Name: "sync", Arity: 1, Summary: "Internal command used for replication",
			Flags: command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti,
			Since: "1.0.0", Group: "server",
		},
		Run: runNotMaster,
	},
	{
		Spec: command.Spec{
			Name: "replconf", Arity: -1, Summary: "An internal command for configuring the replication stream",
			Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.AllowBusy,
			Since: "3.0.0", Group: "server", Complexity: "O(1)",
			SysCmd: true,
		},
		Run: runNotMaster,
	},
}

const (
	errNoReplica = "ERR this server cannot be a replica; only REPLICAOF NO ONE is accepted"
	errNoMaster  = "ERR this server cannot be replicated: it has no replication stream"
)

// runRole is that of a master: its offset, which never moves, and its replicas.
func runRole(ctx *Context) {
	ctx.Array(3)
	ctx.BulkString("master")
	ctx.Int(0)
	ctx.Array(0)
}

// runReplicaof: NO ONE is what it is already.
func runReplicaof(ctx *Context) {
	port, ok := args.Int(ctx.Args[2])
	switch {
	case args.Is(ctx.Args[1], "no") && args.Is(ctx.Args[2], "one"):
		ctx.OK()
	case !ok || port < 0 || port > 65535:
		ctx.Error("ERR Invalid master port")
	default:
		ctx.Error(errNoReplica)
	}
}

// runWait waits for replicas, which never come, until its time is up.
func runWait(ctx *Context) {
	replicas, ok := args.Int(ctx.Args[1])
	if !ok {
		ctx.Error(args.ErrNotInteger)
		return
	}
	timeout, err := args.TimeoutMs(ctx.Args[2])
	switch {
	case err != "":
		ctx.Error(err)
	case replicas <= 0 || ctx.NoWait:
		ctx.Int(0)
	default:
		ctx.Block(Wait{Timeout: timeout, Expired: []byte(":0\r\n")})
	}
}

// runWaitAOF: there is no append-only file to wait for either.
func runWaitAOF(ctx *Context) {
	local, isLocal := args.Int(ctx.Args[1])
	replicas, isReplicas := args.Int(ctx.Args[2])
	timeout, err := args.TimeoutMs(ctx.Args[3])
	switch {
	case !isLocal || !isReplicas:
		ctx.Error(args.ErrNotInteger)
	case local < 0 || local > 1:
		ctx.Error("ERR value is out of range, value must between 0 and 1")
	case replicas < 0:
		ctx.Error("ERR value is out of range, must be positive")
	case err != "":
		ctx.Error(err)
	case local > 0:
		ctx.Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
	case replicas == 0 || ctx.NoWait:
		ctx.Array(2)
		ctx.Int(0)
		ctx.Int(0)
	default:
		ctx.Block(Wait{Timeout: timeout, Expired: []byte("*2\r\n:0\r\n:0\r\n")})
	}
}

// runFailover reads its options as redis-server does, and then misses the replicas.
func runFailover(ctx *Context) {
	if len(ctx.Args) == 2 && args.Is(ctx.Args[1], "abort") {
		ctx.Error("ERR No failover in progress.")
		return
	}
	timeout, host, force := int64(0), false, false
	for options := args.From(ctx.Args, 1); options.More(); {
		ok := true
		switch {
		case timeout == 0 && options.Option("timeout", 1):
			if timeout, ok = args.Int(options.Next()); ok && timeout <= 0 {
				ctx.Error("ERR FAILOVER timeout must be greater than 0")
				return
			}
		case !host && options.Option("to", 2):
			options.Next()
			host = true
			_, ok = args.Int(options.Next())
		case !force && options.Word("force"):
			force = true
		default:
			ctx.Error(args.ErrSyntax)
			return
		}
		if !ok {
			ctx.Error(args.ErrNotInteger)
			return
		}
	}
	ctx.Error("ERR FAILOVER requires connected replicas.")
}

// runNotMaster refuses who wants to be a replica.
func runNotMaster(ctx *Context) { ctx.Error(errNoMaster) }
