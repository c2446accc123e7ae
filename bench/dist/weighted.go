package dist

import (
	"fmt"
	"math"
	"strings"
)

// Weighted takes a number's size from one of several distributions, each with its
// weight: two make a bimodal distribution, many with one size each make a
// histogram. It is Walker's alias method in Vose's form ("A linear algorithm for
// generating random numbers with a given distribution", IEEE TSE 17, 1991): the
// k weights are cut and stacked to k columns of equal height with at most two kinds
// in each, so that a draw looks at one column, however many there are.
type Weighted struct {
	of    []Sizes
	share []float64
	keep  []float64 // the part of a column that belongs to its own kind
	other []int32   // what the rest of the column belongs to
	max   int
}

// NewWeighted makes one; weights need not add up to anything, but none may be
// negative or infinite, and their sum must be above 0.
func NewWeighted(of []Sizes, weights []float64) (*Weighted, error) {
	if len(of) == 0 || len(of) != len(weights) {
		return nil, fmt.Errorf("%d sizes and %d weights", len(of), len(weights))
	}
	sum := 0.0
	w := &Weighted{of: of, keep: make([]float64, len(of)), other: make([]int32, len(of))}
	for i, weight := range weights {
		if !(weight >= 0) || math.IsInf(weight, 1) {
			return nil, fmt.Errorf("%v is not a weight", weight)
		}
		sum += weight
		w.max = max(w.max, of[i].Max())
	}
	if !(sum > 0) || math.IsInf(sum, 1) {
		return nil, fmt.Errorf("the weights add up to %v", sum)
	}
	for _, weight := range weights {
		w.share = append(w.share, weight/sum)
	}
	w.stack()
	return w, nil
}

// stack cuts the weights into columns: each that is lower than the mean is filled up
// from one that is higher.
func (w *Weighted) stack() {
	var low, high []int32
	for i, share := range w.share {
		w.keep[i], w.other[i] = share*float64(len(w.share)), int32(i)
		if w.keep[i] < 1 {
			low = append(low, int32(i))
		} else {
			high = append(high, int32(i))
		}
	}
	for len(low) > 0 && len(high) > 0 {
		l, h := low[len(low)-1], high[len(high)-1]
		low = low[:len(low)-1]
		w.other[l] = h
		if w.keep[h] -= 1 - w.keep[l]; w.keep[h] < 1 {
			high, low = high[:len(high)-1], append(low, h)
		}
	}
	// What is left differs from 1 by rounding only.
	for _, i := range append(low, high...) {
		w.keep[i] = 1
	}
}

// Of is the size that belongs to n.
func (w *Weighted) Of(n uint64) int {
	h := Hash(n ^ weightedSalt)
	at, rest := math.Modf(Unit(h) * float64(len(w.of)))
	i := int(at)
	if rest >= w.keep[i] {
		i = int(w.other[i])
	}
	return w.of[i].Of(h)
}

// weightedSalt keeps what chooses a kind apart from what a kind does with its number.
const weightedSalt = 0x5eed

// Max is the largest of the bounds.
func (w *Weighted) Max() int { return w.max }

// String names the distribution; of many kinds only the number.
func (w *Weighted) String() string {
	if len(w.of) > 8 {
		return fmt.Sprintf("one of %d", len(w.of))
	}
	var kinds []string
	for i, of := range w.of {
		kinds = append(kinds, fmt.Sprintf("%.3g%% %v", 100*w.share[i], of))
	}
	return strings.Join(kinds, ", ")
}
