package script

import (
	"reflect"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Errors of the language name what was wrong: "attempt to index local 'x' (a nil
// value)". The machine's do not; but while an error is on its way the function that
// failed is still on the stack, with the instruction at which it stands. From that the
// name is found as the C implementation finds it (ldebug.c: getobjname): a register is a
// local variable, or was set last by an instruction that tells where its value came
// from.

// The machine's instructions, by their numbers, which it keeps to itself. Operands:
//
//	 31    26 25     18 17      9 8       0
//	+--------+---------+---------+---------+
//	|   op   |    A    |    C    |    B    |    Bx: B and C together
//	+--------+---------+---------+---------+
const (
	opMove = iota
	opMoveN
	opLoadK
	opLoadBool
	opLoadNil
	opGetUpval
	opGetGlobal
	opGetTable
	opGetTableKS
	opSetGlobal
	opSetUpval
	opSetTable
	opSetTableKS
	opNewTable
	opSelf
	opAdd
	opSub
	opMul
	opDiv
	opMod
	opPow
	opUnm
	opNot
	opLen
	opConcat
	opJmp
	opEq
	opLt
	opLe
	opTest
	opTestSet
	opCall
	opTailCall
	opReturn
	opForLoop
	opForPrep
	opTForLoop
	opSetList
	opClose
	opClosure
	opVararg
)

// constantBit marks an operand that is a constant rather than a register, and jumpZero
// is a jump of nothing.
const (
	constantBit = 1 << 8
	jumpZero    = 1<<17 - 1
)

// instruction is one in its parts.
type instruction struct{ op, a, b, c, bx int }

func decode(code uint32) instruction {
	return instruction{int(code >> 26), int(code >> 18 & 0xff), int(code & 0x1ff), int(code >> 9 & 0x1ff), int(code & 0x3ffff)}
}

// failed is a function of a script that stands at an instruction.
type failed struct {
	L     *lua.LState
	dbg   *lua.Debug
	proto *lua.FunctionProto
	pc    int
	at    instruction
}

// frameOf is the function at a level of the stack, and how many arguments it was given;
// nil if there is none.
func frameOf(L *lua.LState, level int) (f *lua.LFunction, given int) {
	dbg, ok := L.GetStack(level)
	if !ok {
		return nil, 0
	}
	v, err := L.GetInfo("f", dbg, lua.LNil)
	if f, ok = v.(*lua.LFunction); err != nil || !ok {
		return nil, 0
	}
	n, _ := hidden(dbg, "NArgs")
	return f, n
}

// hidden reads what the machine does not tell of a function that runs, where it tells
// the line alone. It can be read so, not changed.
func hidden(dbg *lua.Debug, field string) (n int, ok bool) {
	frame := reflect.ValueOf(dbg).Elem().FieldByName("frame")
	if !frame.IsValid() || frame.Kind() != reflect.Pointer || frame.IsNil() {
		return 0, false
	}
	v := frame.Elem().FieldByName(field)
	if !v.IsValid() || !v.CanInt() {
		return 0, false
	}
	return int(v.Int()), true
}

// failedAt is the function at a level of the stack; nil if it is none of the script's.
func failedAt(L *lua.LState, level int) *failed {
	dbg, ok := L.GetStack(level)
	if !ok {
		return nil
	}
	v, err := L.GetInfo("f", dbg, lua.LNil)
	f, isFunction := v.(*lua.LFunction)
	if err != nil || !isFunction || f.Proto == nil {
		return nil
	}
	pc, ok := hidden(dbg, "Pc") // the next instruction
	if !ok || pc < 1 || pc > len(f.Proto.Code) {
		return nil
	}
	pc--
	return &failed{L, dbg, f.Proto, pc, decode(f.Proto.Code[pc])}
}

// named puts the name of what was wrong into an error in the words of luaText, if it has
// one. It is called by a handler, whose level is 0; 1 is the function that failed.
func (vm *VM) named(L *lua.LState, text string) string {
	place, rest := splitPlace(text)
	if strings.HasPrefix(rest, "bad argument #") {
		return argumentNamed(L, place, rest)
	}
	what, kind, ok := cutAttempt(rest)
	if !ok {
		return text
	}
	x, reg := failedAt(L, 1), -1
	if x == nil && what == "call" && vm.isPCall(L) {
		return rest // no function of the script's called it
	}
	if x == nil && what == "concatenate" {
		x, reg = concatenated(L, 1)
	} else if x != nil {
		reg, kind = x.culprit(what, kind)
	}
	if x == nil {
		return text
	}
	if reg >= 0 {
		if sort, name := x.name(x.pc, reg); sort != "" {
			return place + "attempt to " + what + " " + sort + " '" + name + "' (a " + kind + " value)"
		}
	}
	return place + "attempt to " + what + " a " + kind + " value"
}

// isPCall tells whether pcall or xpcall has failed itself.
func (vm *VM) isPCall(L *lua.LState) bool {
	f, _ := frameOf(L, 1)
	return f != nil && (f == vm.globals.RawGetString("pcall") || f == vm.globals.RawGetString("xpcall"))
}

// argumentNamed has "bad argument #1 to 'rep' (number expected, got no value)" say how
// the function was called: its name is that which the script has used, an object is not
// counted among the arguments of its method, and nil is a value if it was passed. Where
// no function of the script's has called it there is no place either.
func argumentNamed(L *lua.LState, place, text string) string {
	number, rest, ok := strings.Cut(strings.TrimPrefix(text, "bad argument #"), " to '")
	_, why, ok2 := strings.Cut(rest, "' (")
	n, err := strconv.Atoi(number)
	f, given := frameOf(L, 1)
	if !ok || !ok2 || err != nil || f == nil || !f.IsG {
		return place + text
	}
	if n <= given {
		why = strings.Replace(why, "got no value)", "got nil)", 1)
	}
	sort, name := "", "?"
	x := failedAt(L, 2)
	if x == nil {
		place = ""
	} else if x.at.op == opCall || x.at.op == opTailCall {
		sort, name = x.name(x.pc, x.at.a)
	}
	switch {
	case sort == "":
		name = "?"
	case sort == "method" && n == 1:
		return place + "calling '" + name + "' on bad self (" + why
	case sort == "method":
		n--
	}
	return place + "bad argument #" + strconv.Itoa(n) + " to '" + name + "' (" + why
}

// cutAttempt reads "attempt to index a nil value".
func cutAttempt(text string) (what, kind string, ok bool) {
	for _, what := range []string{"index", "call", "perform arithmetic on", "get length of", "concatenate"} {
		if kind, ok := strings.CutPrefix(text, "attempt to "+what+" a "); ok {
			if kind, ok = strings.CutSuffix(kind, " value"); ok && !strings.Contains(kind, " ") {
				return what, kind, true
			}
		}
	}
	return "", "", false
}

// culprit is the register whose value the instruction could not do with, and of which
// type that is; below zero for none, or a constant.
func (x *failed) culprit(what, kind string) (reg int, typ string) {
	reg = -1
	switch op := x.at.op; {
	case what == "index" && (op == opGetTable || op == opGetTableKS || op == opSelf):
		reg = x.at.b
	case what == "index" && (op == opSetTable || op == opSetTableKS),
		what == "call" && (op == opCall || op == opTailCall):
		reg = x.at.a
	case what == "get length of" && op == opLen, what == "perform arithmetic on" && op == opUnm:
		reg = x.at.b
	case what == "perform arithmetic on" && op >= opAdd && op <= opPow:
		if reg = x.at.b; x.isNumber(reg) {
			reg = x.at.c
		}
	}
	if reg < 0 || reg&constantBit != 0 {
		return -1, kind
	}
	if v, ok := x.value(reg); ok {
		kind = v.Type().String()
	}
	return reg, kind
}

// value is what a register holds.
func (x *failed) value(reg int) (lua.LValue, bool) {
	name, v := x.L.GetLocal(x.dbg, reg+1)
	return v, name != "" && v != nil
}

// isNumber tells whether an operand is a number, or a string that is one.
func (x *failed) isNumber(operand int) bool {
	var v lua.LValue
	if operand&constantBit != 0 {
		v = x.proto.Constants[operand&^constantBit]
	} else {
		v, _ = x.value(operand)
	}
	switch v := v.(type) {
	case lua.LNumber:
		return true
	case lua.LString:
		_, ok := parseNumber(string(v))
		return ok
	}
	return false
}

// concatenated is who called the function that concatenates, at a level, and the
// register of the operand that was wrong. That function goes from the right, by pairs.
func concatenated(L *lua.LState, level int) (x *failed, reg int) {
	dbg, ok := L.GetStack(level)
	if x = failedAt(L, level+1); !ok || x == nil || x.at.op != opCall {
		return nil, -1
	}
	bad := 0
	for i := x.at.b - 1; i > 0; i-- {
		if _, v := L.GetLocal(dbg, i); v == nil || !lua.LVCanConvToString(v) {
			if bad == 0 || bad == x.at.b-1 && i == bad-1 {
				bad = i
			}
		}
	}
	if bad == 0 {
		return nil, -1
	}
	return x, x.at.a + bad
}

// name says what a register held before an instruction: "local", "global", "field",
// "method" or "upvalue", and its name; nothing if it has none.
func (x *failed) name(pc, reg int) (sort, name string) {
	if name, ok := x.local(pc, reg); ok && !strings.HasPrefix(name, "(") { // (for generator)
		return "local", name
	}
	from := x.setter(pc, reg)
	if from < 0 {
		return "", ""
	}
	switch i := decode(x.proto.Code[from]); i.op {
	case opGetGlobal:
		return "global", x.constant(i.bx)
	case opMove, opMoveN:
		if i.b < i.a {
			return x.name(from, i.b)
		}
	case opGetTable, opGetTableKS:
		return "field", x.key(i.c)
	case opSelf:
		if reg == i.a {
			return "method", x.key(i.c)
		}
	case opGetUpval:
		if i.b < len(x.proto.DbgUpvalues) {
			return "upvalue", x.proto.DbgUpvalues[i.b]
		}
	}
	return "", ""
}

// local is the name of the local variable that a register is. (The machine's own
// LocalName misses a variable in the first instruction after its own.)
func (x *failed) local(pc, reg int) (string, bool) {
	for _, v := range x.proto.DbgLocals {
		if v.StartPc <= pc && pc < v.EndPc {
			if reg == 0 {
				return v.Name, true
			}
			reg--
		}
	}
	return "", false
}

// key is a key as errors show it: "?" if it is not a constant.
func (x *failed) key(operand int) string {
	if operand&constantBit == 0 {
		return "?"
	}
	return x.constant(operand &^ constantBit)
}

func (x *failed) constant(n int) string {
	if s, ok := x.proto.Constants[n].(lua.LString); ok {
		return string(s)
	}
	return "?"
}

// setter is the instruction before pc that has set a register last, as the C
// implementation looks for it: along the code, over what jumps pass over; below zero if
// there is none.
func (x *failed) setter(pc, reg int) int {
	last := -1
	for at := 0; at < pc; at++ {
		i := decode(x.proto.Code[at])
		sets := reg == i.a
		switch i.op {
		case opLoadNil:
			sets = i.a <= reg && reg <= i.b
		case opCall, opVararg:
			sets = reg >= i.a
		case opTForLoop:
			sets = reg >= i.a+3
		case opForLoop, opForPrep:
			sets = i.a <= reg && reg <= i.a+3
		case opSelf:
			sets = reg == i.a || reg == i.a+1
		case opSetGlobal, opSetUpval, opSetTable, opSetTableKS, opEq, opLt, opLe, opTest, opTailCall, opReturn, opSetList, opClose:
			sets = false
		case opJmp:
			sets = false
			if to := at + 1 + i.bx - jumpZero; at < to && to <= pc {
				at = to - 1
			}
		case opClosure: // what follows names its upvalues
			if sets {
				last, sets = at, false
			}
			at += int(x.proto.FunctionPrototypes[i.bx].NumUpvalues)
		}
		if sets {
			last = at
		}
	}
	return last
}
