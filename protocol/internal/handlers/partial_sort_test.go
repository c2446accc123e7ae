package handlers

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPartialSort: what is in the range asked for is in place.
func TestPartialSort(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		list := make([]int, 1+random.IntN(1<<random.IntN(9)))
		for i := range list {
			list[i] = random.IntN(1 + random.IntN(2*len(list)))
		}
		want := slices.Clone(list)
		slices.Sort(want)
		low := random.IntN(len(list))
		high := low + random.IntN(len(list)-low)
		partialSort(list, cmp.Compare[int], low, high)
		assert.Equal(t, want[low:high+1], list[low:high+1])
		slices.Sort(list)
		assert.Equal(t, want, list)
	}
}
