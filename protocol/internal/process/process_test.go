package process

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIdentity(t *testing.T) {
	a, b := New("1.2.3"), New("1.2.3")
	assert.Equal(t, "1.2.3", a.Version)
	assert.Regexp(t, "^[0-9a-f]{40}$", a.RunID)
	first := a.ReplID()
	assert.Regexp(t, "^[0-9a-f]{40}$", first)
	a.NewReplID()
	assert.NotEqual(t, first, a.ReplID())
	assert.NotEqual(t, a.RunID, b.RunID)
	assert.NotEqual(t, a.RunID, a.ReplID())
	assert.GreaterOrEqual(t, a.Uptime(), int64(0))
}

func TestMemory(t *testing.T) {
	total, heap := GoMemory()
	assert.Positive(t, heap)
	assert.Greater(t, total, heap)
	if runtime.GOOS == "linux" {
		assert.Greater(t, ResidentSize(), int64(os.Getpagesize()))
	}
}

func TestUsage(t *testing.T) {
	system, user, _, _ := CPU()
	assert.GreaterOrEqual(t, system+user, 0.0)
	assert.NotEmpty(t, System())
	assert.NotEmpty(t, Multiplexing)
}
