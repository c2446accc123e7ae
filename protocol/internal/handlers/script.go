package handlers

import (
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
)

// ScriptCall is a script that is to be run, or a function: the executor does that,
// since the commands in it pass the gates and take locks like any others.
type ScriptCall struct {
	Script *script.Script   // EVAL's, or
	Called *script.Function // FCALL's

	Keys, Args [][]byte
	ReadOnly   bool // the command is one that may not write
}

// Flags are those of what is called.
func (c *ScriptCall) Flags() script.Flags {
	if c.Called != nil {
		return c.Called.Flags
	}
	return c.Script.Flags
}

// Name is what errors call it.
func (c *ScriptCall) Name() string {
	if c.Called != nil {
		return c.Called.Name
	}
	return c.Script.SHA
}

// Straight tells whether it comes to an end by itself, soon.
func (c *ScriptCall) Straight() bool {
	if c.Called != nil {
		return c.Called.Library.Straight
	}
	return c.Script.Straight
}

// Wide tells whether it is known to use keys that it does not declare.
func (c *ScriptCall) Wide() bool {
	if c.Called != nil {
		return c.Called.Wide()
	}
	return c.Script.Wide()
}

// SetWide notes that it does.
func (c *ScriptCall) SetWide() {
	if c.Called != nil {
		c.Called.SetWide()
	} else {
		c.Script.SetWide()
	}
}

// Slow tells whether it ran for long the last time.
func (c *ScriptCall) Slow() bool {
	if c.Called != nil {
		return c.Called.Slow()
	}
	return c.Script.Slow()
}

// SetSlow notes how it was this time.
func (c *ScriptCall) SetSlow(slow bool) {
	if c.Called != nil {
		c.Called.SetSlow(slow)
	} else {
		c.Script.SetSlow(slow)
	}
}

// ScriptFlags are those of the script or the function that a command is about to run;
// ok if they can be told and are its own (see script.Plain).
func (s *Server) ScriptFlags(c *Command, argv [][]byte) (f script.Flags, ok bool) {
	switch c.Name {
	case "eval", "eval_ro":
		f, ok = script.FlagsOf(argv[1])
	case "evalsha", "evalsha_ro":
		if found := s.Scripts.Find(argv[1]); found != nil {
			f, ok = found.Flags, true
		}
	case "fcall", "fcall_ro":
		if found := s.Scripts.Function(argv[1]); found != nil {
			f, ok = found.Flags, true
		}
	}
	return f, ok && f&script.Plain == 0
}

// scriptArgs takes the keys and the arguments that follow a count, args[2].
func (ctx *Context) scriptArgs() (keys, rest [][]byte, ok bool) {
	n, isInt := args.Int(ctx.Args[2])
	rest = ctx.Args[3:]
	switch {
	case !isInt:
		ctx.Error(args.ErrNotInteger)
	case n > int64(len(rest)):
		ctx.Error("ERR Number of keys can't be greater than number of args")
	case n < 0:
		ctx.Error("ERR Number of keys can't be negative")
	default:
		return rest[:n], rest[n:], true
	}
	return nil, nil, false
}

// runEval: execute a Lua script server side.
func runEval(ctx *Context) { ctx.eval(false) }

// runEvalRO: execute a read-only Lua script server side.
func runEvalRO(ctx *Context) { ctx.eval(true) }

// runEvalSHA: execute a Lua script server side.
func runEvalSHA(ctx *Context) { ctx.evalSHA(false) }

// runEvalSHARO: execute a read-only Lua script server side.
func runEvalSHARO(ctx *Context) { ctx.evalSHA(true) }

func (ctx *Context) eval(readOnly bool) {
	keys, rest, ok := ctx.scriptArgs()
	if !ok {
		return
	}
	s, err := ctx.Server.Scripts.Load(ctx.Args[1], false)
	if err != "" {
		ctx.Error(err)
		return
	}
	ctx.RunScript(ScriptCall{Script: s, Keys: keys, Args: rest, ReadOnly: readOnly})
}

func (ctx *Context) evalSHA(readOnly bool) {
	keys, rest, ok := ctx.scriptArgs()
	if !ok {
		return
	}
	s := ctx.Server.Scripts.Find(ctx.Args[1])
	if s == nil {
		ctx.Error("NOSCRIPT No matching script. Please use EVAL.")
		return
	}
	ctx.RunScript(ScriptCall{Script: s, Keys: keys, Args: rest, ReadOnly: readOnly})
}

var scriptHelp = []string{
	"DEBUG (YES|SYNC|NO)",
	"    Set the debug mode for subsequent scripts executed.",
	"EXISTS <sha1> [<sha1> ...]",
	"    Return information about the existence of the scripts in the script cache.",
	"FLUSH [ASYNC|SYNC]",
	"    Flush the Lua scripts cache. Very dangerous on replicas.",
	"    When called without the optional mode argument, the behavior is determined by the",
	"    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
	"    * ASYNC: Asynchronously flush the scripts cache.",
	"    * SYNC: Synchronously flush the scripts cache.",
	"KILL",
	"    Kill the currently executing Lua script.",
	"LOAD <script>",
	"    Load a script into the scripts cache without executing it.",
}

// runScriptHelp: show helpful text about the different subcommands.
func runScriptHelp(ctx *Context) { ctx.help("SCRIPT", scriptHelp) }

// runScriptLoad: load the specified Lua script into the script cache.
func runScriptLoad(ctx *Context) {
	s, err := ctx.Server.Scripts.Load(ctx.Args[2], true)
	if err != "" {
		ctx.Error(err)
		return
	}
	ctx.BulkString(s.SHA)
}

// runScriptExists: check existence of scripts in the script cache.
func runScriptExists(ctx *Context) {
	ctx.Array(len(ctx.Args) - 2)
	for _, sha := range ctx.Args[2:] {
		ctx.Flag(ctx.Server.Scripts.Find(sha) != nil)
	}
}

// runScriptShow: show a script of the script cache. Valkey has it since 8.0, so SCRIPT
// HELP, which is Redis's, does not know it.
func runScriptShow(ctx *Context) {
	s := ctx.Server.Scripts.Find(ctx.Args[2])
	if s == nil {
		ctx.Error("NOSCRIPT No matching script.")
		return
	}
	ctx.BulkString(s.Body)
}

// runScriptFlush: remove all the scripts from the script cache.
func runScriptFlush(ctx *Context) {
	if len(ctx.Args) > 3 || len(ctx.Args) == 3 && !args.Is(ctx.Args[2], "sync") && !args.Is(ctx.Args[2], "async") {
		ctx.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
		return
	}
	ctx.Server.Scripts.Flush()
	ctx.OK()
}

// runScriptKill: kill the script currently in execution.
func runScriptKill(ctx *Context) { ctx.kill(false) }

// kill is SCRIPT KILL, or FUNCTION KILL.
func (ctx *Context) kill(function bool) {
	if err := ctx.Server.Scripts.Kill(function); err != "" {
		ctx.Error(err)
		return
	}
	ctx.OK()
}

// runScriptDebug is about redis-server's debugger, of which there is none here.
func runScriptDebug(ctx *Context) {
	switch mode := ctx.Args[2]; {
	case args.Is(mode, "no"):
		ctx.OK()
	case args.Is(mode, "yes"), args.Is(mode, "sync"):
		ctx.Error("ERR SCRIPT DEBUG is not supported by this server")
	default:
		ctx.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO")
	}
}
