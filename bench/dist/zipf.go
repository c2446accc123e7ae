package dist

import (
	"math"
	"math/rand/v2"
)

// Zipf draws ranks 0 to n-1 with probability proportional to 1/(rank+1)^s, for
// any exponent s above 0 (s = 1 included). It is exact and takes no table: the
// rejection-inversion method of Hörmann and Derflinger, "Rejection-inversion to
// generate variates from monotone discrete distributions" (ACM TOMACS 6, 1996).
//
// h(x) = x^-s is the density's hat and H its integral. A point below H is drawn
// and mapped back to x; the rank is x rounded, and it is taken unless the point
// lies in the sliver by which the hat exceeds the bar at that rank. At most
// one draw in about ten is rejected.
type Zipf struct {
	s         float64
	oneMinusS float64
	low, span float64 // H at the ends: a point is low + u * span
	n         float64
	accept    float64 // ranks nearer to x than this are always taken
}

// NewZipf is the distribution over n ranks; n must be at least 1 and s above 0.
func NewZipf(n uint64, s float64) *Zipf {
	if n < 1 || !(s > 0) {
		panic("dist: Zipf needs at least one rank and an exponent above 0")
	}
	z := &Zipf{s: s, oneMinusS: 1 - s}
	z.accept = 2 - z.inverse(z.integral(2.5)-z.density(2))
	z.Resize(n)
	return z
}

// Resize changes the number of ranks, at the cost of about one draw: where keys are
// added all the time, the distribution follows.
func (z *Zipf) Resize(n uint64) {
	z.n = float64(n)
	// The first bar's own hat would reach to infinity; it is cut at H(1.5) - 1.
	z.low = z.integral(z.n + 0.5)
	z.span = z.integral(1.5) - 1 - z.low
}

// Rank draws one, 0 being the most popular.
func (z *Zipf) Rank(r *rand.Rand) uint64 {
	for {
		u := z.low + r.Float64()*z.span
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), 1), z.n)
		if k-x <= z.accept || u >= z.integral(k+0.5)-z.density(k) {
			return uint64(k) - 1
		}
	}
}

// density is x^-s.
func (z *Zipf) density(x float64) float64 { return math.Exp(-z.s * math.Log(x)) }

// integral is H(x) = (x^(1-s) - 1) / (1-s), and log x for s = 1. Written with
// expm1, it keeps its digits where s is close to 1.
func (z *Zipf) integral(x float64) float64 {
	log := math.Log(x)
	return expm1Ratio(z.oneMinusS*log) * log
}

// inverse is the x with H(x) = y.
func (z *Zipf) inverse(y float64) float64 {
	// For s > 1, H is bounded; rounding must not push the argument below -1.
	t := max(y*z.oneMinusS, -1)
	return math.Exp(log1pRatio(t) * y)
}

// expm1Ratio is (e^x - 1) / x.
func expm1Ratio(x float64) float64 {
	if math.Abs(x) > 1e-8 {
		return math.Expm1(x) / x
	}
	return 1 + x/2*(1+x/3)
}

// log1pRatio is log(1+x) / x.
func log1pRatio(x float64) float64 {
	if math.Abs(x) > 1e-8 {
		return math.Log1p(x) / x
	}
	return 1 - x*(0.5-x/3)
}
