package monitor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

type sink struct{ got string }

func (s *sink) Push(m []byte) bool {
	s.got += string(m)
	return true
}

func TestFeed(t *testing.T) {
	var m Monitors
	assert.False(t, m.Any())
	assert.False(t, m.Is(7))
	m.Remove(7)
	s := new(sink)
	m.Add(7, s)
	assert.True(t, m.Any())
	assert.True(t, m.Is(7))
	assert.False(t, m.Is(8))
	m.Feed(1339518083_007412, 3, "127.0.0.1:60866", [][]byte{[]byte("set"), []byte("a\x00\n\r\t\a\b\"\\\xff")})
	assert.Equal(t, `+1339518083.007412 [3 127.0.0.1:60866] "set" "a\x00\n\r\t\a\b\"\\\xff"`+"\r\n", s.got)
	m.Remove(7)
	assert.False(t, m.Any())
}
