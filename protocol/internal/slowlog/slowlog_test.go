package slowlog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLog(t *testing.T) {
	var l Log
	l.SetMax(3)
	l.SetThreshold(1000)
	assert.True(t, l.Slow(time.Millisecond))
	assert.False(t, l.Slow(time.Millisecond-1))
	assert.False(t, l.Fine())
	l.SetThreshold(-1)
	assert.False(t, l.Slow(time.Hour))
	assert.False(t, l.Fine())
	l.SetThreshold(0)
	assert.True(t, l.Slow(0))
	assert.True(t, l.Fine())
	for i := range 5 {
		l.Add(Entry{Micros: int64(i)}, [][]byte{fmt.Appendf(nil, "cmd%d", i)})
	}
	assert.Equal(t, 3, l.Len())
	list := l.Get(2)
	assert.Equal(t, []Entry{{ID: 4, Micros: 4, Args: []string{"cmd4"}}, {ID: 3, Micros: 3, Args: []string{"cmd3"}}}, list)
	assert.Len(t, l.Get(-1), 3)
	assert.Len(t, l.Get(100), 3)
	assert.Empty(t, l.Get(0))
	l.SetMax(1)
	assert.Equal(t, int64(4), l.Get(-1)[0].ID)
	l.Reset()
	assert.Zero(t, l.Len())
	l.Add(Entry{}, nil)
	assert.Equal(t, int64(5), l.Get(-1)[0].ID)
	l.SetMax(0)
	assert.Zero(t, l.Len())
}

func TestClip(t *testing.T) {
	var argv [][]byte
	for range 33 {
		argv = append(argv, []byte(strings.Repeat("x", 130)))
	}
	got := clip(argv)
	assert.Len(t, got, 32)
	assert.Equal(t, strings.Repeat("x", 128)+"... (2 more bytes)", got[0])
	assert.Equal(t, "... (2 more arguments)", got[31])
	assert.Len(t, clip(argv[:32])[31], 128+len("... (2 more bytes)"))
}
