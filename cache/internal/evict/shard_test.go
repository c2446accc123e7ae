package evict

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const minute = 60_000

func newShard(k Kind) *Shard {
	s := New(Config{Kind: k, LFULogFactor: 10, LFUDecayMinutes: 1, Seed: 1})
	s.Tick(minute)
	return s
}

// turn inserts and evicts until the clock has gone on by turnovers of n items.
func turn(s *Shard, n int, turnovers float64) {
	for i := range int(float64(n) * turnovers) {
		st := s.Insert(uint64(i)<<40, 100)
		s.Evicted(uint64(i)<<40, st, 100)
	}
}

func fill(s *Shard, n int) {
	for i := range n {
		s.Insert(uint64(i), 100)
	}
}

func TestKinds(t *testing.T) {
	for k := NoEviction; k <= AllKeysDensityBytes; k++ {
		assert.Equal(t, k == VolatileLRU || k == VolatileLFU || k == VolatileRandom || k == VolatileTTL, k.Volatile())
		s := newShard(k)
		assert.Equal(t, k, s.Kind())
		st := s.Insert(1, 10)
		assert.Equal(t, k == NoEviction || k.Volatile(), s.Score(st, 10, 0, 1) == 0, names[k])
		assert.Equal(t, k == NoEviction, s.Score(st, 10, 99, 1) == 0, names[k])
	}
}

func TestLRUOrder(t *testing.T) {
	for _, k := range []Kind{AllKeysLRU, VolatileLRU} {
		s := newShard(k)
		fill(s, 1000)
		a := s.Insert(1, 10)
		turn(s, 1000, 0.1)
		b := s.Insert(2, 10)
		turn(s, 1000, 0.1)
		assert.Greater(t, s.Score(a, 10, 9, 1), s.Score(b, 4000, 9, 1))
		a = s.Touch(a, 1)
		assert.Less(t, s.Score(a, 10, 9, 1), s.Score(b, 10, 9, 1))
		b = s.Update(b, 2, 10)
		assert.Equal(t, s.Score(a, 10, 9, 1), s.Score(b, 10, 9, 1))
	}
}

func TestTTLOrder(t *testing.T) {
	s := newShard(VolatileTTL)
	st := s.Insert(1, 10)
	assert.Greater(t, s.Score(st, 10, 1000, 1), s.Score(st, 10, 1001, 1))
	assert.NotZero(t, s.Score(st, 10, 1<<62, 1))
	assert.Zero(t, s.Score(st, 10, 0, 1))
}

func TestRandomIsSpread(t *testing.T) {
	s := newShard(AllKeysRandom)
	wins := [4]int{}
	for range 4000 {
		best, high := 0, uint64(0)
		for i := range wins {
			if v := s.Score(0, 1, 0, 1); v > high {
				best, high = i, v
			}
		}
		wins[best]++
	}
	for _, n := range wins {
		assert.InDelta(t, 1000, n, 200)
	}
}

func TestLFUIsRedis(t *testing.T) {
	s := newShard(AllKeysLFU)
	st := s.Insert(1, 10)
	assert.EqualValues(t, 5, s.Frequency(st), "a new key starts at 5")
	st = s.Touch(st, 1)
	assert.EqualValues(t, 6, s.Frequency(st), "below 5 and at 5 each access counts")
	// redis.conf: at factor 10, 1000 hits make 10 or so beyond the start, 100,000 some 142.
	hot := st
	for range 100_000 {
		hot = s.Touch(hot, 1)
	}
	assert.InDelta(t, 142, int(s.Frequency(hot)), 20)
	assert.Greater(t, s.Score(st, 10, 0, 1), s.Score(hot, 10, 0, 1))
	for range 3_000_000 {
		hot = s.Touch(hot, 1)
	}
	assert.EqualValues(t, 255, s.Frequency(hot))

	s.Tick(5 * minute)
	assert.EqualValues(t, 251, s.Frequency(hot), "one less for each of four minutes")
	assert.EqualValues(t, 2, s.Frequency(st))
	assert.EqualValues(t, 4*minute, s.Idle(st, 5*minute))
	st = s.Update(st, 1, 10)
	assert.EqualValues(t, 3, s.Frequency(st))
	assert.Zero(t, s.Idle(st, 5*minute))
	s.Configure(Config{Kind: AllKeysLFU, LFULogFactor: 0, LFUDecayMinutes: 0})
	s.Tick(500 * minute)
	assert.EqualValues(t, 3, s.Frequency(st), "decay time 0 never decays")
	for range 9 {
		st = s.Touch(st, 1)
	}
	assert.EqualValues(t, 12, s.Frequency(st), "factor 0 counts each access")
}

