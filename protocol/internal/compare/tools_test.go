package compare

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tool runs one of Redis's own programs against a side and returns what it
// printed, standard error included. It must succeed.
func tool(t *testing.T, p *Pair, side int, input, program string, args ...string) string {
	t.Helper()
	cmd := toolCommand(t, context.Background(), p, side, program, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", program, args, out)
	return string(out)
}

func toolCommand(t *testing.T, ctx context.Context, p *Pair, side int, program string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no %s in the PATH", program)
	}
	host, port, err := net.SplitHostPort(p.addr[side])
	require.NoError(t, err)
	return exec.CommandContext(ctx, path, append([]string{"-h", host, "-p", port}, args...)...)
}

// fill puts the same keys on both sides.
func fill(p *Pair) {
	for side := range p.admin {
		p.admin[side].do("FLUSHALL")
		for i := range 500 {
			p.admin[side].do("SET", fmt.Sprintf("key:%d", i), strings.Repeat("v", i%50+1))
		}
		p.admin[side].do("SET", "the biggest", strings.Repeat("v", 5000))
	}
}

func TestRedisCLIKeyspaceModes(t *testing.T) {
	p := pair(t)
	fill(p)
	var scans, summaries [2]string
	for side := range p.addr {
		lines := strings.Split(tool(t, p, side, "", "redis-cli", "--scan", "--pattern", "key:*1*"), "\n")
		slices.Sort(lines)
		scans[side] = strings.Join(lines, "\n")

		_, summaries[side], _ = strings.Cut(tool(t, p, side, "", "redis-cli", "--bigkeys"), "summary")
		require.Contains(t, summaries[side], "Sampled 501 keys in the keyspace!")
		_, memory, _ := strings.Cut(tool(t, p, side, "", "redis-cli", "--memkeys"), "summary")
		require.Regexp(t, `Biggest string found .*the biggest.* has \d+ bytes`, memory)
	}
	require.Equal(t, scans[redis], scans[ashlar])
	require.Equal(t, summaries[redis], summaries[ashlar])
}

// collections puts keys of every type on both sides, the last of each the biggest.
func collections(p *Pair) {
	for side := range p.admin {
		do := p.admin[side].do
		do("FLUSHALL")
		for i := 1; i <= 30; i++ {
			name := func(kind string) string { return fmt.Sprintf("%s:%d", kind, i) }
			do("SET", name("string"), strings.Repeat("v", 10*i))
			for j := range i * i {
				element := fmt.Sprint("element ", j)
				do("RPUSH", name("list"), element)
				do("SADD", name("set"), element)
				do("SADD", name("ints"), fmt.Sprint(j))
				do("ZADD", name("zset"), fmt.Sprint(j%7), element)
				do("HSET", name("hash"), element, "value")
				do("XADD", name("stream"), fmt.Sprintf("%d-1", j+1), "field", element)
			}
			do("SADD", name("set"), "one more")
			do("PFADD", name("hll"), fmt.Sprint(i))
			do("SETBIT", name("bits"), "5", "1")
		}
		do("SETBIT", "bits:31", "99999", "1")
	}
}

// TestRedisCLIBiggestKeys: redis-cli looks at the type of every key, and then asks
// for its length or for the memory that it takes.
func TestRedisCLIBiggestKeys(t *testing.T) {
	p := pair(t)
	collections(p)
	var summaries [2][]string
	for side := range p.addr {
		_, summary, _ := strings.Cut(tool(t, p, side, "", "redis-cli", "--bigkeys"), "summary")
		require.Contains(t, summary, "Sampled 271 keys in the keyspace!")
		for _, biggest := range []string{
			`list.*list:30.* has 900 items`, `set.*set:30.* has 901 members`, `zset.*zset:30.* has 900 members`,
			`hash.*hash:30.* has 900 fields`, `stream.*stream:30.* has 900 entries`, `string.*bits:31.* has 12500 bytes`,
		} {
			require.Regexp(t, "Biggest +"+biggest, summary)
		}
		summaries[side] = strings.Split(summary, "\n")
		slices.Sort(summaries[side]) // the types come in any order

		_, memory, _ := strings.Cut(tool(t, p, side, "", "redis-cli", "--memkeys"), "summary")
		for _, kind := range []string{"list", "set", "zset", "hash", "stream", "string"} {
			require.Regexp(t, `Biggest +`+kind+` found .*:\d+.* has \d+ bytes`, memory)
			if side == ashlar && kind != "string" { // redis-server estimates from samples
				require.Regexp(t, `Biggest +`+kind+` found .*`+kind+`:(29|30).* has`, memory)
			}
		}
		require.NotContains(t, tool(t, p, side, "", "redis-cli", "--memkeys-samples", "0"), "ERR")
	}
	require.Equal(t, summaries[redis], summaries[ashlar])
}

