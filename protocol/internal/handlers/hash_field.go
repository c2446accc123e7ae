package handlers

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// hashFieldRows are the commands on fields of a hash that came with Redis 8.
var hashFieldRows = []Row{
	{
		Spec: command.Spec{
			Name: "hgetdel", Arity: -5, Summary: "Returns the value of a field and deletes it from the hash.",
			Flags: command.Write | command.Fast, Categories: command.CatHash,
			Since: "8.0.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "access", "delete")},
			Args: hashFieldArgs(),
		},
		Beyond: "8.0",
		Run:    runHGetDel,
	},
	{
		Spec: command.Spec{
			Name: "hgetex", Arity: -5, Summary: "Get the value of one or more fields of a given hash key, and optionally set their expiration.",
			Flags: command.Write | command.Fast, Categories: command.CatHash,
			Since: "8.0.0", Group: "hash", Complexity: "O(N) where N is the number of specified fields",
			Keys: []command.KeySpec{{Notes: "RW and UPDATE because it changes the TTL", Flags: []string{"RW", "access", "update"}, Index: 1, Step: 1}},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "expiration", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "seconds", Type: "integer", Token: "EX"},
					{Name: "milliseconds", Type: "integer", Token: "PX"},
					{Name: "unix-time-seconds", Type: "unix-time", Token: "EXAT"},
					{Name: "unix-time-milliseconds", Type: "unix-time", Token: "PXAT"},
					{Name: "persist", Type: "pure-token", Token: "PERSIST"},
				}},
				hashFieldsArg(),
			},
		},
		Beyond: "8.0",
		Run:    runHGetEx,
	},
	{
		Spec: command.Spec{
			Name: "hsetex", Arity: -6, Summary: "Set the value of one or more fields of a given hash key, and optionally set their expiration.",
			Flags: command.Write | command.DenyOOM | command.Fast, Categories: command.CatHash,
			Since: "8.0.0", Group: "hash", Complexity: "O(N) where N is the number of fields being set.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "condition", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "fnx", Type: "pure-token", Token: "FNX"},
					{Name: "fxx", Type: "pure-token", Token: "FXX"},
				}},
				{Name: "expiration", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "seconds", Type: "integer", Token: "EX"},
					{Name: "milliseconds", Type: "integer", Token: "PX"},
					{Name: "unix-time-seconds", Type: "unix-time", Token: "EXAT"},
					{Name: "unix-time-milliseconds", Type: "unix-time", Token: "PXAT"},
					{Name: "keepttl", Type: "pure-token", Token: "KEEPTTL"},
				}},
				{Name: "fields", Type: "block", Token: "FIELDS", Args: []command.Arg{
					{Name: "numfields", Type: "integer"},
					{Name: "data", Type: "block", Multiple: true, Args: []command.Arg{
						{Name: "field", Type: "string"},
						{Name: "value", Type: "string"},
					}},
				}},
			},
		},
		Beyond: "8.0",
		Run:    runHSetEx,
	},
}

// runHGetDel is HGETDEL key FIELDS numfields field [field ...].
func runHGetDel(ctx *Context) {
	fields, fault := ctx.hashFields(2, errFieldCount)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	if !ctx.hashOrNone() {
		return
	}
	start := len(ctx.B)
	ctx.Array(len(fields))
	found, write := ctx.countingFields()
	ctx.undoOn(ctx.Tx.HGetDel(ctx.Args[1], fields, write), start)
	if *found > 0 {
		ctx.NotifyTaken(pubsub.Hash, "hdel", ctx.Args[1])
	}
}

// fieldExpiry is an option that says what becomes of fields' expiries.
type fieldExpiry struct {
	base, unit int64 // unit 0: there is no time
	at         int64
}

// readFieldExpiry reads the option list[0], if it is one: the options with a time
// and, without, the one whose name and meaning are given.
func (ctx *Context) readFieldExpiry(word []byte, other string, meaning int64) (e fieldExpiry, ok bool) {
	switch {
	case args.Is(word, "ex"):
		return fieldExpiry{base: ctx.Tx.Now(), unit: 1000}, true
	case args.Is(word, "px"):
		return fieldExpiry{base: ctx.Tx.Now(), unit: 1}, true
	case args.Is(word, "exat"):
		return fieldExpiry{unit: 1000}, true
	case args.Is(word, "pxat"):
		return fieldExpiry{unit: 1}, true
	case args.Is(word, other):
		return fieldExpiry{at: meaning}, true
	}
	return e, false
}

