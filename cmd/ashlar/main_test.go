package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test binary is the program when this is set.
const asProgram = "ASHLAR_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is a run of ashlar in a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// The help page and the version go to stdout, and the page fits a screen.
func TestInformation(t *testing.T) {
	for arg, want := range map[string]string{
		"--help": "^ashlar is an in-memory cache server", "-h": "Usage: ashlar",
		"--version": `^ashlar \d+\.\d+\.\d+ \(Redis \S+\) go\S+ \S+/\S+\n$`, "-v": "^ashlar ",
	} {
		var out, errs bytes.Buffer
		assert.Zero(t, run([]string{arg}, nil, &out, &errs))
		assert.Regexp(t, want, out.String())
		assert.Empty(t, errs.String())
	}
	for line := range strings.Lines(help) {
		assert.LessOrEqual(t, len(line), 81, line)
	}
	assert.LessOrEqual(t, strings.Count(help, "\n"), 40, "help must fit a screen")
}

// Each mistake is one line that starts with the program's name, and the status is 1.
func TestMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("a.conf", []byte("# fine\nport 0\nfoo bar\nhz x\n"), 0o600))
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	_, port, _ := net.SplitHostPort(busy.Addr().String())
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"a.conf"}, "ashlar: a.conf:3: unknown setting \"foo\"\nashlar: a.conf:4: hz x: argument couldn't be parsed into an integer\n"},
		{[]string{"none.conf"}, "ashlar: none.conf: no such file or directory\n"},
		{[]string{"--port", port}, "ashlar: could not listen on 127.0.0.1:" + port + ": address already in use\n"},
		{[]string{"--logfile", "none/log"}, "ashlar: open none/log: no such file or directory\n"},
		{[]string{"-"}, "ashlar: stdin:1: unknown setting \"from\"\n"},
	}
	for _, tt := range tests {
		var errs bytes.Buffer
		assert.Equal(t, 1, run(tt.args, strings.NewReader("from stdin\n"), io.Discard, &errs))
		assert.Equal(t, tt.want, errs.String())
	}
}

// The program serves, says where, and ends on a signal with status 0.
func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		dir := t.TempDir()
		cmd := program(t, "--port", "0", "--unixsocket", "sock", "--dir", dir, "--pidfile", "pid", "--maxmemory", "1gb")
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		cmd.Stderr = os.Stderr
		require.NoError(t, cmd.Start())
		log := bufio.NewReader(stdout)
		ready, err := log.ReadString('\n')
		require.NoError(t, err)
		assert.Regexp(t, regexp.MustCompile(`level=notice msg="ashlar is ready" version=.* address=sock maxmemory="1024 MiB" policy=allkeys-density loops=\d+ pid=`), ready)

		c, err := net.Dial("unix", filepath.Join(dir, "sock"))
		require.NoError(t, err)
		_, err = c.Write([]byte("PING\r\n"))
		require.NoError(t, err)
		reply, err := bufio.NewReader(c).ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "+PONG\r\n", reply)
		_ = c.Close()

		require.NoError(t, cmd.Process.Signal(signal))
		rest, err := io.ReadAll(log)
		require.NoError(t, err)
		assert.Contains(t, string(rest), "bye")
		assert.NoError(t, cmd.Wait(), "exit status")
		assert.NoFileExists(t, filepath.Join(dir, "sock"))
		assert.NoFileExists(t, filepath.Join(dir, "pid"))
	}
}
