package target

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStyles(t *testing.T) {
	for _, tt := range []struct {
		style       style
		name, value string
		want        []string
	}{
		{redisStyle, "maxmemory", "64mb", []string{"--maxmemory", "64mb"}},
		{memcachedStyle, "maxmemory", "64mb", []string{"-m", "64"}},
		{memcachedStyle, "maxmemory", "1000001", []string{"-m", "1"}},
		{memcachedStyle, "maxmemory", "2gb", []string{"-m", "2048"}},
		{memcachedStyle, policy, "allkeys-lru", nil},
		{memcachedStyle, policy, keepAll, []string{"-M"}},
		{dragonflyStyle, "maxmemory", "1gb", []string{"--maxmemory=1gb"}},
		{dragonflyStyle, policy, "allkeys-lfu", []string{"--cache_mode=true"}},
		{pogocacheStyle, "maxmemory", "1gb", []string{"--maxmemory", "1gb"}},
		{pogocacheStyle, policy, keepAll, []string{"--evict", "no"}},
	} {
		got, err := tt.style.words(Setting{tt.name, tt.value})
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
	}
	_, err := memcachedStyle.words(Setting{"hz", "10"})
	require.ErrorContains(t, err, "hz")
	_, err = memcachedStyle.words(Setting{"maxmemory", "much"})
	require.Error(t, err)
}

func TestKnown(t *testing.T) {
	assert.Equal(t, Ashlar, Known()[0])
	assert.Contains(t, Known(), "memcached")
	assert.Contains(t, Known(), "dragonfly")
	s, err := Find(t.Context(), "m=memcached://localhost:7", "", "")
	require.NoError(t, err)
	assert.Equal(t, Spec{Name: "m", Addr: "localhost:7", Memcached: true}, s)
	s, err = Find(t.Context(), "m=/x/memcached -p {port}", "", "")
	require.NoError(t, err)
	assert.True(t, s.Memcached)
}

// A server is taken as it is, and keeps what it has.
func TestReach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	v := redis(t, Setting{"unixsocket", path})
	_, err := v.Do(t.Context(), "CONFIG", "SET", "requirepass", "secret")
	require.NoError(t, err)
	spec := Spec{Name: "it", Addr: v.Addr}
	_, err = Reach(t.Context(), spec, Access{})
	require.ErrorContains(t, err, "NOAUTH")
	r, err := Reach(t.Context(), spec, Access{Password: "secret"})
	require.NoError(t, err)
	assert.Equal(t, v.Pid, r.Pid)
	_, err = r.Do(t.Context(), "SET", "a", "b")
	require.NoError(t, err)
	version, err := r.Version(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, version)
	_, is := r.Collector(t.Context())
	assert.False(t, is, "it is not written in Go")
	voluntary, _ := r.Switches()
	assert.Positive(t, voluntary)
	r.Stop()
	size, err := r.Do(t.Context(), "DBSIZE")
	require.NoError(t, err)
	assert.Equal(t, int64(1), size.Int)
	require.NoError(t, r.Empty(t.Context()))

	s, err := Reach(t.Context(), Spec{Addr: path}, Access{User: "default", Password: "secret"})
	require.NoError(t, err)
	assert.Equal(t, v.Pid, s.Pid)
	_, err = Reach(t.Context(), Spec{Addr: "127.0.0.1:1"}, Access{})
	require.Error(t, err)
}

func TestMemcached(t *testing.T) {
	spec, err := Find(t.Context(), "memcached", "", "")
	if err != nil {
		t.Skip(err)
	}
	v, err := spec.Start(t.Context(), Setting{"maxmemory", "64mb"})
	require.NoError(t, err)
	t.Cleanup(v.Stop)
	version, err := v.Version(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `^\d`, version)
	require.NoError(t, v.Empty(t.Context()))
	_, is := v.Collector(t.Context())
	assert.False(t, is)

	found, err := Spec{Name: "found", Addr: v.Addr, Memcached: true}.Start(t.Context())
	require.NoError(t, err)
	assert.Equal(t, v.Pid, found.Pid)
	found.Stop()
	_, err = Spec{Name: "found", Addr: v.Addr, Memcached: true}.Start(t.Context(), Setting{"maxmemory", "1mb"})
	require.Error(t, err)
}

func TestListener(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	for _, network := range []string{"tcp4", "tcp6", "unix"} {
		addr := "localhost:0"
		if network == "unix" {
			addr = filepath.Join(t.TempDir(), "s")
		}
		l, err := net.Listen(network, addr)
		if network == "tcp6" && err != nil {
			continue // not all machines have it
		}
		require.NoError(t, err)
		assert.Equal(t, os.Getpid(), listener(l.Addr().String()), network)
		at := l.Addr().String()
		l.Close()
		assert.Zero(t, listener(at), network)
	}
	assert.Zero(t, listener("nowhere"))
}