func TestRedisCLIPipe(t *testing.T) {
	p := pair(t)
	var input strings.Builder
	for i := range 1000 {
		input.Write(Encode([]string{"SET", fmt.Sprint("p", i), "v"}))
	}
	input.Write(Encode([]string{"INCR", "p1"}))
	for side := range p.addr {
		p.admin[side].do("FLUSHALL")
		cmd := toolCommand(t, context.Background(), p, side, "redis-cli", "--pipe")
		cmd.Stdin = strings.NewReader(input.String())
		out, _ := cmd.CombinedOutput() // exits with 1: one command is an error
		require.Contains(t, string(out), "errors: 1, replies: 1001")
		require.Equal(t, ":1000\r\n", string(p.admin[side].do("DBSIZE").raw))
	}
}

func TestRedisCLIRepliesReadTheSame(t *testing.T) {
	p := pair(t)
	fill(p)
	for _, c := range p.admin {
		for e := range 3 {
			text := fmt.Sprint("element", e)
			c.do("HSET", "hash", text, "v")
			c.do("RPUSH", "list", text)
			c.do("ZADD", "zset", fmt.Sprint(e), text)
			c.do("XADD", "stream", fmt.Sprint(e+1, "-1"), "f", text)
		}
		c.do("XGROUP", "CREATE", "stream", "g", "2")
	}
	for _, args := range [][]string{
		{"get", "key:3"}, {"get", "nokey"}, {"mget", "key:3", "nokey"}, {"nosuch"}, {"incr", "key:1"}, {"set", "a", "1", "get"},
		{"-3", "get", "nokey"}, {"-3", "lcs", "key:30", "key:20", "idx"}, {"--json", "mget", "key:3", "nokey"}, {"-n", "3", "dbsize"},
		{"-r", "3", "incr", "n"}, {"hgetall", "hash"}, {"-3", "hgetall", "hash"}, {"--json", "hgetall", "hash"}, {"-3", "zrange", "zset", "0", "-1", "withscores"},
		{"lrange", "list", "0", "1"}, {"-3", "xrange", "stream", "-", "+"}, {"xread", "streams", "stream", "0"}, {"-3", "xinfo", "groups", "stream"},
		{"--quoted-input", "set", `"a\x00"`, "x"}, {"--csv", "mget", "key:3", "a"},
	} {
		require.Equal(t, tool(t, p, redis, "", "redis-cli", args...), tool(t, p, ashlar, "", "redis-cli", args...), "%s", args)
	}
}

// TestRedisCLIScripts: --eval runs a file, and goes on without a debugger where --ldb
// asks for one that there is none of.
func TestRedisCLIScripts(t *testing.T) {
	p := pair(t)
	fill(p)
	path := filepath.Join(t.TempDir(), "script.lua")
	require.NoError(t, os.WriteFile(path, []byte(`return {KEYS[1], ARGV[1], redis.call('STRLEN', KEYS[1])}`), 0o600))
	args := []string{"--eval", path, "key:7", ",", "an argument"}
	require.Equal(t, tool(t, p, redis, "", "redis-cli", args...), tool(t, p, ashlar, "", "redis-cli", args...))
	require.Contains(t, tool(t, p, ashlar, "quit\n", "redis-cli", append([]string{"--ldb"}, args...)...), "an argument")
	require.Contains(t, tool(t, p, ashlar, "", "redis-cli", "script", "debug", "yes"), "ERR SCRIPT DEBUG is not supported by this server")
}

// TestRedisCLIInput: arguments and commands from standard input.
func TestRedisCLIInput(t *testing.T) {
	p := pair(t)
	fill(p)
	for _, c := range []struct {
		input string
		args  []string
	}{
		{"a value\x00\r\n", []string{"-x", "set", "k"}}, {"k", []string{"-X", "TAG", "getset", "TAG", "another"}},
		{"set a 1\nincr a\n3 incr a\nnosuch\nget a\n", nil}, {"multi\nincr a\nget a\nexec\ndiscard\n", nil},
		{"hset h f v\nhgetall h\n", []string{"-3"}}, {"select 4\nset k v\ndbsize\n", nil},
		{"get k\n", []string{"-e", "--no-raw"}},
	} {
		require.Equal(t, tool(t, p, redis, c.input, "redis-cli", c.args...), tool(t, p, ashlar, c.input, "redis-cli", c.args...), "%q %s", c.input, c.args)
	}
}

