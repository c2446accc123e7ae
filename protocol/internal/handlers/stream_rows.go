package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// streamRows are the commands on streams: their handlers are in the other files of
// that name. Their text is redis-server 7.0.15's, what later versions changed in the
// history.
var streamRows = []Row{
	{
		Spec: command.Spec{
			Name: "xadd", Arity: -5, Summary: "Appends a new entry to a stream",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{{Notes: "UPDATE instead of INSERT because of the optional trimming feature", Flags: []string{"RW", "update"}, Index: 1, LastKey: 0, Step: 1}},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option."},
				{Since: "7.0.0", What: "Added support for the `<ms>-*` explicit ID form."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "nomkstream", Type: "pure-token", Token: "NOMKSTREAM", Since: "6.2.0", Optional: true},
				{Name: "trim", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "strategy", Type: "oneof", Args: []command.Arg{
						{Name: "maxlen", Type: "pure-token", Token: "MAXLEN"},
						{Name: "minid", Type: "pure-token", Token: "MINID", Since: "6.2.0"},
					}},
					{Name: "operator", Type: "oneof", Optional: true, Args: []command.Arg{
						{Name: "equal", Type: "pure-token", Token: "="},
						{Name: "approximately", Type: "pure-token", Token: "~"},
					}},
					{Name: "threshold", Type: "string"},
					{Name: "count", Type: "integer", Token: "LIMIT", Since: "6.2.0", Optional: true},
				}},
				{Name: "id_or_auto", Type: "oneof", Args: []command.Arg{
					{Name: "auto_id", Type: "pure-token", Token: "*"},
					{Name: "id", Type: "string"},
				}},
				{Name: "field_value", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "field", Type: "string"},
					{Name: "value", Type: "string"},
				}},
			},
		},
		Run: runXadd,
	},
	{
		Spec: command.Spec{
			Name: "xlen", Arity: 2, Summary: "Return the number of entries in a stream",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RO")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run: runXlen,
	},
	{
		Spec: command.Spec{
			Name: "xrange", Arity: -4, Summary: "Return a range of elements in a stream, with IDs matching the specified IDs interval",
			Flags: command.ReadOnly, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added exclusive ranges."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "start", Type: "string"},
				{Name: "end", Type: "string"},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runXrange,
	},
	{
		Spec: command.Spec{
			Name: "xrevrange", Arity: -4, Summary: "Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse order (from greater to smaller IDs) compared to XRANGE",
			Flags: command.ReadOnly, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added exclusive ranges."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "end", Type: "string"},
				{Name: "start", Type: "string"},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			},
		},
		Run: runXrevrange,
	},
	{
		Spec: command.Spec{
			Name: "xdel", Arity: -3, Summary: "Removes the specified entries from the stream. Returns the number of items actually deleted, that may be different from the number of IDs passed in case certain IDs do not exist.",
			Flags: command.Write | command.Fast, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(1) for each single item to delete in the stream, regardless of the stream size.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "id", Type: "string", Multiple: true},
			},
		},
		Run: runXdel,
	},
	{
		Spec: command.Spec{
			Name: "xtrim", Arity: -4, Summary: "Trims the stream to (approximately if '~' is passed) a certain size",
			Flags: command.Write, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `MINID` trimming strategy and the `LIMIT` option."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "trim", Type: "block", Args: []command.Arg{
					{Name: "strategy", Type: "oneof", Args: []command.Arg{
						{Name: "maxlen", Type: "pure-token", Token: "MAXLEN"},
						{Name: "minid", Type: "pure-token", Token: "MINID", Since: "6.2.0"},
					}},
					{Name: "operator", Type: "oneof", Optional: true, Args: []command.Arg{
						{Name: "equal", Type: "pure-token", Token: "="},
						{Name: "approximately", Type: "pure-token", Token: "~"},
					}},
					{Name: "threshold", Type: "string"},
					{Name: "count", Type: "integer", Token: "LIMIT", Since: "6.2.0", Optional: true},
				}},
			},
		},
		Run: runXtrim,
	},
	{
		Spec: command.Spec{
			Name: "xsetid", Arity: -3, Summary: "An internal command for replicating stream values",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added the `entries_added` and `max_deleted_entry_id` arguments."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "last-id", Type: "string"},
				{Name: "entries_added", Type: "integer", Token: "ENTRIESADDED", Since: "7.0.0", Optional: true},
				{Name: "max_deleted_entry_id", Type: "string", Token: "MAXDELETEDID", Since: "7.0.0", Optional: true},
			},
		},
		Run: runXsetid,
	},
	{
		Spec: command.Spec{
			Name: "xread", Arity: -4, Summary: "Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each stream. Can block.",
			Flags: command.ReadOnly | command.Blocking | command.MovableKeys, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Keyword: "STREAMS", StartFrom: 1, LastKey: -1, Step: 1, Limit: 2}},
			Args: []command.Arg{
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
				{Name: "milliseconds", Type: "integer", Token: "BLOCK", Optional: true},
				{Name: "streams", Type: "block", Token: "STREAMS", Args: []command.Arg{
					{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
					{Name: "id", Type: "string", Multiple: true},
				}},
			},
		},
		Run: runXread,
	},
	{
		Spec: command.Spec{
			Name: "xgroup", Arity: -2, Summary: "A container for consumer groups commands",
			Since: "5.0.0", Group: "stream", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "create", Arity: -5, Summary: "Create a consumer group.",
					Flags: command.Write | command.DenyOOM, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
					Keys: []command.KeySpec{command.KeyAt(2, "RW", "insert")},
					History: []command.Change{
						{Since: "7.0.0", What: "Added the `entries_read` named argument."},
					},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "groupname", Type: "string"},
						{Name: "id", Type: "oneof", Args: []command.Arg{
							{Name: "id", Type: "string"},
							{Name: "new_id", Type: "pure-token", Token: "$"},
						}},
						{Name: "mkstream", Type: "pure-token", Token: "MKSTREAM", Optional: true},
						{Name: "entries_read", Type: "integer", Token: "ENTRIESREAD", Optional: true},
					},
				},
				Run: runXgroupCreate,
			},
			{
				Spec: command.Spec{
					Name: "createconsumer", Arity: 5, Summary: "Create a consumer in a consumer group.",
					Flags: command.Write | command.DenyOOM, Categories: command.CatStream,
					Since: "6.2.0", Group: "stream", Complexity: "O(1)",
					Keys: []command.KeySpec{command.KeyAt(2, "RW", "insert")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "groupname", Type: "string"},
						{Name: "consumername", Type: "string"},
					},
				},
				Run: runXgroupCreateConsumer,
			},
			{
				Spec: command.Spec{
					Name: "delconsumer", Arity: 5, Summary: "Delete a consumer from a consumer group.",
					Flags: command.Write, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
					Keys: []command.KeySpec{command.KeyAt(2, "RW", "delete")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "groupname", Type: "string"},
						{Name: "consumername", Type: "string"},
					},
				},
				Run: runXgroupDelConsumer,
			},
			{
				Spec: command.Spec{
					Name: "destroy", Arity: 4, Summary: "Destroy a consumer group.",
					Flags: command.Write, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
					Keys: []command.KeySpec{command.KeyAt(2, "RW", "delete")},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "groupname", Type: "string"},
					},
				},
				Run: runXgroupDestroy,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
				},
				Run: runXgroupHelp,
			},
			{
				Spec: command.Spec{
					Name: "setid", Arity: -5, Summary: "Set a consumer group to an arbitrary last delivered ID value.",
					Flags: command.Write, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
					Keys: []command.KeySpec{command.KeyAt(2, "RW", "update")},
					History: []command.Change{
						{Since: "7.0.0", What: "Added the optional `entries_read` argument."},
					},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "groupname", Type: "string"},
						{Name: "id", Type: "oneof", Args: []command.Arg{
							{Name: "id", Type: "string"},
							{Name: "new_id", Type: "pure-token", Token: "$"},
						}},
						{Name: "entries_read", Type: "integer", Token: "ENTRIESREAD", Optional: true},
					},
				},
				Run: runXgroupSetID,
			},
		},
	},
	{
		Spec: command.Spec{
			Name: "xreadgroup", Arity: -7, Summary: "Return new entries from a stream using a consumer group, or access the history of the pending entries for a given consumer. Can block.",
			Flags: command.Write | command.Blocking | command.MovableKeys, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.",
			Keys: []command.KeySpec{{Flags: []string{"RO", "access"}, Keyword: "STREAMS", StartFrom: 4, LastKey: -1, Step: 1, Limit: 2}},
			Args: []command.Arg{
				{Name: "group_consumer", Type: "block", Token: "GROUP", Args: []command.Arg{
					{Name: "group", Type: "string"},
					{Name: "consumer", Type: "string"},
				}},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
				{Name: "milliseconds", Type: "integer", Token: "BLOCK", Optional: true},
				{Name: "noack", Type: "pure-token", Token: "NOACK", Optional: true},
				{Name: "streams", Type: "block", Token: "STREAMS", Args: []command.Arg{
					{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
					{Name: "id", Type: "string", Multiple: true},
				}},
			},
		},
		Run: runXreadgroup,
	},
	{
		Spec: command.Spec{
			Name: "xack", Arity: -4, Summary: "Marks a pending message as correctly processed, effectively removing it from the pending entries list of the consumer group. Return value of the command is the number of messages successfully acknowledged, that is, the IDs we were actually able to resolve in the PEL.",
			Flags: command.Write | command.Fast, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(1) for each message ID processed.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "group", Type: "string"},
				{Name: "id", Type: "string", Multiple: true},
			},
		},
		Run: runXack,
	},
	{
		Spec: command.Spec{
			Name: "xclaim", Arity: -6, Summary: "Changes (or acquires) ownership of a message in a consumer group, as if the message was delivered to the specified consumer.",
			Flags: command.Write | command.Fast, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(log N) with N being the number of messages in the PEL of the consumer group.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "group", Type: "string"},
				{Name: "consumer", Type: "string"},
				{Name: "min-idle-time", Type: "string"},
				{Name: "id", Type: "string", Multiple: true},
				{Name: "ms", Type: "integer", Token: "IDLE", Optional: true},
				{Name: "unix-time-milliseconds", Type: "unix-time", Token: "TIME", Optional: true},
				{Name: "count", Type: "integer", Token: "RETRYCOUNT", Optional: true},
				{Name: "force", Type: "pure-token", Token: "FORCE", Optional: true},
				{Name: "justid", Type: "pure-token", Token: "JUSTID", Optional: true},
				{Name: "id", Type: "string", Token: "LASTID", Optional: true},
			},
		},
		Run: runXclaim,
	},
	{
		Spec: command.Spec{
			Name: "xautoclaim", Arity: -6, Summary: "Changes (or acquires) ownership of messages in a consumer group, as if the messages were delivered to the specified consumer.",
			Flags: command.Write | command.Fast, Categories: command.CatStream,
			Since: "6.2.0", Group: "stream", Complexity: "O(1) if COUNT is small.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "delete")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added an element to the reply array, containing deleted entries the command cleared from the PEL"},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "group", Type: "string"},
				{Name: "consumer", Type: "string"},
				{Name: "min-idle-time", Type: "string"},
				{Name: "start", Type: "string"},
				{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
				{Name: "justid", Type: "pure-token", Token: "JUSTID", Optional: true},
			},
		},
		Run: runXautoclaim,
	},
	{
		Spec: command.Spec{
			Name: "xpending", Arity: -3, Summary: "Return information and entries from a stream consumer group pending entries list, that are messages fetched but never acknowledged.",
			Flags: command.ReadOnly, Categories: command.CatStream,
			Since: "5.0.0", Group: "stream", Complexity: "O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `IDLE` option and exclusive range intervals."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "group", Type: "string"},
				{Name: "filters", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "min-idle-time", Type: "integer", Token: "IDLE", Since: "6.2.0", Optional: true},
					{Name: "start", Type: "string"},
					{Name: "end", Type: "string"},
					{Name: "count", Type: "integer"},
					{Name: "consumer", Type: "string", Optional: true},
				}},
			},
		},
		Run: runXpending,
	},
	{
		Spec: command.Spec{
			Name: "xinfo", Arity: -2, Summary: "A container for stream introspection commands",
			Since: "5.0.0", Group: "stream", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "consumers", Arity: 4, Summary: "List the consumers in a consumer group",
					Flags: command.ReadOnly, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
					Keys: []command.KeySpec{command.KeyAt(2, "RO", "access")},
					History: []command.Change{
						{Since: "7.2.0", What: "Added the `inactive` field, and changed the meaning of `idle`."},
					},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "groupname", Type: "string"},
					},
				},
				Run: runXinfoConsumers,
			},
			{
				Spec: command.Spec{
					Name: "groups", Arity: 3, Summary: "List the consumer groups of a stream",
					Flags: command.ReadOnly, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
					Keys: []command.KeySpec{command.KeyAt(2, "RO", "access")},
					History: []command.Change{
						{Since: "7.0.0", What: "Added the `entries-read` and `lag` fields"},
					},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
					},
				},
				Run: runXinfoGroups,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
				},
				Run: runXinfoHelp,
			},
			{
				Spec: command.Spec{
					Name: "stream", Arity: -3, Summary: "Get information about a stream",
					Flags: command.ReadOnly, Categories: command.CatStream,
					Since: "5.0.0", Group: "stream", Complexity: "O(1)",
					Keys: []command.KeySpec{command.KeyAt(2, "RO", "access")},
					History: []command.Change{
						{Since: "6.0.0", What: "Added the `FULL` modifier."},
						{Since: "7.0.0", What: "Added the `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` fields"},
						{Since: "7.2.0", What: "Added the `active-time` field, and changed the meaning of `seen-time`."},
					},
					Args: []command.Arg{
						{Name: "key", Type: "key", KeySpecIndex: 1},
						{Name: "full", Type: "block", Token: "FULL", Optional: true, Args: []command.Arg{
							{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
						}},
					},
				},
				Run: runXinfoStream,
			},
		},
	},
}
