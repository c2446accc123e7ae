package resp

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestBulk writes strings of every length, with and without room for them.
func TestBulk(t *testing.T) {
	for n := range 300 {
		b := bytes.Repeat([]byte("x"), n)
		want := fmt.Sprintf("+OK\r\n$%d\r\n%s\r\n", n, b)
		for room := range 12 {
			w := Writer{B: make([]byte, 0, 5+n+room)}
			w.OK()
			w.Bulk(b)
			assert.Equal(t, want, string(w.B))
		}
	}
}
