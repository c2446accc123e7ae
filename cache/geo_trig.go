package cache

import "math"

// Distances are compared with Redis's digit by digit where they are stored, and C's
// sine, cosine and arc sine are correctly rounded all but always, while Go's are off by
// one in the last place now and then. So they are worked out here to some 75 bits, as a
// sum of two floats, and then rounded.

// double is an unevaluated sum, lo being less than half a unit in the last place of hi.
type double struct{ hi, lo float64 }

// exactSum adds two floats exactly.
func exactSum(a, b float64) double {
	s := a + b
	t := s - a
	return double{s, (a - (s - t)) + (b - t)}
}

func (x double) plus(y double) double {
	s := exactSum(x.hi, y.hi)
	return exactSum(s.hi, s.lo+(x.lo+y.lo))
}

func (x double) times(y double) double {
	p := x.hi * y.hi
	e := math.FMA(x.hi, y.hi, -p) + (float64(x.hi*y.lo) + float64(x.lo*y.hi))
	return exactSum(p, e)
}

// polynomial works out first + z·(… + z·rest), rest being precise enough as a float.
func polynomial(z double, rest float64, coefficients []double) double {
	r := double{float64(rest * z.hi), 0}
	for i := len(coefficients) - 1; i >= 0; i-- {
		r = coefficients[i].plus(r)
		if i > 0 {
			r = r.times(z)
		}
	}
	return r
}

// The first coefficients of the series, each with what its float lacks.
const (
	sixth  = 0x1.5555555555555p-3
	f120   = 0x1.1111111111111p-7
	f5040  = 0x1.a01a01a01a01ap-13
	f24    = 0x1.5555555555555p-5
	f720   = 0x1.6c16c16c16c17p-10
	f40320 = 0x1.a01a01a01a01ap-16

	halfPi1 = 0x1.921fb54442d18p+0 // π/2, in three parts
	halfPi2 = 0x1.1a62633145c07p-54
	halfPi3 = -0x1.f1976b7ed8fbcp-110
)

var (
	sineSeries = []double{
		{1, 0}, {-sixth, -(1.0/6 - sixth)}, {f120, 1.0/120 - f120}, {-f5040, -(1.0/5040 - f5040)},
	}
	cosineSeries = []double{
		{1, 0}, {-.5, 0}, {f24, 1.0/24 - f24}, {-f720, -(1.0/720 - f720)}, {f40320, 1.0/40320 - f40320},
	}
)

// The next coefficients, as far as they count.
var (
	sineTail = [...]float64{
		1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000,
		-1.0 / 121645100408832000, 1.0 / 51090942171709440000,
	}
	cosineTail = [...]float64{
		-1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000,
		-1.0 / 6402373705728000, 1.0 / 2432902008176640000,
	}
)

// series is the sine of r, or its cosine, of at most π/4.
func series(r double, cosine bool) double {
	z := r.times(r)
	if cosine {
		return polynomial(z, tail(z.hi, cosineTail[:]), cosineSeries)
	}
	return polynomial(z, tail(z.hi, sineTail[:]), sineSeries).times(r)
}

// tail works out the part of a series that needs no more than a float's precision.
func tail(z float64, coefficients []float64) float64 {
	r := 0.0
	for i := len(coefficients) - 1; i >= 0; i-- {
		r = coefficients[i] + r*z
	}
	return r
}

// maxReduced is up to where multiples of π/2 are told exactly enough by three parts.
const maxReduced = 1e5

// sineOf is the sine of x plus quarters right angles.
func sineOf(x float64, quarters int) double {
	k := math.Round(x / halfPi1)
	// k·halfPi1 is not exact, but what it lacks is.
	p := k * halfPi1
	r := exactSum(x, -p)
	r = r.plus(double{-math.FMA(k, halfPi1, -p), 0})
	p = k * halfPi2
	r = r.plus(double{-p, -math.FMA(k, halfPi2, -p)})
	r = r.plus(double{-k * halfPi3, 0})
	quadrant := int(k) + quarters
	s := series(r, quadrant&1 != 0)
	if quadrant&2 != 0 {
		return double{-s.hi, -s.lo}
	}
	return s
}

func sine(x float64) float64 {
	if !(math.Abs(x) < maxReduced) || x == 0 {
		return math.Sin(x)
	}
	s := sineOf(x, 0)
	return s.hi + s.lo
}

func cosine(x float64) float64 {
	if !(math.Abs(x) < maxReduced) {
		return math.Cos(x)
	}
	s := sineOf(x, 1)
	return s.hi + s.lo
}

// arcsine takes one step of Newton's method from Go's arc sine, which is almost right.
func arcsine(x float64) float64 {
	y := math.Asin(x)
	if x == 0 || !(math.Abs(x) < 1) {
		return y
	}
	s := sineOf(y, 0)
	d := exactSum(x, -s.hi)
	c := sineOf(y, 1)
	return y + (d.hi+(d.lo-s.lo))/c.hi
}
