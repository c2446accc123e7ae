package mix

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// A real server takes every command of every workload, and a type's workload does not
// run its collections dry.
func TestRedisTakesThem(t *testing.T) {
	spec, err := target.Find(t.Context(), target.Redis, "", "")
	if errors.Is(err, target.ErrAbsent) && os.Getenv("ASHLAR_REQUIRE_REDIS") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	server, err := spec.Start(t.Context())
	require.NoError(t, err)
	defer server.Stop()
	c, err := server.Dial(t.Context())
	require.NoError(t, err)
	defer c.Close()
	commands, keys := 500, uint64(100)
	if testing.Short() {
		commands, keys = 50, 10
	}
	for _, config := range every() {
		config.Keys = keys
		w := made(t, config)
		_, err := c.Do("FLUSHALL")
		require.NoError(t, err)
		for i := range w.Preload() {
			w.Fill(i, c)
		}
		accepted(t, c, w, int(w.Preload()))
		s := w.Stream(0)
		for range commands {
			s.Next(c)
		}
		accepted(t, c, w, commands)
	}
}

// accepted sends what was appended; no reply may be an error.
func accepted(t *testing.T, c *client.Conn, w *Workload, commands int) {
	t.Helper()
	require.NoError(t, c.Flush())
	for range commands {
		reply, err := c.Next()
		require.NoError(t, err)
		require.NotEqual(t, byte('-'), reply.Kind, "%s: %s", w.Name, reply.Bytes)
	}
}
