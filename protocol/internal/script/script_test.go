package script

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// echo is a host whose only command gives its arguments back.
type echo struct{}

func (echo) Call(argv [][]byte, proto int) ([]byte, bool) {
	w := resp.Writer{Proto: proto}
	if string(argv[0]) == "fail" {
		w.Error("ERR failed")
		return w.B, false
	}
	w.Array(len(argv))
	for _, arg := range argv {
		w.Bulk(arg)
	}
	return w.B, false
}

func (echo) Check([][]byte) (allowed, known bool) { return true, true }

// eval runs a script and gives its reply.
func eval(t testing.TB, e *Engine, body string) string {
	s, err := e.Load([]byte(body), false)
	if err != "" {
		return "-" + err
	}
	return run(e, &Run{Name: s.SHA, Started: time.Now()}, s)
}

func run(e *Engine, r *Run, s *Script) string {
	w := resp.Writer{Proto: 2}
	f := e.Eval(echo{}, r, s, nil, nil, func(vm *VM, v lua.LValue) { vm.WriteReply(&w, v) })
	if f != nil {
		return "-" + f.Reply("sha")
	}
	return string(w.B)
}

func TestSandbox(t *testing.T) {
	e := NewEngine("7.4.0")
	for body, want := range map[string]string{
		"return 1": ":1",
		// There is no way out.
		"return os":                           "nonexistent global variable 'os'",
		"return io":                           "nonexistent",
		"return debug":                        "nonexistent",
		"return package":                      "nonexistent",
		"return require('os')":                "nonexistent",
		"return module":                       "nonexistent",
		"return getfenv()":                    "nonexistent",
		"return setfenv(1,{})":                "nonexistent",
		"return newproxy(true)":               "nonexistent",
		"return dofile('/etc/passwd')":        "nonexistent",
		"return loadfile('/etc/passwd')":      "nonexistent",
		"return print('x')":                   "nonexistent",
		"return channel":                      "nonexistent",
		"return _printregs()":                 "nonexistent",
		"return _GOPHER_LUA_VERSION":          "nonexistent",
		"return string.dump(error)":           "unable to dump",
		"return loadstring('\\27Lua') == nil": ":1",
		"return pcall(string.dump, function() end) == false": ":1",
		// Nothing that scripts share can be changed.
		"_G.x = 1":                                 "readonly table",
		"x = 1":                                    "readonly table",
		"rawset(_G, 'x', 1)":                       "readonly table",
		"setmetatable(_G, {})":                     "readonly table",
		"setmetatable(_G, nil)":                    "readonly table",
		"getmetatable(_G).__index = nil":           "readonly table",
		"rawset(getmetatable(_G), '__index', nil)": "readonly table",
		"string.rep = nil":                         "readonly table",
		"rawset(string, 'rep', nil)":               "readonly table",
		"setmetatable(string, {})":                 "readonly table",
		"getmetatable('').__index = nil":           "readonly table",
		"rawset(getmetatable(''), '__index', {})":  "readonly table",
		"setmetatable('', {})":                     "table expected",
		"getmetatable('').__index.rep = nil":       "readonly table",
		"table.insert(redis, 1)":                   "readonly table",
		"table.remove(redis)":                      "readonly table",
		"table.sort(redis)":                        "readonly table",
		"redis.call = nil":                         "readonly table",
		"for k in pairs(_G) do _G[k] = nil end":    "readonly table",
		"cjson.encode = nil":                       "readonly table",
		"cjson.new().encode = nil":                 "readonly table",
		"return rawget(_G, 'redis') == redis":      ":1",
		"return getmetatable(redis)":               "$-1",
		"local c = '' for k in pairs(_G) do if #k == 7 and k:byte() == 1 then c = k end end return #c": ":0",
	} {
		assert.Contains(t, eval(t, e, body), want, body)
	}
	assert.Equal(t, ":5\r\n", eval(t, e, "return #string.rep('x', 5)"), "all is as it was")
}

func TestStateIsNotShared(t *testing.T) {
	e := NewEngine("7.4.0")
	assert.Equal(t, ":1\r\n", eval(t, e, "KEYS[1] = 1 KEYS.x = 2 return 1"))
	assert.Equal(t, ":0\r\n", eval(t, e, "return #KEYS"))
	assert.Equal(t, "$-1\r\n", eval(t, e, "return KEYS.x"))
}

