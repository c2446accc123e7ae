package config

import (
	"errors"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
)

func TestPoliciesAreTheEngines(t *testing.T) {
	for _, name := range byName["maxmemory-policy"].Values {
		_, ok := cache.ParsePolicy(name)
		assert.True(t, ok, name)
	}
	assert.Equal(t, "allkeys-density", New().MaxMemoryPolicy.Text())
}

func TestMatchAndFind(t *testing.T) {
	c := testConfig(t)
	assert.Equal(t, []Pair{{"replica-priority", "100"}, {"slave-priority", "100"}},
		c.Match(func(n string) bool { return n == "slave-priority" || n == "replica-priority" }))
	hidden := 0
	for _, r := range byName {
		if r.Hidden {
			hidden++
		}
	}
	assert.Len(t, c.Match(func(string) bool { return true }), len(byName)-hidden)
	assert.Nil(t, c.Lookup("nope"))
	found, ok := c.Find("Slave-Priority")
	assert.True(t, ok)
	assert.Equal(t, Pair{"Slave-Priority", "100"}, found)
	_, ok = c.Find("nope")
	assert.False(t, ok)
	assert.Equal(t, "6379", c.Lookup("PORT").Text())
	assert.Same(t, &c.Port, c.Lookup("port"))
}

// A component that refuses undoes all settings of the call, and those that had
// been told are told again.
func TestOnChange(t *testing.T) {
	c := testConfig(t)
	var timeouts, others []int64
	c.OnChange(func() error {
		timeouts = append(timeouts, c.Timeout.Int())
		if c.Timeout.Int() == 1 {
			return errors.New("no")
		}
		return nil
	}, "timeout", "tcp-keepalive")
	c.OnChange(func() error { others = append(others, c.Hz.Int()); return nil }, "hz")

	require.NoError(t, c.Set([]Pair{{"timeout", "7"}, {"tcp-keepalive", "5"}, {"hz", "11"}}, false))
	assert.Equal(t, []int64{7}, timeouts, "one call for two settings")
	assert.Equal(t, []int64{11}, others)

	require.NoError(t, c.Set([]Pair{{"timeout", "7"}}, false))
	assert.Len(t, timeouts, 1, "nothing changed")

	err := c.Set([]Pair{{"hz", "12"}, {"timeout", "1"}}, false)
	assert.EqualError(t, err, "CONFIG SET failed (possibly related to argument 'timeout') - no")
	assert.Equal(t, []int64{7, 1, 7}, timeouts)
	assert.Equal(t, []int64{11, 12, 11}, others)
	assert.EqualValues(t, 7, c.Timeout.Int())
	assert.Panics(t, func() { c.OnChange(func() error { return nil }, "nope") })
}

func TestReadsWhileSetting(t *testing.T) {
	c := testConfig(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 200 {
			_ = c.Set([]Pair{{"hz", "10"}, {"requirepass", "x"}}, false)
			_ = c.Set([]Pair{{"hz", "20"}, {"requirepass", ""}}, false)
		}
	})
	for range 200 {
		assert.Contains(t, []int64{10, 20}, c.Hz.Int())
		assert.Contains(t, []string{"", "x"}, c.RequirePass.Text())
		c.Match(func(string) bool { return true })
	}
	wg.Wait()
}

func TestReadingAllocatesNothing(t *testing.T) {
	c := testConfig(t)
	n := testing.AllocsPerRun(100, func() {
		_ = c.Port.Int() + c.OutputLimit(Normal).Hard
		_ = c.RequirePass.Text()
		_ = c.ProtectedMode.Bool()
	})
	assert.Zero(t, n)
}

func TestAllowed(t *testing.T) {
	c := testConfig(t)
	for value, want := range map[string][2]bool{"no": {false, false}, "local": {false, true}, "yes": {true, true}} {
		c.put(byName["enable-debug-command"], parsed{words: []string{value}})
		assert.Equal(t, want, [2]bool{Allowed(&c.EnableDebug, false), Allowed(&c.EnableDebug, true)})
	}
}

func TestDetectMemory(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	meminfo := file("MemTotal:       1000 kB\nMemFree:        500 kB\n")
	tests := []struct {
		what string
		root fstest.MapFS
		want machine
	}{
		{"nothing known", fstest.MapFS{}, machine{0, "machine"}},
		{"no groups", fstest.MapFS{"proc/meminfo": meminfo}, machine{1024000, "machine"}},
		{"version 2", fstest.MapFS{
			"proc/meminfo": meminfo, "proc/self/cgroup": file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("max\n"), "sys/fs/cgroup/a/memory.max": file("4096\n"),
		}, machine{4096, "control group"}},
		{"version 2 in a container", fstest.MapFS{
			"proc/meminfo": meminfo, "proc/self/cgroup": file("0::/host/path\n"),
			"sys/fs/cgroup/memory.max": file("8192\n"),
		}, machine{8192, "control group"}},
		{"version 2, larger than the machine", fstest.MapFS{
			"proc/meminfo": meminfo, "proc/self/cgroup": file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("99999999999\n"),
		}, machine{1024000, "machine"}},
		{"version 1", fstest.MapFS{
			"proc/meminfo": meminfo, "proc/self/cgroup": file("9:cpu,cpuacct:/x\n8:blkio,memory:/x\n"),
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": file("2048\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes":   file("9223372036854771712\n"),
		}, machine{2048, "control group"}},
		{"garbage", fstest.MapFS{
			"proc/meminfo": file("MemTotal: many kB\n"), "proc/self/cgroup": file("nonsense\n0::/\n"),
			"sys/fs/cgroup/memory.max": file("-7\n"),
		}, machine{0, "machine"}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, detectMemory(tt.root), tt.what)
	}
	assert.EqualValues(t, 75, machine{total: 100}.share(75))
	assert.EqualValues(t, 0, machine{}.share(75))
	total, source := New().MemoryTotal()
	t.Logf("this machine: %d bytes, of the %s", total, source)
}
