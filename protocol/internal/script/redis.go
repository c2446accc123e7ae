package script

import (
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The levels of redis.log.
const (
	LogDebug = iota
	LogVerbose
	LogNotice
	LogWarning
)

// The functions of the table redis:
//
//	call, pcall            run a command; an error is raised, or given back as a table
//	error_reply            a table that becomes an error reply; a code is put in front
//	status_reply           a table that becomes a status reply
//	sha1hex                the SHA-1 of a string
//	log                    a line for the server's log
//	setresp                the protocol of replies from now on, 2 or 3
//	acl_check_cmd          whether the user may run a command
//	set_repl               what is sent to replicas: there are none, so it only checks
//	replicate_commands     true, as in every redis-server since 7.0
//	breakpoint, debug      nothing: they are the debugger's
//	register_function      while a library is loaded: see library.go
//
// All their errors are tables with a field err, as they are in redis-server, which a
// script that catches them by pcall sees as the text alone. ignore_error_stats_update
// says that an error was counted already; it is there because scripts can see it.

// redisTable makes the table redis.
func (vm *VM) redisTable() *lua.LTable {
	t := vm.library(map[string]lua.LGFunction{
		"call":  func(L *lua.LState) int { return vm.redisCall(L, true) },
		"pcall": func(L *lua.LState) int { return vm.redisCall(L, false) },
		"log":   vm.redisLog, "sha1hex": vm.redisSum, "setresp": vm.redisSetResp,
		"error_reply": vm.errorReply, "status_reply": vm.statusReply,
		"acl_check_cmd": vm.redisCheck, "set_repl": vm.redisSetRepl,
		"replicate_commands": func(L *lua.LState) int { L.Push(lua.LTrue); return 1 },
		"breakpoint":         func(L *lua.LState) int { L.Push(lua.LFalse); return 1 },
		"debug":              func(*lua.LState) int { return 0 },
	})
	vm.constants(t)
	return t
}

// constants are those of the table redis, here and while a library is loaded.
func (vm *VM) constants(t *lua.LTable) {
	for name, n := range map[string]int{
		"LOG_DEBUG": LogDebug, "LOG_VERBOSE": LogVerbose, "LOG_NOTICE": LogNotice, "LOG_WARNING": LogWarning,
		"REPL_NONE": 0, "REPL_AOF": 1, "REPL_SLAVE": 2, "REPL_REPLICA": 2, "REPL_ALL": 3,
		"REDIS_VERSION_NUM": versionNumber(vm.engine.Version),
	} {
		t.RawSetString(name, lua.LNumber(n))
	}
	t.RawSetString("REDIS_VERSION", lua.LString(vm.engine.Version))
}

// versionNumber writes "7.4.2" as 0x00070402.
func versionNumber(version string) int {
	n := 0
	for _, part := range strings.Split(version, ".") {
		i, _ := strconv.Atoi(part)
		n = n<<8 | i&255
	}
	return n
}

// raise raises an error as a table, which is what redis.* functions do.
func (vm *VM) raise(L *lua.LState, text string) {
	L.Error(vm.errorTable(text), 0)
}

// redisCall is redis.call, or redis.pcall, which gives errors back.
func (vm *VM) redisCall(L *lua.LState, raises bool) int {
	fail := func(text string) int {
		if raises {
			vm.raise(L, text)
		}
		L.Push(vm.errorTable(text))
		return 1
	}
	n := L.GetTop()
	if n == 0 {
		return fail("ERR Please specify at least one argument for this redis lib call")
	}
	if vm.host == nil {
		return fail("ERR redis.call/pcall can only be called inside a script invocation")
	}
	if !vm.arguments(L, n) {
		return fail("ERR Lua redis lib command arguments must be strings or integers")
	}
	vm.hook.left -= callCost
	reply, _ := vm.host.Call(vm.args, vm.resp)
	if len(reply) > 0 && reply[0] == '-' {
		return fail(string(reply[1 : len(reply)-2]))
	}
	v, _ := vm.value(reply)
	L.Push(v)
	return 1
}

// arguments gathers the arguments of a call in vm.args.
func (vm *VM) arguments(L *lua.LState, n int) bool {
	if cap(vm.bytes) > 1<<16 {
		vm.bytes = nil
	}
	b, ends := vm.bytes[:0], vm.args[:0]
	clear(ends[:cap(ends)])
	size := 0
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += 32
		default:
			return false
		}
	}
	if cap(b) < size {
		b = make([]byte, 0, size) // so that it does not move
	}
	for i := 1; i <= n; i++ {
		from := len(b)
		switch v := L.Get(i).(type) {
		case lua.LString:
			b = append(b, v...)
		case lua.LNumber:
			b = appendArgument(b, float64(v))
		}
		ends = append(ends, b[from:len(b):len(b)])
	}
	vm.bytes, vm.args = b, ends
	return true
}

