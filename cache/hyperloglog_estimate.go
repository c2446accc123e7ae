package cache

import "math"

// cardinality estimates how many elements were added, after Otmar Ertl, "New
// cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284),
// in the steps that redis-server takes, so that the last digit is the same. The
// conversions keep the compiler from fusing a multiplication with an addition.
func (h *histogram) cardinality() uint64 {
	const (
		m        = float64(hllRegisters)
		alphaInf = 0.721347520444481703680 // 0.5 / ln 2
	)
	z := m * hllTau((m-float64(h[hllRunBits+1]))/m)
	for j := hllRunBits; j >= 1; j-- {
		z += float64(h[j])
		z *= 0.5
	}
	z += float64(m * hllSigma(float64(h[0])/m))
	estimate := math.Round(alphaInf * m * m / z)
	if estimate >= 1<<63 {
		return 1 << 63 // no register but impossible ones: what C's llround gives for infinity
	}
	return uint64(estimate)
}

// hllTau is the sum τ of the paper, for registers that are full.
func hllTau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for before := math.NaN(); before != z; {
		x = math.Sqrt(x)
		before = z
		y *= 0.5
		z -= float64(float64((1-x)*(1-x)) * y)
	}
	return z / 3
}

// hllSigma is the sum σ of the paper, for registers that are empty.
func hllSigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for before := math.NaN(); before != z; {
		x *= x
		before = z
		z += float64(x * y)
		y += y
	}
	return z
}
