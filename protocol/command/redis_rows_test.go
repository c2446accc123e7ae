package command

// redisRows are commands as redis-server 7.0.15 has them, chosen so that each
// kind of key specification and each field of COMMAND DOCS occurs.
// testdata holds what it says of them.
var redisRows = []Spec{
	{
		Name: "get", Arity: 2, Summary: "Get the value of a key",
		Flags: ReadOnly | Fast, Categories: CatString,
		Since: "1.0.0", Group: "string", Complexity: "O(1)",
		Keys: []KeySpec{KeyAt(1, "RO", "access")},
		Args: []Arg{
			{Name: "key", Type: "key", KeySpecIndex: 1},
		},
	},
	{
		Name: "set", Arity: -3, Summary: "Set the string value of a key",
		Flags: Write | DenyOOM, Categories: CatString,
		Since: "1.0.0", Group: "string", Complexity: "O(1)",
		Keys: []KeySpec{{Notes: "RW and ACCESS due to the optional `GET` argument", Flags: []string{"RW", "access", "update", "variable_flags"}, Index: 1, LastKey: 0, Step: 1}},
		History: []Change{
			{Since: "2.6.12", What: "Added the `EX`, `PX`, `NX` and `XX` options."},
			{Since: "6.0.0", What: "Added the `KEEPTTL` option."},
			{Since: "6.2.0", What: "Added the `GET`, `EXAT` and `PXAT` option."},
			{Since: "7.0.0", What: "Allowed the `NX` and `GET` options to be used together."},
		},
		Args: []Arg{
			{Name: "key", Type: "key", KeySpecIndex: 1},
			{Name: "value", Type: "string"},
			{Name: "condition", Type: "oneof", Since: "2.6.12", Optional: true, Args: []Arg{
				{Name: "nx", Type: "pure-token", Token: "NX"},
				{Name: "xx", Type: "pure-token", Token: "XX"},
			}},
			{Name: "get", Type: "pure-token", Token: "GET", Since: "6.2.0", Optional: true},
			{Name: "expiration", Type: "oneof", Optional: true, Args: []Arg{
				{Name: "seconds", Type: "integer", Token: "EX", Since: "2.6.12"},
				{Name: "milliseconds", Type: "integer", Token: "PX", Since: "2.6.12"},
				{Name: "unix-time-seconds", Type: "unix-time", Token: "EXAT", Since: "6.2.0"},
				{Name: "unix-time-milliseconds", Type: "unix-time", Token: "PXAT", Since: "6.2.0"},
				{Name: "keepttl", Type: "pure-token", Token: "KEEPTTL", Since: "6.0.0"},
			}},
		},
	},
	{
		Name: "mset", Arity: -3, Summary: "Set multiple keys to multiple values",
		Flags: Write | DenyOOM, Categories: CatString,
		Since: "1.0.1", Group: "string", Complexity: "O(N) where N is the number of keys to set.",
		Tips: []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
		Keys: []KeySpec{KeyRange(1, -1, 2, "OW", "update")},
		Args: []Arg{
			{Name: "key_value", Type: "block", Multiple: true, Args: []Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "value", Type: "string"},
			}},
		},
	},
	{
		Name: "lcs", Arity: -3, Summary: "Find longest common substring",
		Flags: ReadOnly, Categories: CatString,
		Since: "7.0.0", Group: "string", Complexity: "O(N*M) where N and M are the lengths of s1 and s2, respectively",
		Keys: []KeySpec{KeyRange(1, 1, 1, "RO", "access")},
		Args: []Arg{
			{Name: "key1", Type: "key", KeySpecIndex: 1},
			{Name: "key2", Type: "key", KeySpecIndex: 1},
			{Name: "len", Type: "pure-token", Token: "LEN", Optional: true},
			{Name: "idx", Type: "pure-token", Token: "IDX", Optional: true},
			{Name: "len", Type: "integer", Token: "MINMATCHLEN", Optional: true},
			{Name: "withmatchlen", Type: "pure-token", Token: "WITHMATCHLEN", Optional: true},
		},
	},
	{
		Name: "eval", Arity: -3, Summary: "Execute a Lua script server side",
		Flags: NoScript | Stale | SkipMonitor | NoMandatoryKeys | MovableKeys, Categories: CatScripting,
		Since: "2.6.0", Group: "scripting", Complexity: "Depends on the script that is executed.",
		Keys: []KeySpec{{Notes: "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE", Flags: []string{"RW", "access", "update"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
		Args: []Arg{
			{Name: "script", Type: "string"},
			{Name: "numkeys", Type: "integer"},
			{Name: "key", Type: "key", KeySpecIndex: 1, Optional: true, Multiple: true},
			{Name: "arg", Type: "string", Optional: true, Multiple: true},
		},
	},
	{
		Name: "xread", Arity: -4, Summary: "Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each stream. Can block.",
		Flags: ReadOnly | Blocking | MovableKeys, Categories: CatStream,
		Since: "5.0.0", Group: "stream", Complexity: "For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.",
		Keys: []KeySpec{{Flags: []string{"RO", "access"}, Keyword: "STREAMS", StartFrom: 1, LastKey: -1, Step: 1, Limit: 2}},
		Args: []Arg{
			{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
			{Name: "milliseconds", Type: "integer", Token: "BLOCK", Optional: true},
			{Name: "streams", Type: "block", Token: "STREAMS", Args: []Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
				{Name: "id", Type: "string", Multiple: true},
			}},
		},
	},
	{
		Name: "sort", Arity: -2, Summary: "Sort the elements in a list, set or sorted set",
		Flags: Write | DenyOOM | MovableKeys, Categories: CatSet | CatSortedSet | CatList | CatDangerous,
		Since: "1.0.0", Group: "generic", Complexity: "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
		Keys: []KeySpec{
			KeyAt(1, "RO", "access"),
			{Notes: "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort", Flags: []string{"RO", "access"}, Unknown: true},
			{Notes: "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array", Flags: []string{"OW", "update"}, Unknown: true},
		},
		Args: []Arg{
			{Name: "key", Type: "key", KeySpecIndex: 1},
			{Name: "pattern", Type: "pattern", KeySpecIndex: 2, Token: "BY", Optional: true},
			{Name: "offset_count", Type: "block", Token: "LIMIT", Optional: true, Args: []Arg{
				{Name: "offset", Type: "integer"},
				{Name: "count", Type: "integer"},
			}},
			{Name: "pattern", Type: "pattern", KeySpecIndex: 2, Token: "GET", Optional: true, Multiple: true, MultipleToken: true},
			{Name: "order", Type: "oneof", Optional: true, Args: []Arg{
				{Name: "asc", Type: "pure-token", Token: "ASC"},
				{Name: "desc", Type: "pure-token", Token: "DESC"},
			}},
			{Name: "sorting", Type: "pure-token", Token: "ALPHA", Optional: true},
			{Name: "destination", Type: "key", KeySpecIndex: 3, Token: "STORE", Optional: true},
		},
	},
	{
		Name: "zunionstore", Arity: -4, Summary: "Add multiple sorted sets and store the resulting sorted set in a new key",
		Flags: Write | DenyOOM | MovableKeys, Categories: CatSortedSet,
		Since: "2.0.0", Group: "sorted-set", Complexity: "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.",
		Keys: []KeySpec{
			KeyAt(1, "OW", "update"),
			{Flags: []string{"RO", "access"}, Index: 2, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1},
		},
		Args: []Arg{
			{Name: "destination", Type: "key", KeySpecIndex: 1},
			{Name: "numkeys", Type: "integer"},
			{Name: "key", Type: "key", KeySpecIndex: 2, Multiple: true},
			{Name: "weight", Type: "integer", Token: "WEIGHTS", Optional: true, Multiple: true},
			{Name: "aggregate", Type: "oneof", Token: "AGGREGATE", Optional: true, Args: []Arg{
				{Name: "sum", Type: "pure-token", Token: "SUM"},
				{Name: "min", Type: "pure-token", Token: "MIN"},
				{Name: "max", Type: "pure-token", Token: "MAX"},
			}},
		},
	},
	{
		Name: "lmpop", Arity: -4, Summary: "Pop elements from a list",
		Flags: Write | MovableKeys, Categories: CatList,
		Since: "7.0.0", Group: "list", Complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
		Keys: []KeySpec{{Flags: []string{"RW", "access", "delete"}, Index: 1, KeyNum: true, KeyNumIdx: 0, FirstKey: 1, Step: 1}},
		Args: []Arg{
			{Name: "numkeys", Type: "integer"},
			{Name: "key", Type: "key", KeySpecIndex: 1, Multiple: true},
			{Name: "where", Type: "oneof", Args: []Arg{
				{Name: "left", Type: "pure-token", Token: "LEFT"},
				{Name: "right", Type: "pure-token", Token: "RIGHT"},
			}},
			{Name: "count", Type: "integer", Token: "COUNT", Optional: true},
		},
	},
	{
		Name: "migrate", Arity: -6, Summary: "Atomically transfer a key from a Redis instance to another one.",
		Flags: Write | MovableKeys, Categories: CatKeyspace | CatDangerous,
		Since: "2.6.0", Group: "generic", Complexity: "This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target instance. See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances is performed.",
		Tips: []string{"nondeterministic_output"},
		Keys: []KeySpec{
			KeyAt(3, "RW", "access", "delete"),
			{Flags: []string{"RW", "access", "delete", "incomplete"}, Keyword: "KEYS", StartFrom: -2, LastKey: -1, Step: 1},
		},
		History: []Change{
			{Since: "3.0.0", What: "Added the `COPY` and `REPLACE` options."},
			{Since: "3.0.6", What: "Added the `KEYS` option."},
			{Since: "4.0.7", What: "Added the `AUTH` option."},
			{Since: "6.0.0", What: "Added the `AUTH2` option."},
		},
		Args: []Arg{
			{Name: "host", Type: "string"},
			{Name: "port", Type: "integer"},
			{Name: "key_or_empty_string", Type: "oneof", Args: []Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "empty_string", Type: "pure-token", Token: ""},
			}},
			{Name: "destination-db", Type: "integer"},
			{Name: "timeout", Type: "integer"},
			{Name: "copy", Type: "pure-token", Token: "COPY", Since: "3.0.0", Optional: true},
			{Name: "replace", Type: "pure-token", Token: "REPLACE", Since: "3.0.0", Optional: true},
			{Name: "authentication", Type: "oneof", Optional: true, Args: []Arg{
				{Name: "password", Type: "string", Token: "AUTH", Since: "4.0.7", Optional: true},
				{Name: "username_password", Type: "block", Token: "AUTH2", Since: "6.0.0", Optional: true, Args: []Arg{
					{Name: "username", Type: "string"},
					{Name: "password", Type: "string"},
				}},
			}},
			{Name: "key", Type: "key", KeySpecIndex: 2, Token: "KEYS", Since: "3.0.6", Optional: true, Multiple: true},
		},
	},
	{
		Name: "substr", Arity: 4, Summary: "Get a substring of the string stored at a key",
		Flags: ReadOnly, Categories: CatString,
		Since: "1.0.0", Group: "string", Complexity: "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
		Deprecated: "2.0.0", ReplacedBy: "`GETRANGE`",
		Keys: []KeySpec{KeyAt(1, "RO", "access")},
		Args: []Arg{
			{Name: "key", Type: "key", KeySpecIndex: 1},
			{Name: "start", Type: "integer"},
			{Name: "end", Type: "integer"},
		},
	},
	{
		Name: "object|freq", Arity: 3, Summary: "Get the logarithmic access frequency counter of a Redis object",
		Flags: ReadOnly, Categories: CatKeyspace,
		Since: "4.0.0", Group: "generic", Complexity: "O(1)",
		Tips: []string{"nondeterministic_output"},
		Keys: []KeySpec{KeyAt(2, "RO")},
		Args: []Arg{
			{Name: "key", Type: "key", KeySpecIndex: 1},
		},
	},
}
