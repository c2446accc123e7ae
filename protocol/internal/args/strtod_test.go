package args

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStrtod(t *testing.T) {
	for text, want := range map[string]float64{
		"": 0, "5": 5, " 5": 5, "\t\n\v\f\r -1.5": -1.5, "5\x00junk": 5, "\x00": 0, "inf": math.Inf(1), "-Infinity": math.Inf(-1),
		"1e999": math.Inf(1), "-1e999": math.Inf(-1), "1e-999": 0, "0x10": 16, "+3": 3, "0x1p9999": math.Inf(1),
	} {
		f, ok := Strtod([]byte(text))
		assert.True(t, ok, "%q", text)
		assert.Equal(t, want, f, "%q", text)
	}
	for _, text := range []string{" ", "x", "5 ", "nan", "--1", "+-1", "1e", "(5", "-nan", "0x", "1_0"} {
		_, ok := Strtod([]byte(text))
		assert.False(t, ok, "%q", text)
	}
}