// runHGetEx is HGETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST] FIELDS numfields
// field [field ...].
func runHGetEx(ctx *Context) {
	if !ctx.hashOrNone() {
		return
	}
	e, given := ctx.readFieldExpiry(ctx.Args[2], "persist", cache.NoExpiry)
	from := 2
	switch {
	case !given:
		e.at = cache.KeepTTL
	case e.unit == 0:
		from = 3
	default:
		from = 4
	}
	fields, fault := ctx.hashFields(from, errFieldCount)
	if fault == "" && e.unit != 0 {
		if e.at, fault = ctx.hashTime(ctx.Args[3], e.base, e.unit); fault == "" {
			e.at = max(e.at, 1) // 0 is past, too, and not "never"
		}
	}
	if fault != "" {
		ctx.Error(fault)
		return
	}
	start := len(ctx.B)
	ctx.Array(len(fields))
	found, write := ctx.countingFields()
	ctx.undoOn(ctx.Tx.HGetEx(ctx.Args[1], e.at, fields, write), start)
	if *found > 0 {
		ctx.notifyFields(e.at)
	}
}

// countingFields writes values, or null, and counts those that are there.
func (ctx *Context) countingFields() (found *int, write func(value []byte, ok bool)) {
	found = new(int)
	return found, func(value []byte, ok bool) {
		if ok {
			*found++
		}
		ctx.bulkOrNull(value, ok)
	}
}

// notifyFields is about fields that were given an expiry, or deleted if that has come.
func (ctx *Context) notifyFields(at int64) {
	switch {
	case at == cache.KeepTTL:
	case at == cache.NoExpiry:
		ctx.Notify(pubsub.Hash, "hpersist", ctx.Args[1])
	case at <= ctx.Tx.Now():
		ctx.NotifyTaken(pubsub.Hash, "hdel", ctx.Args[1])
	default:
		ctx.Notify(pubsub.Hash, "hexpire", ctx.Args[1])
	}
}

// hsetexOptions are what stands before the fields of HSETEX.
type hsetexOptions struct {
	cond  cache.FieldsThere
	at    int64
	timed bool // an option has said what at is
	pairs [][]byte
}

// runHSetEx is HSETEX key [FNX|FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] FIELDS
// numfields field value [field value ...]: 1 if the fields were set, 0 if the condition
// does not hold.
func runHSetEx(ctx *Context) {
	o, fault := ctx.hsetexOptions()
	if fault != "" {
		ctx.Error(fault)
		return
	}
	set, err := ctx.Tx.HSetEx(ctx.Args[1], o.at, o.cond, o.pairs...)
	if set {
		ctx.Notify(pubsub.Hash, "hset", ctx.Args[1])
		if o.at != cache.NoExpiry {
			ctx.notifyFields(o.at)
		}
	}
	ctx.flagOr(set, err)
}

// hsetexOptions reads the arguments of HSETEX, whose options come in any order.
func (ctx *Context) hsetexOptions() (o hsetexOptions, fault string) {
	list := ctx.Args
	for i := 2; i < len(list); i++ {
		switch word := list[i]; {
		case args.Is(word, "fields"):
			o.pairs, fault = ctx.hsetexPairs(i)
			return o, fault
		case args.Is(word, "fnx"), args.Is(word, "fxx"):
			if o.cond != cache.AnyFields {
				return o, "ERR Only one of FXX or FNX arguments can be specified"
			}
			if o.cond = cache.NoFields; args.Is(word, "fxx") {
				o.cond = cache.AllFields
			}
		default:
			e, ok := ctx.readFieldExpiry(word, "keepttl", cache.KeepTTL)
			switch {
			case !ok:
				return o, "ERR unknown argument: " + string(args.ClipTo(word, len(word)))
			case o.timed:
				return o, "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
			}
			o.timed, o.at = true, e.at
			if e.unit == 0 {
				continue
			}
			if i++; i == len(list) {
				return o, "ERR missing expire time"
			}
			if o.at, fault = ctx.hashTime(list[i], e.base, e.unit); fault != "" {
				return o, fault
			}
			o.at = max(o.at, 1) // 0 is past, too, and not "never"
		}
	}
	return o, args.WrongArity(ctx.Command.FullName)
}

// hsetexPairs reads "FIELDS numfields field value [field value ...]" from argument at
// on, to the end.
func (ctx *Context) hsetexPairs(at int) (pairs [][]byte, fault string) {
	list := ctx.Args[at+1:]
	if len(list) < 3 {
		return nil, args.WrongArity(ctx.Command.FullName)
	}
	n, ok := args.Int(list[0])
	pairs = list[1:]
	switch {
	case !ok || n < 1 || n > math.MaxInt32:
		return nil, "ERR invalid number of fields"
	case int64(len(pairs)) != 2*n:
		return nil, args.WrongArity(ctx.Command.FullName)
	}
	return pairs, ""
}
