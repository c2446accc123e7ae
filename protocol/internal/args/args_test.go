package args

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestIntIsCanonical(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "-1": -1, "10": 10, "1234567890": 1234567890,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
		"1000000000000000000": 1e18,
	} {
		n, ok := Int([]byte(text))
		assert.True(t, ok, text)
		assert.Equal(t, want, n, text)
	}
	for _, text := range []string{
		"", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1.0", "0x1", "1_000", "a", "1a", "--1",
		"9223372036854775808", "-9223372036854775809", "99999999999999999999", "18446744073709551616",
	} {
		_, ok := Int([]byte(text))
		assert.False(t, ok, "%q", text)
	}
}

func TestIntReadsWhatIsPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		got, ok := Int(strconv.AppendInt(nil, n, 10))
		assert.True(t, ok)
		assert.Equal(t, n, got)
		u := rapid.Uint64().Draw(t, "u")
		unsigned, ok := Unsigned(strconv.AppendUint(nil, u, 10))
		assert.True(t, ok)
		assert.Equal(t, u, unsigned)
		cursor, err := ScanCursor(strconv.AppendUint(nil, u, 10))
		assert.Empty(t, err)
		assert.Equal(t, u, cursor)
	})
}

func TestUnsignedRefuses(t *testing.T) {
	for _, text := range []string{"", "-1", "+1", "01", "18446744073709551616", "99999999999999999999", "1x"} {
		_, ok := Unsigned([]byte(text))
		assert.False(t, ok, "%q", text)
	}
	for _, text := range []string{"", "-1", " 1", "18446744073709551616", "99999999999999999999", "1x"} {
		_, err := ScanCursor([]byte(text))
		assert.Equal(t, "ERR invalid cursor", err, "%q", text)
	}
	cursor, err := ScanCursor([]byte("007"))
	assert.Empty(t, err)
	assert.Equal(t, uint64(7), cursor)
}

func TestIntegerErrors(t *testing.T) {
	_, err := IntRange([]byte("x"), 1, 5)
	assert.Equal(t, ErrNotInteger, err)
	_, err = IntRange([]byte("6"), 1, 5)
	assert.Equal(t, "ERR value is out of range, value must between 1 and 5", err)
	n, err := IntRange([]byte("5"), 1, 5)
	assert.Empty(t, err)
	assert.EqualValues(t, 5, n)
	_, err = Positive([]byte("-1"))
	assert.Equal(t, "ERR value is out of range, must be positive", err)
	_, err = Positive([]byte("x"))
	assert.Equal(t, ErrNotInteger, err)
	n, err = Positive([]byte("0"))
	assert.Empty(t, err)
	assert.Zero(t, n)
}

func TestFloat(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "-0": 0, "1": 1, "+1.5": 1.5, "-.5": -.5, "5.": 5, "1e3": 1000, "1E-2": .01, "3.0e+3": 3000,
		"0x1A": 26, "0x1.8p1": 3, "-0X.8": -.5, "007": 7, "0.0e999": 0,
		"inf": math.Inf(1), "+INF": math.Inf(1), "-Infinity": math.Inf(-1),
		"1.7976931348623157e308": math.MaxFloat64,
	} {
		f, ok := Float([]byte(text))
		assert.True(t, ok, text)
		assert.Equal(t, want, f+0, text)
	}
	for _, text := range []string{
		"", " 1", "1 ", "+", "-", ".", "e5", "1e", "1e+", "1_000", "0x", "0x.p1", "1.2.3", "nan", "-nan", "NaN(1)",
		"infinite", "1e999", "-1e999", "1e-999", "0x1p-9999", "1f", "1p3", "--1", "1\x00", strings.Repeat("1", maxFloatLength+1),
	} {
		_, ok := Float([]byte(text))
		assert.False(t, ok, "%q", text)
	}
}

func TestFloatReadsWhatIsPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		got, ok := Float(strconv.AppendFloat(nil, f, 'g', -1, 64))
		assert.True(t, ok)
		assert.Equal(t, f, got)
	})
}