// appendArgument prints a number as an argument: as an integer where it is one, else
// with as many digits as it takes to read it back.
func appendArgument(dst []byte, f float64) []byte {
	if i := int64(f); float64(i) == f && f > -(1<<62) && f < 1<<62 {
		return strconv.AppendInt(dst, i, 10)
	}
	return appendNumber(dst, f, 17)
}

// redisLog is redis.log: a level and the words of a line.
func (vm *VM) redisLog(L *lua.LState) int {
	n := L.GetTop()
	if n < 2 {
		vm.raise(L, "ERR redis.log() requires two arguments or more.")
	}
	level, ok := L.Get(1).(lua.LNumber)
	switch {
	case !ok:
		vm.raise(L, "ERR First argument must be a number (log level).")
	case level < LogDebug || level > LogWarning:
		vm.raise(L, "ERR Invalid debug level.")
	}
	var words []string
	for i := 2; i <= n; i++ {
		words = append(words, lua.LVAsString(L.Get(i)))
	}
	vm.engine.Log(int(level), strings.Join(words, " "))
	return 0
}

// redisSum is redis.sha1hex.
func (vm *VM) redisSum(L *lua.LState) int {
	if L.GetTop() != 1 {
		vm.raise(L, "ERR wrong number of arguments")
	}
	L.Push(lua.LString(Sum([]byte(lua.LVAsString(L.Get(1))))))
	return 1
}

// redisSetResp is redis.setresp: the protocol of the replies that the script is given
// from then on, and of its own booleans.
func (vm *VM) redisSetResp(L *lua.LState) int {
	if L.GetTop() != 1 {
		vm.raise(L, "ERR redis.setresp() requires one argument.")
	}
	n := int(L.ToNumber(1))
	if n != 2 && n != 3 {
		vm.raise(L, "ERR RESP version must be 2 or 3.")
	}
	vm.resp = n
	return 0
}

// redisSetRepl is redis.set_repl, which checks its argument and does nothing.
func (vm *VM) redisSetRepl(L *lua.LState) int {
	if L.GetTop() != 1 {
		vm.raise(L, "ERR redis.set_repl() requires two arguments.")
	}
	if n := int(L.ToNumber(1)); n&^3 != 0 {
		vm.raise(L, "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	return 0 // there are no replicas
}

// redisCheck is redis.acl_check_cmd.
func (vm *VM) redisCheck(L *lua.LState) int {
	n := L.GetTop()
	if n == 0 {
		vm.raise(L, "ERR Please specify at least one argument for this redis lib call")
	}
	if !vm.arguments(L, n) {
		vm.raise(L, "ERR redis.acl_check_cmd() require a string arguments")
	}
	allowed, known := vm.host.Check(vm.args)
	if !known {
		vm.raise(L, "ERR Invalid command passed to redis.acl_check_cmd()")
	}
	L.Push(lua.LBool(allowed))
	return 1
}

// errorReply is redis.error_reply: a code is put in front where there is none.
func (vm *VM) errorReply(L *lua.LState) int {
	s, ok := L.Get(1).(lua.LString)
	if L.GetTop() != 1 || !ok {
		L.Push(vm.errorTable("ERR wrong number or type of arguments"))
		return 1
	}
	L.Push(vm.table1("err", lua.LString(errorText(string(s)))))
	return 1
}

// errorText has a code in front: that after a "-", or "ERR".
func errorText(s string) string {
	switch {
	case strings.HasPrefix(s, "-"):
		if s = s[1:]; strings.Contains(s, " ") {
			return s
		}
	case strings.Contains(s, " "):
		return s
	}
	return "ERR " + s
}

// statusReply is redis.status_reply.
func (vm *VM) statusReply(L *lua.LState) int {
	s, ok := L.Get(1).(lua.LString)
	if L.GetTop() != 1 || !ok {
		L.Push(vm.errorTable("ERR wrong number or type of arguments"))
		return 1
	}
	L.Push(vm.table1("ok", s))
	return 1
}
