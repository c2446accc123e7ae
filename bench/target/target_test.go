package target

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/pace"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PATH", dir)
	ctx := t.Context()

	s, err := Find(ctx, "mine=/x/server --port {port} -q", "", dir)
	require.NoError(t, err)
	assert.Equal(t, Spec{Name: "mine", Command: []string{"/x/server", "--port", "{port}", "-q"}}, s)
	s, err = Find(ctx, "ready=localhost:7000", "", dir)
	require.NoError(t, err)
	assert.Equal(t, Spec{Name: "ready", Addr: "localhost:7000"}, s)

	_, err = Find(ctx, "redis", "", dir)
	require.ErrorIs(t, err, ErrAbsent)
	_, err = Find(ctx, "ashlar", "", dir)
	require.ErrorIs(t, err, ErrAbsent)
	for _, text := range []string{"", "nosuch", "=x", "x=", "x=server --port 1"} {
		_, err = Find(ctx, text, "", dir)
		require.Error(t, err, text)
	}

	program := filepath.Join(dir, "redis-server")
	require.NoError(t, os.WriteFile(program, nil, 0o700))
	s, err = Find(ctx, "redis", "", dir)
	require.NoError(t, err)
	assert.Equal(t, program, s.Command[0])
	assert.Equal(t, "redis-server", known[1].Command[0], "the table stays as it is")
	s, err = Find(ctx, "ashlar", program, dir)
	require.NoError(t, err)
	assert.Equal(t, program, s.Command[0])
}

func TestStartFailures(t *testing.T) {
	ctx := t.Context()
	_, err := Spec{Name: "gone", Command: []string{"/nonexistent/server", "{port}"}}.Start(ctx)
	require.ErrorContains(t, err, "gone: ")
	_, err = Spec{Name: "brief", Command: []string{"sh", "-c", "echo port {port} is bad; exit 3"}}.Start(ctx)
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "is bad", "the last of what it printed helps")
	_, err = Spec{Name: "deaf", Addr: "127.0.0.1:1"}.Start(ctx)
	require.ErrorContains(t, err, "deaf: ")
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = Spec{Name: "slow", Command: []string{"sleep", "60"}}.Start(stopped)
	require.ErrorIs(t, err, context.Canceled)
}

// redis starts a redis-server for a test, or skips the test.
func redis(t *testing.T, settings ...Setting) *Server {
	t.Helper()
	s, err := Find(t.Context(), Redis, "", "")
	if err != nil {
		t.Skip(err)
	}
	v, err := s.Start(t.Context(), settings...)
	require.NoError(t, err)
	t.Cleanup(v.Stop)
	return v
}

func TestServer(t *testing.T) {
	v := redis(t, Setting{"maxmemory", "77mb"})
	info, err := v.Info(t.Context(), "memory")
	require.NoError(t, err)
	assert.Equal(t, "80740352", info["maxmemory"])
	require.NoError(t, v.Err())

	// One that runs is used while it is empty, and emptied when done.
	ready := Spec{Name: "ready", Addr: v.Addr}
	found, err := ready.Start(t.Context(), Setting{"maxmemory", "5mb"})
	require.NoError(t, err)
	assert.Equal(t, v.Pid, found.Pid)
	_, err = found.Do(t.Context(), "SET", "a", "b")
	require.NoError(t, err)
	_, err = ready.Start(t.Context())
	require.ErrorContains(t, err, "holds 1 keys")
	found.Stop()
	r, err := v.Do(t.Context(), "DBSIZE")
	require.NoError(t, err)
	assert.Zero(t, r.Int)
	_, err = ready.Start(t.Context(), Setting{"nosuch", "x"})
	require.ErrorContains(t, err, "CONFIG SET nosuch")

	// A death in the middle is told as such.
	require.NoError(t, v.process.Process.Kill())
	<-v.ended
	_, err = v.Do(t.Context(), "PING")
	require.ErrorContains(t, err, "the server died")
	require.ErrorContains(t, err, "killed")
	_, err = v.Resident()
	require.Error(t, err)
}

func TestProc(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	self := &Server{Name: "self", Pid: os.Getpid()}
	rough, err := self.Resident()
	require.NoError(t, err)
	exact, err := self.ResidentExact()
	require.NoError(t, err)
	assert.InEpsilon(t, exact, rough, 0.5)
	_, err = self.CPU()
	require.NoError(t, err)

	assert.GreaterOrEqual(t, self.Waited(), time.Duration(0))
	assert.Zero(t, (&Server{Name: "far"}).Waited())

	peak := self.WatchPeak(t.Context())
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	runtime.KeepAlive(block)
	assert.GreaterOrEqual(t, peak.Stop(), int64(64<<20))

	_, err = (&Server{Name: "far"}).Resident()
	require.ErrorContains(t, err, "not on this machine")
}

func TestLocal(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "10.0.0.1:1": false, "host:1": false, "x": false,
	} {
		assert.Equal(t, want, isLocal(addr), addr)
	}
}

func TestTail(t *testing.T) {
	var out tail
	for range 1000 {
		_, _ = out.Write([]byte("0123456789\n"))
	}
	assert.LessOrEqual(t, len(out.text()), tailSize)
}

func TestFreePort(t *testing.T) {
	port, err := freePort()
	require.NoError(t, err)
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	require.NoError(t, err)
	l.Close()
}

// The server's program is built where the module is at hand.
func TestBuild(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	s, err := Find(t.Context(), Ashlar, "", t.TempDir())
	require.NoError(t, err)
	v, err := s.Start(t.Context())
	require.NoError(t, err)
	v.Stop()
	assert.Error(t, v.Err(), "it is gone")
}

// TestOn starts a server on one of the processors; it then knows of no other.
func TestOn(t *testing.T) {
	all := pace.Processors()
	if len(all) == 0 {
		t.Skip("this system does not tie processes to processors")
	}
	spec, err := Find(t.Context(), Redis, "", "")
	if err != nil {
		t.Skip(err)
	}
	spec.On = all[len(all)-1:]
	assert.Equal(t, 1, spec.processors())
	s, err := spec.Start(t.Context())
	require.NoError(t, err)
	defer s.Stop()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid))
	require.NoError(t, err)
	assert.Regexp(t, fmt.Sprintf(`Cpus_allowed_list:\s%d\n`, spec.On[0]), string(status))
}
