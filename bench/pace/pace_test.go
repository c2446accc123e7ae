package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestUntil(t *testing.T) {
	defer Pinned()()
	soon := time.Now().Add(5 * time.Millisecond)
	late := Until(soon)
	assert.False(t, time.Now().Before(soon), "never early")
	assert.GreaterOrEqual(t, late, time.Duration(0))
	assert.GreaterOrEqual(t, Until(time.Now().Add(-time.Second)), time.Second, "the past is late already")
}

func TestEvery(t *testing.T) {
	e := Every{Start: time.Unix(100, 0), Rate: 4}
	assert.Equal(t, time.Unix(100, 0), e.At(0))
	assert.Equal(t, time.Unix(101, 250e6), e.At(5))
}

func TestStallsWithin(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(100, 0).Add(time.Duration(ms) * time.Millisecond) }
	span := func(from, to int) Span { return Span{From: at(from), To: at(to)} }
	s := new(Stalls)
	for _, one := range []Span{span(0, 2), span(10, 14), span(12, 15), span(11, 15), span(13, 14), span(30, 40)} {
		s.note(one)
	}
	assert.Equal(t, []Span{span(0, 2), span(10, 15), span(30, 40)}, s.spans)
	for in, want := range map[Span]int{
		span(0, 50): 17, span(3, 9): 0, span(1, 9): 1, span(11, 13): 2, span(13, 14): 1,
		span(14, 31): 2, span(35, 36): 1, span(50, 60): 0, span(12, 30): 3,
	} {
		assert.Equal(t, time.Duration(want)*time.Millisecond, s.Within(in), "%v", in)
	}
	assert.Zero(t, (*Stalls)(nil).Within(span(0, 50)), "without a watch")
}

// TestWatchStalls can only see that it begins and ends: when a machine stands still is
// not for a test to say.
func TestWatchStalls(t *testing.T) {
	s := WatchStalls()
	s.Within(Span{From: time.Now(), To: time.Now().Add(time.Hour)})
	s.Close()
}
