package latency

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestMonitor(t *testing.T) {
	var m Monitor
	assert.False(t, m.On())
	assert.False(t, m.Slow(time.Hour))
	m.SetThreshold(5)
	assert.True(t, m.Slow(5*time.Millisecond))
	assert.False(t, m.Slow(5*time.Millisecond-1))

	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	m.Add(Command, 1000_000, ms(10))
	m.Add(Command, 1000_900, ms(30))
	m.Add(Command, 1000_950, ms(20))
	m.Add(Command, 1001_000, ms(7))
	m.Add(FastCommand, 1001_000, ms(9))
	assert.Equal(t, []Sample{{1000, 30}, {1001, 7}}, m.History(Command))
	assert.Empty(t, m.History("nothing"))
	events := m.Events()
	assert.Len(t, events, 2)
	assert.Equal(t, Command, events[0].Name)
	assert.Equal(t, Sample{1001, 7}, events[0].Latest)
	assert.EqualValues(t, 30, events[0].Max)

	for i := range 200 {
		m.Add(FastCommand, int64(2000+i)*1000, ms(i))
	}
	h := m.History(FastCommand)
	assert.Len(t, h, 160)
	assert.Equal(t, Sample{2199, 199}, h[159])
	assert.Equal(t, 1, m.Reset(Command, "nothing"))
	assert.Equal(t, 1, m.Reset())
	assert.Zero(t, m.Reset())
	assert.Empty(t, m.Events())
}
