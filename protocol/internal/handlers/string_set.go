package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// stringSetRows are the commands that take an expiry with a value.
var stringSetRows = []Row{
	{
		Spec: command.Spec{
			Name: "set", Arity: -3, Summary: "Set the string value of a key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatString,
			Since: "1.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{{Notes: "RW and ACCESS due to the optional `GET` argument", Flags: []string{"RW", "access", "update", "variable_flags"}, Index: 1, LastKey: 0, Step: 1}},
			History: []command.Change{
				{Since: "2.6.12", What: "Added the `EX`, `PX`, `NX` and `XX` options."},
				{Since: "6.0.0", What: "Added the `KEEPTTL` option."},
				{Since: "6.2.0", What: "Added the `GET`, `EXAT` and `PXAT` option."},
				{Since: "7.0.0", What: "Allowed the `NX` and `GET` options to be used together."},
				{Since: "8.4.0", What: "Added the `IFEQ`, `IFNE`, `IFDEQ` and `IFDNE` options."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "value", Type: "string"},
				{Name: "condition", Type: "oneof", Since: "2.6.12", Optional: true, Args: append([]command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
				}, comparisonArgs...)},
				{Name: "get", Type: "pure-token", Token: "GET", Since: "6.2.0", Optional: true},
				{Name: "expiration", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "seconds", Type: "integer", Token: "EX", Since: "2.6.12"},
					{Name: "milliseconds", Type: "integer", Token: "PX", Since: "2.6.12"},
					{Name: "unix-time-seconds", Type: "unix-time", Token: "EXAT", Since: "6.2.0"},
					{Name: "unix-time-milliseconds", Type: "unix-time", Token: "PXAT", Since: "6.2.0"},
					{Name: "keepttl", Type: "pure-token", Token: "KEEPTTL", Since: "6.0.0"},
				}},
			},
		},
		Run: runSet,
	},
	{
		Spec: command.Spec{
			Name: "setex", Arity: 4, Summary: "Set the value and expiration of a key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatString,
			Since: "2.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "OW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "seconds", Type: "integer"},
				{Name: "value", Type: "string"},
			},
		},
		Run: runSetex,
	},
	{
		Spec: command.Spec{
			Name: "psetex", Arity: 4, Summary: "Set the value and expiration in milliseconds of a key",
			Flags: command.Write | command.DenyOOM, Categories: command.CatString,
			Since: "2.6.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "OW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "milliseconds", Type: "integer"},
				{Name: "value", Type: "string"},
			},
		},
		Run: runPsetex,
	},
	{
		Spec: command.Spec{
			Name: "getex", Arity: -2, Summary: "Get the value of a key and optionally set its expiration",
			Flags: command.Write | command.Fast, Categories: command.CatString,
			Since: "6.2.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{{Notes: "RW and UPDATE because it changes the TTL", Flags: []string{"RW", "access", "update"}, Index: 1, LastKey: 0, Step: 1}},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "expiration", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "seconds", Type: "integer", Token: "EX"},
					{Name: "milliseconds", Type: "integer", Token: "PX"},
					{Name: "unix-time-seconds", Type: "unix-time", Token: "EXAT"},
					{Name: "unix-time-milliseconds", Type: "unix-time", Token: "PXAT"},
					{Name: "persist", Type: "pure-token", Token: "PERSIST"},
				}},
			},
		},
		Run: runGetex,
	},
}

// runSet is SET key value [condition] [GET] [expiry].
//
// Beyond Redis 7.4 it takes the conditions that compare the present value: IFEQ
// as Valkey 8.1 introduced it and Redis 8.4 took it over, and Redis 8.4's IFNE,
// IFDEQ and IFDNE. See condition.
func runSet(ctx *Context) {
	if len(ctx.Args) > 3 {
		runSetWithOptions(ctx)
		return
	}
	if err := ctx.Tx.Set(ctx.Args[1], ctx.Args[2], cache.NoExpiry); err != nil {
		ctx.fail(err)
		return
	}
	ctx.Notify(pubsub.String, "set", ctx.Args[1])
	ctx.OK()
}

// runSetWithOptions: without GET the reply is OK, or null where the condition was
// not met. With GET it is the value before, null where there was none, and so does
// not tell whether the condition was met; another type is an error then, although
// a plain SET overwrites it.
func runSetWithOptions(ctx *Context) {
	key, value := ctx.Args[1], ctx.Args[2]
	o, errText := parseSetOptions(ctx.Args)
	if errText != "" {
		ctx.Error(errText)
		return
	}
	at, errText := o.expiry.at(ctx.Tx.Now(), "set")
	if errText != "" {
		ctx.Error(errText)
		return
	}
	met, err := o.condition.met(ctx.Tx, key)
	switch {
	case err != nil:
		ctx.fail(err)
	case o.get && met:
		ctx.replace(key, value, at)
	case o.get:
		old, err := ctx.Tx.Get(key)
		ctx.valueOr(old, err)
	case !met:
		ctx.Null()
	default:
		if err := ctx.Tx.Set(key, value, at); err != nil {
			ctx.fail(err)
			return
		}
		ctx.notifySet(key, at)
		ctx.OK()
	}
}

