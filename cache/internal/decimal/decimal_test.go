package decimal

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 9, 10, math.MaxInt64, math.MinInt64, math.MaxInt32} {
		got, ok := Parse([]byte(strconv.FormatInt(n, 10)))
		assert.True(t, ok, n)
		assert.Equal(t, n, got)
	}
	for _, s := range []string{"", "-", "+1", "01", "-0", "00", " 1", "1 ", "1.0", "0x1", "9223372036854775808",
		"-9223372036854775809", "18446744073709551616", "99999999999999999999", "-99999999999999999999"} {
		_, ok := Parse([]byte(s))
		assert.False(t, ok, s)
	}
}

// TestParseTakesWhatIsPrinted, and nothing else.
func TestParseTakesWhatIsPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[-+ ]?[0-9]{0,20}`).Draw(t, "text")
		want, err := strconv.ParseInt(s, 10, 64)
		got, ok := Parse([]byte(s))
		canonical := err == nil && strconv.FormatInt(want, 10) == s
		if ok != canonical || ok && got != want {
			t.Fatalf("%q: %d, %t", s, got, ok)
		}
	})
}
