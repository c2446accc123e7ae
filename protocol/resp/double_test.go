package resp

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestDoubles holds the forms of redis-server 7.2 and later (d2string, fpconv_dtoa).
func TestDoubles(t *testing.T) {
	for want, f := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(),
		"1": 1, "-12": -12, "0.1": .1, "3.0000000000000004": 3.0000000000000004, "-1.5": -1.5,
		"9007199254740992": 1 << 53, "100000000000000000": 1e17, "4000000000000000000": 4e18, "5e+18": 5e18,
		"1e+20": 1e20, "123456789012345670000": 123456789012345670000, "1.5e+300": 1.5e300,
		"0.000001": 1e-6, "0.0000001": 1e-7, "1e-10": 1e-10, "0.0012345678901": 0.0012345678901, "0.000012345": 1.2345e-5,
		"17368.30295373515": 17368.30295373515, "123456.789": 123456.789, "1.25e-10": 1.25e-10,
		"1.7976931348623157e+308": math.MaxFloat64, "5e-324": 5e-324,
	} {
		assert.Equal(t, want, string(AppendDouble(nil, f)))
	}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		got, err := strconv.ParseFloat(string(AppendDouble(nil, f)), 64)
		assert.NoError(t, err)
		assert.Equal(t, f, got)
	})
}

func TestDoubleAllocatesNothing(t *testing.T) {
	w := Writer{B: make([]byte, 0, 100), Proto: 3}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		w.B = w.B[:0]
		w.Double(1.0 / 3)
		w.Double(1e300)
		w.Double(77)
	}))
}
