package conn

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRecent(t *testing.T) {
	var r recent
	assert.Zero(t, r.most())
	for second, n := range []int64{5, 9, 7, 1, 1, 1, 1, 1, 1} {
		r.begin(uint32(second))
		r.note(uint32(second), n)
		r.note(uint32(second), n-1)
	}
	assert.EqualValues(t, 9, r.most(), "the second 8 seconds ago is the oldest that counts")
	r.begin(9)
	assert.EqualValues(t, 7, r.most())
	for second := range uint32(recentSeconds) {
		r.begin(10 + second)
	}
	assert.Zero(t, r.most())
}

func TestPushOverLimitCountsOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		h.limits.Output[ClassNormal].Set(1000, 0, 0)
		c := h.dial()
		c.send(command("ID"))
		c.expect(":1\r\n")
		client := h.session(1).Client.(*Conn)
		assert.False(t, client.Killed())
		for range 3 {
			assert.False(t, client.Push([]byte(strings.Repeat("x", 1001))))
		}
		client.overOutputLimit() // as the loop may at the same time
		assert.True(t, client.Killed())
		c.expectEnd()
		assert.EqualValues(t, 1, h.server.Stats().OutputKills)
	})
}

func TestCallsAreCounted(t *testing.T) {
	everywhere(t, func(t *testing.T, transport string) {
		h := serve(t, transport)
		c := h.dial()
		for range 10 {
			c.send(command("PING"))
			c.expect("+PONG\r\n")
		}
		// A loop shows its counts at the end of its wake-up.
		eventually(t, "ten reads and writes", func() bool {
			st := h.server.Stats()
			return st.Reads >= 10 && st.Writes >= 10
		})
		st := h.server.Stats()
		assert.LessOrEqual(t, st.Writes, uint64(10))
		assert.LessOrEqual(t, st.Reads, st.BytesIn)
	})
}