// TestRedisCLIReplication: there is nothing to replicate from. The modes that ask for
// the data set end with the reason; redis-server sends it.
func TestRedisCLIReplication(t *testing.T) {
	p := pair(t)
	const reason = "ERR this server cannot be replicated: it has no replication stream"
	for _, args := range [][]string{
		{"--replica"}, {"--rdb", filepath.Join(t.TempDir(), "all.rdb")}, {"--functions-rdb", filepath.Join(t.TempDir(), "functions.rdb")},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		out, err := toolCommand(t, ctx, p, ashlar, "redis-cli", args...).CombinedOutput()
		require.NoError(t, ctx.Err(), "%s must end by itself", args)
		cancel()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, "%s: %s", args, out)
		require.Contains(t, string(out), reason, "%s", args)
	}
}

// TestRedisCLIHotKeys asks for OBJECT FREQ of every key.
func TestRedisCLIHotKeys(t *testing.T) {
	p := pair(t)
	fill(p)
	for side := range p.addr {
		p.admin[side].do("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
		for range 200 {
			p.admin[side].do("GET", "key:7")
		}
		out := tool(t, p, side, "", "redis-cli", "--hotkeys")
		require.Contains(t, out, "Sampled 501 keys in the keyspace!")
		require.Regexp(t, `hot key found with counter: \d+\s+keyname: "?key:7"?\n`, out)
		p.admin[side].do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	}
}

// endless runs a mode of a program that goes on until it is stopped, and gives its
// lines to enough, until that is satisfied.
func endless(t *testing.T, p *Pair, side int, enough func(line string) bool, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := toolCommand(t, ctx, p, side, program, args...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { cancel(); _ = cmd.Wait() }()
	r := bufio.NewScanner(out)
	for r.Scan() {
		if enough(r.Text()) {
			return
		}
	}
	require.Fail(t, "it has ended", "%s %s", program, args)
}

// TestRedisCLIMonitors runs the modes that go on until they are stopped.
func TestRedisCLIMonitors(t *testing.T) {
	p := pair(t)
	for side := range p.addr {
		figures := 0
		endless(t, p, side, func(line string) bool {
			if figures++; figures < 4 {
				return false
			}
			return len(strings.Fields(line)) >= 6
		}, "redis-cli", "--stat", "-i", "0.01")
		samples := 0
		endless(t, p, side, func(line string) bool {
			require.Regexp(t, `min: \d+, max: \d+, avg: [0-9.]+ \(\d+ samples\) -- [0-9.]+ seconds range`, line)
			samples++
			return samples == 3
		}, "redis-cli", "--no-raw", "--latency-history", "-i", "0.05")
		endless(t, p, side, func(line string) bool { return strings.Contains(line, "#") }, "redis-cli", "--latency-dist", "-i", "0.001")
		require.NotContains(t, tool(t, p, side, "", "redis-cli", "--latency", "-i", "0.2"), "ERR")

		// What it prints lies in a buffer; what it does shows in the keyspace.
		p.admin[side].do("FLUSHALL")
		p.admin[side].do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
		ctx, cancel := context.WithCancel(t.Context())
		cmd := toolCommand(t, ctx, p, side, "redis-cli", "--lru-test", "300")
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { return strings.Contains(string(p.admin[side].do("RANDOMKEY").raw), "lru:") }, patience, 10*time.Millisecond)
		cancel()
		_ = cmd.Wait()
		p.admin[side].do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	}
	require.Contains(t, tool(t, p, ashlar, "", "redis-cli", "--intrinsic-latency", "1"), "total runs")
}

// TestRedisCLIListens: what is pushed to the client is shown as it comes, the same by
// both protocols and both servers.
func TestRedisCLIListens(t *testing.T) {
	p := pair(t)
	var seen [2][]string
	for side := range p.addr {
		for _, protocol := range []string{"-2", "-3"} {
			subscribed := 0
			endless(t, p, side, func(line string) bool {
				seen[side] = append(seen[side], line)
				if strings.Contains(line, "psubscribe") && subscribed == 0 {
					subscribed++
					p.admin[side].do("PUBLISH", "news", "the last")
				}
				return strings.Contains(line, "the last")
			}, "redis-cli", "--no-raw", protocol, "psubscribe", "n*")
			told := false
			endless(t, p, side, func(line string) bool {
				if !told {
					told = true
					p.admin[side].do("SET", "a key", "a \"value\"\n")
				}
				return strings.Contains(line, `"SET" "a key" "a \"value\"\n"`)
			}, "redis-cli", protocol, "monitor")
		}
	}
	require.Equal(t, seen[redis], seen[ashlar])
}

func TestRedisBenchmark(t *testing.T) {
	p := pair(t)
	small := []string{"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET"}
	all := append([]string{"LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN", "LRANGE_100", "LRANGE_600"}, small...)
	for _, c := range []struct {
		tests []string
		args  []string
	}{
		{all, nil}, {all, []string{"-P", "16", "-r", "100"}}, {small, []string{"-3"}}, {small, []string{"-d", "10000"}},
	} {
		args := append([]string{"-q", "-n", "500", "-c", "10"}, c.args...)
		if len(c.tests) < len(all) {
			args = append(args, "-t", "ping_inline,ping_mbulk,set,get,incr,mset")
		}
		out := tool(t, p, ashlar, "", "redis-benchmark", args...)
		for _, name := range c.tests {
			require.Regexp(t, name+`.*: [0-9.inf]+ requests per second`, out)
		}
		require.NotContains(t, out, "ERR")
		require.NotContains(t, out, "WARNING")
	}
}

// TestRedisBenchmarkCollections runs redis-benchmark's tests of lists, sets, hashes
// and sorted sets.
func TestRedisBenchmarkCollections(t *testing.T) {
	p := pair(t)
	const tests = "lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,lrange_300,lrange_500,lrange_600"
	for _, extra := range [][]string{{}, {"-P", "16", "-r", "100"}, {"-3", "-d", "100"}} {
		p.admin[ashlar].do("FLUSHALL")
		args := append([]string{"-q", "-n", "1000", "-c", "10", "-t", tests}, extra...)
		out := tool(t, p, ashlar, "", "redis-benchmark", args...)
		for _, name := range []string{
			"LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN", `LPUSH \(needed to benchmark LRANGE\)`,
			`LRANGE_100 \(first 100 elements\)`, `LRANGE_300 \(first 300 elements\)`,
			`LRANGE_500 \(first 500 elements\)`, `LRANGE_600 \(first 600 elements\)`,
		} {
			require.Regexp(t, name+`.*: [0-9.inf]+ requests per second`, out)
		}
		require.NotContains(t, out, "ERR")
		require.NotContains(t, out, "WARNING")
	}
}

// TestRedisBenchmarkModes runs the options that change how it connects, what it sends
// and what it prints.
func TestRedisBenchmarkModes(t *testing.T) {
	p := pair(t)
	few := []string{"-n", "500", "-c", "10"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-q", "-t", "set,get", "--threads", "2"}, `GET.*: [0-9.inf]+ requests per second`},
		{[]string{"-t", "set,get", "--csv"}, `"GET","[0-9.inf]+",`},
		{[]string{"-t", "set,get", "-3", "--enable-tracking", "-r", "50", "-q"}, `GET.*: [0-9.inf]+ requests per second`},
		{[]string{"-t", "ping", "-k", "0", "-q"}, `PING_MBULK.*: [0-9.inf]+ requests per second`},
		{[]string{"-t", "get", "--dbnum", "3", "--precision", "3", "-e"}, `100\.000% <= .* milliseconds`},
		{[]string{"-q", "-r", "100", "xadd", "s", "*", "field", "__rand_int__"}, `xadd s .*: [0-9.inf]+ requests per second`},
		{[]string{"-q", "-P", "5", "-r", "100", "eval", "return redis.call('INCR', KEYS[1])", "1", "n:__rand_int__"}, `eval .*: [0-9.inf]+ requests per second`},
		{[]string{"-q", "-x", "set", "k"}, `set k.*: [0-9.inf]+ requests per second`},
	} {
		out := tool(t, p, ashlar, "the value", "redis-benchmark", append(slices.Clone(few), c.args...)...)
		require.Regexp(t, c.want, out, "%s", c.args)
		require.NotContains(t, out, "ERR", "%s", c.args)
	}
	require.Equal(t, "$9\r\nthe value\r\n", string(p.admin[ashlar].do("GET", "k").raw))
	require.Equal(t, ":500\r\n", string(p.admin[ashlar].do("XLEN", "s").raw))

	// It stops at the first error of the server's.
	out, err := toolCommand(t, t.Context(), p, ashlar, "redis-benchmark", append(slices.Clone(few), "eval", "return redis.error_reply('ERR mine')", "0")...).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "Error from server: ERR mine")
}
