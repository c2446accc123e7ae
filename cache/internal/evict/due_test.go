package evict

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// As many accesses, recorded as Due says, lead to about the same state as if each were.
func TestDueIsUnbiased(t *testing.T) {
	for _, k := range []Kind{AllKeysLFU, AllKeysDensity} {
		for _, n := range []int{3, 30, 300, 2000} {
			each, due, rounds := 0, 0, 200
			s, _ := benchShard(k)
			s.Tick(1_700_000_000_000)
			draw := uint64(0)
			for range rounds {
				a, b := s.Insert(1, 100), s.Insert(2, 100)
				for range n {
					a = s.Touch(a, 1)
					draw++
					if w := s.Due(b, draw); w != 0 {
						b = s.TouchFor(b, 2, w)
					}
				}
				each, due = each+int(a&127), due+int(b&127)
			}
			assert.InEpsilon(t, float64(each)/float64(rounds), float64(due)/float64(rounds), 0.08, "%v, %d accesses", k, n)
		}
	}
}

// What is due is what tells something: a stamp that is old, whatever the weight.
func TestDueWhereIdle(t *testing.T) {
	for _, k := range []Kind{NoEviction, AllKeysLRU, VolatileTTL, AllKeysLFU, AllKeysDensity} {
		s, _ := benchShard(k)
		s.Tick(1_700_000_000_000)
		st := s.Insert(1, 100)
		for range 5000 {
			st = s.Touch(st, 1)
		}
		often := func() (n int) {
			for draw := range uint64(1000) {
				if s.Due(st, draw) != 0 {
					n++
				}
			}
			return n
		}
		assert.Less(t, often(), 300, "%v: used a moment ago", k)
		for i := range 3 {
			s.Tick(1_700_000_000_000 + int64(i+1)*61_000)
		}
		assert.Equal(t, 1000, often(), "%v: idle for minutes", k)
		assert.EqualValues(t, 1, s.Due(st, 7))
	}
}

// A policy that was changed leaves no reader with what it knew of the old one.
func TestDueAfterConfigure(t *testing.T) {
	s, _ := benchShard(AllKeysLRU)
	st := s.Touch(0, 1)
	for _, k := range []Kind{AllKeysDensity, AllKeysLFU, AllKeysLRU} {
		s.Configure(Config{Kind: k, LFULogFactor: 10, LFUDecayMinutes: 1})
		if w := s.Due(st, 1); w != 0 {
			st = s.TouchFor(st, 1, w)
		}
		assert.LessOrEqual(t, st, StateMask)
	}
}
