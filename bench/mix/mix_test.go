package mix

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sink keeps the commands it is given.
type sink struct {
	commands [][]string
	missing  int // words of the last one
}

func (s *sink) Head(n int) {
	if s.missing != 0 {
		panic(fmt.Sprintf("%d words are missing: %q", s.missing, s.commands))
	}
	s.commands, s.missing = append(s.commands, nil), n
}

func (s *sink) Bulk(word []byte) {
	last := len(s.commands) - 1
	s.commands[last], s.missing = append(s.commands[last], string(word)), s.missing-1
}

func (s *sink) Inline(line []byte) { s.commands = append(s.commands, []string{string(line)}) }

// take returns what was appended since.
func (s *sink) take() [][]string {
	taken := s.commands
	s.commands = nil
	return taken
}

// idle takes commands and keeps nothing.
type idle struct{ bytes int }

func (s *idle) Head(int)         {}
func (s *idle) Bulk(word []byte) { s.bytes += len(word) }
func (s *idle) Inline([]byte)    {}

func made(t *testing.T, c Config) *Workload {
	t.Helper()
	w, err := New(c)
	require.NoError(t, err)
	return w
}

// every is a Config for each name and each operation.
func every() (all []Config) {
	for _, name := range Names() {
		all = append(all, Config{Workload: name})
	}
	for _, o := range operations {
		all = append(all, Config{Mix: o.name})
	}
	return append(all, Config{}, Config{Mix: "get=1,set=1", TTL: "1*none+1*uniform:1s-10s"},
		Config{Commands: []string{"HSET __key__ f __data__", "2*EXPIRE __key__ __int:5-10__"}})
}

// What is sent follows from the seed and the thread, has as many words as it says,
// and costs no allocation.
func TestStreams(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	for _, c := range every() {
		c.Keys, c.Threads, c.Seed = 500, 2, 7
		w := made(t, c)
		names := w.Commands()
		first, second, other, seeded := w.Stream(0), w.Stream(0), w.Stream(1), made(t, changed(c)).Stream(0)
		var out sink
		differs, alone := false, true
		for range rounds {
			op := first.Next(&out)
			if !assert.Zero(t, out.missing, "%s: %q", w.Name, out.commands) {
				break
			}
			sent := out.take()
			require.Len(t, sent, 1, w.Name)
			if !strings.HasSuffix(sent[0][0], "\r\n") {
				assert.Equal(t, names[op.Command], strings.ToUpper(sent[0][0]))
				assert.Len(t, sent[0], op.Words)
			}
			require.Equal(t, op, second.Next(&out))
			if !slices.Equal(out.take()[0], sent[0]) {
				require.Fail(t, "the same thread and seed give something else", w.Name)
			}
			out.commands = nil
			other.Next(&out)
			differs = !slices.Equal(out.take()[0], sent[0]) || differs
			seeded.Next(&out)
			differs = !slices.Equal(out.take()[0], sent[0]) || differs
			alone = alone && !strings.ContainsAny(strings.Join(sent[0][1:], ""), "0123456789")
		}
		assert.True(t, differs || alone || strings.HasPrefix(w.Name, "lrange"), "%s: another thread or seed", w.Name)
		assert.Zero(t, testing.AllocsPerRun(200, func() { first.Next(new(sinkOfNothing)) }), w.Name)
	}
}

// changed is the same with another seed.
func changed(c Config) Config {
	c.Seed++
	return c
}

// sinkOfNothing takes no room.
type sinkOfNothing struct{}

func (*sinkOfNothing) Head(int)      {}
func (*sinkOfNothing) Bulk([]byte)   {}
func (*sinkOfNothing) Inline([]byte) {}

// Each number of what is loaded before gives one command, the same at each call.
func TestFill(t *testing.T) {
	for _, c := range every() {
		c.Keys = 20
		w := made(t, c)
		var out sink
		for i := range w.Preload() {
			w.Fill(i, &out)
			require.Zero(t, out.missing, w.Name)
			sent := out.take()
			require.Len(t, sent, 1, w.Name)
			w.Fill(i, &out)
			assert.Equal(t, sent, out.take(), w.Name)
		}
	}
	w := made(t, Config{Keys: 3, Mix: "get,hget"})
	var out sink
	for i := range w.Preload() {
		w.Fill(i, &out)
	}
	keys := map[string]bool{}
	for _, command := range out.take() {
		keys[command[1]] = true
	}
	assert.Len(t, keys, 6, "what both operations need: three strings and three hashes")
	assert.Equal(t, []string{"GET", "HGET"}, w.Commands(), "only what the load sends")
}

