package script

import (
	"slices"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// A library's program is run in a state before the library is there, to see which
// functions it registers, and once more in each state in which one of them is called
// for the first time:
//
//	FUNCTION LOAD   header ─ compile ─ run in some state ─▶ names, flags, descriptions
//	FCALL           a state; has it the library? no: run the program there
//	                call the function with a table of keys and one of arguments
//
// So variables of the program that its functions share are shared within a state only.
// Redis asks that functions do not count on them; redis-server has one state.
//
// While the program runs its globals are few: redis, and in it register_function, log
// and some constants. Then the table behind the guard that is its environment is
// exchanged, and its functions find what scripts find, but for KEYS and ARGV.

// Library is a program that has registered functions.
type Library struct {
	Name, Code string
	Functions  []*Function // by name
	Straight   bool        // as Script.Straight, of all functions
	proto      *lua.FunctionProto
}

// Function is one of them.
type Function struct {
	Name        string
	Description string
	Described   bool // it has a description, perhaps an empty one
	Flags       Flags
	Library     *Library

	habits
}

// libraries are those of a server.
type libraries struct {
	mu        sync.RWMutex
	byName    map[string]*Library
	functions map[string]*Function
}

// reset leaves no library.
func (l *libraries) reset() {
	l.byName, l.functions = make(map[string]*Library), make(map[string]*Function)
}

// Function finds a function; nil if there is none.
func (e *Engine) Function(name []byte) *Function {
	e.libraries.mu.RLock()
	defer e.libraries.mu.RUnlock()
	return e.libraries.functions[string(name)]
}

// Libraries are all libraries, by name.
func (e *Engine) Libraries() []*Library {
	e.libraries.mu.RLock()
	defer e.libraries.mu.RUnlock()
	var list []*Library
	for _, l := range e.libraries.byName {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *Library) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// count is how many libraries and functions there are, and how many bytes they take.
func (l *libraries) count() (libraries, functions int, bytes int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, lib := range l.byName {
		bytes += int64(len(lib.Code))
	}
	libraries, functions = len(l.byName), len(l.functions)
	return libraries, functions, bytes + int64(libraries+functions)*entryBytes
}

// DeleteLibrary deletes a library; false if there is none of that name.
func (e *Engine) DeleteLibrary(name []byte) bool {
	l := &e.libraries
	l.mu.Lock()
	defer l.mu.Unlock()
	lib := l.byName[string(name)]
	if lib != nil {
		l.remove(lib)
		e.forget()
	}
	return lib != nil
}

// FlushLibraries deletes all libraries.
func (e *Engine) FlushLibraries() {
	e.libraries.mu.Lock()
	e.libraries.reset()
	e.libraries.mu.Unlock()
	e.forget()
}

// forget drops the idle states, in which deleted libraries are still loaded.
func (e *Engine) forget() {
	e.mu.Lock()
	e.idle = nil
	e.mu.Unlock()
}

// remove takes a library and its functions out; mu is held.
func (l *libraries) remove(lib *Library) {
	delete(l.byName, lib.Name)
	for _, f := range lib.Functions {
		delete(l.functions, f.Name)
	}
}

// add puts a library in; mu is held, and nothing of its names is there.
func (l *libraries) add(lib *Library) {
	l.byName[lib.Name] = lib
	for _, f := range lib.Functions {
		l.functions[f.Name] = f
	}
}

// LoadLibrary adds a library. err is the text of an error reply.
func (e *Engine) LoadLibrary(code []byte, replace bool) (name, err string) {
	lib, err := e.build(string(code))
	if err != "" {
		return "", err
	}
	l := &e.libraries
	l.mu.Lock()
	defer l.mu.Unlock()
	if err = l.collision([]*Library{lib}, replace); err != "" {
		return "", err
	}
	if old := l.byName[lib.Name]; old != nil {
		l.remove(old)
		e.forget()
	}
	l.add(lib)
	return lib.Name, ""
}

// collision says what of some libraries is there already.
func (l *libraries) collision(list []*Library, replace bool) string {
	for _, lib := range list {
		if l.byName[lib.Name] != nil && !replace {
			return "ERR Library '" + lib.Name + "' already exists"
		}
		for _, f := range lib.Functions {
			other := l.functions[f.Name]
			if other != nil && !slices.ContainsFunc(list, func(o *Library) bool { return o.Name == other.Library.Name }) {
				return "ERR Function " + f.Name + " already exists"
			}
		}
	}
	return ""
}

const errName = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

// validName tells whether something may be called so.
func validName(name string) bool {
	for _, c := range []byte(name) {
		if !isLetter(c) && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// header reads the first line of a library: "#!lua name=x".
func header(code string) (name, body, err string) {
	if !strings.HasPrefix(code, "#!") {
		return "", "", "ERR Missing library metadata"
	}
	line, body, found := strings.Cut(code, "\n")
	if !found {
		return "", "", "ERR Invalid library metadata"
	}
	words := strings.Fields(line)
	for _, word := range words[1:] {
		value, ok := strings.CutPrefix(word, "name=")
		switch {
		case !ok:
			return "", "", "ERR Invalid metadata value given: " + word
		case name != "":
			return "", "", "ERR Invalid metadata value, name argument was given multiple times"
		}
		name = value
	}
	engine := words[0][2:]
	switch {
	case name == "":
		return "", "", "ERR Library name was not given"
	case !strings.EqualFold(engine, "lua"):
		return "", "", "ERR Engine '" + engine + "' not found"
	case !validName(name):
		return "", "", "ERR " + errName
	}
	return name, "\n" + body, ""
}

// build compiles a library and has it register its functions, to see whether it does.
func (e *Engine) build(code string) (lib *Library, err string) {
	lib = &Library{Code: code}
	var body string
	if lib.Name, body, err = header(code); err != "" {
		return nil, err
	}
	w := walker{name: librarySourceName}
	var problem string
	if lib.proto, problem = w.compile(body); problem != "" {
		return nil, "ERR Error compiling function: " + problem
	}
	lib.Straight = w.straight(lib.proto)
	vm := e.take()
	l, f := vm.load1(lib)
	e.give(vm)
	if f != nil {
		return nil, "ERR Error registering functions: " + f.Text
	}
	if len(l.list) == 0 {
		return nil, "ERR No functions registered"
	}
	lib.Functions = l.list
	for _, f := range lib.Functions {
		f.Library = lib
	}
	slices.SortFunc(lib.Functions, func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
	return lib, ""
}

// loaded is a library in a state: its functions there.
type loaded struct{ functions map[string]*lua.LFunction }

// loading is a library that registers its functions.
type loading struct {
	loaded
	list []*Function
}

// load1 runs a library's program in a state. What it may use then is little: to
// register functions, and to write to the log. The functions themselves may use what
// scripts may, but for KEYS and ARGV.
func (vm *VM) load1(lib *Library) (*loading, *Failure) {
	L := vm.L
	t := L.NewTable()
	t.Metatable = vm.globals.Metatable
	r := vm.library(map[string]lua.LGFunction{"register_function": vm.register, "log": vm.redisLog})
	for _, name := range []string{"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING", "REDIS_VERSION", "REDIS_VERSION_NUM"} {
		r.RawSetString(name, vm.redis.RawGetString(name))
	}
	r.Metatable = vm.globals.Metatable
	t.RawSetString("redis", vm.guard(r))
	t.RawSetString(concatName, vm.globals.RawGetString(concatName))
	env := vm.guard(t)
	l := &loading{loaded: loaded{functions: make(map[string]*lua.LFunction)}}
	vm.loading = l
	main := L.NewFunctionFromProto(lib.proto)
	main.Env = env
	L.Push(main)
	run := &Run{Name: lib.Name, Started: time.Now(), Function: true}
	f := vm.call(nil, run, 0, func(*VM, lua.LValue) {})
	vm.loading = nil
	if f != nil {
		return nil, f
	}
	vm.guards[env] = vm.functionGlobals
	env.Metatable.(*lua.LTable).RawSetString("__index", vm.functionGlobals)
	return l, nil
}

// register is redis.register_function.
func (vm *VM) register(L *lua.LState) int {
	if vm.loading == nil {
		vm.raise(L, "ERR redis.register_function can only be called on FUNCTION LOAD command")
	}
	f := &Function{}
	var callback *lua.LFunction
	switch L.GetTop() {
	case 1:
		callback = vm.registerNamed(L, f)
	case 2:
		name, ok := L.Get(1).(lua.LString)
		if !ok {
			vm.raise(L, "ERR first argument to redis.register_function must be a string")
		}
		f.Name = string(name)
		if callback, ok = L.Get(2).(*lua.LFunction); !ok || callback.IsG {
			vm.raise(L, "ERR second argument to redis.register_function must be a function")
		}
	default:
		vm.raise(L, "ERR wrong number of arguments to redis.register_function")
	}
	switch {
	case !validName(f.Name):
		vm.raise(L, "ERR "+errName)
	case vm.loading.functions[f.Name] != nil:
		vm.raise(L, "ERR Function already exists in the library")
	}
	vm.loading.functions[f.Name] = callback
	vm.loading.list = append(vm.loading.list, f)
	return 0
}

// registerNamed reads the arguments where they have names.
func (vm *VM) registerNamed(L *lua.LState, f *Function) (callback *lua.LFunction) {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		vm.raise(L, "ERR calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).")
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		s, isString := v.(lua.LString)
		switch k {
		case lua.LString("function_name"):
			if !isString {
				vm.raise(L, "ERR function_name argument given to redis.register_function must be a string")
			}
			f.Name = string(s)
		case lua.LString("description"):
			if !isString {
				vm.raise(L, "ERR description argument given to redis.register_function must be a string")
			}
			f.Description, f.Described = string(s), true
		case lua.LString("callback"):
			if callback, ok = v.(*lua.LFunction); !ok || callback.IsG {
				vm.raise(L, "ERR callback argument given to redis.register_function must be a function")
			}
		case lua.LString("flags"):
			f.Flags = vm.functionFlags(L, v)
		default:
			vm.raise(L, "ERR unknown argument given to redis.register_function")
		}
	}
	switch {
	case f.Name == "":
		vm.raise(L, "ERR redis.register_function must get a function name argument")
	case callback == nil:
		vm.raise(L, "ERR redis.register_function must get a callback argument")
	}
	return callback
}

// functionFlags reads a table of flags.
func (vm *VM) functionFlags(L *lua.LState, v lua.LValue) (flags Flags) {
	t, ok := v.(*lua.LTable)
	if !ok {
		vm.raise(L, "ERR flags argument to redis.register_function must be a table representing function flags")
	}
	for i := 1; t.RawGetInt(i) != lua.LNil; i++ {
		flag, ok := flagNamed(lua.LVAsString(t.RawGetInt(i)))
		if !ok {
			vm.raise(L, "ERR unknown flag given")
		}
		flags |= flag
	}
	return flags
}

// Call runs a function. result writes its value while it is valid.
func (e *Engine) Call(host Host, run *Run, f *Function, keys, argv [][]byte, result func(*VM, lua.LValue)) *Failure {
	vm := e.take()
	defer e.give(vm)
	l := vm.libraries[f.Library]
	if l == nil {
		loading, failure := vm.load1(f.Library)
		if failure != nil {
			return failure
		}
		l = &loading.loaded
		vm.libraries[f.Library] = l
	}
	vm.L.Push(l.functions[f.Name])
	vm.L.Push(vm.strings(keys))
	vm.L.Push(vm.strings(argv))
	return vm.call(host, run, 2, result)
}
