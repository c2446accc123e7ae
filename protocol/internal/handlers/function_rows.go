package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// functionRows are FUNCTION with what it contains, and the commands that call functions.
var functionRows = []Row{
	{
		Spec: command.Spec{
			Name: "function", Arity: -2, Summary: "A container for function commands",
			Since: "7.0.0", Group: "scripting", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "delete", Arity: 3, Summary: "Delete a function by name",
					Flags: command.Write | command.NoScript, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(1)",
					Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
					Args: []command.Arg{
						{Name: "library-name", Type: "string"},
					},
				},
				Run: runFunctionDelete,
			},
			{
				Spec: command.Spec{
					Name: "dump", Arity: 2, Summary: "Dump all functions into a serialized binary payload",
					Flags: command.NoScript, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(N) where N is the number of functions",
				},
				Run: runFunctionDump,
			},
			{
				Spec: command.Spec{
					Name: "flush", Arity: -2, Summary: "Deleting all functions",
					Flags: command.Write | command.NoScript, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(N) where N is the number of functions deleted",
					Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
					Args: []command.Arg{
						{Name: "async", Type: "oneof", Optional: true, Args: []command.Arg{
							{Name: "async", Type: "pure-token", Token: "ASYNC"},
							{Name: "sync", Type: "pure-token", Token: "SYNC"},
						}},
					},
				},
				Run: runFunctionFlush,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(1)",
				},
				Run: runFunctionHelp,
			},
			{
				Spec: command.Spec{
					Name: "kill", Arity: 2, Summary: "Kill the function currently in execution.",
					Flags: command.NoScript | command.AllowBusy, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(1)",
					Tips: []string{"request_policy:all_shards", "response_policy:one_succeeded"},
				},
				Run: runFunctionKill,
			},
			{
				Spec: command.Spec{
					Name: "list", Arity: -2, Summary: "List information about all the functions",
					Flags: command.NoScript, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(N) where N is the number of functions",
					Tips: []string{"nondeterministic_output_order"},
					Args: []command.Arg{
						{Name: "library-name-pattern", Type: "string", Token: "LIBRARYNAME", Optional: true},
						{Name: "withcode", Type: "pure-token", Token: "WITHCODE", Optional: true},
					},
				},
				Run: runFunctionList,
			},
			{
				Spec: command.Spec{
					Name: "load", Arity: -3, Summary: "Create a function with the given arguments (name, code, description)",
					Flags: command.Write | command.DenyOOM | command.NoScript, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(1) (considering compilation time is redundant)",
					Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
					Args: []command.Arg{
						{Name: "replace", Type: "pure-token", Token: "REPLACE", Optional: true},
						{Name: "function-code", Type: "string"},
					},
				},
				Run: runFunctionLoad,
			},
			{
				Spec: command.Spec{
					Name: "restore", Arity: -3, Summary: "Restore all the functions on the given payload",
					Flags: command.Write | command.DenyOOM | command.NoScript, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(N) where N is the number of functions on the payload",
					Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
					Args: []command.Arg{
						{Name: "serialized-value", Type: "string"},
						{Name: "policy", Type: "oneof", Optional: true, Args: []command.Arg{
							{Name: "flush", Type: "pure-token", Token: "FLUSH"},
							{Name: "append", Type: "pure-token", Token: "APPEND"},
							{Name: "replace", Type: "pure-token", Token: "REPLACE"},
						}},
					},
				},
				Run: runFunctionRestore,
			},
			{
				Spec: command.Spec{
					Name: "stats", Arity: 2, Summary: "Return information about the function currently running (name, description, duration)",
					Flags: command.NoScript | command.AllowBusy, Categories: command.CatScripting,
					Since: "7.0.0", Group: "scripting", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
				},
				Run: runFunctionStats,
			},
		},
	},
	{
		Spec: command.Spec{
			Name: "fcall", Arity: -3, Summary: "Invoke a function",
			Flags: command.NoScript | command.Stale | command.SkipMonitor | command.MayReplicate | command.NoMandatoryKeys | command.MovableKeys, Categories: command.CatScripting,
			Since: "7.0.0", Group: "scripting", Complexity: "Depends on the function that is executed.",
			Keys: []command.KeySpec{{Notes: "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE", Flags: []string{"RW", "access", "update"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "function", Type: "string"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Optional: true, Multiple: true},
				{Name: "arg", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runFCall,
	},
	{
		Spec: command.Spec{
			Name: "fcall_ro", Arity: -3, Summary: "Invoke a read-only function",
			Flags: command.ReadOnly | command.NoScript | command.Stale | command.SkipMonitor | command.MayReplicate | command.NoMandatoryKeys | command.MovableKeys, Categories: command.CatScripting,
			Since: "7.0.0", Group: "scripting", Complexity: "Depends on the function that is executed.",
			Keys: []command.KeySpec{{Notes: "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS", Flags: []string{"RO", "access"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "function", Type: "string"},
				{Name: "numkeys", Type: "integer"},
				{Name: "key", Type: "key", KeySpecIndex: 1, Optional: true, Multiple: true},
				{Name: "arg", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runFCallRO,
	},
}
