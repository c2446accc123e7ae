package handlers

import (
	"bytes"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// The commands here delete a key on a condition; conditions are below, and SET
// takes them too.
//
// DELEX is Redis 8.4's. Without a condition it is DEL of one key, of any type;
// with one it wants a string. DELIFEQ is Valkey 9.0's, the same as DELEX with
// IFEQ, save that another type is WRONGTYPE. Both reply with the number of keys
// deleted, 0 for a key that is absent or does not meet the condition.

// conditionRows are the commands that act on a condition alone.
var conditionRows = []Row{
	{
		Spec: command.Spec{
			Name: "delex", Arity: -2, Summary: "Conditionally removes the specified key based on value or hash digest comparison.",
			Flags: command.Write | command.Fast, Categories: command.CatString,
			Since: "8.4.0", Group: "string",
			Complexity: "O(1) for IFEQ/IFNE, O(N) for IFDEQ/IFDNE where N is the length of the string value.",
			Keys:       []command.KeySpec{command.KeyAt(1, "RM", "access", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "condition", Type: "oneof", Optional: true, Args: comparisonArgs},
			},
		},
		Run:    runDelex,
		Beyond: "8.4",
	},
	{
		Spec: command.Spec{
			Name: "delifeq", Arity: 3, Summary: "Delete key if value matches string.",
			Flags: command.Write | command.Fast, Categories: command.CatString,
			Since: "9.0.0", Group: "string", Complexity: "O(1)",
			Keys: []command.KeySpec{command.KeyAt(1, "RM", "access", "delete")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "value", Type: "string"},
			},
		},
		Run:    runDelifeq,
		Beyond: "valkey 9.0",
	},
}

// comparisonArgs documents the conditions that compare, as Redis 8.4 does.
var comparisonArgs = []command.Arg{
	{Name: "ifeq-value", Type: "string", Token: "IFEQ", Since: "8.4.0"},
	{Name: "ifne-value", Type: "string", Token: "IFNE", Since: "8.4.0"},
	{Name: "ifdeq-digest", Type: "string", Token: "IFDEQ", Since: "8.4.0"},
	{Name: "ifdne-digest", Type: "string", Token: "IFDNE", Since: "8.4.0"},
}

// errNotString is what DELEX with a condition says of another type.
const errNotString = "ERR Key should be of string type if conditions are specified"

// runDelex is DELEX key [IFEQ|IFNE value | IFDEQ|IFDNE digest].
func runDelex(ctx *Context) {
	key := ctx.Args[1]
	if len(ctx.Args) == 2 {
		ctx.Flag(ctx.remove(key))
		return
	}
	if len(ctx.Args) != 4 {
		ctx.Error(args.WrongArity("delex"))
		return
	}
	var c condition
	switch cursor := args.From(ctx.Args, 2); {
	case !c.takeComparison(&cursor):
		ctx.Error(args.ErrSyntax)
	case !c.valid():
		ctx.Error(errBadDigest)
	default:
		ctx.deleteIf(key, c, errNotString)
	}
}

// runDelifeq is DELIFEQ key value.
func runDelifeq(ctx *Context) {
	ctx.deleteIf(ctx.Args[1], condition{ifEqual, ctx.Args[2]}, args.ErrWrongType)
}

// deleteIf deletes a key that meets c. No key that is absent does, although SET
// with IFNE may create one.
func (ctx *Context) deleteIf(key []byte, c condition, wrongType string) {
	met, err := c.met(ctx.Tx, key)
	switch {
	case err == cache.ErrWrongType:
		ctx.Error(wrongType)
	case err != nil:
		ctx.fail(err)
	default:
		ctx.Flag(met && ctx.remove(key))
	}
}

// conditionKind says what a condition is about.
type conditionKind uint8

const (
	ifAny            conditionKind = iota
	ifAbsent                       // NX
	ifPresent                      // XX
	ifEqual                        // IFEQ: the key exists and its value is this
	ifNotEqual                     // IFNE: the key is absent or its value is not this
	ifDigestEqual                  // IFDEQ: the key exists and its value has this digest
	ifDigestNotEqual               // IFDNE: the key is absent or its value has not this digest
)

var comparisonWords = [...]string{
	ifEqual: "ifeq", ifNotEqual: "ifne", ifDigestEqual: "ifdeq", ifDigestNotEqual: "ifdne",
}

// condition is what must be so for a write to happen.
type condition struct {
	kind    conditionKind
	operand []byte // what the present value, or its digest, is compared with
}

// takePresence reads NX or XX. Like the other take methods it takes nothing if
// the next argument is something else, or contradicts what was taken before.
func (c *condition) takePresence(cursor *args.Cursor) bool {
	switch {
	case (c.kind == ifAny || c.kind == ifAbsent) && cursor.Word("nx"):
		c.kind = ifAbsent
	case (c.kind == ifAny || c.kind == ifPresent) && cursor.Word("xx"):
		c.kind = ifPresent
	default:
		return false
	}
	return true
}

// takeComparison reads IFEQ, IFNE, IFDEQ or IFDNE with its operand. There can be
// only one.
func (c *condition) takeComparison(cursor *args.Cursor) bool {
	if c.kind != ifAny {
		return false
	}
	for kind := ifEqual; kind <= ifDigestNotEqual; kind++ {
		if cursor.Option(comparisonWords[kind], 1) {
			c.kind, c.operand = kind, cursor.Next()
			return true
		}
	}
	return false
}

// valid reports whether the operand can be compared: that a digest has the
// length of one.
func (c *condition) valid() bool {
	return c.kind < ifDigestEqual || len(c.operand) == digestLen
}

// met reports whether a write to key may go on. Looking counts neither as a
// hit nor as a miss. Comparing a value that is no string gives
// cache.ErrWrongType.
func (c *condition) met(tx *cache.Tx, key []byte) (bool, error) {
	switch c.kind {
	case ifAny:
		return true, nil
	case ifAbsent:
		return tx.Type(key) == cache.None, nil
	case ifPresent:
		return tx.Type(key) != cache.None, nil
	}
	negated := c.kind == ifNotEqual || c.kind == ifDigestNotEqual
	value, err := tx.Peek(key)
	switch {
	case err == cache.ErrNotFound:
		return negated, nil
	case err != nil:
		return false, err
	}
	var same bool
	if c.kind < ifDigestEqual {
		same = bytes.Equal(value, c.operand)
	} else {
		// Hexadecimal digits mean the same in either case.
		var digest [digestLen]byte
		same = bytes.EqualFold(appendDigest(digest[:0], value), c.operand)
	}
	return same != negated, nil
}
