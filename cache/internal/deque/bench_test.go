package deque

import (
	"fmt"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
)

// benchList has elements of 10 bytes.
func benchList(b *testing.B, n int) List {
	l := New(nodestest.New(b).Store)
	for i := range n {
		l.Push(fmt.Appendf(nil, "%010d", i), false)
	}
	return l
}

func benchSizes(b *testing.B, f func(b *testing.B, l *List)) {
	for _, n := range []int{100, 1000, 100_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := benchList(b, n)
			b.ResetTimer()
			f(b, &l)
		})
	}
}

func BenchmarkPush(b *testing.B) {
	for _, front := range []bool{true, false} {
		b.Run(fmt.Sprintf("front=%v", front), func(b *testing.B) {
			l, e := benchList(b, 1000), []byte("0123456789")
			for b.Loop() {
				l.Push(e, front)
			}
		})
	}
}

// BenchmarkQueue pushes at the back and pops at the front.
func BenchmarkQueue(b *testing.B) {
	benchSizes(b, func(b *testing.B, l *List) {
		e, sum := []byte("0123456789"), 0
		for b.Loop() {
			l.Push(e, false)
			l.Pop(1, true, func(_, _ int, e []byte) { sum += len(e) })
		}
	})
}

func BenchmarkIndexMiddle(b *testing.B) {
	benchSizes(b, func(b *testing.B, l *List) {
		at := l.Len() / 2
		for i := 0; b.Loop(); i = (i*5 + 1) % 1024 {
			c := l.At(min(at+i-512, l.Len()-1) & (1<<62 - 1) % l.Len())
			c.Next()
		}
	})
}

func BenchmarkInsertMiddle(b *testing.B) {
	benchSizes(b, func(b *testing.B, l *List) {
		e := []byte("0123456789")
		for b.Loop() {
			l.Insert(l.Len()/2, e)
		}
	})
}

// BenchmarkRange reads 600 elements.
func BenchmarkRange(b *testing.B) {
	l := benchList(b, 100_000)
	sum := 0
	for b.Loop() {
		c := l.At(50_000)
		for range 600 {
			e, _ := c.Next()
			sum += len(e)
		}
	}
}

// BenchmarkRemove looks through 10,000 elements for one that is not there.
func BenchmarkRemove(b *testing.B) {
	l := benchList(b, 10_000)
	e := []byte("0123456xxx")
	for b.Loop() {
		l.Remove(e, 1, true)
	}
}
