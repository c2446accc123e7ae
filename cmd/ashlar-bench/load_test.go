package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// fake is a server that answers SET with OK, INCR with an error, and ends the
// connection at the first QUIT; it returns its port.
func fake(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); work.Wait() })
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { defer c.Close(); answer(c) })
		}
	})
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

func answer(c net.Conn) {
	replies := map[string]string{"SET": "+OK\r\n", "PING": "+PONG\r\n", "GET": "$-1\r\n", "DBSIZE": ":0\r\n", "FLUSHALL": "+OK\r\n"}
	var p client.Parser
	for {
		command, ok, err := p.Next() // an array of strings
		if err != nil {
			return
		}
		if ok {
			name := string(command.Elems[0].Bytes)
			if name == "QUIT" {
				return
			}
			reply := replies[name]
			if reply == "" {
				reply = "-ERR no " + name + "\r\n"
			}
			_, _ = io.WriteString(c, reply) // the next read fails, too
			continue
		}
		n, err := c.Read(p.Room())
		if err != nil {
			return
		}
		p.Filled(n)
	}
}

func TestVerbPages(t *testing.T) {
	for _, v := range verbs() {
		status, out, errs := call(v.name, "--help")
		assert.Zero(t, status)
		assert.Empty(t, errs)
		assert.LessOrEqual(t, strings.Count(out, "\n"), 42, "%s must fit a screen", v.name)
		for line := range strings.Lines(out) {
			assert.LessOrEqual(t, len([]rune(line)), 95, line)
		}
	}
}

func TestRunVerb(t *testing.T) {
	port := fake(t)
	dir := t.TempDir()
	file, html := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.html")
	status, out, errs := call("run", "-p", port, "-t", "set,get", "-n", "500", "-c", "3", "-P", "4", "-r", "100", "-d", "10", "--fill", "--json", file, "--html", html)
	assert.Zero(t, status, errs)
	assert.Contains(t, errs, "127.0.0.1:"+port+": set")
	assert.Regexp(t, `(?m)^set, 3 connections, 4 deep, closed loop, 500 commands`, out)
	assert.Regexp(t, `(?m)^get, .*\n.*hit ratio`, out)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	saved, err := result.Read(f)
	require.NoError(t, err)
	require.Len(t, saved.Runs, 2)
	assert.Equal(t, int64(500), saved.Runs[0].Ops)
	assert.Equal(t, int64(500), saved.Runs[1].Misses)
	page, err := os.ReadFile(html)
	require.NoError(t, err)
	assert.Contains(t, string(page), "<html")

	status, out, _ = call("run", "-p", port, "-t", "set", "-n", "10", "--csv", "--silent")
	assert.Zero(t, status)
	assert.Equal(t, 2, strings.Count(out, "\n"), out)
	status, out, _ = call("run", "-p", port, "-t", "set", "--rate", "5000", "--seconds", "0.1", "--json", "-", "--silent")
	assert.Zero(t, status)
	saved, err = result.Read(strings.NewReader(out))
	require.NoError(t, err)
	assert.Equal(t, int64(500), saved.Runs[0].Ops)
}

// What goes wrong is told with its number, makes the status 1, and what was measured
// before is kept.
func TestRunVerbFails(t *testing.T) {
	port := fake(t)
	file := filepath.Join(t.TempDir(), "r.json")
	status, out, errs := call("run", "-p", port, "--command", "INCR a", "-n", "100", "-c", "2", "--json", file, "--silent")
	assert.Equal(t, 1, status)
	assert.Contains(t, out, "FAILED: 127.0.0.1:"+port+", INCR a: 100 times the error: ERR no INCR")
	assert.Contains(t, errs, "not all went well")
	assert.FileExists(t, file)

	status, out, _ = call("run", "-p", port, "--command", "99*SET a b", "--command", "QUIT", "-n", "3000", "-c", "1", "--silent")
	assert.Equal(t, 1, status)
	assert.Regexp(t, `FAILED: .* \d+ connections ended, \d+ commands without a reply; the first: the server closed the connection`, out)

	for want, args := range map[string][]string{
		"refused":                {"run", "-p", "1"},
		"not defined: -nosuch":   {"run", "--nosuch"},
		`"redis" is no option`:   {"run", "redis"},
		"no test":                {"run", "-t", "nosuch"},
		"no bound":               {"run", "--slo", "p99"},
		"leave out --rate":       {"run", "--slo", "p99=1ms", "--rate", "5"},
		"--pin needs more":       {"run", "--pin", "--threads", "50", "-c", "50"},
		"both say how large":     {"run", "-d", "5", "--values", "6"},
		"--burst belongs to":     {"run", "--burst", "2"},
		"belongs to":             {"run", "--subscribers", "2"},
		`"x" is no option`:       {"fill", "x"},
		"nothing to store":       {"fill", "-p", port, "--workload", "pubsub"},
		"no NOSUCH":              {"fill", "-p", port, "--workload", "zsets", "-r", "5"},
		"no server to compare":   {"compare", "x=127.0.0.1:1"},
		`unknown server "peer!"`: {"compare", "peer!"},
	} {
		status, out, errs := call(append(args, "--silent")...)
		assert.Equal(t, 1, status, args)
		if want == "no NOSUCH" {
			want = "commands answered"
		}
		assert.Contains(t, out+errs, want, args)
	}
}

func TestFillVerb(t *testing.T) {
	port := fake(t)
	status, out, errs := call("fill", "-p", port, "-r", "100", "--silent")
	assert.Zero(t, status, errs)
	assert.Regexp(t, `^get=9,set=1: 100 commands in `, out)
}

// Servers take turns, those that cannot take part are told, and a ratio is there.
func TestCompareVerb(t *testing.T) {
	a, b := fake(t), fake(t)
	status, out, errs := call("compare", "a=127.0.0.1:"+a, "b=127.0.0.1:"+b, "-n", "200", "-r", "50", "--rounds", "2", "-c", "2")
	assert.Zero(t, status, out)
	assert.Regexp(t, `(?s)a: get=9.*b: get=9.*a: get=9.*b: get=9`, strings.ReplaceAll(errs, "storing", ""))
	assert.Regexp(t, `(?m)^  server +rate +ratio`, out)
	assert.Regexp(t, `(?m)^  b .* ×`, out)
	// One that is gone does not keep the other from being measured.
	status, out, _ = call("compare", "a=127.0.0.1:"+a, "gone=127.0.0.1:1", "-n", "100", "-r", "50", "--rounds", "1", "--silent")
	assert.Equal(t, 1, status)
	assert.Regexp(t, `(?m)^  a  `, out)
	assert.Regexp(t, `FAILED: gone: .*refused`, out)
}

func TestSecretsAreNotKept(t *testing.T) {
	assert.Equal(t, []string{"ashlar-bench", "run", "-a", "...", "-a=...", "-c", "5"}, plainTyped("run", []string{"-a", "x", "-a=y", "-c", "5"}))
}