// Weights are kept, and reads told from writes.
func TestWeights(t *testing.T) {
	w := made(t, Config{Mix: "get=0.9,set=0.1,del=0", Keys: 1000, Seed: 1})
	counts, s := [2]int{}, w.Stream(0)
	for range 20_000 {
		op := s.Next(new(sinkOfNothing))
		assert.Equal(t, w.Commands()[op.Command] == "GET", op.Read)
		counts[op.Command]++
	}
	assert.InDelta(t, 18_000, counts[0], 200)
}

func TestTemplates(t *testing.T) {
	c := Config{Keys: 1, Values: "3", TTL: "5s", Commands: []string{""}}
	value := string(made(t, Config{Keys: 1, Values: "3"}).AppendValue(nil, 0))
	for template, want := range map[string][]string{
		"get __key__":                                {"get", "key:000000000000"},
		"SET __key__ __data__ __ttl__ XX":            {"SET", "key:000000000000", value, "PX", "5000", "XX"},
		"HSET h:__id__:x __rand_int__ 'a b' \"\"":    {"HSET", "h:000000000000:x", "000000000000", "a b", ""},
		"DEL __repeat:3__ __key__":                   {"DEL", "key:000000000000", "key:000000000000", "key:000000000000"},
		"LPUSH <__key__> [__data__]__int:7-7__":      {"LPUSH", "<key:000000000000>", "[" + value + "]7"},
		"SET a_b __ _x_":                             {"SET", "a_b", "__", "_x_"},
		"GETRANGE __key__ __int:0-0__ __int:10-10__": {"GETRANGE", "key:000000000000", "0", "10"},
	} {
		c.Commands[0] = template
		var out sink
		op := made(t, c).Stream(0).Next(&out)
		assert.Equal(t, [][]string{want}, out.take(), template)
		assert.Equal(t, len(want), op.Words)
	}
	var out sink
	made(t, Config{Workload: "ping_inline"}).Stream(0).Next(&out)
	assert.Equal(t, [][]string{{"PING\r\n"}}, out.take())
}

// An operation of several commands sends them in turn, with one key.
func TestReadModifyWrite(t *testing.T) {
	s := made(t, Config{Mix: "rmw", Keys: 1000}).Stream(0)
	var out sink
	for range 50 {
		assert.True(t, s.Next(&out).Read)
		assert.False(t, s.Next(&out).Read)
		sent := out.take()
		assert.Equal(t, "GET", sent[0][0])
		assert.Equal(t, "SET", sent[1][0])
		assert.Equal(t, sent[0][1], sent[1][1])
	}
}

// Threads insert keys that nobody else does, without a gap, and of their own.
func TestInserts(t *testing.T) {
	w := made(t, Config{Mix: "insert", Keys: 100, Threads: 3})
	keys := map[string]bool{}
	var out sink
	for thread := range 3 {
		s := w.Stream(thread)
		for range 10 {
			s.Next(&out)
		}
	}
	for _, command := range out.take() {
		keys[command[1]] = true
	}
	for n := uint64(100); n < 130; n++ {
		assert.True(t, keys[string(w.AppendKey(nil, n))])
	}
	assert.Len(t, keys, 30)
}

