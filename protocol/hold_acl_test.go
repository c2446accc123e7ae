package protocol

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const noPermission = "-NOPERM User alice has no permissions to run the 'get' command"

// alices are clients that act as a user alice, on both transports, and an administrator.
func alices(t *testing.T, n int) (s *Server, admin *client, list []*client) {
	t.Helper()
	s, addrs := both(t)
	admin = dial(t, addrs[0])
	require.Equal(t, "+OK", admin.do("ACL SETUSER alice on >x ~* &* +@all"))
	for i := range n {
		c := dial(t, addrs[i%2])
		require.Equal(t, "+OK", c.do("AUTH alice x"))
		list = append(list, c)
	}
	return s, admin, list
}

// TestRevokedAtOnce: what a user may do ends with the reply to ACL SETUSER, however busy
// the user's clients are.
func TestRevokedAtOnce(t *testing.T) {
	_, admin, list := alices(t, 8)
	for round := range fewer(20, 5) {
		for _, c := range list {
			c.send("%s", strings.Repeat("GET k\r\n", 500)) // they are at work meanwhile
		}
		require.Equal(t, "+OK", admin.do("ACL SETUSER alice -get"))
		for _, c := range list {
			c.send("GET k\r\nECHO round%d", round)
		}
		for _, c := range list {
			allowed, last := true, ""
			for line := c.line(); line != fmt.Sprintf("$%d", len(fmt.Sprint("round", round))); line = c.line() {
				if line == noPermission {
					allowed = false
				} else {
					require.Equal(t, "$-1", line)
					require.True(t, allowed, "allowed again")
				}
				last = line
			}
			require.Equal(t, noPermission, last)
			c.line()
		}
		require.Equal(t, "+OK", admin.do("ACL SETUSER alice +get"))
	}
}

// TestRevokedInTheMiddle of a transaction: each of its commands is looked at again.
func TestRevokedInTheMiddle(t *testing.T) {
	_, admin, list := alices(t, 2)
	for _, c := range list {
		require.Equal(t, "+OK", c.do("MULTI"))
		require.Equal(t, "+QUEUED", c.do("SET k v"))
		require.Equal(t, "+QUEUED", c.do("GET k"))
	}
	require.Equal(t, "+OK", admin.do("ACL SETUSER alice -get"))
	for _, c := range list {
		assert.Equal(t, "*2 +OK -NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "+
			"This command is no longer allowed for the following reason: no permission to execute the command or subcommand",
			c.do("EXEC")+" "+c.lines(2))
	}
}

// TestDeletedUser has clients in every state in which they can be; all are cut off.
func TestDeletedUser(t *testing.T) {
	states := []string{"PING", "BLPOP nothing 0", "SUBSCRIBE a", "PSUBSCRIBE a*", "SSUBSCRIBE a", "MULTI", "WATCH a",
		"MONITOR", "CLIENT TRACKING on", "CLIENT REPLY OFF", "XREAD BLOCK 0 STREAMS nothing $", "GET k"}
	s, admin, list := alices(t, 2*len(states))
	for i, c := range list {
		c.send("%s", states[i/2])
	}
	s.untilBlocked(t, 4)
	stop := make(chan struct{})
	busy := list[len(list)-1]
	go func() { // it never rests
		defer close(stop)
		for {
			if _, err := io.WriteString(busy.conn, "GET k\r\n"); err != nil {
				return
			}
		}
	}()
	busy.discard()
	require.Equal(t, ":1", admin.do("ACL DELUSER alice"))
	for _, c := range list[:len(list)-1] {
		assert.True(t, c.closedByServer())
	}
	<-stop
	s.onlyThese(t, 1)
	s.untilBlocked(t, 0)
	assert.Equal(t, 0, s.handlers.Exchange.Clients())
	assert.Equal(t, "0", admin.info("clients")["watching_clients"])
}

// TestSubscriptionsRevoked: who listens to what it may not any more is cut off, the
// others go on listening.
func TestSubscriptionsRevoked(t *testing.T) {
	_, admin, list := alices(t, 6)
	for i, c := range list {
		channel := []string{"secret", "public"}[i/2%2]
		c.send("SUBSCRIBE %s", channel)
		c.lines(6)
	}
	require.Equal(t, "+OK", admin.do("ACL SETUSER alice resetchannels &public"))
	for i, c := range list {
		if i/2%2 == 0 {
			assert.True(t, c.closedByServer())
		}
	}
	assert.Equal(t, ":0", admin.do("PUBLISH secret x"))
	assert.Equal(t, ":2", admin.do("PUBLISH public x"))
	for i, c := range list {
		if i/2%2 == 1 {
			assert.Equal(t, "*3 $7 message $6 public $1 x", c.lines(7))
		}
	}
}
