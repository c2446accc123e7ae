package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/exec"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/process"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// rig is a server without sockets: an executor over a cache whose clock stands
// still until a test moves it.
type rig struct {
	t       *testing.T
	now     int64 // unix ms
	server  *handlers.Server
	exec    *exec.Executor
	session *session.Session
	stopped bool // SHUTDOWN came through
}

// newRig makes one with settings given as on the command line.
func newRig(t *testing.T, settings ...string) *rig {
	r := &rig{t: t, now: 1_700_000_000_000}
	c, err := config.Parse(append([]string{
		"--maxmemory", "0", "--maxmemory-policy", "noeviction", "--enable-debug-command", "yes",
	}, settings...), strings.NewReader(""))
	require.NoError(t, err)
	policy, ok := cache.ParsePolicy(c.MaxMemoryPolicy.Text())
	require.True(t, ok)
	store, err := cache.New(cache.Options{
		Clock: func() int64 { return r.now }, NoBackground: true, Policy: policy, HashSeed: 1, Shards: 2,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	table := handlers.NewTable()
	r.server = &handlers.Server{
		Cache: store, Config: c, Table: table,
		Metrics: metrics.New(table.Names(), 1),
		Process: process.New("1.2.3"),
		Connections: func() handlers.Connections {
			return handlers.Connections{Open: 3, Buffers: 100, MaxInput: 20, MaxOutput: 30}
		},
		Shutdown: func() { r.stopped = true },
		Loops:    func() int { return 1 },
	}
	r.exec = exec.New(r.server, exec.Options{
		Clock:     func() int64 { return r.now },
		Monotonic: func() time.Duration { return time.Duration(r.now) * time.Millisecond },
	})
	r.session = &session.Session{ID: 1, Proto: 2, User: "default", Authenticated: true}
	return r
}

// do runs a command, its words separated by blanks (two quotes: an empty one), and
// gives the raw reply.
func (r *rig) do(line string) string {
	var argv [][]byte
	for _, word := range strings.Fields(line) {
		argv = append(argv, []byte(strings.ReplaceAll(word, "''", "")))
	}
	r.exec.Prepare([][][]byte{argv})
	return string(r.exec.Execute(r.session, argv, nil))
}

// script runs commands and compares each reply, which is written without its
// last CRLF and with blanks for the others.
func (r *rig) script(steps ...[2]string) {
	r.t.Helper()
	for i, step := range steps {
		got := strings.ReplaceAll(strings.TrimSuffix(r.do(step[0]), "\r\n"), "\r\n", " ")
		assert.Equal(r.t, step[1], got, "step %d: %s", i+1, step[0])
	}
}

// pass lets time pass, little by little, with the housekeeping that goes on meanwhile.
func (r *rig) pass(ms int64) {
	const steps = 100
	r.server.Cache.Maintain(time.Millisecond)
	for i := range int64(steps) {
		r.now += ms*(i+1)/steps - ms*i/steps
		r.server.Cache.Maintain(time.Millisecond)
	}
}

// idle is OBJECT IDLETIME in seconds. Policies may keep the time of an access in
// coarse steps, so tests let much time pass and allow for a tenth of it.
func (r *rig) idle(key string) (seconds int) {
	_, err := fmt.Sscanf(r.do("OBJECT IDLETIME "+key), ":%d\r\n", &seconds)
	require.NoError(r.t, err)
	return seconds
}

// fill stores key:0 to key:n-1.
func (r *rig) fill(n int) {
	for i := range n {
		r.do(fmt.Sprintf("SET key:%d v", i))
	}
}

// bulks takes a reply apart that consists of bulk strings, in whatever nesting.
func bulks(reply string) (list []string) {
	lines := strings.Split(reply, "\r\n")
	for i := 0; i+1 < len(lines); i++ {
		if strings.HasPrefix(lines[i], "$") && lines[i] != "$-1" {
			list = append(list, lines[i+1])
			i++
		}
	}
	return list
}