func TestScript(t *testing.T) {
	w := made(t, Config{Workload: "lua", Script: "return 1", Keys: 10})
	var out sink
	require.Equal(t, uint64(1), w.Preload())
	w.Fill(0, &out)
	w.Stream(0).Next(&out)
	sent := out.take()
	assert.Equal(t, []string{"SCRIPT", "LOAD", "return 1"}, sent[0])
	assert.Equal(t, []string{"EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "1"}, sent[1][:3])
}

// Plain workloads are the same as reads and writes of values.
func TestPlain(t *testing.T) {
	for _, c := range []Config{{}, {Workload: "ycsb-a"}, {Workload: "ycsb-d", TTL: "1*none+1*1m"}, {Workload: "ycsb-f"}, {Workload: "set"}} {
		c.Keys = 50
		w := made(t, c)
		require.NoError(t, w.Plain())
		commands, plain := w.Stream(0), w.Stream(0)
		var out sink
		for range 200 {
			op := commands.Next(&out)
			sent := out.take()[0]
			key, value, write, ttl := plain.NextKV()
			assert.Equal(t, !op.Read, write)
			assert.Equal(t, sent[1], string(key))
			if write {
				assert.Equal(t, sent[2], string(value))
				assert.Equal(t, ttl > 0, len(sent) == 5)
			}
			if ttl > 0 {
				assert.Equal(t, sent[4], strconv.FormatInt(ttl.Milliseconds(), 10))
			}
		}
		for i := range w.Preload() {
			w.Fill(i, &out)
			sent := out.take()[0]
			key, value, ttl := w.FillKV(i, nil)
			assert.Equal(t, sent[1:3], []string{string(key), string(value)})
			assert.Equal(t, ttl > 0, len(sent) == 5)
		}
		assert.Zero(t, testing.AllocsPerRun(100, func() { plain.NextKV() }))
	}
	assert.ErrorContains(t, made(t, Config{Mix: "get,hget", Keys: 1}).Plain(), "HGET")
}

func TestMistakes(t *testing.T) {
	for want, c := range map[string]Config{
		`no workload "ycsb-z"`:      {Workload: "ycsb-z"},
		"says itself what is sent":  {Workload: "ycsb-a", Mix: "get"},
		`no operation "gte"`:        {Mix: "gte=9"},
		`"x" is not a weight`:       {Mix: "get=x"},
		"no operation has a weight": {Mix: "get=0"},
		"get has no number":         {Mix: "get:5"},
		"__repeat:0__":              {Mix: "mget:0"},
		"__repeat:100001__":         {Mix: "mget:100001"},
		"quote":                     {Commands: []string{"SET 'a"}},
		"empty command":             {Commands: []string{" "}},
		"__kee__ is no placeholder": {Commands: []string{"GET __kee__"}},
		"__ttl__ must be a word":    {Commands: []string{"GET x__ttl__"}},
		"cannot be repeated":        {Commands: []string{"SET __repeat:2__ __ttl__"}},
		"__int:9-1__":               {Commands: []string{"GET __int:9-1__"}},
		`popularity "zipf:x"`:       {Popularity: "zipf:x"},
		`popularity "zipf:-1"`:      {Popularity: "zipf:-1"},
		`popularity "zip"`:          {Popularity: "zip"},
		"takes no parameter":        {Popularity: "uniform:1"},
		"between 0 and 1":           {Popularity: "hotspot:2,1"},
		"more than 2 numbers":       {Popularity: "hotspot:0.1,0.2,0.3"},
		"no period":                 {Popularity: "shifting:1,0"},
		`values "many"`:             {Values: "many"},
		`values "uniform:9-1"`:      {Values: "uniform:9-1"},
		`values "lognormal:0"`:      {Values: "lognormal:0"},
		`values "gauss:9"`:          {Values: "gauss:9"},
		"no such file":              {Values: "file:/nonexistent"},
		"add up to 0":               {Values: "0*9+0*8"},
		`ttl "soon"`:                {TTL: "soon"},
		`ttl "1us"`:                 {TTL: "1us"},
		"there can be":              {Keys: maxKeys + 1},
	} {
		_, err := New(c)
		assert.ErrorContains(t, err, want)
	}
}

func TestNames(t *testing.T) {
	names, seen := Names(), map[string]bool{}
	for _, name := range names {
		assert.False(t, seen[name], "%s twice", name)
		assert.NotEmpty(t, About(name), name)
		seen[name] = true
	}
	assert.Empty(t, About("nosuch"))
	tests, err := Tests("ping,SET,lrange,lrange_100")
	require.NoError(t, err)
	assert.Equal(t, []string{"ping_inline", "ping_mbulk", "set", "lrange_100", "lrange_300", "lrange_500", "lrange_600", "lrange_100"}, tests)
	all, err := Tests("")
	require.NoError(t, err)
	assert.Len(t, all, len(redisTests))
	_, err = Tests("get,nosuch")
	assert.ErrorContains(t, err, `"nosuch"`)
}

func TestTTL(t *testing.T) {
	w := made(t, Config{Keys: 100_000, TTL: "3*none+1*uniform:10s-20s"})
	mortal := 0
	for n := range w.Keys {
		if ttl := w.ttl(n); ttl > 0 {
			mortal++
			require.True(t, ttl >= 10*time.Second && ttl <= 20*time.Second)
		}
	}
	assert.InDelta(t, 25_000, mortal, 600)
}

// Templates come from users: none may upset the program, and each sends what it says.
func FuzzTemplate(f *testing.F) {
	for _, o := range operations {
		f.Add(o.commands, "uniform")
	}
	for _, p := range []string{"zipf:1.2", "hotspot:0.1,0.9", "latest", "sequential", "shifting:0.9,10", "shifting:0"} {
		f.Add("SET '__key__' \"__int:1-9__\" __repeat:3__ __id__", p)
	}
	f.Fuzz(func(t *testing.T, template, popularity string) {
		w, err := New(Config{Commands: []string{template}, Popularity: popularity, Keys: 9, Values: "1"})
		if err != nil {
			return
		}
		s := w.Stream(0)
		for range 3 {
			var out sink
			s.Next(&out)
			if out.missing != 0 {
				t.Fatalf("%q: %d words are missing", template, out.missing)
			}
		}
	})
}
