package metrics

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestCommandsAreSummedOverShards(t *testing.T) {
	m := New([]string{"get", "set", "keys"}, 2)
	a, b, again := m.Shard(), m.Shard(), m.Shard()
	assert.NotSame(t, a, b)
	assert.Same(t, a, again, "more executors than shards share them")
	for _, s := range []*Shard{a, b, a} {
		s.Command(1).Timed(1500*time.Nanosecond, s.Command(1).Call(true))
	}
	a.Command(1).Fail()
	b.Command(0).Reject()
	assert.Equal(t, []CommandStats{
		{Name: "get", Rejected: 1},
		{Name: "set", Calls: 3, Failed: 1, Usec: 4},
	}, m.CommandStats())
	assert.EqualValues(t, 3, m.Commands())

	a.NetInput.Add(10)
	b.NetInput.Add(5)
	b.NetOutput.Add(7)
	b.Reads.Add(1)
	a.Writes.Add(2)
	assert.EqualValues(t, []uint64{15, 7, 1, 2}, []uint64{m.NetInput(), m.NetOutput(), m.Reads(), m.Writes()})

	m.ConnectionsReceived.Add(1)
	m.ErrorReply([]byte("-ERR x"))
	m.Reset()
	assert.Empty(t, m.CommandStats())
	assert.Empty(t, m.ErrorStats())
	assert.Empty(t, m.Latencies())
	assert.Zero(t, m.Commands()+m.NetInput()+m.NetOutput()+m.Reads()+m.Writes()+m.Errors()+m.ConnectionsReceived.Load())
}

func TestSamplesStandForAllCalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := New([]string{"get"}, 1)
		c := m.Shard().Command(0)
		calls := rapid.Uint64Range(1, 1000).Draw(t, "calls")
		var weights uint64
		for range calls {
			if w := c.Call(true); w > 0 {
				weights += w
				c.Timed(time.Microsecond, w)
			}
		}
		assert.LessOrEqual(t, weights, calls)
		assert.Less(t, calls-weights, uint64(sampleEvery))
		assert.Equal(t, []CommandStats{{Name: "get", Calls: calls, Usec: weights}}, m.CommandStats())
	})
	c := New([]string{"keys"}, 1).Shard().Command(0)
	for range 1000 {
		assert.EqualValues(t, 1, c.Call(false), "what is not steady is timed always")
	}
}

func TestErrorStats(t *testing.T) {
	m := New(nil, 1)
	for _, line := range []string{"-ERR a b\r\n", "-ERR c", "-WRONGTYPE Operation\r\n", "-OOM\r\n"} {
		m.ErrorReply([]byte(line))
	}
	assert.Equal(t, []ErrorStats{{"ERR", 2}, {"OOM", 1}, {"WRONGTYPE", 1}}, m.ErrorStats())
	assert.EqualValues(t, 4, m.Errors())
	for i := range 2 * maxErrorKinds {
		m.ErrorReply([]byte("-E" + strconv.Itoa(i) + " x"))
	}
	assert.Len(t, m.ErrorStats(), maxErrorKinds, "made-up codes do not grow the table without end")
	assert.EqualValues(t, 4+2*maxErrorKinds, m.Errors())
}

func TestHistogramBuckets(t *testing.T) {
	previous := -1
	for v := uint64(0); v < 1<<16; v++ {
		b := bucket(v)
		assert.True(t, b == previous || b == previous+1, "value %d in bucket %d after %d", v, b, previous)
		assert.LessOrEqual(t, v, upper(b))
		if b > 0 {
			assert.Greater(t, v, upper(b-1))
		}
		previous = b
	}
	assert.Equal(t, buckets-1, bucket(1<<63))
	assert.LessOrEqual(t, uint64(2*time.Minute), upper(buckets-2), "two minutes are still told apart")
}

func TestPercentilesAreWithinAnEighth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := New([]string{"get"}, 2)
		shards := []*Shard{m.Shard(), m.Shard()}
		values := rapid.SliceOfN(rapid.Uint64Range(0, 1<<32), 1, 200).Draw(t, "values")
		for i, v := range values {
			shards[i%2].Command(0).Timed(time.Duration(v), 1)
		}
		slices.Sort(values)
		l := m.Latencies()[0]
		assert.EqualValues(t, len(values), l.Calls)
		p := rapid.Float64Range(0, 100).Draw(t, "p")
		rank := int(p/100*float64(len(values)) + 0.5)
		want := values[min(max(rank, 1), len(values))-1]
		got := l.Percentile(p)
		assert.GreaterOrEqual(t, got, want)
		assert.LessOrEqual(t, got, want+want/8+1)
	})
}

func TestCumulativeUsecEndsWithAllCalls(t *testing.T) {
	m := New([]string{"get"}, 1)
	c := m.Shard().Command(0)
	for _, us := range []int{1, 3, 3, 1000} {
		c.Timed(time.Duration(us)*time.Microsecond-200, 1)
	}
	var bounds, calls []uint64
	m.Latencies()[0].CumulativeUsec(func(usec, n uint64) {
		bounds, calls = append(bounds, usec), append(calls, n)
	})
	assert.Equal(t, []uint64{1, 4, 1048}, bounds)
	assert.Equal(t, []uint64{1, 3, 4}, calls)

	c.Timed(time.Hour, 1) // beyond the last bucket
	m.Latencies()[0].CumulativeUsec(func(_, n uint64) { calls = append(calls, n) })
	assert.EqualValues(t, 5, calls[len(calls)-1])
}

func TestInstantRatesAverageSixteenSamples(t *testing.T) {
	m := New([]string{"get"}, 1)
	s := m.Shard()
	now := int64(1000)
	m.Tick(now)
	for range instantSamples {
		for range 50 {
			s.Command(0).Call(true)
		}
		s.NetInput.Add(1024)
		s.NetOutput.Add(2048)
		now += TickEvery
		m.Tick(now)
	}
	assert.EqualValues(t, 500, m.OpsPerSec())
	assert.InDelta(t, 10, m.InputKbps(), 1e-9)
	assert.InDelta(t, 20, m.OutputKbps(), 1e-9)
	for range instantSamples {
		now += TickEvery
		m.Tick(now)
	}
	assert.Zero(t, m.OpsPerSec())
	m.Reset()
	m.Tick(now + 1)
	assert.Zero(t, m.InputKbps())
}

// TestCountingFromManyLoops is for the race detector, and shows that nothing is lost.
func TestCountingFromManyLoops(t *testing.T) {
	m := New([]string{"get", "set"}, 2)
	var wg sync.WaitGroup
	const loops, each = 8, 500
	for range loops {
		s := m.Shard()
		wg.Go(func() {
			for range each {
				c := s.Command(rand.IntN(2))
				if w := c.Call(true); w > 0 {
					c.Timed(time.Microsecond, w)
				}
				m.ErrorReply([]byte("-ERR x"))
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			m.CommandStats()
			m.Latencies()
			m.ErrorStats()
			m.Tick(time.Now().UnixMilli())
		}
	})
	wg.Wait()
	assert.EqualValues(t, loops*each, m.Commands())
	assert.EqualValues(t, loops*each, m.Errors())
}

func BenchmarkCall(b *testing.B) {
	c := New([]string{"get"}, 1).Shard().Command(0)
	start := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if w := c.Call(true); w > 0 {
			began := time.Since(start)
			c.Timed(time.Since(start)-began, w)
		}
	}
}
