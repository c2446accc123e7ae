package script

import (
	"math"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// randomizer gives the numbers that Redis's math.random gives: those of the C
// function drand48. There is one for all scripts of a server.
type randomizer struct {
	mu sync.Mutex
	x  uint64
}

// seed is srand48.
func (r *randomizer) seed(n int32) {
	r.mu.Lock()
	r.x = uint64(uint32(n))<<16 | 0x330e
	r.mu.Unlock()
}

// next is lrand48: 31 bits.
func (r *randomizer) next() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.x = (r.x*0x5deece66d + 0xb) & (1<<48 - 1)
	return int64(r.x >> 17)
}

// mathTable is the machine's library with Redis's random numbers.
func (vm *VM) mathTable(from *lua.LTable) *lua.LTable {
	t := vm.library(map[string]lua.LGFunction{
		"random": vm.mathRandom, "max": mathFold(math.Max), "min": mathFold(math.Min),
		"randomseed": func(L *lua.LState) int {
			vm.engine.random.seed(int32(int64(L.CheckNumber(1))))
			return 0
		},
	})
	from.ForEach(func(k, v lua.LValue) {
		if t.RawGet(k) == lua.LNil {
			t.RawSet(k, v)
		}
	})
	t.RawSetString("mod", from.RawGetString("fmod"))
	t.RawSetString("huge", lua.LNumber(math.Inf(1)))
	return t
}

// mathFold makes math.max and math.min; the machine's have another error.
func mathFold(f func(x, y float64) float64) lua.LGFunction {
	return func(L *lua.LState) int {
		x := float64(L.CheckNumber(1))
		for i := 2; i <= L.GetTop(); i++ {
			x = f(x, float64(L.CheckNumber(i)))
		}
		L.Push(lua.LNumber(x))
		return 1
	}
}

// mathRandom is math.random as redis-server has it: 31 bits stretched to the interval.
func (vm *VM) mathRandom(L *lua.LState) int {
	const most = 0x7fffffff
	r := float64(vm.engine.random.next()%most) / most
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(r))
	case 1:
		n := float64(int(L.CheckNumber(1)))
		if n < 1 {
			L.ArgError(1, "interval is empty")
		}
		L.Push(lua.LNumber(math.Floor(r*n) + 1))
	case 2:
		low, high := float64(int(L.CheckNumber(1))), float64(int(L.CheckNumber(2)))
		if low > high {
			L.ArgError(2, "interval is empty")
		}
		L.Push(lua.LNumber(math.Floor(r*(high-low+1)) + low))
	default:
		L.RaiseError("wrong number of arguments")
	}
	return 1
}

// coroutineTable is the machine's library, whose coroutines it has stop as the others
// do, and not resume each other without end.
func (vm *VM) coroutineTable(from *lua.LTable) *lua.LTable {
	t := vm.library(nil)
	from.ForEach(func(k, v lua.LValue) { t.RawSet(k, v) })
	native := func(name string) lua.LGFunction { return from.RawGetString(name).(*lua.LFunction).GFunction }
	create, wrap, resume := native("create"), native("wrap"), native("resume")
	t.RawSetString("create", vm.L.NewFunction(func(L *lua.LState) int {
		n := create(L)
		L.Get(-1).(*lua.LState).SetContext(&vm.hook)
		return n
	}))
	t.RawSetString("wrap", vm.L.NewFunction(func(L *lua.LState) int {
		n := wrap(L)
		f := L.Get(-1).(*lua.LFunction)
		f.Upvalues[0].Value().(*lua.LState).SetContext(&vm.hook)
		f.GFunction = vm.nested(f.GFunction)
		return n
	}))
	t.RawSetString("resume", vm.L.NewFunction(vm.nested(resume)))
	return t
}
