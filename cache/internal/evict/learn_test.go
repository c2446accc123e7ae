package evict

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLogTables(t *testing.T) {
	for _, n := range []uint32{1, 2, 3, 63, 64, 65, 1000, 1 << 20, 1<<32 - 1} {
		assert.InDelta(t, octave*math.Log2(float64(n)), log2(n), 4, n)
	}
	for y := int32(-20 * octave); y < 12*octave; y += 7 {
		assert.InDelta(t, octave*math.Log2(math.Exp2(float64(y)/octave)+1), plusOne(y), 5, y)
	}
}

// The age of an idle time and the bounds in ageTable must be the same scale.
func TestAgesMatchTheirTable(t *testing.T) {
	s := New(Config{Kind: AllKeysDensity})
	bound := 0.0
	for a := range ages - 1 {
		e := ageTable[a]
		assert.InDelta(t, bound, e.mid-e.width/2, 1e-9)
		bound += e.width
		ticks := uint32(math.Round(e.mid * ticksPerTurnover))
		if ticks >= 1<<16 {
			break
		}
		if got := cellOf(0, uint64(ticks)*uint64(s.rate)) % ages; e.width*ticksPerTurnover > 4 {
			assert.EqualValues(t, a, got)
		}
	}
	for st := range State(256) {
		for _, aged := range []uint64{0, 1 << 20, 65535 * rateOne} {
			assert.Less(t, cellOf(st, aged), uint32(cells))
		}
	}
	assert.EqualValues(t, 15*ages, cellOf(StateMask, 0))
}

func TestGainWithoutExperienceIsTheFormula(t *testing.T) {
	l := newLearner()
	for c := range uint32(classes) {
		l.revise(c)
	}
	for _, g := range l.gain {
		assert.Zero(t, g)
	}
}

// Where hits come only at one age, items are worth more the nearer they are to
// it, and nothing once they are past.
func TestGainLooksAhead(t *testing.T) {
	l := newLearner()
	const class, hit = 2, 12
	for a := range ages {
		l.gone[class*ages+a] = 1000
	}
	l.hits[class*ages+hit] = 100_000
	l.revise(class)
	value := func(a int) float64 {
		return math.Log2(ageTable[a].prior) + float64(l.gain[class*ages+a])/octave
	}
	for a := range hit {
		assert.Greater(t, value(a+1), value(a), a)
	}
	assert.Less(t, value(hit+1), value(0))
	assert.Equal(t, uint32(100_000*keep>>8), l.hits[class*ages+hit], "old counts fade")
}

func TestShardLearns(t *testing.T) {
	s := New(Config{Kind: AllKeysDensity})
	fill(s, 5000)
	hot := s.Touch(s.Insert(1, 10), 1)
	hot &^= weightMask // light, but of those that were hit
	cold := hot &^ hitBit
	assert.Equal(t, s.Score(hot, 10, 0, 1), s.Score(cold, 10, 0, 1))
	for range 20 { // light items with the bit are hit, those without are not
		for range 1000 {
			s.Touch(hot, 1)
			s.Evicted(2, cold, 10)
			s.Insert(3, 10)
		}
		hot, cold = s.stamp16()|hitBit, s.stamp16()
	}
	assert.Greater(t, s.Score(cold, 10, 0, 1), s.Score(hot, 10, 0, 1))
}
