package dist

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Each number is met exactly once, whatever the size and the seed.
func TestPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 3000).Draw(t, "n")
		p, seen := NewPermutation(n, rapid.Uint64().Draw(t, "seed")), make([]bool, n)
		for i := range n {
			at := p.At(i)
			require.Less(t, at, n)
			require.False(t, seen[at], "%d twice", at)
			seen[at] = true
		}
	})
	assert.Panics(t, func() { NewPermutation(0, 1) })
}

// Neighbours land anywhere: the places of the first few thousand of a million spread
// evenly over it, and the distances between neighbours too.
func TestPermutationScatters(t *testing.T) {
	const n, first, cells = 1_000_003, 20_000, 100
	for seed := range uint64(5) {
		p := NewPermutation(n, seed)
		places, steps, expected := make([]int, cells), make([]int, cells), make([]float64, cells)
		for i := range expected {
			expected[i] = first / cells
		}
		for i := range uint64(first) {
			at, next := p.At(i), p.At(i+1)
			places[at*cells/n]++
			steps[(at+n-next)%n*cells/n]++
		}
		statistic, _ := chiSquared(places, expected)
		assert.Less(t, statistic, limit(cells-1), "seed %d", seed)
		far := 0
		for _, count := range steps {
			if count > 0 {
				far++
			}
		}
		assert.Greater(t, far, cells/2, "seed %d: neighbours keep their distance", seed)
	}
	assert.NotEqual(t, NewPermutation(n, 1).At(0), NewPermutation(n, 2).At(0))
}

func TestWeighted(t *testing.T) {
	const draws = 200_000
	for _, weights := range [][]float64{{1}, {1, 1}, {9, 1}, {0, 3, 0, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1000}} {
		of, sum := make([]Sizes, len(weights)), 0.0
		for i, w := range weights {
			of[i] = Fixed(i)
			sum += w
		}
		w, err := NewWeighted(of, weights)
		require.NoError(t, err)
		counts, expected := make([]int, len(weights)), make([]float64, len(weights))
		for i := range uint64(draws) {
			counts[w.Of(i)]++
		}
		for i := range expected {
			expected[i] = draws * weights[i] / sum
			if weights[i] == 0 {
				assert.Zero(t, counts[i], "a weight of 0")
			}
		}
		if statistic, cells := chiSquared(counts, expected); cells > 1 {
			assert.Less(t, statistic, limit(cells-1), "%v", weights)
		}
		assert.Equal(t, len(weights)-1, w.Max())
	}
}

// The sizes of each kind are drawn by that kind's own law, not by what chose it.
func TestWeightedKinds(t *testing.T) {
	w, err := NewWeighted([]Sizes{Between{0, 9}, Between{100, 109}}, []float64{3, 1})
	require.NoError(t, err)
	const draws = 100_000
	counts, expected := make([]int, 20), make([]float64, 20)
	for i := range uint64(draws) {
		size := w.Of(i)
		counts[size%100+size/100*10]++
	}
	for i := range expected {
		expected[i] = draws * []float64{0.075, 0.025}[i/10]
	}
	statistic, cells := chiSquared(counts, expected)
	assert.Less(t, statistic, limit(cells-1))
	assert.Equal(t, "75% 0–9, 25% 100–109", w.String())
}

func TestWeightedMistakes(t *testing.T) {
	one := []Sizes{Fixed(1), Fixed(2)}
	for _, weights := range [][]float64{nil, {1}, {0, 0}, {1, -1}, {1, math.NaN()}, {1, math.Inf(1)}, {math.MaxFloat64, math.MaxFloat64}} {
		_, err := NewWeighted(one, weights)
		assert.Error(t, err, "%v", weights)
	}
}

// A distribution that was resized is the same as one made for that size.
func TestZipfResize(t *testing.T) {
	for _, s := range []float64{0.5, 0.99, 1, 1.5} {
		grown := NewZipf(10, s)
		grown.Resize(1000)
		assert.Equal(t, NewZipf(1000, s), grown)
	}
}
