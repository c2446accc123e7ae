package item

import (
	"bytes"
	"testing"
	"unsafe"
)

// shapes are an item as most are, one with an expiry, and one with a long value.
var shapes = []struct {
	name   string
	valLen int
	at     int64
}{{"64", 64, 0}, {"64-expires", 64, epoch + 5}, {"1000", 1000, 0}}

func benchItem(valLen int, at int64) (p unsafe.Pointer, key, value []byte) {
	key, value = []byte("key:000000000001"), bytes.Repeat([]byte{'v'}, valLen)
	block := make([]uint64, SizeOf(len(key), valLen, at)/8+4)
	p = unsafe.Pointer(&block[0])
	Write(p, String, 1, key, value, at)
	return p, key, value
}

func BenchmarkMatch(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			p, key, _ := benchItem(shape.valLen, shape.at)
			var it Item
			n := 0
			for b.Loop() {
				if !Match(&it, p, key) {
					b.Fatal("not found")
				}
				n += len(it.Value())
			}
		})
	}
}

func BenchmarkGlance(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			p, key, _ := benchItem(shape.valLen, shape.at)
			n := 0
			for b.Loop() {
				var v View
				if Glance(&v, p, 1<<20, key) != Same {
					b.Fatal("not found")
				}
				n += len(v.Value())
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			p, key, value := benchItem(shape.valLen, shape.at)
			for b.Loop() {
				Write(p, String, 1, key, value, shape.at)
			}
		})
	}
}
