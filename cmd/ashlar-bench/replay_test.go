package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/result"
	"github.com/ashlar-cache/ashlar/bench/target"
)

func TestReplayHelp(t *testing.T) {
	status, out, errs := call("replay", "--help")
	assert.Zero(t, status)
	assert.Empty(t, errs)
	assert.LessOrEqual(t, strings.Count(out, "\n"), 40, "it must fit a screen")
	for line := range strings.Lines(out) {
		assert.LessOrEqual(t, len(line), 91, line)
	}
	for _, name := range replayNames {
		dash := "--"
		if len(name) == 1 {
			dash = "-"
		}
		assert.Contains(t, out, dash+name)
	}
}

func TestReplayMistakes(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.csv")
	require.NoError(t, os.WriteFile(bad, []byte("key,size\na,1\nb,many\n"), 0o600))
	for want, args := range map[string][]string{
		"say which trace":              {},
		"no option mix":                {"x", "--mix", "get"},
		"no format":                    {"x", "--format", "xml"},
		"--speed":                      {"x", "--speed", "-1"},
		"--warm":                       {"x", "--warm", "1"},
		"connections are":              {"x", "-c", "0"},
		`"much" is not a size`:         {"x", "--max-value", "much"},
		`"9zb" is not a size`:          {"x", "redis", "--maxmemory", "9zb", "--ashlar", "false"},
		"no such file":                 {filepath.Join(filepath.Dir(bad), "nosuch"), "redis"},
		"line 3: \"many\" is no whole": {bad, "redis"},
		"connection refused":           {bad, "-p", "1"},
	} {
		if len(args) > 1 && args[1] == "redis" && lacksRedis(t) {
			continue
		}
		status, out, errs := call(append([]string{"replay", "--silent"}, args...)...)
		assert.Equal(t, 1, status, args)
		assert.Contains(t, out+errs, want)
	}
}

func TestSizeOf(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, "7b": 7, "1k": 1000, "1kb": 1024, "64MB": 64 << 20, "2g": 2e9} {
		n, err := sizeOf(text)
		require.NoError(t, err)
		assert.Equal(t, want, n, text)
	}
	for _, text := range []string{"", "mb", "-1", "0", "1.5mb", "5tb", "9999999gb"} {
		_, err := sizeOf(text)
		assert.Error(t, err, text)
	}
}

// A replay from end to end, with a server that is missing beside it.
func TestReplayRun(t *testing.T) {
	if runtime.GOOS != "linux" || lacksRedis(t) {
		t.Skip("needs redis-server and /proc")
	}
	dir := t.TempDir()
	path, saved := filepath.Join(dir, "t.csv"), filepath.Join(dir, "t.json")
	require.NoError(t, os.WriteFile(path, []byte("op,key,size\n"+strings.Repeat("get,a,10\nset,b,20\nget,b,20\n", 200)), 0o600))
	status, out, errs := call("replay", path, "redis", "keydb", "gone=127.0.0.1:1", "--maxmemory", "20mb", "--silent", "--json", saved)
	assert.Equal(t, 1, status, "one of them does not answer")
	assert.Contains(t, errs, "not all went well")
	assert.Contains(t, out, "redis: 400 reads, hit ratio 99.75 %")
	assert.Contains(t, out, "gone")
	f, err := os.Open(saved)
	require.NoError(t, err)
	defer f.Close()
	r, err := result.Read(f)
	require.NoError(t, err)
	require.Len(t, r.Runs, 1)
	assert.Equal(t, []int64{399, 1}, []int64{r.Runs[0].Hits, r.Runs[0].Misses})
	assert.Positive(t, r.Runs[0].Usage.Peak)
}

// lacksRedis says whether redis-server is missing.
func lacksRedis(t *testing.T) bool {
	t.Helper()
	find := finder{known: map[string]target.Spec{}}
	_, err := find.spec(t.Context(), "redis")
	return err != nil
}
