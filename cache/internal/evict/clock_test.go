package evict

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A shard that nobody writes to must tell idle times all the same, for months.
func TestIdleOnAQuietShard(t *testing.T) {
	for _, k := range []Kind{NoEviction, AllKeysLRU, VolatileTTL, AllKeysDensity} {
		s := New(Config{Kind: k})
		const start = int64(1_700_000_000_000)
		now := start
		s.Tick(now)
		st := s.Insert(1, 10)
		assert.Zero(t, s.Idle(st, now))
		const second, hour, day = 1000, 3600_000, 24 * 3600_000
		for _, idle := range []int64{10 * second, 100 * second, hour, 5 * hour, day, 10 * day, 60 * day} {
			for now < start+idle {
				now += max(100, min(idle/1000, start+idle-now))
				s.Tick(now)
			}
			assert.InDelta(t, now-start, s.Idle(st, now), float64(idle)*0.03+1000, "%s after %d s", names[k], idle/1000)
		}
		st = s.Touch(st, 1)
		assert.Zero(t, s.Idle(st, now))
		for range 100 {
			now += 100
			s.Tick(now)
		}
		if k != NoEviction {
			continue
		}
		// After two months the step is about ten minutes.
		assert.LessOrEqual(t, s.Idle(st, now), int64(11*minute))
	}
}

func TestIdleOnABusyShard(t *testing.T) {
	for _, k := range []Kind{AllKeysLRU, AllKeysDensity} {
		s := New(Config{Kind: k})
		const n, perTick = 10_000, 1000
		now := int64(1_700_000_000_000)
		s.Tick(now)
		fill(s, n)
		var st [20]State
		for i := range st { // two turnovers, one each second
			st[i] = s.Insert(1, 10)
			turn(s, perTick, 1)
			now += 1000
			s.Tick(now)
		}
		for i := range st {
			assert.InDelta(t, (20-i)*1000, s.Idle(st[i], now), 4000, "%s %d", names[k], i)
		}
	}
}

// A load, and then silence: the line of the clock bends, and is kept.
func TestIdleAfterALoad(t *testing.T) {
	s := New(Config{Kind: AllKeysLRU})
	now := int64(1_700_000_000_000)
	s.Tick(now)
	var st [10]State
	for i := range st {
		fill(s, 5000)
		now += 300
		st[i] = s.Insert(1, 10)
		s.Tick(now)
	}
	for _, wait := range []int64{10_000, 90_000, 900_000, 9_000_000} {
		for end := now + wait; now < end; now += 100 {
			s.Tick(now)
		}
		for i := range st {
			want := now - 1_700_000_003_000 + 300*int64(9-i)
			assert.InDelta(t, want, s.Idle(st[i], now), float64(want)*0.02+1500, "%d after %d", i, wait)
		}
	}
}

// The unit of time follows the number of items, and growth does not wrap it.
func TestClockCountsTurnovers(t *testing.T) {
	for _, n := range []int{200, 10_000, 1_000_000} {
		s := New(Config{})
		fill(s, n)
		assert.Less(t, s.clock>>32, uint64(3000), "growing to %d", n)
		c := s.clock >> 32
		turn(s, n, 3)
		assert.InEpsilon(t, 3*ticksPerTurnover, s.clock>>32-c, 0.02)
		assert.InDelta(t, ticksPerTurnover, int(s.pace.perTurnover), 10)
	}
}

// A turnover that takes a day has more ticks, and decay follows it; one idle
// night in between does not set it off.
func TestDecayFollowsSlowTurnovers(t *testing.T) {
	s := New(Config{Kind: AllKeysDensity})
	fill(s, 1000)
	now := int64(1_700_000_000_000)
	s.Tick(now)
	turn(s, 1000, 2)
	rate := s.rate
	for range 8 * 3600 {
		now += 1000
		s.Tick(now)
	}
	turn(s, 1000, 1)
	assert.GreaterOrEqual(t, s.rate, rate/2)
	for range 4000 { // an insertion every 20 seconds
		turn(s, 1, 1)
		now += 20_000
		s.Tick(now)
	}
	st := s.Touch(s.Insert(1, 10), 1)
	before := s.weight(st)
	for range 16_000 {
		turn(s, 1, 1)
		now += 20_000
		s.Tick(now)
	}
	assert.InDelta(t, octave, before-s.weight(st), octave, "about half after 16 turnovers")
}

func TestClockIgnoresAWallThatGoesBack(t *testing.T) {
	s := New(Config{Kind: AllKeysLRU})
	s.Tick(10 * minute)
	st := s.Insert(1, 10)
	s.Tick(5 * minute)
	s.Tick(6 * minute)
	assert.Zero(t, s.Idle(st, 6*minute))
	s.Tick(11 * minute)
	assert.InDelta(t, minute, s.Idle(st, 11*minute), 2000)
}
