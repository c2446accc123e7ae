package script

import (
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// VM is a state of the machine with everything in it that scripts may use. It runs
// one script at a time and is used again.
type VM struct {
	L      *lua.LState
	engine *Engine
	hook   hook
	host   Host
	run    *Run

	globals *lua.LTable // those that scripts see
	env     *lua.LTable // what scripts have instead: it refuses to be written
	redis   *lua.LTable // the table redis, unguarded
	// functionGlobals are the globals of functions: without KEYS and ARGV.
	functionGlobals *lua.LTable
	// guards are the tables that stand before a read-only one, and which that is.
	guards map[*lua.LTable]*lua.LTable

	scripts   map[string]*lua.LFunction // by SHA
	libraries map[*Library]*loaded

	resp    int // the protocol in which replies are read
	depth   int // see nested
	loading *loading
	spoilt  bool // it may hold what a script left: it is not used again

	args    [][]byte // scratch for calls
	bytes   []byte
	handler *lua.LFunction // is given errors before the stack is unwound
	keep    *lua.LFunction // gives errors back as they are
	place   place          // of the last error
}

// Host runs commands for a script.
type Host interface {
	// Call runs a command and gives its reply in the protocol resp, which is valid
	// until the next call. The arguments are not kept. refused: it did not run; the
	// reply is then an error of the gates'.
	Call(args [][]byte, resp int) (reply []byte, refused bool)
	// Check tells what redis.acl_check_cmd does; known: there is such a command.
	Check(args [][]byte) (allowed, known bool)
}

// Bounds of a state.
const (
	maxFrames      = 2000    // nested calls,
	maxCoFrames    = 200     // and those of a coroutine; both are an array of that size
	maxRegisters   = 1 << 18 // values on the stack
	firstRegisters = 1 << 10
	maxNested      = 150 // pcall in pcall, coroutines that resume coroutines
	// maxFunctions is how many compiled scripts a state keeps as functions.
	maxFunctions = 1000
	// maxIndex is up to where tables keep whole numbers in an array. The machine
	// fills an array up to the index that is written, whatever it is, so this bounds
	// what one assignment can take: 16 bytes times as many. Beyond it # does not
	// count.
	maxIndex = 1 << 20
)

var limitOnce sync.Once

// limitTables sets the machine's bound on arrays, which is one for all states.
func limitTables() { limitOnce.Do(func() { lua.MaxArrayIndex = maxIndex }) }

// newVM makes a state. It takes some 100 microseconds, so states are kept.
func newVM(e *Engine) *VM {
	vm := &VM{
		engine: e, guards: make(map[*lua.LTable]*lua.LTable),
		scripts: make(map[string]*lua.LFunction), libraries: make(map[*Library]*loaded),
	}
	vm.L = lua.NewState(lua.Options{
		SkipOpenLibs: true, CallStackSize: maxFrames, // a stack that grows loses count of its frames
		RegistrySize: firstRegisters, RegistryMaxSize: maxRegisters, RegistryGrowStep: firstRegisters,
	})
	L := vm.L
	L.Options.CallStackSize = maxCoFrames
	for _, open := range []lua.LGFunction{lua.OpenBase, lua.OpenString, lua.OpenTable, lua.OpenMath, lua.OpenCoroutine} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	vm.furnish()
	vm.handler = L.NewFunction(vm.onError)
	vm.keep = L.NewFunction(vm.onCaught)
	L.SetContext(&vm.hook)
	return vm
}

// kept are the basic functions and libraries of the machine's that scripts may use as
// they are; the others are replaced or left out.
var kept = []string{"assert", "ipairs", "select", "type", "_VERSION"}

// furnish makes the globals.
func (vm *VM) furnish() {
	L := vm.L
	from := L.G.Global
	vm.globals = L.NewTable()
	for _, name := range kept {
		vm.globals.RawSetString(name, from.RawGetString(name))
	}
	vm.baseFunctions()
	tables := map[string]*lua.LTable{
		"string": vm.stringTable(from.RawGetString("string").(*lua.LTable)),
		"table":  vm.tableTable(from.RawGetString("table").(*lua.LTable)),
		"math":   vm.mathTable(from.RawGetString("math").(*lua.LTable)),
		"coroutine": vm.coroutineTable(
			from.RawGetString("coroutine").(*lua.LTable)),
		"bit": vm.library(bitFunctions), "struct": vm.library(structFunctions),
		"cmsgpack": vm.packTable(), "cjson": vm.jsonTable(),
	}
	vm.redis = vm.redisTable()
	tables["redis"] = vm.redis
	for name, t := range tables {
		vm.globals.RawSetString(name, vm.guard(t))
	}
	strings := L.NewTable()
	strings.RawSetString("__index", tables["string"])
	L.SetMetatable(lua.LString(""), strings)

	unknown := L.NewTable()
	unknown.RawSetString("__index", L.NewFunction(unknownGlobal))
	vm.globals.Metatable = unknown
	vm.env = vm.guard(vm.globals)
	vm.globals.RawSetString("_G", vm.env)
	L.Env = vm.env
	vm.functionGlobals = L.NewTable()
	vm.globals.ForEach(func(k, v lua.LValue) { vm.functionGlobals.RawSet(k, v) })
	vm.functionGlobals.Metatable = unknown
	vm.functionGlobals.RawSetString("_G", vm.guard(vm.functionGlobals))
}

// unknownGlobal is asked for globals that are not there.
func unknownGlobal(L *lua.LState) int {
	L.RaiseError("Script attempted to access nonexistent global variable '%s'", L.ToString(2))
	return 0
}

const errReadOnly = "Attempt to modify a readonly table"

// guard makes a table that shows another one and refuses to be written. The machine
// knows no read-only tables; whatever the script's functions do with a guard has to
// look behind it: see behind.
func (vm *VM) guard(t *lua.LTable) *lua.LTable {
	front, meta := vm.L.NewTable(), vm.L.NewTable()
	meta.RawSetString("__index", t)
	meta.RawSetString("__newindex", vm.L.NewFunction(func(L *lua.LState) int {
		L.RaiseError(errReadOnly)
		return 0
	}))
	front.Metatable = meta
	vm.guards[front] = t
	return front
}

// behind is the table that a guard shows, or the table itself.
func (vm *VM) behind(t *lua.LTable) *lua.LTable {
	if t.Metatable == lua.LNil {
		return t
	}
	if real := vm.guards[t]; real != nil {
		return real
	}
	return t
}

// writable raises an error if a table is a guard.
func (vm *VM) writable(L *lua.LState, t *lua.LTable) {
	if t.Metatable != lua.LNil && vm.guards[t] != nil {
		L.Error(lua.LString(errReadOnly), 0)
	}
}

// library makes a table of functions.
func (vm *VM) library(functions map[string]lua.LGFunction) *lua.LTable {
	return vm.L.SetFuncs(vm.L.NewTable(), functions)
}

// nested is for functions that call a script's from within Go, which take of Go's
// stack: it bounds how many there are in each other.
func (vm *VM) nested(f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		if vm.depth >= maxNested {
			L.RaiseError("C stack overflow")
		}
		vm.depth++
		defer func() { vm.depth-- }()
		return f(L)
	}
}