func TestDensityOrder(t *testing.T) {
	for _, k := range []Kind{AllKeysDensity, AllKeysDensityBytes} {
		s := newShard(k)
		fill(s, 1000)
		a := s.Insert(1, 10)
		b := s.Touch(s.Insert(2, 10), 2)
		assert.Greater(t, s.Score(a, 100, 0, 1), s.Score(b, 100, 0, 1), "one-hit items first")
		if k == AllKeysDensity {
			assert.Greater(t, s.Score(a, 200, 0, 1), s.Score(a, 100, 0, 1), "large ones first")
			assert.Greater(t, s.Score(b, 400, 0, 1), s.Score(a, 100, 0, 1), "by bytes for each hit")
			assert.NotZero(t, s.Score(b, 1<<40, 0, 1))
			assert.NotZero(t, s.Score(b, 0, 0, 1))
		} else {
			assert.Equal(t, s.Score(a, 200, 0, 1), s.Score(a, 100, 0, 1))
		}
		before := s.Score(b, 100, 0, 1)
		turn(s, 1000, 4)
		assert.Greater(t, s.Score(b, 100, 0, 1), before, "idle ones first")
	}
}

func TestDensityCounts(t *testing.T) {
	s := newShard(AllKeysDensity)
	fill(s, 1000)
	for _, n := range []int{1, 2, 4, 10, 30, 100, 200} {
		st := s.Insert(1, 10)
		for range n - 1 {
			st = s.Touch(st, 1)
		}
		assert.InEpsilon(t, n, int(s.Frequency(st)), 0.15)
	}
	st := s.Insert(1, 10)
	for range 100_000 {
		st = s.Touch(st, 1)
	}
	assert.InDelta(t, 250, int(s.Frequency(st)), 10, "the counter stays full")
	// After 16 turnovers half is left, and one access keeps the rest.
	turn(s, 1000, halfLife)
	assert.InDelta(t, 125, int(s.Frequency(st)), 20)
	st = s.Touch(st, 1)
	assert.InDelta(t, 126, int(s.Frequency(st)), 20)
}

func TestGhostGivesWeightBack(t *testing.T) {
	s := newShard(AllKeysDensity)
	fill(s, 1000)
	st := s.Insert(7, 10)
	for range 9 {
		st = s.Touch(st, 7)
	}
	s.Evicted(7, st, 10)
	back := s.Insert(7, 10)
	assert.InDelta(t, 11, int(s.Frequency(back)), 3)
	again := s.Insert(7, 10)
	assert.EqualValues(t, 1, s.Frequency(again), "a ghost is taken once")
	assert.Positive(t, s.Resident())
	r := s.Resident()
	s.Reset()
	assert.Less(t, s.Resident(), r)
	assert.Zero(t, s.Items())
}

func TestGhostFollowsItems(t *testing.T) {
	var out, most int
	c := Config{Kind: AllKeysDensity, Seed: 1,
		Alloc: func(n int) []byte { out += n; most = max(most, out); return make([]byte, n) },
		Free:  func(b []byte) { out -= len(b) }}
	s := New(c)
	const n = 50_000
	fill(s, n)
	assert.Zero(t, out, "nothing before the first eviction")
	turn(s, n, 1)
	assert.InDelta(t, n, out, 2*GhostChunk, "a byte an item")
	for range n * 9 / 10 {
		s.Removed()
	}
	turn(s, n, 0.1)
	assert.LessOrEqual(t, out, n/5)
	s.Close()
	assert.Zero(t, out)

	c.Alloc = func(int) []byte { return nil }
	s = New(c)
	fill(s, 100)
	turn(s, 100, 2)
	assert.Zero(t, s.ghost.bytes(), "it does without when there is no memory")
	s.Configure(Config{Kind: AllKeysLRU})
	assert.Zero(t, s.Resident())
}

