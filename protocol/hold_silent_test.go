package protocol

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSilentClients are sent things, by one way or another, and never read. They are cut
// off at their output limit; whoever causes the messages, and whoever reads, is served.
func TestSilentClients(t *testing.T) {
	text := strings.Repeat("x", 20<<10)
	kinds := map[string]struct {
		begin []string // what the silent client says
		cause []string // what another one says, again and again; %d is a number
	}{
		"subscriber":  {[]string{"SUBSCRIBE news"}, []string{"PUBLISH news " + text}},
		"pattern":     {[]string{"PSUBSCRIBE n*"}, []string{"PUBLISH news " + text}},
		"shard":       {[]string{"SSUBSCRIBE news"}, []string{"SPUBLISH news " + text}},
		"keyspace":    {[]string{"PSUBSCRIBE __key*"}, []string{"SET " + text + "%d v"}},
		"tracking":    {[]string{"HELLO 3", "CLIENT TRACKING on BCAST"}, []string{"SET " + text + "%d v"}},
		"tracked key": {[]string{"HELLO 3", "CLIENT TRACKING on BCAST PREFIX a PREFIX b"}, []string{"SET a" + text + "%d v", "DEL a" + text + "%d"}},
		"monitor":     {[]string{"MONITOR"}, []string{"ECHO " + text}},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, addrs := both(t, "--client-output-buffer-limit", "normal", "1mb", "0", "0", "pubsub", "1mb", "0", "0",
				"--notify-keyspace-events", "AK")
			for _, addr := range addrs {
				silent, other, bystander := dial(t, addr), dial(t, addrs[0]), dial(t, addrs[1])
				kills := s.conns.Stats().OutputKills
				for _, line := range kind.begin {
					silent.send("%s", line)
				}
				// It has heard nothing yet, and so nobody knows when it is ready.
				silent.line()
				const most = 4000 // the sockets hold some megabytes
				sent := 0
				for ; sent < most && s.conns.Stats().OutputKills == kills; sent++ {
					for _, line := range kind.cause {
						if strings.Contains(line, "%d") {
							line = fmt.Sprintf(line, sent)
						}
						other.do("%s", line)
					}
				}
				assert.Less(t, sent, most, "it is still there")
				assert.Equal(t, "+PONG", bystander.do("PING"))
				s.onlyThese(t, 2)
				_ = other.conn.Close()
				_ = bystander.conn.Close()
				s.onlyThese(t, 0)
			}
		})
	}
}

// TestSilentReplies: a client that asks and does not read what it is answered is cut off
// where there is a limit, and where there is none it is not served any further.
func TestSilentReplies(t *testing.T) {
	s, addrs := both(t, "--client-output-buffer-limit", "normal", "2mb", "0", "0")
	other := dial(t, addrs[0])
	require.Equal(t, ":30000000", other.do("SETRANGE big 29999999 x"))
	for i, addr := range addrs {
		silent := dial(t, addr)
		silent.send("GET big")
		eventually(t, func() bool { return s.conns.Stats().OutputKills == uint64(i+1) }, "it is still there")
		assert.True(t, silent.closedByServer())
	}
	require.Equal(t, "+OK", other.do("SET big x"))
	require.Equal(t, ":1000000", other.do("SETRANGE big 999999 x"))
	assert.Equal(t, "+OK", other.do("CONFIG SET client-output-buffer-limit \"normal 0 0 0\""))
	for _, addr := range addrs {
		silent := dial(t, addr)
		silent.send("%s", strings.Repeat("GET big\r\n", 1000)+"SET done 1")
		for range 100 {
			require.Equal(t, "+PONG", other.do("PING"))
		}
		assert.Equal(t, ":0", other.do("EXISTS done"))
		_ = silent.conn.Close()
	}
}
