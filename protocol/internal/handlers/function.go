package handlers

import (
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
	"github.com/ashlar-cache/ashlar/protocol/internal/script"
)

// runFCall: invoke a function.
func runFCall(ctx *Context) { ctx.fcall(false) }

// runFCallRO: invoke a read-only function.
func runFCallRO(ctx *Context) { ctx.fcall(true) }

func (ctx *Context) fcall(readOnly bool) {
	f := ctx.Server.Scripts.Function(ctx.Args[1])
	if f == nil {
		ctx.Error("ERR Function not found")
		return
	}
	n, isInt := args.Int(ctx.Args[2])
	rest := ctx.Args[3:]
	switch {
	case !isInt:
		ctx.Error("ERR Bad number of keys provided")
	case n > int64(len(rest)):
		ctx.Error("ERR Number of keys can't be greater than number of args")
	case n < 0:
		ctx.Error("ERR Number of keys can't be negative")
	default:
		ctx.RunScript(ScriptCall{Called: f, Keys: rest[:n], Args: rest[n:], ReadOnly: readOnly})
	}
}

// runFunctionLoad: create a function with the given arguments (name, code, description).
func runFunctionLoad(ctx *Context) {
	replace := false
	options := ctx.Args[2 : len(ctx.Args)-1]
	for _, arg := range options {
		if !args.Is(arg, "replace") {
			ctx.Error("ERR Unknown option given: " + string(args.Clip(arg)))
			return
		}
		replace = true
	}
	name, err := ctx.Server.Scripts.LoadLibrary(ctx.Args[len(ctx.Args)-1], replace)
	if err != "" {
		ctx.Error(err)
		return
	}
	ctx.BulkString(name)
}

func runFunctionDelete(ctx *Context) {
	if !ctx.Server.Scripts.DeleteLibrary(ctx.Args[2]) {
		ctx.Error("ERR Library not found")
		return
	}
	ctx.OK()
}

// runFunctionFlush: deleting all functions.
func runFunctionFlush(ctx *Context) {
	if len(ctx.Args) > 3 || len(ctx.Args) == 3 && !args.Is(ctx.Args[2], "sync") && !args.Is(ctx.Args[2], "async") {
		ctx.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
		return
	}
	ctx.Server.Scripts.FlushLibraries()
	ctx.OK()
}

// runFunctionDump: dump all functions into a serialized binary payload.
func runFunctionDump(ctx *Context) { ctx.Bulk(ctx.Server.Scripts.Dump()) }

// runFunctionRestore: restore all the functions on the given payload.
func runFunctionRestore(ctx *Context) {
	policy := script.PolicyAppend
	if len(ctx.Args) > 4 {
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "FUNCTION"))
		return
	}
	if len(ctx.Args) == 4 {
		switch arg := ctx.Args[3]; {
		case args.Is(arg, "append"):
		case args.Is(arg, "replace"):
			policy = script.PolicyReplace
		case args.Is(arg, "flush"):
			policy = script.PolicyFlush
		default:
			ctx.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
			return
		}
	}
	if err := ctx.Server.Scripts.Restore(ctx.Args[2], policy); err != "" {
		ctx.Error(err)
		return
	}
	ctx.OK()
}

// runFunctionKill: kill the function currently in execution.
func runFunctionKill(ctx *Context) { ctx.kill(true) }

// runFunctionList: list information about all the functions.
func runFunctionList(ctx *Context) {
	var pattern []byte
	code, named := false, false
	for opt := args.From(ctx.Args, 2); opt.More(); {
		switch {
		case !code && opt.Option("withcode", 0):
			code = true
		case !named && opt.Option("libraryname", 1):
			pattern, named = opt.Next(), true
		default:
			if word := opt.Next(); !named && args.Is(word, "libraryname") {
				ctx.Error("ERR library name argument was not given")
			} else {
				ctx.Error("ERR Unknown argument " + string(args.Clip(word)))
			}
			return
		}
	}
	var list []*script.Library
	for _, lib := range ctx.Server.Scripts.Libraries() {
		if !named || glob.Match(pattern, []byte(lib.Name), true) {
			list = append(list, lib)
		}
	}
	ctx.Array(len(list))
	for _, lib := range list {
		ctx.library(lib, code)
	}
}