func TestBounds(t *testing.T) {
	e := NewEngine("7.4.0")
	for body, want := range map[string]string{
		"return string.rep('x', 2^40)":                                                      errMemory,
		"return ('x'):rep(2^30)":                                                            errMemory,
		"local s = 'x' while true do s = s .. s end":                                        errMemory,
		"local s = ('x'):rep(2^20) return (s:gsub('x', s))":                                 errMemory,
		"return string.format('%99999d', 1)":                                                "width or precision too long",
		"local t = {} for i = 1, 1000 do t[i] = ('x'):rep(2^18) end return table.concat(t)": errMemory,
		"local function f() return 1 + f() end return f()":                                  "overflow",
		"local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x": "overflow",
		"local function f() return coroutine.wrap(f)() end return f()":                      "overflow",
		"return string.find(('a'):rep(20000), ('a?'):rep(20000))":                           "too complex",
		"local t = {} t[1] = t return cjson.encode(t)":                                      "excessive nesting",
		"return cjson.decode(('['):rep(100000))":                                            "nested",
		"return cmsgpack.unpack(('\\145'):rep(100000))":                                     "Bad data",
		"return unpack({}, 1, 1e8)":                                                         "too many results",
		"local t = {} t[1] = t return t":                                                    "stack limit",
		"return " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000):         ":1",
		"return " + strings.Repeat("{", 100000) + strings.Repeat("}", 100000):               "syntax levels",
		"return 1" + strings.Repeat("+1", 100000):                                           "syntax levels",
	} {
		assert.Contains(t, eval(t, e, body), want, body[:min(len(body), 100)])
	}
	assert.Equal(t, ":1\r\n", eval(t, e, "return 1"))
}

func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("allocates a lot")
	}
	e := NewEngine("7.4.0")
	got := eval(t, e, "local t = {} local n = 0 while true do n = n + 1 t[n] = ('x'):rep(100000) .. n end")
	assert.Contains(t, got, errMemory)
}

// stopped runs a script that does not end and kills it.
func stopped(t *testing.T, e *Engine, body string) string {
	s, err := e.Load([]byte(body), false)
	require.Empty(t, err, body)
	assert.False(t, s.Straight, body)
	done := make(chan string, 1)
	go func() { done <- run(e, &Run{Name: s.SHA, Started: time.Now()}, s) }()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case reply := <-done:
			return reply
		case <-time.After(5 * time.Millisecond):
			e.Kill(false)
		case <-deadline:
			t.Fatal("not stopped: ", body)
		}
	}
}

func TestKill(t *testing.T) {
	e := NewEngine("7.4.0")
	assert.Equal(t, "NOTBUSY No scripts in execution right now.", e.Kill(false))
	for _, body := range []string{
		"while true do end",
		"repeat until false",
		"for i = 1, math.huge do end",
		"while true do pcall(error, 'x') end",
		"while true do pcall(function() while true do end end) end",
		"local function f() return f() end return f()",
		"while true do coroutine.wrap(function() while true do end end)() end",
		"local co = coroutine.create(function() while true do end end) while true do coroutine.resume(co) end",
		"while true do redis.call('x') end",
		"string.find(('a'):rep(5000), ('.-'):rep(40) .. 'b') while true do end",
		"return string.gsub(('x'):rep(10), '.', function() while true do end end)",
		"return table.sort({3, 2, 1}, function() while true do end end)",
		"local function f() pcall(f) return f() + 1 end return f()",
		"while true do loadstring('return 1')() end",
		"xpcall(function() while true do end end, function() while true do end end)",
	} {
		assert.Contains(t, stopped(t, e, body), "Script killed by user with SCRIPT KILL.", body)
	}
	assert.Equal(t, ":1\r\n", eval(t, e, "return 1"))
}

func TestUnkillable(t *testing.T) {
	e := NewEngine("7.4.0")
	r := &Run{}
	e.runs.add(r)
	defer e.runs.remove(r)
	r.Wrote()
	assert.Contains(t, e.Kill(false), "UNKILLABLE")
	assert.Contains(t, e.Kill(true), "BUSY")
}

func TestEvalScriptsAreForgotten(t *testing.T) {
	e := NewEngine("7.4.0")
	kept, err := e.Load([]byte("return 'kept'"), true)
	require.Empty(t, err)
	first, _ := e.Load([]byte("return 'first'"), false)
	second, _ := e.Load([]byte("return 'second'"), false)
	for i := range maxRecent - 1 {
		_, err := e.Load([]byte("return "+strings.Repeat("1", i%300+1)+" + "+strings.Repeat("2", i/300+1)), false)
		require.Empty(t, err)
		e.Find([]byte(first.SHA)) // it is in use
	}
	assert.NotNil(t, e.Find([]byte(kept.SHA)))
	assert.NotNil(t, e.Find([]byte(first.SHA)))
	assert.Nil(t, e.Find([]byte(second.SHA)))
	stats := e.Stats()
	assert.Equal(t, uint64(1), stats.Evicted)
	assert.Equal(t, maxRecent+1, stats.Scripts)
	assert.Greater(t, stats.ScriptBytes, int64(maxRecent*entryBytes))
	_, err = e.LoadLibrary([]byte("#!lua name=l\nredis.register_function('f', function() end)"), false)
	require.Empty(t, err)
	stats = e.Stats()
	assert.Equal(t, 1, stats.Libraries)
	assert.Equal(t, 1, stats.Functions)
	assert.Positive(t, stats.LibraryBytes)
	assert.Equal(t, int64(stateBytes), stats.StateBytes, "the state in which the library was tried")
	e.Flush()
	stats = e.Stats()
	assert.Zero(t, stats.Scripts)
	assert.Zero(t, stats.ScriptBytes)
	assert.Zero(t, stats.StateBytes)
}

