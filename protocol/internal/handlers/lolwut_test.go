package handlers

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// A wall is a rectangle in which no joint stands on another.
func TestWallStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(minStone+2, 120).Draw(t, "width")
		courses := rapid.IntRange(1, 12).Draw(t, "courses")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		wall := drawWall(random, width, courses)
		assert.NotContains(t, wall, "┼")
		lines := strings.Split(strings.TrimSuffix(wall, "\n"), "\n")
		assert.Len(t, lines, 2*courses+1)
		for _, line := range lines {
			assert.Equal(t, width, utf8.RuneCountInString(line))
		}
	})
}
