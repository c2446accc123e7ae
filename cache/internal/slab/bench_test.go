package slab

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func benchHeap(b *testing.B) *Heap {
	h, err := New(1<<30, &(&bound{}).account, &bound{limit: math.MaxInt64})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = h.Close() })
	return h
}

// BenchmarkAllocFree frees a random block of many and allocates one as large.
func BenchmarkAllocFree(b *testing.B) {
	for _, size := range []int{32, 100, 1000, 20_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			h := benchHeap(b)
			refs := make([]Ref, 4096)
			alloc := func(i int) {
				r, err := h.Alloc(size)
				if err != nil {
					b.Fatal(err)
				}
				*(*byte)(h.At(r)) = 1 // as long as it lives
				refs[i] = r
			}
			for i := range refs {
				alloc(i)
			}
			r := rand.New(rand.NewPCG(1, 1))
			for b.Loop() {
				i := r.IntN(len(refs))
				h.Free(refs[i])
				alloc(i)
			}
		})
	}
}

// BenchmarkMixedSizes is AllocFree with a size drawn anew each time, so that pages of
// many classes come and go.
func BenchmarkMixedSizes(b *testing.B) {
	h := benchHeap(b)
	r := rand.New(rand.NewPCG(1, 1))
	refs := make([]Ref, 16384)
	for i := 0; b.Loop(); i++ {
		at := r.IntN(len(refs))
		if refs[at] != 0 {
			h.Free(refs[at])
		}
		ref, err := h.Alloc(16 + r.IntN(1000))
		if err != nil {
			b.Fatal(err)
		}
		*(*byte)(h.At(ref)) = 1
		refs[at] = ref
	}
}

func BenchmarkCapacity(b *testing.B) {
	h := benchHeap(b)
	r, err := h.Alloc(100)
	if err != nil {
		b.Fatal(err)
	}
	sum := 0
	for b.Loop() {
		sum += h.Capacity(r)
	}
}
