package resp

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkReply writes a batch of 32 replies of one kind.
func BenchmarkReply(b *testing.B) {
	short, long := bytes.Repeat([]byte{'v'}, 64), bytes.Repeat([]byte{'v'}, 4096)
	for _, kind := range []struct {
		name  string
		write func(*Writer)
	}{
		{"ok", (*Writer).OK},
		{"int", func(w *Writer) { w.Int(1234567) }},
		{"null", (*Writer).Null},
		{"bulk64", func(w *Writer) { w.Bulk(short) }},
		{"bulk4096", func(w *Writer) { w.Bulk(long) }},
		{"double", func(w *Writer) { w.Double(3.14159) }},
		{"array3", func(w *Writer) {
			w.Array(3)
			for range 3 {
				w.Bulk(short[:8])
			}
		}},
	} {
		for _, proto := range []int{2, 3} {
			b.Run(fmt.Sprintf("%s/resp%d", kind.name, proto), func(b *testing.B) {
				w := Writer{B: make([]byte, 0, 32*5000), Proto: proto}
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					if n%32 == 0 {
						w.B = w.B[:0]
					}
					kind.write(&w)
				}
			})
		}
	}
}
