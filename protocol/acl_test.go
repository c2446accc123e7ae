package protocol

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// array reads an array of bulk strings.
func (c *client) array(format string, args ...any) (list []string) {
	c.t.Helper()
	var n int
	_, err := fmt.Sscanf(c.do(format, args...), "*%d", &n)
	require.NoError(c.t, err)
	for range n {
		c.line()
		list = append(list, c.line())
	}
	return list
}

const (
	hashOfX     = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	defaultLine = "user default on nopass sanitize-payload ~* &* +@all"
)

func TestUsersOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ashlar.conf")
	text := "# users\nuser alice on >x ~a* +@read (+set ~b)\nrequirepass secret\nuser bob\n# end\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	s := start(t, file)
	c := dial(t, s.Addr())
	assert.Equal(t, "-NOAUTH Authentication required.", c.do("PING"))
	assert.Equal(t, "+OK", c.do("AUTH alice x"))
	assert.Equal(t, "$-1", c.do("GET a"))
	assert.Equal(t, "-NOPERM No permissions to access a key", c.do("GET b"))
	assert.Equal(t, "+OK", c.do("AUTH secret"))
	alice := "user alice on sanitize-payload #" + hashOfX + " ~a* resetchannels -@all +@read (~b resetchannels -@all +set)"
	root := "user default on sanitize-payload #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ~* &* +@all"
	assert.Equal(t, []string{alice, "user bob off sanitize-payload resetchannels -@all", root}, c.array("ACL LIST"))

	// What is as the file says stays as it is written there.
	read := func() string {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(b)
	}
	assert.Equal(t, "+OK", c.do("CONFIG REWRITE"))
	assert.Contains(t, read(), text)
	assert.Equal(t, ":1", c.do("ACL DELUSER bob"))
	assert.Equal(t, "+OK", c.do(`ACL SETUSER carol "~\"q"`))
	assert.Equal(t, "+OK", c.do("CONFIG REWRITE"))
	assert.Equal(t, "# users\n"+alice+"\nrequirepass secret\n"+`user carol off sanitize-payload "~\"q" resetchannels -@all`+"\n# end\n",
		strings.Split(read(), "\n\n")[0]+"\n")
	assert.Contains(t, read(), root)
	again := dial(t, start(t, file).Addr())
	assert.Equal(t, "+OK", again.do("AUTH secret"))
	assert.Equal(t, c.array("ACL LIST"), again.array("ACL LIST"))
	assert.True(t, strings.HasPrefix(again.do("ACL SAVE"), "-ERR This Redis instance is not configured to use an ACL file."))
}

func TestACLFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "users.acl")
	require.NoError(t, os.WriteFile(file, []byte("user alice on nopass ~* &* +@all\nuser bob on nopass +@all\n"), 0o640))
	s := start(t, "--dir", dir, "--aclfile", "users.acl")
	c, alice, bob := dial(t, s.Addr()), dial(t, s.Addr()), dial(t, s.Addr())
	assert.Equal(t, []string{"alice", "bob", "default"}, c.array("ACL USERS"))
	assert.Equal(t, "+OK", alice.do("AUTH alice x"))
	assert.Equal(t, "+OK", bob.do("AUTH bob x"))
	assert.Equal(t, "+OK", c.do("ACL SETUSER carol >x"))
	assert.Equal(t, "+OK", c.do("ACL SAVE"))
	saved, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "user alice on nopass sanitize-payload ~* &* +@all\nuser bob on nopass sanitize-payload resetchannels +@all\n"+
		"user carol off sanitize-payload #"+hashOfX+" resetchannels -@all\n"+defaultLine+"\n", string(saved))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.EqualValues(t, 0o640, info.Mode().Perm())

	// Who is still there stays connected, with the new rules.
	require.NoError(t, os.WriteFile(file, []byte("user alice on nopass ~a +get\n"), 0o600))
	assert.Equal(t, "+OK", c.do("ACL LOAD"))
	assert.Equal(t, "$-1", alice.do("GET a"))
	assert.Equal(t, "-NOPERM User alice has no permissions to run the 'set' command", alice.do("SET a v"))
	_, err = bob.in.ReadByte()
	assert.Error(t, err, "the connection is closed")

	require.NoError(t, os.WriteFile(file, []byte("user alice on nosuch\n"), 0o600))
	assert.Equal(t, "-ERR users.acl:1: Syntax error. WARNING: ACL errors detected, no change to the previously active ACL rules was performed", c.do("ACL LOAD"))
	assert.Equal(t, []string{"alice", "default"}, c.array("ACL USERS"))
	require.NoError(t, os.Remove(file))
	assert.Equal(t, "-ERR Error loading ACLs, opening file 'users.acl': No such file or directory", c.do("ACL LOAD"))
	require.NoError(t, os.RemoveAll(dir))
	assert.Equal(t, "-ERR There was an error trying to save the ACLs. Please check the server logs for more information", c.do("ACL SAVE"))
}

func TestUsersThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	conf, users := filepath.Join(dir, "conf"), filepath.Join(dir, "users")
	require.NoError(t, os.WriteFile(conf, []byte("\nuser a on\nuser b +nosuch\nuser a off\n"), 0o600))
	require.NoError(t, os.WriteFile(users, []byte("user a +nosuch\n"), 0o600))
	for line, want := range map[string]string{
		conf: conf + ":3: Error in user declaration '+nosuch': Unknown command or category name in ACL\n" +
			conf + ":4: Error in user declaration 'a': Duplicate user found. A user can only be defined once in config files",
		"--user a on nosuch": "command line: Error in user declaration 'nosuch': Syntax error",
		"--aclfile " + users: users + ":1: Error in applying operation '+nosuch': Unknown command or category name in ACL. " +
			"WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
		"--aclfile /nosuch/file":               "Error loading ACLs, opening file '/nosuch/file': No such file or directory",
		"--user a on --aclfile /nosuch/file 1": "",
	} {
		cfg, err := LoadConfig(strings.Fields(line), nil)
		if err != nil {
			continue
		}
		_, err = New(cfg, slog.New(slog.DiscardHandler))
		assert.EqualError(t, err, want)
	}
	_, err := New(load(t, "--user", "a", "on", "--aclfile", users), slog.New(slog.DiscardHandler))
	assert.ErrorContains(t, err, "use one of the two")
}

func TestProtectedModeAsksTheDefaultUser(t *testing.T) {
	s := start(t, "--user", "default", "on", ">x", "~*", "+@all")
	c := dial(t, s.Addr())
	assert.Equal(t, "-NOAUTH Authentication required.", c.do("PING"))
	assert.Equal(t, "+OK", c.do("AUTH x"))
	assert.Equal(t, "+OK", c.do("ACL SETUSER default nopass"))
	assert.Equal(t, "+PONG", dial(t, s.Addr()).do("PING"))
	assert.Equal(t, "+OK", c.do("CONFIG SET requirepass y"))
	assert.Equal(t, "+PONG", c.do("PING"), "who is in stays in")
	assert.Equal(t, "-NOAUTH Authentication required.", dial(t, s.Addr()).do("PING"))
}

// TestRulesChangeUnderTraffic changes, deletes and makes users while connections of
// both transports are busy as these. What a user may not at any time never happens.
func TestRulesChangeUnderTraffic(t *testing.T) {
	s, addrs := both(t)
	admin := dial(t, s.Addr())
	require.Equal(t, "+OK", admin.do("ACL SETUSER root on nopass ~* &* +@all"))
	require.Equal(t, "+OK", admin.do("AUTH root x"))
	require.Equal(t, "+OK", admin.do("ACL SETUSER default -@all resetkeys")) // where a login has failed
	require.Equal(t, "+OK", admin.do("ACL SETUSER u0 on nopass ~u0:* &u0:* +@all -flushall"))
	require.Equal(t, "+OK", admin.do("ACL SETUSER u1 on nopass ~u1:* &u1:* +@all -flushall"))
	require.Equal(t, "+OK", admin.do("SET guard v"))
	var (
		work sync.WaitGroup
		stop atomic.Bool
		good atomic.Int64
	)
	for i := range 4 {
		work.Go(func() {
			for !stop.Load() {
				busy(t, addrs[i%2].Network(), addrs[i%2].String(), fmt.Sprintf("u%d", i/2), &stop, &good)
			}
		})
	}
	// Until there was traffic: on a busy machine the first command may take a while.
	for i := 0; i < 150 || i < 1_000_000 && good.Load() == 0; i++ {
		switch i % 5 {
		case 0:
			admin.do("ACL SETUSER u0 -get -set resetchannels")
		case 1:
			admin.do("ACL SETUSER u0 +get +set &u0:*")
		case 2:
			admin.do("ACL SETUSER u1 resetkeys ~nothing off")
		case 3:
			assert.Contains(t, []string{":0", ":1"}, admin.do("ACL DELUSER u1"))
		case 4:
			admin.do("ACL SETUSER u1 on nopass ~u1:* &u1:* +@all -flushall")
		}
		admin.do("ACL LOG 0")
	}
	stop.Store(true)
	work.Wait()
	assert.Equal(t, "v", admin.do("GET guard"))
	assert.Positive(t, good.Load())
	assert.Equal(t, "+OK", admin.do("ACL LOG RESET"))
}

// busy logs in as a user and works until the connection ends, and counts in good the
// commands that went well.
func busy(t *testing.T, network, addr, user string, stop *atomic.Bool, good *atomic.Int64) {
	c := tryDial(network, addr)
	if c == nil {
		return
	}
	defer func() { _ = c.conn.Close() }()
	for !stop.Load() {
		for _, line := range []string{"AUTH " + user + " x", "SET " + user + ":k v", "GET " + user + ":k", "SET guard " + user, "FLUSHALL", "MULTI", "SET guard x", "EXEC", "PUBLISH " + user + ":c x"} {
			reply, err := c.try(line)
			if err != nil {
				return
			}
			forbidden := strings.Contains(line, "guard") || line == "FLUSHALL"
			switch ok := !strings.HasPrefix(reply, "-"); {
			case ok && forbidden:
				t.Errorf("%s: %s gave %s", user, line, reply)
			case ok:
				good.Add(1)
			}
		}
	}
}

// tryDial connects, and try sends a command and reads the first line of its reply, where
// the server may close the connection at any time.
func tryDial(network, addr string) *client {
	conn, err := net.Dial(network, addr)
	if err != nil {
		return nil
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{conn: conn, in: bufio.NewReader(conn)}
}

func (c *client) try(line string) (reply string, err error) {
	if _, err = c.conn.Write([]byte(line + "\r\n")); err != nil {
		return "", err
	}
	if reply, err = c.in.ReadString('\n'); err != nil {
		return "", err
	}
	rest := 0
	switch {
	case reply == "$-1\r\n" || reply == "*-1\r\n":
	case reply[0] == '$':
		rest = 1
	case reply[0] == '*':
		_, err = fmt.Sscanf(reply, "*%d", &rest) // statuses and errors
	}
	for ; rest > 0 && err == nil; rest-- {
		_, err = c.in.ReadString('\n')
	}
	return reply, err
}