func TestTimeouts(t *testing.T) {
	for text, want := range map[string]string{
		"x": "ERR timeout is not a float or out of range", "-1": "ERR timeout is negative",
		"1e300": "ERR timeout is out of range", "inf": "ERR timeout is out of range", "0": "", "1.5": "",
		"9223372036854775": "ERR timeout is out of range", "9000000000000000": "", "-inf": "ERR timeout is negative", "-0.0001": "",
	} {
		_, err := Timeout([]byte(text))
		assert.Equal(t, want, err, text)
	}
	ms, _ := Timeout([]byte("0.0001"))
	assert.EqualValues(t, 1, ms, "a short wait is never taken for none")
	_, err := TimeoutMs([]byte("1.5"))
	assert.Equal(t, "ERR timeout is not an integer or out of range", err)
	_, err = TimeoutMs([]byte("-1"))
	assert.Equal(t, "ERR timeout is negative", err)
	_, err = TimeoutMs([]byte("9223372036854775807"))
	assert.Equal(t, "ERR timeout is out of range", err)
	ms, err = TimeoutMs([]byte("20"))
	assert.Empty(t, err)
	assert.EqualValues(t, 20, ms)
}

func TestIs(t *testing.T) {
	for _, text := range []string{"match", "MATCH", "MaTcH"} {
		assert.True(t, Is([]byte(text), "match"))
	}
	for _, text := range []string{"", "matc", "matchx", "natch", "mat\x03h", "\x4datc\x08"} {
		assert.False(t, Is([]byte(text), "match"), "%q", text)
	}
	assert.False(t, Is([]byte{0x0d}, "-"), "only letters are folded")
	assert.True(t, Is([]byte("LIB-NAME_1"), "lib-name_1"))
}

func TestClipAndTexts(t *testing.T) {
	assert.Equal(t, "ab", string(Clip([]byte("ab\x00cd"))))
	assert.Len(t, Clip(make([]byte, 0, 1)), 0)
	long := []byte(strings.Repeat("x", 200))
	assert.Len(t, Clip(long), 128)
	assert.Equal(t, "ERR unknown subcommand 'foo'. Try CLIENT HELP.", UnknownSubcommand([]byte("foo"), "CLIENT"))
	assert.Equal(t, "ERR wrong number of arguments for 'client|list' command", WrongArity("client|list"))
	assert.Equal(t, "ERR invalid expire time in 'setex' command", InvalidExpire("setex"))
	assert.Equal(t, "ERR unknown subcommand or wrong number of arguments for 'x'. Try OBJECT HELP.",
		SubcommandSyntax([]byte("x"), "OBJECT"))
}

func TestCursor(t *testing.T) {
	list := [][]byte{[]byte("set"), []byte("EX"), []byte("10"), []byte("nx"), []byte("PX")}
	c := From(list, 1)
	assert.False(t, c.Word("px"))
	assert.True(t, c.Option("ex", 1))
	n, err := c.Int()
	assert.Empty(t, err)
	assert.EqualValues(t, 10, n)
	assert.Equal(t, 3, c.Position())
	assert.True(t, c.Word("nx"))
	assert.False(t, c.Option("px", 1), "its value is missing")
	assert.Equal(t, "PX", string(c.Peek()))
	assert.Equal(t, 1, c.Left())
	assert.Equal(t, "PX", string(c.Next()))
	assert.False(t, c.More())
	assert.Nil(t, c.Next())
	assert.Nil(t, c.Peek())
	_, err = c.Int()
	assert.Equal(t, ErrSyntax, err)
	past := From(list, 9)
	assert.Zero(t, past.Left())
	assert.False(t, past.Word("px"))
}

func TestNothingAllocates(t *testing.T) {
	integer, word := []byte("-123456"), []byte("KeepTTL")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		Int(integer)
		Is(word, "keepttl")
		Float(integer)
	}))
}