// library describes one library.
func (ctx *Context) library(lib *script.Library, code bool) {
	fields := 3
	if code {
		fields++
	}
	ctx.Map(fields)
	ctx.BulkString("library_name")
	ctx.BulkString(lib.Name)
	ctx.BulkString("engine")
	ctx.BulkString("LUA")
	ctx.BulkString("functions")
	ctx.Array(len(lib.Functions))
	for _, f := range lib.Functions {
		ctx.Map(3)
		ctx.BulkString("name")
		ctx.BulkString(f.Name)
		ctx.BulkString("description")
		if f.Described {
			ctx.BulkString(f.Description)
		} else {
			ctx.Null()
		}
		ctx.BulkString("flags")
		names := f.Flags.Names()
		ctx.Set(len(names))
		for _, name := range names {
			ctx.Simple(name)
		}
	}
	if code {
		ctx.BulkString("library_code")
		ctx.BulkString(lib.Code)
	}
}

// runFunctionStats: return information about the function currently running (name,
// description, duration).
func runFunctionStats(ctx *Context) {
	ctx.Map(2)
	ctx.BulkString("running_script")
	if run := ctx.Server.Scripts.Running(); run == nil {
		ctx.Null()
	} else {
		ctx.Map(3)
		ctx.BulkString("name")
		ctx.BulkString(run.Name)
		ctx.BulkString("command")
		ctx.Array(len(run.Command))
		for _, arg := range run.Command {
			ctx.BulkString(arg)
		}
		ctx.BulkString("duration_ms")
		ctx.Int(time.Since(run.Started).Milliseconds())
	}
	counts := ctx.Server.Scripts.Stats()
	ctx.BulkString("engines")
	ctx.Map(1)
	ctx.BulkString("LUA")
	ctx.Map(2)
	ctx.BulkString("libraries_count")
	ctx.Int(int64(counts.Libraries))
	ctx.BulkString("functions_count")
	ctx.Int(int64(counts.Functions))
}

var functionHelp = []string{
	"LOAD [REPLACE] <FUNCTION CODE>",
	"    Create a new library with the given library name and code.",
	"DELETE <LIBRARY NAME>",
	"    Delete the given library.",
	"LIST [LIBRARYNAME PATTERN] [WITHCODE]",
	"    Return general information on all the libraries:",
	"    * Library name",
	"    * The engine used to run the Library",
	"    * Library description",
	"    * Functions list",
	"    * Library code (if WITHCODE is given)",
	"    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
	"STATS",
	"    Return information about the current function running:",
	"    * Function name",
	"    * Command used to run the function",
	"    * Duration in MS that the function is running",
	"    If no function is running, return nil",
	"    In addition, returns a list of available engines.",
	"KILL",
	"    Kill the current running function.",
	"FLUSH [ASYNC|SYNC]",
	"    Delete all the libraries.",
	"    When called without the optional mode argument, the behavior is determined by the",
	"    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
	"    * ASYNC: Asynchronously flush the libraries.",
	"    * SYNC: Synchronously flush the libraries.",
	"DUMP",
	"    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
	"RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
	"    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
	"    control how to handle existing libraries (default APPEND):",
	"    * FLUSH: delete all existing libraries.",
	"    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
	"    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
	"      libraries with the new libraries (notice that even on this option there is a chance of failure",
	"      in case of functions name collision with another library).",
}

// runFunctionHelp: show helpful text about the different subcommands.
func runFunctionHelp(ctx *Context) { ctx.help("FUNCTION", functionHelp) }
