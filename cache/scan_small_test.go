package cache

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestScanOfFewKeys: the keys of a small database come at once, in however many shards
// they are.
func TestScanOfFewKeys(t *testing.T) {
	c := open(t, Options{NoBackground: true, Shards: 64}, nil)
	for i := range 9 {
		assert.NoError(t, c.Set([]byte("key"+strconv.Itoa(i)), []byte("v"), 0))
		found := 0
		assert.Zero(t, c.Scan(0, 0, ScanOptions{}, func([]byte, Type) { found++ }))
		assert.Equal(t, i+1, found)
	}
}
