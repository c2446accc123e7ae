package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// hashExpireRows are the commands on the expiry of single fields, new in Redis 7.4.
var hashExpireRows = []Row{
	{
		Spec: command.Spec{
			Name: "hexpire", Arity: -6, Summary: "Set expiry for hash field using relative time to expire (seconds)",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: hashExpireArgs("seconds", "integer"),
		},
		Run: runHExpire,
	},
	{
		Spec: command.Spec{
			Name: "hpexpire", Arity: -6, Summary: "Set expiry for hash field using relative time to expire (milliseconds)",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: hashExpireArgs("milliseconds", "integer"),
		},
		Run: runHPExpire,
	},
	{
		Spec: command.Spec{
			Name: "hexpireat", Arity: -6, Summary: "Set expiry for hash field using an absolute Unix timestamp (seconds)",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: hashExpireArgs("unix-time-seconds", "unix-time"),
		},
		Run: runHExpireAt,
	},
	{
		Spec: command.Spec{
			Name: "hpexpireat", Arity: -6, Summary: "Set expiry for hash field using an absolute Unix timestamp (milliseconds)",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: hashExpireArgs("unix-time-milliseconds", "unix-time"),
		},
		Run: runHPExpireAt,
	},
	{
		Spec: command.Spec{
			Name: "hexpiretime", Arity: -5, Summary: "Returns the expiration time of a hash field as a Unix timestamp, in seconds.",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: hashFieldArgs(),
		},
		Run: runHExpireTime,
	},
	{
		Spec: command.Spec{
			Name: "hpexpiretime", Arity: -5, Summary: "Returns the expiration time of a hash field as a Unix timestamp, in msec.",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: hashFieldArgs(),
		},
		Run: runHPExpireTime,
	},
	{
		Spec: command.Spec{
			Name: "httl", Arity: -5, Summary: "Returns the TTL in seconds of a hash field.",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: hashFieldArgs(),
		},
		Run: runHTTL,
	},
	{
		Spec: command.Spec{
			Name: "hpttl", Arity: -5, Summary: "Returns the TTL in milliseconds of a hash field.",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: hashFieldArgs(),
		},
		Run: runHPTTL,
	},
	{
		Spec: command.Spec{
			Name: "hpersist", Arity: -5, Summary: "Removes the expiration time for each specified field",
			Flags: command.Write | command.Fast, Categories: command.CatHash,
			Since: "7.4.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: hashFieldArgs(),
		},
		Run: runHPersist,
	},
}

// hashFieldsArg describes "FIELDS numfields field [field ...]".
func hashFieldsArg() command.Arg {
	return command.Arg{Name: "fields", Type: "block", Token: "FIELDS", Args: []command.Arg{
		{Name: "numfields", Type: "integer"},
		{Name: "field", Type: "string", Multiple: true},
	}}
}

// hashFieldArgs are the arguments that name fields, for COMMAND DOCS.
func hashFieldArgs() []command.Arg {
	return []command.Arg{{Name: "key", Type: "key", KeySpecIndex: 1}, hashFieldsArg()}
}

// hashExpireArgs are those of the commands that set an expiry, in seconds or
// milliseconds, from now or as a time.
func hashExpireArgs(unit, typ string) []command.Arg {
	return []command.Arg{
		{Name: "key", Type: "key", KeySpecIndex: 1},
		{Name: unit, Type: typ},
		{Name: "condition", Type: "oneof", Optional: true, Args: []command.Arg{
			{Name: "nx", Type: "pure-token", Token: "NX"},
			{Name: "xx", Type: "pure-token", Token: "XX"},
			{Name: "gt", Type: "pure-token", Token: "GT"},
			{Name: "lt", Type: "pure-token", Token: "LT"},
		}},
		hashFieldsArg(),
	}
}

const (
	errNoFields      = "ERR Mandatory argument FIELDS is missing or not at the right position"
	errFieldCount    = "ERR Number of fields must be a positive integer"
	errNumFields     = "ERR Parameter `numFields` should be greater than 0"
	errFieldMismatch = "ERR The `numfields` parameter must match the number of arguments"
	errNegativeTime  = "ERR invalid expire time, must be >= 0"

	// maxFieldTime is the highest time that redis-server reads, in milliseconds; now
	// may come on top of it.
	maxFieldTime = (cache.MaxFieldExpiry + 1) >> 2
)

// hashFields reads "FIELDS numfields field [field ...]" from argument at on, to the
// end. badCount is the error for a number that is none.
func (ctx *Context) hashFields(at int, badCount string) (fields [][]byte, err string) {
	list := ctx.Args
	if len(list) < at+2 || !args.Is(list[at], "fields") {
		return nil, errNoFields
	}
	n, ok := args.Int(list[at+1])
	switch {
	case !ok || n < 1:
		return nil, badCount
	case n != int64(len(list)-at-2):
		return nil, errFieldMismatch
	}
	return list[at+2:], ""
}

// hashTime reads a field's expiry, which counts in units of so many milliseconds
// from base, and returns it as a unix time.
func (ctx *Context) hashTime(text []byte, base, unit int64) (at int64, err string) {
	n, ok := args.Int(text)
	switch {
	case !ok:
		return 0, args.ErrNotInteger
	case n < 0:
		return 0, errNegativeTime
	case n > maxFieldTime/unit, n*unit > cache.MaxFieldExpiry-base:
		return 0, args.InvalidExpire(ctx.Command.FullName)
	}
	return base + n*unit, ""
}

