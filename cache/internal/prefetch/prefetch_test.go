package prefetch

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestAnywhere: no address is wrong, and nothing is changed.
func TestAnywhere(t *testing.T) {
	b := make([]byte, 4096)
	b[0], b[4095] = 1, 2
	for _, n := range []int{0, 1, 64, 65, 4096, 1 << 20} {
		Bytes(b, n)
		Bytes(b[1:], n)
	}
	Bytes(nil, 10)
	Lines(nil, 3)
	Lines(unsafe.Pointer(unsafe.SliceData(b)), 1<<10) // far beyond its end
	var q Queue
	q.Ask() // for nothing
	for range 2 {
		for i := range Room + 3 {
			q.Add(unsafe.Pointer(&b[i*60]), i%3)
			q.AddBytes(b[i:], i)
		}
		q.Ask()
	}
	require.Equal(t, byte(1), b[0])
	require.Equal(t, byte(2), b[4095])
}

func BenchmarkLines(b *testing.B) {
	buf := make([]byte, 4096)
	for b.Loop() {
		Bytes(buf, 128)
	}
}