// setOptions is what may follow SET key value: of each line at most one, in any
// order.
//
//	NX  XX  IFEQ v  IFNE v  IFDEQ d  IFDNE d      the condition
//	EX s  PX ms  EXAT s  PXAT ms  KEEPTTL         the expiry; none of these takes it away
//	GET                                           the reply is the old value, set or not
type setOptions struct {
	condition condition
	expiry    expiry
	get       bool
}

// parseSetOptions reads them in any order. As in Redis, an option that
// contradicts an earlier one is a syntax error, and of two of the same kind
// the last one counts.
func parseSetOptions(words [][]byte) (o setOptions, errText string) {
	for c := args.From(words, 3); c.More(); {
		switch {
		case c.Word("get"):
			o.get = true
		case o.condition.takePresence(&c), o.expiry.take(&c), o.expiry.takeFlag(&c, expireKeep):
		case o.condition.takeComparison(&c):
			if !o.condition.valid() {
				return o, errBadDigest
			}
		default:
			return o, args.ErrSyntax
		}
	}
	return o, ""
}

// runSetex is SETEX key seconds value.
func runSetex(ctx *Context) { setExpiring(ctx, expireEX, "setex") }

// runPsetex is PSETEX key milliseconds value.
func runPsetex(ctx *Context) { setExpiring(ctx, expirePX, "psetex") }

// setExpiring is SETEX and PSETEX, whose time stands before the value.
func setExpiring(ctx *Context, kind expiryKind, name string) {
	e := expiry{kind, ctx.Args[2]}
	at, errText := e.at(ctx.Tx.Now(), name)
	if errText != "" {
		ctx.Error(errText)
		return
	}
	if err := ctx.Tx.Set(ctx.Args[1], ctx.Args[3], at); err != nil {
		ctx.fail(err)
		return
	}
	ctx.notifySet(ctx.Args[1], at)
	ctx.OK()
}

// runGetex is GETEX key [expiry]. A missing key is null before the time is
// looked at, so that a bad time is an error only where there is a key.
func runGetex(ctx *Context) {
	var e expiry
	for c := args.From(ctx.Args, 2); c.More(); {
		if !e.take(&c) && !e.takeFlag(&c, expirePersist) {
			ctx.Error(args.ErrSyntax)
			return
		}
	}
	key := ctx.Args[1]
	value, err := ctx.Tx.Get(key)
	if err != nil {
		ctx.valueOr(nil, err)
		return
	}
	at, errText := e.at(ctx.Tx.Now(), "getex")
	if errText != "" {
		ctx.Error(errText)
		return
	}
	ctx.Bulk(value)
	switch e.kind {
	case expireNever:
	case expirePersist:
		if ctx.Tx.Persist(key) {
			ctx.Notify(pubsub.Generic, "persist", key)
		}
	default:
		ctx.Tx.SetExpireAt(key, at)
		ctx.notifyExpire(key, at)
	}
}

// expiryKind is a form in which commands take an expiry.
type expiryKind uint8

const (
	expireNever expiryKind = iota
	expireEX               // seconds from now
	expirePX               // milliseconds from now
	expireEXAT             // unix time in seconds
	expirePXAT             // unix time in milliseconds
	expireKeep
	expirePersist
)

var expiryWords = [...]string{
	expireEX: "ex", expirePX: "px", expireEXAT: "exat", expirePXAT: "pxat",
	expireKeep: "keepttl", expirePersist: "persist",
}

// expiry is an expiry as given. Its number is read by at and not before: in
// Redis a syntax error further on comes first.
type expiry struct {
	kind expiryKind
	time []byte
}

// take reads one option with a time. It takes nothing if the next argument is
// none, or would contradict what was taken before.
func (e *expiry) take(c *args.Cursor) bool {
	for kind := expireEX; kind <= expirePXAT; kind++ {
		if e.may(kind) && c.Option(expiryWords[kind], 1) {
			e.kind, e.time = kind, c.Next()
			return true
		}
	}
	return false
}

// takeFlag reads KEEPTTL, which SET and MSETEX have, or PERSIST, which is GETEX's.
func (e *expiry) takeFlag(c *args.Cursor, kind expiryKind) bool {
	if !e.may(kind) || !c.Word(expiryWords[kind]) {
		return false
	}
	e.kind = kind
	return true
}

// may tells whether an expiry of this kind can follow those taken before: EX 1 EX 2
// is good and EX 2 counts, EX 1 PX 2 is a syntax error.
func (e *expiry) may(kind expiryKind) bool { return e.kind == expireNever || e.kind == kind }

// at is the expiry in unix milliseconds: cache.NoExpiry for none, cache.KeepTTL
// for KEEPTTL. name is the command that complains.
func (e *expiry) at(now int64, name string) (at int64, errText string) {
	switch e.kind {
	case expireNever, expirePersist:
		return cache.NoExpiry, ""
	case expireKeep:
		return cache.KeepTTL, ""
	}
	at, ok := args.Int(e.time)
	seconds := e.kind == expireEX || e.kind == expireEXAT
	switch {
	case !ok:
		return 0, args.ErrNotInteger
	case at <= 0, seconds && at > math.MaxInt64/1000:
		return 0, args.InvalidExpire(name)
	}
	if seconds {
		at *= 1000
	}
	if e.kind == expireEX || e.kind == expirePX {
		if at > math.MaxInt64-now {
			return 0, args.InvalidExpire(name)
		}
		at += now
	}
	return at, ""
}
