package evict

import "math"

// A learner knows how often items were hit, for their weight and idle time.
const (
	ages    = 32
	classes = 16 // hit bit and octave of weight
	cells   = classes * ages

	trust     = 16.0 // item-turnovers of experience that the formula counts for
	keep      = 230  // 256ths of the counts that stay at each revision
	revisions = 2    // of each class in a turnover
	minStep   = 256  // shards with fewer items are revised as if they had these
)

type learner struct {
	hits, gone [cells]uint32
	gain       [cells]int16 // 256ths of an octave on top of the weight
	next       uint32       // class to revise next
	inserts    int
}

func newLearner() *learner { return new(learner) }

func (l *learner) bytes() int {
	if l == nil {
		return 0
	}
	return cells*(4+4+2) + 16
}

// ageTable has, for each age, its middle and width in turnovers.
var ageTable = func() (t [ages]struct{ mid, width, prior float64 }) {
	bound := func(a int) float64 { // on the scale of ageOf: 1, 1.5, 2, 3, 4, 6, ...
		return (math.Exp2(float64(a/2))*(1+float64(a%2)/2) - 1) / 32
	}
	for a := range t {
		lo, hi := bound(a), bound(a+1)
		t[a].mid, t[a].width = (lo+hi)/2, hi-lo
		t[a].prior = math.Ln2 / halfLife * math.Exp2(-t[a].mid/halfLife)
	}
	return t
}()

// learnStep revises a class from time to time.
func (s *Shard) learnStep() {
	l := s.learn
	if l.inserts++; l.inserts*classes*revisions < max(s.items, minStep) {
		return
	}
	l.inserts = 0
	l.revise(l.next)
	l.next = (l.next + 1) % classes
}

// revise works out a class anew.
func (l *learner) revise(class uint32) {
	n := math.Exp2(float64(class&7) + 0.5)
	hits, gone := l.hits[class*ages:][:ages], l.gone[class*ages:][:ages]
	gain := l.gain[class*ages:][:ages]
	var h, t [ages]float64
	later := 0.0
	for a := ages - 1; a >= 0; a-- {
		ended := float64(hits[a] + gone[a])
		h[a] = float64(hits[a]) + trust*n*ageTable[a].prior
		t[a] = trust + (later+ended/2)*ageTable[a].width
		later += ended
		hits[a] = hits[a] * keep >> 8
		gone[a] = gone[a] * keep >> 8
	}
	for a := range ages {
		best, sh, st := 0.0, 0.0, 0.0
		for x := a; x < ages; x++ {
			sh += h[x]
			st += t[x]
			best = max(best, sh/st)
		}
		g := octave * math.Log2(best/(n*ageTable[a].prior))
		gain[a] = int16(max(-32000, min(g, 32000)))
	}
}
