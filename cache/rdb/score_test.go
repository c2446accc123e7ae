package rdb

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestParseScore: what strconv takes and C's strtod does not is no score.
func TestParseScore(t *testing.T) {
	for text, want := range map[string]float64{"1": 1, "-0.5": -0.5, "1e400": math.Inf(1), "-inf": math.Inf(-1)} {
		got, ok := parseScore([]byte(text))
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "1_000", "1_0e300", "1x", "0x_1p-2"} {
		_, ok := parseScore([]byte(text))
		assert.False(t, ok, text)
	}
}
