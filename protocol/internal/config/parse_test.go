package config

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testConfig is a Config of a machine with 1000 bytes of memory.
func testConfig(t testing.TB) *Config {
	t.Helper()
	return newConfig(machine{total: 1000, source: "machine"}, t.TempDir())
}

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "1b": 1, "1k": 1000, "1kb": 1024, "1K": 1000, "3KB": 3072,
		"2m": 2e6, "2mb": 2 << 20, "2gB": 2 << 30, "1g": 1e9, "007": 7,
		"9223372036854775807": math.MaxInt64,
	} {
		n, ok := ParseMemory(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, n, text)
	}
	for _, text := range []string{"", "mb", "-1", "+1", "1x", "1 mb", "1tb", "1.5mb", "9223372036854775808", "9007199254740993gb", "0x10"} {
		_, ok := ParseMemory(text)
		assert.False(t, ok, text)
	}
}

func TestFormatMemory(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 1: "1", 1000: "1000", 1024: "1kb", 100 << 20: "100mb", 3 << 30: "3gb", 1<<20 + 1: "1048577",
	} {
		assert.Equal(t, want, FormatMemory(n))
		back, ok := ParseMemory(want)
		assert.True(t, ok)
		assert.Equal(t, n, back)
	}
}

func TestSplitArgs(t *testing.T) {
	for line, want := range map[string][]string{
		``:                  nil,
		"  \t ":             nil,
		`a b  c`:            {"a", "b", "c"},
		`"a b" 'c d'`:       {"a b", "c d"},
		`""`:                {""},
		`"\x41\n\t\"\q"`:    {"A\n\t\"q"},
		`"\x4z"`:            {"x4z"},
		`'it\'s' '\n'`:      {"it's", `\n`},
		`pre"quoted part"`:  {"prequoted part"},
		`a\b`:               {`a\b`},
		"save \"900 1\"\tx": {"save", "900 1", "x"},
	} {
		got, err := splitArgs(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
	for _, line := range []string{`"`, `'`, `"a`, `a 'b`, `"a"b`, `'a'"b"`, `"\`, `"a\"`} {
		_, err := splitArgs(line)
		assert.Error(t, err, line)
	}
}

// Every row: a valid default, a unique name, a value that survives a file.
func TestRows(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range rows {
		for _, name := range []string{r.Name, r.Alias} {
			if name == "" {
				continue
			}
			assert.False(t, seen[name], name)
			assert.Equal(t, strings.ToLower(name), name)
			seen[name] = true
		}
		assert.Equal(t, r.Kind == Enum, len(r.Values) > 0, r.Name)
		if r.Kind == Integer || r.Kind == Memory || r.Kind == Octal || r.Kind == Percent {
			assert.Greater(t, r.Max, r.Min, r.Name)
		}
	}
	c := testConfig(t)
	l := newLoader(testConfig(t))
	for _, r := range rows {
		assert.True(t, c.isDefault(r), r.Name)
		for _, line := range r.asLines(c) {
			l.line("test:1", line, 0)
		}
	}
	require.NoError(t, l.result())
	for _, r := range rows {
		if r.Name != "dir" { // each Config of this test has its own
			assert.Equal(t, c.value(r).Words(), l.c.value(r).Words(), r.Name)
		}
	}
}

// Values of each kind, by way of real settings.
func TestValues(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"timeout", "0", "0"},
		{"TIMEOUT", "2147483647", "2147483647"},
		{"protected-mode", "NO", "no"},
		{"maxmemory", "100mb", "104857600"},
		{"maxmemory", "50%", "500"},
		{"maxmemory", "100%", "1000"},
		{"maxmemory", "", "0"},
		{"maxmemory", "0", "0"},
		{"maxmemory-clients", "5%", "5%"},
		{"maxmemory-clients", "1kb", "1024"},
		{"maxmemory-policy", "AllKeys-LRU", "allkeys-lru"},
		{"hz", "0", "1"},
		{"hz", "1000", "500"},
		{"save", "", ""},
		{"client-output-buffer-limit", "normal 1kb 2kb 3", "normal 1024 2048 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
		{"client-output-buffer-limit", "replica 1 2 3 slave 4 5 6", "normal 1024 2048 3 slave 4 5 6 pubsub 33554432 8388608 60"},
		{"latency-tracking-info-percentiles", "50 99.5", "50 99.5"},
		{"slave-priority", "3", "3"},
		{"appendonly", "no", "no"},
		{"notify-keyspace-events", "", ""},
		{"requirepass", "a b", "a b"},
	}
	c := testConfig(t)
	for _, tt := range tests {
		require.NoError(t, c.Set([]Pair{{tt.name, tt.value}}, false), tt.name)
		assert.Equal(t, tt.want, byName[strings.ToLower(tt.name)].text(c), "%s %s", tt.name, tt.value)
	}
	assert.Equal(t, OutputLimit{Hard: 4, Soft: 5, Seconds: 6}, c.OutputLimit(Replica))
	assert.Equal(t, OutputLimit{Hard: 1024, Soft: 2048, Seconds: 3}, c.OutputLimit(Normal))
	assert.False(t, c.MemoryIsDefault())
	require.NoError(t, c.Set([]Pair{{"maxmemory", "75%"}}, false))
	assert.True(t, c.MemoryIsDefault())
	assert.EqualValues(t, 750, c.MaxMemory.Int())
}

// The texts are redis-server's where it has one.
func TestSetErrors(t *testing.T) {
	failed := func(name, why string) string {
		return "CONFIG SET failed (possibly related to argument '" + name + "') - " + why
	}
	tests := []struct {
		pairs []Pair
		want  string
	}{
		{[]Pair{{"foo", "bar"}}, "Unknown option or number of arguments for CONFIG SET - 'foo'"},
		{[]Pair{{"hz", "20"}, {"Foo", "bar"}}, "Unknown option or number of arguments for CONFIG SET - 'Foo'"},
		{[]Pair{{"hz", "1"}, {"HZ", "2"}}, failed("HZ", "duplicate parameter")},
		{[]Pair{{"Timeout", "-1"}}, failed("timeout", "argument must be between 0 and 2147483647 inclusive")},
		{[]Pair{{"timeout", "x"}}, failed("timeout", "argument couldn't be parsed into an integer")},
		{[]Pair{{"timeout", "99999999999999999999"}}, failed("timeout", "argument couldn't be parsed into an integer")},
		{[]Pair{{"IO-threads", "1"}}, failed("IO-threads", "can't set immutable config")},
		{[]Pair{{"databases", "3"}, {"foo", "bar"}}, failed("databases", "can't set immutable config")},
		{[]Pair{{"dir", "/"}}, failed("dir", "can't set protected config")},
		{[]Pair{{"maxmemory", "-1"}}, failed("maxmemory", "argument must be a memory value")},
		{[]Pair{{"maxmemory", "1x"}}, failed("maxmemory", "argument must be a memory value")},
		{[]Pair{{"maxmemory", "101%"}}, failed("maxmemory", "percentage argument must be less or equal to 100")},
		{[]Pair{{"maxmemory-clients", "200%"}}, failed("maxmemory-clients", "percentage argument must be less or equal to 100")},
		{[]Pair{{"maxmemory-clients", "x"}}, failed("maxmemory-clients", "argument must be a memory or percent value")},
		{[]Pair{{"protected-mode", "maybe"}}, failed("protected-mode", "argument must be 'yes' or 'no'")},
		{[]Pair{{"appendfsync", "x"}}, failed("appendfsync", "argument(s) must be one of the following: everysec, always, no")},
		{[]Pair{{"proto-max-bulk-len", "1kb"}}, failed("proto-max-bulk-len", "argument must be between 1048576 and 9223372036854775807 inclusive")},
		{[]Pair{{"save", "900"}}, failed("save", "Invalid save parameters")},
		{[]Pair{{"save", "0 1"}}, failed("save", "Invalid save parameters")},
		{[]Pair{{"save", "900 1"}}, failed("save", "nothing is saved to disk; only '' is accepted")},
		{[]Pair{{"appendonly", "yes"}}, failed("appendonly", "nothing is saved to disk; only 'no' is accepted")},
		{[]Pair{{"client-output-buffer-limit", "normal 1 2"}}, failed("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration.")},
		{[]Pair{{"client-output-buffer-limit", "foo 1 2 3"}}, failed("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")},
		{[]Pair{{"client-output-buffer-limit", "normal 1mb 2mb x"}}, failed("client-output-buffer-limit", "Error in hard, soft or soft_seconds setting in buffer limit configuration.")},
		{[]Pair{{"oom-score-adj-values", "1 2"}}, failed("oom-score-adj-values", "wrong number of arguments")},
		{[]Pair{{"oom-score-adj-values", "1 2 3000"}}, failed("oom-score-adj-values", "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")},
		{[]Pair{{"latency-tracking-info-percentiles", "50 200"}}, failed("latency-tracking-info-percentiles", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")},
		{[]Pair{{"latency-tracking-info-percentiles", "nan"}}, failed("latency-tracking-info-percentiles", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")},
		{[]Pair{{"notify-keyspace-events", "KEX"}}, failed("notify-keyspace-events", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")},
		{[]Pair{{"slave-priority", "3"}, {"replica-priority", "4"}, {"hz", "x"}}, failed("hz", "argument couldn't be parsed into an integer")},
		{[]Pair{{"SLAVE-priority", "abc"}}, failed("slave-priority", "argument couldn't be parsed into an integer")},
	}
	c := testConfig(t)
	before := c.Match(func(string) bool { return true })
	for _, tt := range tests {
		assert.EqualError(t, c.Set(tt.pairs, false), tt.want)
	}
	assert.Equal(t, before, c.Match(func(string) bool { return true }), "a Set that failed changed something")
	assert.EqualError(t, c.Set([]Pair{{"dir", "no-such-place"}}, true), failed("dir", "No such file or directory"))
}
