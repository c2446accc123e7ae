// Package dist draws the random numbers of a benchmark: keys whose popularity
// follows Zipf's law, sizes that are log-normal, and a hash that turns the number
// of a key into anything else that must stay the same for that key.
//
// Every draw comes from a seed, so a run can be repeated request by request.
// Distributions hold no generator of their own: what draws passes one in, and
// two goroutines with a generator each may share a distribution. Each is tested
// against its formula.
//
// # What is here
//
//	Zipf         P(rank k of n) = k^-s / H(n,s), H(n,s) the sum of i^-s: popularity
//	Permutation  a bijection that scatters ranks over the keys
//	Fixed        one size
//	Between      P(size) = 1 / (High-Low+1)
//	LogNormal    exp(mu + sigma z) with z normal: mean exp(mu + sigma²/2)
//	Mix          one of several, all alike likely
//	Weighted     one of several, each with its weight: bimodal, or a histogram
//
// Zipf's law is what popularity of keys in caches is found to follow, with exponents
// from 0.6 to above 1.5 (Breslau and others, "Web caching and Zipf-like distributions",
// INFOCOM 1999; Yang and others, "A large scale analysis of hundreds of in-memory cache
// clusters at Twitter", OSDI 2020). Sizes of values are about log-normal or have a few
// peaks (Atikoglu and others, "Workload analysis of a large-scale key-value store",
// SIGMETRICS 2012).
package dist

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// New is a generator for a seed. Streams of one seed are independent of each
// other: give each goroutine its own.
func New(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, Hash(stream))) }

// Hash mixes the bits of n so that each bit of the result depends on all of
// them (the finaliser of splitmix64). It is a bijection.
func Hash(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// Unit maps a hash to [0, 1).
func Unit(hash uint64) float64 { return float64(hash>>11) / (1 << 53) }

// Sizes gives sizes in bytes, the same one for the same number each time, so that
// nobody has to remember them.
type Sizes interface {
	// Of is the size that belongs to n.
	Of(n uint64) int
	// Max is a bound on what Of returns.
	Max() int
}

// Fixed is one size for all.
type Fixed int

// Of is the size.
func (f Fixed) Of(uint64) int { return int(f) }

// Max is the size.
func (f Fixed) Max() int { return int(f) }

// Between is uniform from Low to High, both included.
type Between struct{ Low, High int }

// Of is the size that belongs to n.
func (b Between) Of(n uint64) int {
	return b.Low + int(Unit(Hash(n))*float64(b.High-b.Low+1))
}

// Max is High.
func (b Between) Max() int { return b.High }

// LogNormal has a logarithm that is normal with deviation Sigma, and this Mean (not
// median). Results are rounded down and bounded by Cap, which should be far
// enough out for the mean to hold; 0 stands for 1 MiB.
type LogNormal struct {
	Mean, Sigma float64
	Cap         int
}

// Of is the size that belongs to n.
func (l LogNormal) Of(n uint64) int {
	// Box and Muller: two uniform numbers give a normal one.
	h := Hash(n)
	u1, u2 := 1-Unit(h), Unit(Hash(h))
	z := math.Sqrt(-2*math.Log(u1)) * math.Cos(2*math.Pi*u2)
	// The mean of exp(mu + sigma z) is exp(mu + sigma²/2).
	return min(int(l.Mean*math.Exp(l.Sigma*z-l.Sigma*l.Sigma/2)), l.Max())
}

// Max is the bound.
func (l LogNormal) Max() int {
	if l.Cap == 0 {
		return 1 << 20
	}
	return l.Cap
}

// Mix takes a number's size from one of several distributions, all alike likely.
type Mix []Sizes

// Of is the size that belongs to n.
func (m Mix) Of(n uint64) int {
	h := Hash(n)
	return m[h%uint64(len(m))].Of(h)
}

// Max is the largest of the bounds.
func (m Mix) Max() int {
	most := 0
	for _, s := range m {
		most = max(most, s.Max())
	}
	return most
}

// String names the distribution, as reports do.
func (f Fixed) String() string { return fmt.Sprintf("%d", int(f)) }

// String names the distribution.
func (b Between) String() string { return fmt.Sprintf("%d–%d", b.Low, b.High) }

// String names the distribution.
func (l LogNormal) String() string { return fmt.Sprintf("lognormal mean %.0f", l.Mean) }
