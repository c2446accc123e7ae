package cache

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// bigSine is the sine of x by its series, to 200 bits.
func bigSine(x *big.Float) *big.Float {
	sum, term := new(big.Float).Copy(x), new(big.Float).Copy(x)
	for i := int64(2); i < 80; i += 2 {
		term.Mul(term, x)
		term.Mul(term, x)
		term.Quo(term, big.NewFloat(float64(-i*(i+1))).SetPrec(300))
		sum.Add(sum, term)
	}
	return sum
}

func exact(x float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(x) }

// TestTrigonometry: the results are correctly rounded.
func TestTrigonometry(t *testing.T) {
	pi, _, _ := big.ParseFloat("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798", 10, 300, big.ToNearestEven)
	half := new(big.Float).Quo(pi, exact(2))
	random := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		x := (random.Float64() - .5) * 2 * math.Pi
		if random.IntN(4) == 0 {
			x *= math.Pow(10, -float64(random.IntN(12)))
		}
		want, _ := bigSine(exact(x)).Float64()
		assert.Equal(t, want, sine(x), "sin %v", x)
		want, _ = bigSine(new(big.Float).Add(half, exact(x))).Float64()
		assert.Equal(t, want, cosine(x), "cos %v", x)

		// y is right if x is between the sines of the numbers half way to its neighbours.
		x = math.Abs(math.Sin(x))
		y := arcsine(x)
		for _, to := range []float64{math.Inf(-1), math.Inf(1)} {
			edge := exact(y)
			edge.Add(edge, exact(math.Nextafter(y, to)))
			edge.Quo(edge, exact(2))
			assert.NotEqual(t, to > 0, exact(x).Cmp(bigSine(edge)) > 0, "asin %v", x)
		}
	}
	assert.Equal(t, math.Pi/2, arcsine(1))
	assert.Zero(t, arcsine(0))
	assert.Equal(t, 1.0, cosine(0))
	assert.True(t, math.IsNaN(arcsine(1.1)))
}
