package stripe

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCounter(t *testing.T) {
	var c Counter
	const each = 10_000
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			for range each {
				if i%2 == 0 {
					assert.NotZero(t, c.Hit())
				} else {
					c.Miss()
				}
			}
		})
	}
	work.Wait()
	hits, misses := c.Sums()
	assert.Equal(t, []uint64{4 * each, 4 * each}, []uint64{hits, misses})
	c.Reset()
	hits, misses = c.Sums()
	assert.Equal(t, []uint64{0, 0}, []uint64{hits, misses})
}

func BenchmarkHit(b *testing.B) {
	var c Counter
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			c.Hit()
		}
	})
}