// runHExpire: set expiry for hash field using relative time to expire (seconds).
func runHExpire(ctx *Context) { ctx.hashExpire(ctx.Tx.Now(), 1000) }

// runHPExpire: set expiry for hash field using relative time to expire (milliseconds).
func runHPExpire(ctx *Context) { ctx.hashExpire(ctx.Tx.Now(), 1) }

// runHExpireAt: set expiry for hash field using an absolute Unix timestamp (seconds).
func runHExpireAt(ctx *Context) { ctx.hashExpire(0, 1000) }

// runHPExpireAt: set expiry for hash field using an absolute Unix timestamp (milliseconds).
func runHPExpireAt(ctx *Context) { ctx.hashExpire(0, 1) }

// fieldReplies are what HEXPIRE and HPERSIST say became of a field.
var (
	expireReplies = [...]int64{
		cache.FieldMissing: -2, cache.FieldUnchanged: 0, cache.FieldChanged: 1, cache.FieldDeleted: 2,
	}
	persistReplies = [...]int64{cache.FieldMissing: -2, cache.FieldUnchanged: -1, cache.FieldChanged: 1}
)

// hashExpire is HEXPIRE key time [NX|XX|GT|LT] FIELDS numfields field [field ...]: for
// each field -2 if it is not there, 0 if the condition does not hold, 1 if it has got
// the expiry, 2 if it was deleted because the time has come already.
func (ctx *Context) hashExpire(base, unit int64) {
	if !ctx.hashOrNone() {
		return
	}
	at, fault := ctx.hashTime(ctx.Args[2], base, unit)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	cond, from := cache.Always, 4
	switch {
	case args.Is(ctx.Args[3], "nx"):
		cond = cache.IfNone
	case args.Is(ctx.Args[3], "xx"):
		cond = cache.IfAny
	case args.Is(ctx.Args[3], "gt"):
		cond = cache.IfLater
	case args.Is(ctx.Args[3], "lt"):
		cond = cache.IfSooner
	default:
		from = 3
	}
	fields, fault := ctx.hashFields(from, errNumFields)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	start := len(ctx.B)
	ctx.Array(len(fields))
	changed := false
	err := ctx.Tx.HExpireAt(ctx.Args[1], at, cond, fields, func(what cache.FieldChange) {
		ctx.Int(expireReplies[what])
		changed = changed || what >= cache.FieldChanged
	})
	ctx.undoOn(err, start)
	if changed {
		ctx.notifyFields(max(at, 1))
	}
}

// hashOrNone replies with an error where the command's key holds something else than
// a hash.
func (ctx *Context) hashOrNone() bool {
	if t := ctx.Tx.Type(ctx.Args[1]); t != cache.Hash && t != cache.None {
		ctx.Error(args.ErrWrongType)
		return false
	}
	return true
}

// undoOn replaces the reply written from start on by an error, if there is one.
func (ctx *Context) undoOn(err error, start int) {
	if err != nil {
		ctx.B = ctx.B[:start]
		ctx.fail(err)
	}
}

// runHPersist is HPERSIST key FIELDS numfields field [field ...]: for each field -2 if
// it is not there, -1 if it has no expiry, 1 if it had one.
func runHPersist(ctx *Context) {
	if !ctx.hashOrNone() {
		return
	}
	fields, fault := ctx.hashFields(2, errFieldCount)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	start := len(ctx.B)
	ctx.Array(len(fields))
	changed := false
	err := ctx.Tx.HPersist(ctx.Args[1], fields, func(what cache.FieldChange) {
		ctx.Int(persistReplies[what])
		changed = changed || what == cache.FieldChanged
	})
	ctx.undoOn(err, start)
	if changed {
		ctx.notifyFields(cache.NoExpiry)
	}
}

// runHTTL: returns the TTL in seconds of a hash field.
func runHTTL(ctx *Context) { ctx.hashTimeToLive(ctx.Tx.Now(), 1000) }

// runHPTTL: returns the TTL in milliseconds of a hash field.
func runHPTTL(ctx *Context) { ctx.hashTimeToLive(ctx.Tx.Now(), 1) }

// runHExpireTime: returns the expiration time of a hash field as a Unix timestamp, in seconds.
func runHExpireTime(ctx *Context) { ctx.hashTimeToLive(0, 1000) }

// runHPExpireTime: returns the expiration time of a hash field as a Unix timestamp, in msec.
func runHPExpireTime(ctx *Context) { ctx.hashTimeToLive(0, 1) }

// hashTimeToLive is HTTL key FIELDS numfields field [field ...]: for each field -2 if
// it is not there, -1 if it has no expiry, else the expiry counted from a time in units
// of so many milliseconds, rounded up.
func (ctx *Context) hashTimeToLive(from, unit int64) {
	view, there, ok := ctx.hashView()
	if !ok {
		return
	}
	fields, fault := ctx.hashFields(2, errFieldCount)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	ctx.Array(len(fields))
	for _, field := range fields {
		at, ok := int64(0), false
		if there {
			at, ok = view.ExpireAt(field)
		}
		switch {
		case !ok:
			ctx.Int(-2)
		case at == cache.NoExpiry:
			ctx.Int(-1)
		default:
			ctx.Int((at - from + unit - 1) / unit)
		}
	}
}
