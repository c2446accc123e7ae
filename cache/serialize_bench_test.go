package cache

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkDump and BenchmarkRestore are of values of a hundred and of a hundred
// thousand elements; the figure to look at is the time for each element.
func BenchmarkDump(b *testing.B) {
	serialised(b, func(b *testing.B, tx *Tx, n int) {
		var out []byte
		for b.Loop() {
			out, _ = tx.Dump(out[:0], []byte("a"), DumpPortable)
		}
		b.SetBytes(int64(len(out)))
	})
}

func BenchmarkRestore(b *testing.B) {
	serialised(b, func(b *testing.B, tx *Tx, n int) {
		payload, _ := tx.Dump(nil, []byte("a"), DumpPortable)
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			if err := tx.Restore([]byte("b"), payload, NoExpiry); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func serialised(b *testing.B, f func(b *testing.B, tx *Tx, n int)) {
	for _, n := range []int{100, 100_000} {
		r := &rig{now: 1_700_000_000_000}
		fillers := r.fillers(n, 20)
		for _, name := range []string{"list", "set", "zset", "hash", "stream"} {
			b.Run(fmt.Sprintf("%s of %d", name, n), func(b *testing.B) {
				c, err := New(Options{NoBackground: true, Clock: func() int64 { return r.now }, Shards: 1})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = c.Close() }()
				r.c = c
				r.do(func(tx *Tx) {
					fillers[name](tx, []byte("a"))
					started := time.Now()
					f(b, tx, n)
					b.ReportMetric(float64(time.Since(started).Nanoseconds())/float64(b.N)/float64(n), "ns/element")
				})
			})
		}
	}
}
