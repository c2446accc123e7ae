package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// evalRows are the commands that run scripts.
var evalRows = []Row{
	{
		Spec: command.Spec{
			Name: "eval", Arity: -3, Summary: "Execute a Lua script server side",
			Flags: command.NoScript | command.Stale | command.SkipMonitor | command.MayReplicate | command.NoMandatoryKeys | command.MovableKeys, Categories: command.CatScripting,
			Since: "2.6.0", Group: "scripting", Complexity: "Depends on the script that is executed.",
			Keys: []command.KeySpec{{Notes: "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE", Flags: []string{"RW", "access", "update"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "script", Type: "string"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Optional: true, Multiple: true},
				{Name: "arg", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runEval,
	},
	{
		Spec: command.Spec{
			Name: "evalsha", Arity: -3, Summary: "Execute a Lua script server side",
			Flags: command.NoScript | command.Stale | command.SkipMonitor | command.MayReplicate | command.NoMandatoryKeys | command.MovableKeys, Categories: command.CatScripting,
			Since: "2.6.0", Group: "scripting", Complexity: "Depends on the script that is executed.",
			Keys: []command.KeySpec{{Flags: []string{"RW", "access", "update"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "sha1", Type: "string"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Optional: true, Multiple: true},
				{Name: "arg", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runEvalSHA,
	},
	{
		Spec: command.Spec{
			Name: "eval_ro", Arity: -3, Summary: "Execute a read-only Lua script server side",
			Flags: command.ReadOnly | command.NoScript | command.Stale | command.SkipMonitor | command.MayReplicate | command.NoMandatoryKeys | command.MovableKeys, Categories: command.CatScripting,
			Since: "7.0.0", Group: "scripting", Complexity: "Depends on the script that is executed.",
			Keys: []command.KeySpec{{Notes: "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS", Flags: []string{"RO", "access"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "script", Type: "string"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Optional: true, Multiple: true},
				{Name: "arg", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runEvalRO,
	},
	{
		Spec: command.Spec{
			Name: "evalsha_ro", Arity: -3, Summary: "Execute a read-only Lua script server side",
			Flags: command.ReadOnly | command.NoScript | command.Stale | command.SkipMonitor | command.MayReplicate | command.NoMandatoryKeys | command.MovableKeys, Categories: command.CatScripting,
			Since: "7.0.0", Group: "scripting", Complexity: "Depends on the script that is executed.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "sha1", Type: "string"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Optional: true, Multiple: true},
				{Name: "arg", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runEvalSHARO,
	},
}

// scriptRows are SCRIPT and what it contains.
var scriptRows = []Row{
	{
		Spec: command.Spec{
			Name: "script", Arity: -2, Summary: "A container for Lua scripts management commands",
			Since: "2.6.0", Group: "scripting", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "debug", Arity: 3, Summary: "Set the debug mode for executed scripts.",
					Flags: command.NoScript, Categories: command.CatScripting,
					Since: "3.2.0", Group: "scripting", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "mode", Type: "oneof", Args: []command.Arg{
							{Name: "yes", Type: "pure-token", Token: "YES"},
							{Name: "sync", Type: "pure-token", Token: "SYNC"},
							{Name: "no", Type: "pure-token", Token: "NO"},
						}},
					},
				},
				Run: runScriptDebug,
			},
			{
				Spec: command.Spec{
					Name: "exists", Arity: -3, Summary: "Check existence of scripts in the script cache.",
					Flags: command.NoScript, Categories: command.CatScripting,
					Since: "2.6.0", Group: "scripting", Complexity: "O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).",
					Tips: []string{"request_policy:all_shards", "response_policy:agg_logical_and"},
					Args: []command.Arg{
						{Name: "sha1", Type: "string", Multiple: true},
					},
				},
				Run: runScriptExists,
			},
			{
				Spec: command.Spec{
					Name: "flush", Arity: -2, Summary: "Remove all the scripts from the script cache.",
					Flags: command.NoScript, Categories: command.CatScripting,
					Since: "2.6.0", Group: "scripting", Complexity: "O(N) with N being the number of scripts in cache",
					Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
					History: []command.Change{
						{Since: "6.2.0", What: "Added the `ASYNC` and `SYNC` flushing mode modifiers."},
					},
					Args: []command.Arg{
						{Name: "async", Type: "oneof", Since: "6.2.0", Optional: true, Args: []command.Arg{
							{Name: "async", Type: "pure-token", Token: "ASYNC"},
							{Name: "sync", Type: "pure-token", Token: "SYNC"},
						}},
					},
				},
				Run: runScriptFlush,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale, Categories: command.CatScripting,
					Since: "5.0.0", Group: "scripting", Complexity: "O(1)",
				},
				Run: runScriptHelp,
			},
			{
				Spec: command.Spec{
					Name: "kill", Arity: 2, Summary: "Kill the script currently in execution.",
					Flags: command.NoScript | command.AllowBusy, Categories: command.CatScripting,
					Since: "2.6.0", Group: "scripting", Complexity: "O(1)",
					Tips: []string{"request_policy:all_shards", "response_policy:one_succeeded"},
				},
				Run: runScriptKill,
			},
			{
				Spec: command.Spec{
					Name: "load", Arity: 3, Summary: "Load the specified Lua script into the script cache.",
					Flags: command.NoScript | command.Stale, Categories: command.CatScripting,
					Since: "2.6.0", Group: "scripting", Complexity: "O(N) with N being the length in bytes of the script body.",
					Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
					Args: []command.Arg{
						{Name: "script", Type: "string"},
					},
				},
				Run: runScriptLoad,
			},
			{
				Spec: command.Spec{
					Name: "show", Arity: 3, Summary: "Show a script of the script cache (as in Valkey).",
					Flags: command.NoScript, Categories: command.CatScripting,
					Since: "8.0.0", Group: "scripting", Complexity: "O(1).",
					Args: []command.Arg{
						{Name: "sha1", Type: "string"},
					},
				},
				Beyond: "valkey 8.0",
				Run:    runScriptShow,
			},
		},
	},
}