func TestStraight(t *testing.T) {
	e := NewEngine("7.4.0")
	for body, want := range map[string]bool{
		"return 1": true, "return redis.call('get', KEYS[1])": true, "if KEYS[1] then return 1 end": true,
		"while true do end": false, "for i = 1, 2 do end": false, "repeat until true": false,
		"local f = function() end": false, "return loadstring('x')": false, "return _G['load']": false,
	} {
		s, err := e.Load([]byte(body), false)
		require.Empty(t, err, body)
		assert.Equal(t, want, s.Straight, body)
	}
	for code, want := range map[string]bool{
		"redis.register_function('f', function(k) return redis.call('get', k[1]) end)":   true,
		"redis.register_function('f', function(k) while true do end end)":                false,
		"local function g() end redis.register_function('f', function() return g() end)": false,
		"redis.register_function('f', function() return (function() end)() end)":         false,
	} {
		name, err := e.LoadLibrary([]byte("#!lua name=a\n"+code), true)
		require.Empty(t, err)
		require.Equal(t, "a", name)
		assert.Equal(t, want, e.Function([]byte("f")).Library.Straight, code)
	}
}

func TestManyAtOnce(t *testing.T) {
	e := NewEngine("7.4.0")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				assert.Equal(t, "*2\r\n$1\r\na\r\n$1\r\n7\r\n", eval(t, e, "local t = redis.call('a', 7) return t"))
				assert.Contains(t, eval(t, e, "return redis.call('fail')"), "-ERR failed script: sha, on @user_script:1.")
				_, _ = e.LoadLibrary([]byte("#!lua name=a\nredis.register_function('f', function() return 1 end)"), true)
			}
		})
	}
	wg.Wait()
}

// FuzzSandbox runs anything that is a program: whatever it does, the next script finds
// everything in its place, and the test goes on.
func FuzzSandbox(f *testing.F) {
	for _, seed := range []string{
		"return 1", "_G.x = 1", "getmetatable('').__index = nil", "setmetatable(_G, {__index = 1})",
		"return loadstring('\\27Lua\\81')", "while true do end", "local function f() f() end f()",
		"return ('x'):rep(1e9)", "for k, v in pairs(redis) do redis[k] = nil end",
		"return cjson.decode('[1,{\"a\":null}]')", "return cmsgpack.unpack('\\220\\255')", "return struct.unpack('c0', 'x')",
		"return string.format('%5.3s|%q|%x', 'a', 'b', 3)", "return string.gsub('abc', '(%w)', '%1%0')",
		"coroutine.wrap(function() coroutine.yield(1) end)()", "error({err = 1})", "return {err = 'x', ok = 'y'}",
		"return table.concat({1, 2, {}})", "local t = {} t[1e6] = 1 return #t", "pcall(pcall, pcall, error)",
		"return bit.lshift(1, 1e300)", "return math.random(1e300)", "return tostring(-0), 0/0", "return unpack({1}, -1e9, 3)", "unpack({},0eA)", "table.insert({}, -1e300, 1)",
	} {
		f.Add(seed)
	}
	e := NewEngine("7.4.0")
	f.Fuzz(func(t *testing.T, body string) {
		stuck := time.AfterFunc(5*time.Second, func() { panic("it does not stop: " + body) })
		defer stuck.Stop()
		s, err := e.Load([]byte(body), false)
		if err != "" {
			return
		}
		r := &Run{Name: s.SHA, Started: time.Now()}
		timer := time.AfterFunc(50*time.Millisecond, r.Stop)
		defer timer.Stop()
		run(e, r, s)
		require.Equal(t, "*3\r\n$1\r\na\r\n:2\r\n$3\r\nxxx\r\n", eval(t, e,
			"return {redis.call('a')[1], #redis.call('a', 'b'), ('x'):rep(3)}"))
	})
}