// place is where an error came up.
type place struct {
	source string
	line   int
}

// onError is given an error that ends a script, while what failed is still on the
// stack: it notes where that is.
func (vm *VM) onError(L *lua.LState) int {
	vm.place = whereOf(L)
	return vm.onCaught(L)
}

// onCaught is given an error that a script catches. (It must be there: without a
// handler the machine parts the variables that functions share with all functions
// around, not only with those that fail.)
func (vm *VM) onCaught(L *lua.LState) int {
	v := L.Get(1)
	if s, ok := v.(lua.LString); ok {
		v = lua.LString(vm.named(L, luaText(string(s))))
	}
	L.SetTop(0)
	L.Push(v)
	return 1
}

// whereOf is the place of the innermost function of the script's. The handler and the
// functions in Go that failed come before it.
func whereOf(L *lua.LState) place {
	for level := 1; level <= 2; level++ {
		dbg, ok := L.GetStack(level)
		if !ok {
			break
		}
		if _, err := L.GetInfo("Sl", dbg, lua.LNil); err == nil && dbg.What != "G" && dbg.CurrentLine > 0 {
			return place{"@" + dbg.Source, dbg.CurrentLine}
		}
	}
	return place{}
}

// function is a script as a function of this state.
func (vm *VM) function(s *Script) *lua.LFunction {
	f := vm.scripts[s.SHA]
	if f == nil {
		if len(vm.scripts) >= maxFunctions {
			clear(vm.scripts)
		}
		f = vm.L.NewFunctionFromProto(s.proto)
		vm.scripts[s.SHA] = f
	}
	return f
}

