package script

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// escapes are ways out of the sandbox, or into the memory below it, that there have been
// in redis-server, by what they were known as, and others of their kind. Each has what
// the reply must contain; "" is for those that may answer anything but must end, and
// leave everything in its place.
var escapes = []struct{ known, body, want string }{
	{"CVE-2015-4335: bytecode", `return loadstring('\27LuaQ\0\1\4\8\4\8\0') == nil`, ":1"},
	{"bytecode by pieces", `local n = 0 return load(function() n = n + 1 return ({'\27', 'Lua', 'Q'})[n] end) == nil`, ":1"},
	{"bytecode behind a comment", `return loadstring('#!\n\27Lua') == nil`, ":1"},
	{"bytecode of a function", `return string.dump(function() end)`, "unable to dump"},
	{"bytecode as a script", "\x1bLuaQ\x00\x01\x04\x08\x04\x08\x00", "-ERR Error compiling script"},

	{"CVE-2022-0543: package", `return package.loadlib('/lib/x86_64-linux-gnu/liblua5.1.so.0', 'luaopen_io')`, "nonexistent global variable 'package'"},
	{"package by another way", `return rawget(_G, 'package') == nil and rawget(_G, 'require') == nil and rawget(_G, 'io') == nil and rawget(_G, 'os') == nil and rawget(_G, 'debug') == nil`, ":1"},
	{"os by pairs", `for k in pairs(_G) do if k == 'os' or k == 'io' or k == 'debug' or k == 'package' then return k end end return 'none'`, "none"},
	{"os by a loaded chunk", `return loadstring('return os')()`, "nonexistent global variable 'os'"},
	{"os by a coroutine", `return coroutine.wrap(function() return os end)()`, "nonexistent global variable 'os'"},
	{"os by a metamethod", `return setmetatable({}, {__index = function() return os end}).x`, "nonexistent global variable 'os'"},
	{"os by getfenv", `return getfenv(0).os`, "nonexistent global variable 'getfenv'"},
	{"an environment of its own", `setfenv(1, {}) return 1`, "nonexistent global variable 'setfenv'"},
	{"an environment for load", `return load('return x', 'n', 't', {x = 7})()`, "function expected"},
	{"the registry", `return debug.getregistry()`, "nonexistent global variable 'debug'"},

	{"CVE-2022-24735: metatable of the globals", `getmetatable(_G).__index = function() return 1 end return nosuch`, "readonly table"},
	{"metatable of the globals, replaced", `setmetatable(_G, {__index = {}}) return nosuch`, "readonly table"},
	{"metatable of their metatable", `setmetatable(getmetatable(_G), {}) return 1`, ""},
	{"globals by rawset", `rawset(_G, 'redis', {}) return 1`, "readonly table"},
	{"globals within a library", `redis.call = function() return 'evil' end`, "readonly table"},
	{"a library by rawset", `rawset(redis, 'call', nil)`, "readonly table"},
	{"a library by table.insert", `table.insert(cjson, 1)`, "readonly table"},
	{"a library by table.sort", `table.sort(cmsgpack)`, "readonly table"},
	{"a library by setmetatable", `setmetatable(bit, {__index = function() return 1 end})`, "readonly table"},
	{"a library by its metatable", `getmetatable(struct).__index = nil`, ""},
	{"a library by next", `local k = next(math) math[k] = nil`, "readonly table"},
	{"all libraries", `for _, l in pairs({string, table, math, bit, struct, cjson, cmsgpack, coroutine, redis}) do ` +
		`for k in pairs(l) do if pcall(function() l[k] = 1 end) or pcall(rawset, l, k, 1) then return 'open: ' .. k end end end return 'shut'`, "shut"},
	{"a global by its name", `string = nil`, "readonly table"},
	{"CVE-2022-24736: reading what is not there", `return nosuch.field`, "nonexistent global variable 'nosuch'"},

	{"CVE-2025-46818: metatable of strings", `getmetatable('').__index = function() return 1 end`, "readonly table"},
	{"metatable of strings, its functions", `getmetatable('').__index.rep = function() return 'evil' end`, "readonly table"},
	{"metatable of strings, by rawset", `rawset(getmetatable(''), '__add', function() return 'evil' end)`, "readonly table"},
	{"metatable of strings, replaced", `setmetatable('', {})`, "table expected"},
	{"metatable of nil", `getmetatable(nil).__index = function() return 1 end`, "index"},
	{"metatable of numbers", `getmetatable(123.222).__index = function() return 1 end`, "index"},
	{"metatable of booleans", `getmetatable(true).__index = function() return 1 end`, "index"},
	{"metatable of functions", `getmetatable(function() end).__index = function() return 1 end`, "index"},
	{"metatable of threads", `getmetatable(coroutine.create(function() end)).__index = function() return 1 end`, "index"},

	{"CVE-2018-11218: cmsgpack, array", `return cmsgpack.unpack('\221\255\255\255\255')`, "Missing bytes"},
	{"cmsgpack, map", `return cmsgpack.unpack('\223\255\255\255\255')`, "Missing bytes"},
	{"cmsgpack, string", `return cmsgpack.unpack('\219\255\255\255\255x')`, "Missing bytes"},
	{"cmsgpack, blob", `return cmsgpack.unpack('\198\127\255\255\255x')`, "Missing bytes"},
	{"cmsgpack, deep", `return cmsgpack.unpack(('\145'):rep(200000))`, "Bad data"},
	{"cmsgpack, deep maps", `return cmsgpack.unpack(('\129\1'):rep(200000))`, "Bad data"},
	{"cmsgpack, offsets", `return cmsgpack.unpack_limit('\1\2', 2147483647, -2147483648)`, "-ERR"},
	{"cmsgpack, offset behind", `return cmsgpack.unpack_one('\1', 9e15)`, "-ERR"},
	{"cmsgpack, itself", `local t = {} t[1] = t return #cmsgpack.pack(t) > 0`, ":1"},

	{"CVE-2018-11219: struct, size", `return struct.pack('>I2147483648', 1)`, "integral size"},
	{"struct, unpacked size", `return struct.unpack('>I2147483648', '10')`, "integral size"},
	{"CVE-2020-14147: struct, digits", `return struct.pack('>I' .. ('9'):rep(30), 1)`, "-ERR"},
	{"struct, characters", `return struct.unpack('c2147483648', 'x')`, "-ERR"},
	{"struct, characters by a number", `return struct.unpack('<I4c0', '\255\255\255\255x')`, "-ERR"},
	{"struct, alignment", `return struct.pack('!2147483648 d', 1)`, "-ERR"},
	{"struct, position", `return struct.unpack('b', 'x', -2147483648)`, "-ERR"},
	{"struct, position behind", `return struct.unpack('b', 'x', 9e15)`, "-ERR"},
	{"struct, no arguments", `return struct.pack('s')`, "-ERR"},
	{"struct, no end", `return struct.unpack('s', 'no zero')`, "-ERR"},
	{"struct, padding", `return #struct.pack(('x'):rep(100000) .. 'b', 1)`, ":100001"},

	{"CVE-2024-31449: bit.tohex", `return bit.tohex(65535, -2147483648)`, "0000FFFF"},
	{"bit.tohex, long", `return bit.tohex(65535, 2147483647)`, "0000ffff"},
	{"bit.lshift", `return bit.lshift(1, 1e300) + bit.rshift(1, -1e300) + bit.rol(1, 2^53) + bit.arshift(-1, 64)`, ""},
	{"bit.tobit", `return bit.tobit(0/0) + bit.tobit(2^60) + bit.bnot(-2^31)`, ""},

	{"CVE-2022-24834: cjson.encode", `return cjson.encode(('\1'):rep(30 * 2^20))`, errMemory},
	{"cjson.encode, sparse", `return cjson.encode({[2^30] = 1})`, "sparse"},
	{"cjson.encode, sparse allowed", `local c = cjson.new() c.encode_sparse_array(false, 0, 0) return #c.encode({[100 * 2^20] = 1})`, ""},
	{"cjson.encode, itself", `local t = {} t.t = t return cjson.encode(t)`, "nesting"},
	{"cjson.decode, deep", `return cjson.decode(('{"a":'):rep(100000))`, "-ERR"},
	{"cjson.decode, cut short", `for i = 1, 40 do pcall(cjson.decode, ('{"a":["\\u12ab\\\\",1e5,true,null]}'):sub(1, i)) end return 'over'`, "over"},
	{"cjson.decode, numbers", `return type(cjson.decode('[1e999999,-0,0.' .. ('0'):rep(100000) .. '1]'))`, "table"},
	{"cjson.decode, surrogates", `return #cjson.decode('["\\ud834\\udd1e"]')[1]`, ":4"},
	{"cjson.decode, half a surrogate", `return cjson.decode('["\\ud834\\u0041"]')`, "-ERR"},
	{"cjson, depth", `cjson.decode_max_depth(2^31) return 1`, ""},
	{"cjson, precision", `cjson.encode_number_precision(1000) return 1`, "-ERR"},

	{"CVE-2021-32626: the stack", `return redis.call(unpack({}, 1, 1e7))`, "too many results"},
	{"CVE-2025-46817: unpack", `return {unpack({1, 2, 3}, -2, 2147483647)}`, "too many results"},
	{"unpack, both ends", `return {unpack({1, 2, 3}, -2147483648, 2147483647)}`, "too many results"},
	{"unpack, below", `return {unpack({1, 2, 3}, -2147483648, -2)}`, "too many results"},
	{"unpack, last", `return #{unpack({1, 2, 3}, 2147483647, 2147483647)}`, ":0"},
	{"select", `return select(2147483648, 1) == nil and select(-9e15, 1)`, ""},
	{"string.byte", `return {('x'):rep(2^22):byte(-9e15, 9e15)}`, "too long"},
	{"string.sub", `return ('abc'):sub(-2^63, 2^63)`, "abc"},
	{"string.rep", `return ('abc'):rep(-2^63) .. ('x'):rep(0/0) .. (''):rep(2^53)`, ""},
	{"string.format, width", `return ('%99999999999d'):format(1)`, "-ERR"},
	{"string.format, numbers", `return ('%d %x %c %5.2f %q'):format(2^63, -1, 256, 0/0, 'a\0b\r\n')`, ""},
	{"string.format, no arguments", `return ('%s %s'):format(1)`, "-ERR"},
	{"string.gsub, captures", `return ('x'):gsub(('()'):rep(40), '%9')`, "too many captures"},
	{"string.gsub, replacement", `return ('x'):gsub('x', '%9')`, "invalid capture index"},
	{"string.gsub, a table that errs", `return ('x'):gsub('x', setmetatable({}, {__index = function() error('mine') end}))`, "mine"},
	{"string.find, unfinished", `return ('x'):find('[%')`, "malformed pattern"},
	{"string.find, balance", `return ('x'):find('%b')`, "-ERR"},
	{"string.find, frontier", `return ('x'):find('%f')`, "missing '['"},
	{"string.find, start", `return ('x'):find('x', -2^63) == 1`, ":1"},

	{"table.concat", `return table.concat({}, 'x', 1, 2^53)`, "-ERR"},
	{"table.concat, backwards", `return #table.concat({}, 'x', 2^53, 1)`, ":0"},
	{"table.insert", `local t = {} table.insert(t, 2^53, 1) return #t`, ""},
	{"table.sort, no order", `local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() return true end) return 1`, ""},
	{"table.sort, changed meanwhile", `local t = {5, 4, 3, 2, 1} table.sort(t, function(a, b) for i = 1, 100 do t[i] = nil end t[1e5] = 1 return true end) return 1`, ""},
	{"table.sort, left in the middle", `return coroutine.wrap(function() table.sort({3, 2, 1}, function() coroutine.yield(1) end) end)()`, ""},
	{"a table that grows under next", `local t = {} for i = 1, 50 do t['k' .. i] = i end local n = 0 for k in pairs(t) do n = n + 1 t['x' .. k] = 1 if n > 1000 then break end end return 'over'`, ""},
	{"next of nothing", `return next({}, 'nosuch')`, ""},

	{"CVE-2024-46981: collection", `local t = setmetatable({}, {__gc = function() redis.call('x') end, __mode = 'kv'}) t = nil collectgarbage('collect') return 1`, ""},
	{"collection, arguments", `for _, what in ipairs({'stop', 'restart', 'step', 'setpause', 'setstepmul', 'count', 'nosuch'}) do pcall(collectgarbage, what, 1e300) end return 1`, ""},
	{"a proxy", `return newproxy(true)`, "nonexistent global variable 'newproxy'"},
	{"CVE-2025-49844: the parser's names", `local n = 0 for i = 1, 500 do if loadstring('return ' .. i, ('n'):rep(1000) .. i) then n = n + 1 end end return n`, ":500"},
	{"CVE-2025-46819: long brackets", `return loadstring('return [' .. ('='):rep(2^20)) == nil and loadstring('return [' .. ('='):rep(2^20) .. '[x') == nil`, ":1"},
	{"comments without end", `return loadstring('--[' .. ('='):rep(2^20) .. '[') == nil`, ":1"},
	{"strings without end", `return loadstring('return "' .. ('\\'):rep(10001)) == nil`, ":1"},
	{"too many locals", `return loadstring(('local a '):rep(300)) == nil`, ":1"},
	{"too many constants", `local t = {} for i = 1, 70000 do t[i] = 'x=' .. i .. '.5' end return select(2, loadstring('local x ' .. table.concat(t, ' ')))`, "constant table overflow"},
	{"as many as there may be", `local t = {} for i = 1, 5000 do t[i] = 'x=' .. i .. '.5' end return type(loadstring('local x ' .. table.concat(t, ' ')))`, "function"},
	{"goto, which the compiler is slow with", `local t = {} for i = 1, 20000 do t[i] = 'goto l' .. i end for i = 1, 20000 do t[20000 + i] = '::l' .. i .. '::' end return select(2, loadstring(table.concat(t, ' ')))`, "'=' expected near 'l1'"},
	{"labels", `return select(2, loadstring('::a::'))`, "unexpected symbol near ':'"},
	{"too many arguments", `return type(loadstring('return {f(' .. ('1,'):rep(70000) .. '1)}'))`, ""},

	{"errors that are tables", `error(setmetatable({}, {__tostring = function() error('again') end, __index = function() error('and again') end}))`, "-ERR"},
	{"errors in handlers", `return xpcall(function() error('a') end, function() error('b') end)`, ""},
	{"errors that end the sandbox", `local ok = pcall(function() local f f = function() return pcall(f) end return f() end) return 'over'`, ""},
	{"coroutines that run themselves", `local co co = coroutine.create(function() return coroutine.resume(co) end) return select(2, coroutine.resume(co)) == false`, ":1"},
	{"coroutines that are dead", `local co = coroutine.create(function() error('x') end) coroutine.resume(co) return select(2, coroutine.resume(co))`, "dead"},
	{"yield outside", `return coroutine.yield(1)`, "-ERR"},
	{"yield through redis.call", `return coroutine.wrap(function() return redis.call(coroutine.yield('echo'), 'x') end)()`, "echo"},
	{"tostring that lies", `return redis.call(setmetatable({}, {__tostring = function() return 'a' end}))`, "must be strings or integers"},
	{"redis.call of nothing", `return redis.call()`, "at least one argument"},
	{"redis.call of what is none", `return redis.call('a', nil, {}, print)`, "-ERR"},
	{"redis.setresp", `redis.setresp(2^31)`, "RESP version must be 2 or 3"},
	{"redis.set_repl", `redis.set_repl(2^31)`, "Invalid replication flags"},
	{"redis.log", `redis.log(2^31, 'x')`, "Invalid debug level"},
	{"redis.register_function", `redis.register_function('f', function() end)`, "-ERR"},
	{"tonumber", `return tonumber('z', 37)`, "-ERR"},
	{"math.random", `return math.random(2^53, -2^53)`, "-ERR"},
	{"math.random, wide", `return type(math.random(-2^53, 2^53))`, ""},
	{"math.ldexp", `return math.ldexp(1, 2^31) > 0 and math.fmod(1, 0) ~= 0`, ""},
}

// inPlace is a program that finds out whether everything is as it was.
const inPlace = "local t = {redis.call('a')[1], #redis.call('a', 'b'), ('x'):rep(3), cjson.encode({1}), bit.band(7, 3), #KEYS, #ARGV} " +
	"return table.concat(t, ' ') .. tostring(pcall(function() return nosuch end))"

func TestEscapes(t *testing.T) {
	e := NewEngine("7.4.0")
	want := "a 2 xxx [1] 3 0 0false"
	for _, escape := range escapes {
		if testing.Short() && strings.Contains(escape.body, "2^20") && strings.Contains(escape.body, "cjson") {
			continue // it takes a second
		}
		t.Run(escape.known, func(t *testing.T) {
			got := eval(t, e, escape.body)
			assert.Contains(t, got, escape.want, escape.body)
			assert.NotContains(t, strings.ToLower(got), "runtime error", escape.body)
			assert.NotContains(t, got, "goroutine", escape.body)
			assert.Contains(t, eval(t, e, inPlace), want, "after %s", escape.body)
		})
	}
}
