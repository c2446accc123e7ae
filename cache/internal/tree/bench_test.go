package tree

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
)

// benchTree has leaves, of 100 elements each, which are no nodes.
func benchTree(b *testing.B, form Form, leaves int) Tree {
	t := New(nodestest.New(b).Store, form)
	t.Add(1<<30, 100, Key{})
	for i := 1; i < leaves; i++ {
		p := t.Last()
		t.InsertAfter(&p, 1<<30, 100, Key{Hi: uint64(i)})
	}
	return t
}

func benchSizes(b *testing.B, form Form, f func(b *testing.B, t *Tree, leaves int)) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			t := benchTree(b, form, n)
			b.ResetTimer()
			f(b, &t, n)
		})
	}
}

func BenchmarkSeekRank(b *testing.B) {
	benchSizes(b, Ranked, func(b *testing.B, t *Tree, n int) {
		for b.Loop() {
			t.SeekRank(new(Pos), rand.IntN(n*100))
		}
	})
}

func BenchmarkSeekKey(b *testing.B) {
	benchSizes(b, Keyed, func(b *testing.B, t *Tree, n int) {
		for b.Loop() {
			t.SeekKey(new(Pos), Key{Hi: uint64(rand.IntN(n))}, nil)
		}
	})
}

func BenchmarkRank(b *testing.B) {
	benchSizes(b, Keyed, func(b *testing.B, t *Tree, n int) {
		var p Pos
		t.SeekRank(&p, n*50)
		for b.Loop() {
			t.Rank(&p)
		}
	})
}

func BenchmarkChangedAtTheEnd(b *testing.B) {
	benchSizes(b, Ranked, func(b *testing.B, t *Tree, n int) {
		for b.Loop() {
			p := t.Last()
			t.Changed(&p, 1)
		}
	})
}

// BenchmarkInsertRemove adds a leaf in the middle and takes one at random.
func BenchmarkInsertRemove(b *testing.B) {
	benchSizes(b, Ranked, func(b *testing.B, t *Tree, n int) {
		for b.Loop() {
			var p Pos
			t.SeekRank(&p, t.Len()/2)
			t.InsertBefore(&p, nodes.Handle(1<<30), 100, Key{})
			t.SeekRank(&p, rand.IntN(t.Len()))
			t.Remove(&p)
		}
	})
}
