package dist

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// chiSquared is the statistic of counts against expected ones, with cells of
// fewer than ten expected joined to their neighbours.
func chiSquared(counts []int, expected []float64) (statistic float64, cells int) {
	count, want := 0.0, 0.0
	for i := range counts {
		count, want = count+float64(counts[i]), want+expected[i]
		if want >= 10 || i == len(counts)-1 && want > 0 {
			statistic += (count - want) * (count - want) / want
			cells++
			count, want = 0, 0
		}
	}
	return statistic, cells
}

// limit is about the 99.9 % quantile of chi-squared (Wilson and Hilferty).
func limit(freedom int) float64 {
	f := float64(freedom)
	t := 1 - 2/(9*f) + 3.09*math.Sqrt(2/(9*f))
	return f * t * t * t
}

func TestZipf(t *testing.T) {
	draws := 150_000
	if testing.Short() {
		draws = 30_000
	}
	for _, n := range []uint64{1, 2, 10, 1000} {
		for _, s := range []float64{0.2, 0.5, 0.8, 0.99, 1, 1 + 1e-9, 1.1, 2, 4} {
			t.Run(fmt.Sprintf("%d ranks, exponent %v", n, s), func(t *testing.T) {
				z, r := NewZipf(n, s), New(1, 7)
				counts := make([]int, n)
				for range draws {
					counts[z.Rank(r)]++
				}
				sum := 0.0
				expected := make([]float64, n)
				for i := range expected {
					expected[i] = math.Pow(float64(i+1), -s)
					sum += expected[i]
				}
				for i := range expected {
					expected[i] *= float64(draws) / sum
				}
				if statistic, cells := chiSquared(counts, expected); cells > 1 {
					assert.Less(t, statistic, limit(cells-1))
				}
			})
		}
	}
}

// The head's share of very many ranks is known without a table: 1/H(n,s).
func TestZipfManyRanks(t *testing.T) {
	n, draws := 5_000_000, 300_000
	if testing.Short() {
		n, draws = 500_000, 100_000
	}
	for _, s := range []float64{0.8, 0.99, 1.1} {
		z, r, head, last := NewZipf(uint64(n), s), New(2, 0), 0, uint64(0)
		for range draws {
			rank := z.Rank(r)
			last = max(last, rank)
			if rank < 10 {
				head++
			}
		}
		assert.Less(t, last, uint64(n))
		sum, first := 0.0, 0.0
		for i := 1; i <= n; i++ {
			sum += math.Pow(float64(i), -s)
			if i == 10 {
				first = sum
			}
		}
		p := first / sum
		assert.InDelta(t, p, float64(head)/float64(draws), 4*math.Sqrt(p*(1-p)/float64(draws)), "exponent %v", s)
	}
}

func TestZipfArguments(t *testing.T) {
	assert.Panics(t, func() { NewZipf(0, 1) })
	assert.Panics(t, func() { NewZipf(1, 0) })
	assert.Panics(t, func() { NewZipf(1, math.NaN()) })
}

func TestLogNormal(t *testing.T) {
	const n = 1_000_000
	l := LogNormal{Mean: 225, Sigma: 1}
	sum, logs, squares := 0.0, 0.0, 0.0
	for i := range uint64(n) {
		size := float64(l.Of(i)) + 0.5 // rounded down
		sum += size
		logs += math.Log(size)
		squares += math.Log(size) * math.Log(size)
	}
	deviation := math.Sqrt(squares/n - logs/n*logs/n)
	assert.InDelta(t, 225, sum/n, 4*225*math.Sqrt(math.E-1)/math.Sqrt(n))
	assert.InDelta(t, math.Log(225)-0.5, logs/n, 0.005)
	assert.InDelta(t, 1, deviation, 0.005)
	assert.Equal(t, 100, LogNormal{Mean: 1e6, Sigma: 0.1, Cap: 100}.Of(3))
}

func TestBetween(t *testing.T) {
	const n = 100_000
	b := Between{20, 29}
	counts, expected := make([]int, 10), make([]float64, 10)
	for i := range uint64(n) {
		counts[b.Of(i)-20]++
	}
	for i := range expected {
		expected[i] = n / 10
	}
	statistic, cells := chiSquared(counts, expected)
	assert.Less(t, statistic, limit(cells-1))
	assert.Equal(t, 29, b.Max())
}

func TestMix(t *testing.T) {
	m, seen := Mix{Fixed(8), Fixed(32), LogNormal{Mean: 1000, Cap: 2000}}, map[int]int{}
	for i := range uint64(3000) {
		seen[m.Of(i)]++
		assert.Equal(t, m.Of(i), m.Of(i), "the same number has the same size")
	}
	assert.Len(t, seen, 3)
	for size, count := range seen {
		assert.InDelta(t, 1000, count, 150, size)
	}
	assert.Equal(t, 2000, m.Max())
}

// What a seed gives is part of the benchmark: results of other days are compared.
func TestSeeds(t *testing.T) {
	draw := func(seed, stream uint64) (ranks [6]uint64) {
		z, r := NewZipf(1000, 0.99), New(seed, stream)
		for i := range ranks {
			ranks[i] = z.Rank(r)
		}
		return ranks
	}
	assert.Equal(t, draw(1, 0), draw(1, 0))
	assert.NotEqual(t, draw(1, 0), draw(2, 0))
	assert.NotEqual(t, draw(1, 0), draw(1, 1))
	assert.Equal(t, uint64(0xe220a8397b1dcdaf), Hash(0), "splitmix64's first number for the state 0")
}
