package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestUntil(t *testing.T) {
	defer Pinned()()
	soon := time.Now().Add(5 * time.Millisecond)
	late := Until(soon)
	assert.False(t, time.Now().Before(soon), "never early")
	assert.GreaterOrEqual(t, late, time.Duration(0))
	assert.GreaterOrEqual(t, Until(time.Now().Add(-time.Second)), time.Second, "the past is late already")
}

func TestEvery(t *testing.T) {
	e := Every{Start: time.Unix(100, 0), Rate: 4}
	assert.Equal(t, time.Unix(100, 0), e.At(0))
	assert.Equal(t, time.Unix(101, 250e6), e.At(5))
}