// strings makes a table of arguments.
func (vm *VM) strings(list [][]byte) *lua.LTable {
	t := vm.L.CreateTable(len(list), 0)
	for _, b := range list {
		t.Append(lua.LString(b))
	}
	return t
}

// Eval runs a script. result writes its value while it is valid.
func (e *Engine) Eval(host Host, run *Run, s *Script, keys, argv [][]byte, result func(*VM, lua.LValue)) *Failure {
	vm := e.take()
	vm.globals.RawSetString("KEYS", vm.strings(keys))
	vm.globals.RawSetString("ARGV", vm.strings(argv))
	vm.L.Push(vm.function(s))
	f := vm.call(host, run, 0, result)
	e.give(vm)
	return f
}

// call runs the function below its n arguments as a script.
func (vm *VM) call(host Host, run *Run, n int, result func(*VM, lua.LValue)) (f *Failure) {
	L := vm.L
	vm.host, vm.run, vm.resp, vm.depth = host, run, 2, 0
	vm.place = place{}
	vm.hook.run.Store(run)
	vm.hook.left = lookEvery
	vm.engine.runs.add(run)
	defer func() {
		vm.engine.runs.remove(run)
		vm.hook.run.Store(nil)
		vm.host, vm.run = nil, nil
		if fault := recover(); fault != nil {
			vm.spoilt = true
			if _, ok := fault.(*lua.ApiError); !ok {
				panic(fault)
			}
			// There was no room on the stack for the handler.
			f = &Failure{Text: "ERR stack overflow", Source: vm.place.source, Line: vm.place.line}
		}
	}()
	err := L.PCall(n, 1, vm.handler)
	if err != nil {
		return vm.failure(err)
	}
	v := L.Get(-1)
	result(vm, v)
	L.SetTop(0)
	return nil
}

// failure describes the error that has ended a script.
func (vm *VM) failure(err error) *Failure {
	vm.L.SetTop(0)
	f := &Failure{Source: vm.place.source, Line: vm.place.line}
	api, ok := err.(*lua.ApiError)
	if !ok || api.Type == lua.ApiErrorPanic {
		vm.spoilt = true
	}
	var v lua.LValue = lua.LString(err.Error())
	if ok {
		v = api.Object
	}
	switch v := v.(type) {
	case *lua.LTable:
		f.Text = "ERR unknown error"
		if text, ok := v.RawGetString("err").(lua.LString); ok {
			f.Text = string(text)
		}
	default:
		text := luaText(string(vm.L.ToStringMeta(v).(lua.LString)))
		if r := vm.run; r != nil && r.stop.Load() != goOn {
			_, text = splitPlace(text)
			vm.spoilt = true
		}
		f.Text = "ERR " + text
	}
	return f
}