// A chunk that is added keeps what older chunks know.
func TestGhostGrowthKeepsKeys(t *testing.T) {
	var g ghost
	c := &Config{}
	g.fit(1, c)
	r := uint64(1)
	next := func() uint64 {
		r ^= r << 13
		r ^= r >> 7
		r ^= r << 17
		return r
	}
	for range 40 {
		h := next()
		g.put(h, 3*octave, 1000)
		for n := len(g.chunks); n == len(g.chunks); {
			g.grow(c)
		}
		w, ok := g.take(h)
		require.True(t, ok, "%d chunks", len(g.chunks))
		assert.EqualValues(t, 3*octave, w)
	}
}

func TestGhostForgetsTheLightest(t *testing.T) {
	var g ghost
	g.fit(1, &Config{})
	at := func(i int) uint64 { return uint64(i+1) << 48 } // one bucket, other tags
	for i := range 9 {
		g.put(at(i), int32(9-i)*octave/2, 1000)
	}
	_, ok := g.take(at(7))
	assert.False(t, ok)
	w, ok := g.take(at(0))
	assert.True(t, ok)
	assert.EqualValues(t, 9*octave/2, w)
	for range 4 * ghostAgeing { // evictions of one item each: 4 steps of a quarter octave
		g.put(at(100), -octave, 1)
	}
	w, _ = g.take(at(1))
	assert.EqualValues(t, 3*octave, w)
}

func TestStateStaysIn24Bits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Config{Kind: NoEviction, Seed: rapid.Uint64().Draw(t, "seed")})
		st, now := State(0), int64(minute)
		for range 200 {
			h := rapid.Uint64().Draw(t, "hash")
			switch rapid.IntRange(0, 8).Draw(t, "op") {
			case 0:
				st = s.Insert(h, 10)
			case 1, 2:
				st = s.Touch(st, h)
			case 3:
				st = s.Update(st, h, 10)
			case 4:
				s.Evicted(h, st, 10)
			case 5:
				now += rapid.Int64Range(0, 1<<32).Draw(t, "ms")
				s.Tick(now)
			case 6:
				s.Configure(Config{Kind: Kind(rapid.IntRange(0, 9).Draw(t, "kind")), LFUDecayMinutes: 1})
			case 7:
				turn(s, 10, 3)
			case 8:
				s.Removed()
			}
			if st&^StateMask != 0 || s.Items() < 0 {
				t.Fatalf("state %x, items %d", st, s.Items())
			}
			score := s.Score(st, 100, now+1, now)
			if (score == 0) != (s.Kind() == NoEviction) {
				t.Fatalf("score %d under %s", score, names[s.Kind()])
			}
			if i := s.Idle(st, now); i < 0 || i > max(now, 65536*minute) {
				t.Fatalf("idle %d at %d", i, now)
			}
			s.Frequency(st)
		}
	})
}

func TestHotCallsDoNotAllocate(t *testing.T) {
	for k := NoEviction; k <= AllKeysDensityBytes; k++ {
		s, states := benchShard(k)
		turn(s, len(states), 1)
		i := 0
		n := testing.AllocsPerRun(1000, func() {
			st := &states[i%len(states)]
			i++
			*st = s.Touch(*st, uint64(i))
			*st = s.Update(*st, uint64(i), 10)
			sink += s.Score(*st, 100, 5, 1)
			s.Evicted(uint64(i), *st, 10)
			*st = s.Insert(uint64(i), 10)
			s.Tick(int64(i) * 100)
		})
		assert.Zero(t, n, names[k])
	}
}
