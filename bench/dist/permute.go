package dist

import "math/bits"

// Permutation is a bijection of 0 to n-1 that looks random: with it the popular
// ranks of a distribution lie anywhere among the keys, and still each key has
// exactly one rank. (A hash modulo n, as YCSB scrambles, gives some keys two ranks
// and others none, so that what is drawn no longer follows the formula.)
//
// It takes no table. Numbers are mixed within the next power of two by steps each of
// which is a bijection there (a product with an odd number, a sum, and a shift
// combined by exclusive or), and mixed again as long as the result is n or more
// ("cycle walking": Black and Rogaway, "Ciphers with arbitrary finite domains",
// CT-RSA 2002); on average that takes fewer than two rounds.
type Permutation struct {
	n, mask  uint64
	shift    uint
	multiply [permuteSteps]uint64
	add      [permuteSteps]uint64
}

const permuteSteps = 3

// NewPermutation is the one of a seed; n must be at least 1.
func NewPermutation(n, seed uint64) *Permutation {
	if n < 1 {
		panic("dist: a permutation needs at least one number")
	}
	width := bits.Len64(n - 1)
	p := &Permutation{n: n, mask: 1<<width - 1, shift: uint(max((width+1)/2, 1))}
	for i := range p.multiply {
		h := Hash(seed + uint64(i)<<32)
		p.multiply[i], p.add[i] = h|1, Hash(h)
	}
	return p
}

// At is what i is mapped to; i must be below n.
func (p *Permutation) At(i uint64) uint64 {
	for {
		for step := range p.multiply {
			i = (i*p.multiply[step] + p.add[step]) & p.mask
			i ^= i >> p.shift
		}
		if i < p.n {
			return i
		}
	}
}
