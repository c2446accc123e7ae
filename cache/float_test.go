package cache

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// floatSums does sums in a cache of its own.
type floatSums struct {
	t  *testing.T
	tx Tx
}

var floatKey = []byte("k")

func newFloatSums(t *testing.T) *floatSums {
	c, err := New(Options{Databases: 1, NoBackground: true, MaxMemory: 64 << 20})
	require.NoError(t, err)
	f := &floatSums{t: t}
	c.BeginKey(&f.tx, 0, floatKey)
	t.Cleanup(func() {
		f.tx.End()
		assert.NoError(t, c.Close())
	})
	return f
}

// add sets a value and adds delta.
func (f *floatSums) add(value, delta string) (string, error) {
	f.t.Helper()
	require.NoError(f.t, f.tx.Set(floatKey, []byte(value), NoExpiry))
	text, err := f.tx.IncrByFloat(floatKey, []byte(delta))
	if err != nil {
		left, peekErr := f.tx.Peek(floatKey)
		assert.NoError(f.t, peekErr)
		assert.Equal(f.t, value, string(left), "an error must change nothing")
	}
	return string(text), err
}

func TestIncrByFloat(t *testing.T) {
	sums := newFloatSums(t)
	for _, test := range []struct{ value, delta, want string }{
		{"10.50", "0.1", "10.6"},
		{"5.0e3", "2.0e2", "5200"},
		{"0.1", "0.2", "0.3"},
		{"3", "1.1", "4.1"},
		{"0", "-0", "0"},
		{"-0", "-0", "0"},
		{"1", "-1", "0"},
		{"1e-17", "0", "0.00000000000000001"},
		{"1e-18", "0", "0"},
		{"-1e-18", "0", "0"},
		{"0x10", "0x.8p1", "17"},
		{"18446744073709551615", "0", "18446744073709551615"},
		{"18446744073709551616", "1", "18446744073709551616"},
		{"9223372036854775807", "0.5", "9223372036854775807.5"},
		{".5", "1.", "1.5"},
		{"+1", "1", "2"},
	} {
		got, err := sums.add(test.value, test.delta)
		assert.NoError(t, err, "%s + %s", test.value, test.delta)
		assert.Equal(t, test.want, got, "%s + %s", test.value, test.delta)
	}

	sums.tx.Delete(floatKey)
	_, err := sums.tx.IncrByFloat(floatKey, []byte("x"))
	assert.ErrorIs(t, err, ErrNotFloat)
	assert.Equal(t, None, sums.tx.Type(floatKey), "an error makes no key")
	text, err := sums.tx.IncrByFloat(floatKey, []byte("1.5"))
	assert.NoError(t, err)
	assert.Equal(t, "1.5", string(text))
	text, err = sums.tx.IncrByFloat(floatKey, []byte("1.5"))
	assert.NoError(t, err)
	assert.Equal(t, "3", string(text))
	info, _ := sums.tx.Object(floatKey)
	assert.Equal(t, EncodingEmbstr, info.Encoding, "a float that is whole is no integer, as in Redis")
}

func TestIncrByFloatErrors(t *testing.T) {
	sums := newFloatSums(t)
	for _, test := range []struct {
		value, delta string
		want         error
	}{
		{"abc", "1", ErrNotFloat},
		{"", "1", ErrNotFloat},
		{"1", "", ErrNotFloat},
		{"1", " 1", ErrNotFloat},
		{"1", "1 ", ErrNotFloat},
		{"1", "nan", ErrNotFloat},
		{"1", "1e", ErrNotFloat},
		{"1", "1e+", ErrNotFloat},
		{"1", ".", ErrNotFloat},
		{"1", "0x", ErrNotFloat},
		{"1", "0x1p", ErrNotFloat},
		{"1", "1.2.3", ErrNotFloat},
		{"1", "1\x00", ErrNotFloat},
		{"1", "1e5000", ErrNotFloat},
		{"1", "-1e-5000", ErrNotFloat},
		{"1", strings.Repeat("1", 5120), ErrNotFloat},
		{"1", "inf", ErrNaN},
		{"-infinity", "1", ErrNaN},
		{"inf", "-inf", ErrNaN},
		{"1.1e4932", "1.1e4932", ErrNaN},
	} {
		_, err := sums.add(test.value, test.delta)
		assert.ErrorIs(t, err, test.want, "%q + %q", test.value, test.delta)
	}
}

func TestIncrByFloatKeepsExpiry(t *testing.T) {
	c, err := New(Options{Databases: 1, NoBackground: true, MaxMemory: 16 << 20, Clock: func() int64 { return 1000 }})
	require.NoError(t, err)
	defer c.Close()
	var tx Tx
	key, delta := []byte("k"), []byte("0.1")
	c.BeginKey(&tx, 0, key)
	defer tx.End()
	require.NoError(t, tx.Set(key, []byte("10.5"), 5000))
	_, err = tx.IncrByFloat(key, delta)
	require.NoError(t, err)
	at, ok := tx.ExpireAt(key)
	assert.True(t, ok)
	assert.EqualValues(t, 5000, at)

	if !testing.Short() {
		allocs := testing.AllocsPerRun(100, func() { _, err = tx.IncrByFloat(key, delta) })
		assert.NoError(t, err)
		assert.Zero(t, allocs, "an ordinary sum allocates nothing")
	}
}

// TestExtendedAgainstBigFloat checks reading and adding against math/big, whose
// 64-bit precision is the x87's apart from the ends of the exponent's range.
func TestExtendedAgainstBigFloat(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a, b := randomNumber(rnd), randomNumber(rnd)
		x, okX := parseExtended([]byte(a))
		y, okY := parseExtended([]byte(b))
		if !okX || !okY || x.inf || y.inf {
			continue
		}
		require.Zero(t, exactly(a).Cmp(x.big()), "reading %s", a)
		sum := x.add(y)
		want := new(big.Float).SetPrec(64).Add(x.big(), y.big())
		require.Zero(t, want.Cmp(sum.big()), "%s + %s: %s, want %s", a, b, sum.big(), want)
		// Text gives the exact value, rounded to 17 decimals.
		text := want.Text('f', 17)
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		if text == "" || text == "-0" || text == "-" {
			text = "0"
		}
		require.Equal(t, text, string(sum.appendText(nil)), "%s + %s", a, b)
	}
}

// big is x exactly.
func (x extended) big() *big.Float {
	f := new(big.Float).SetPrec(64).SetUint64(x.mant)
	f.SetMantExp(f, x.exp)
	if x.neg {
		f.Neg(f)
	}
	return f
}

// exactly reads a number as a fraction and rounds it once.
func exactly(text string) *big.Float {
	if r, ok := new(big.Rat).SetString(strings.TrimPrefix(text, "+")); ok {
		return new(big.Float).SetPrec(64).SetRat(r)
	}
	f, _, _ := big.ParseFloat(text, 0, 64, big.ToNearestEven) // hexadecimal: exact
	return f
}

// randomNumber makes texts of all the kinds that could go different ways.
func randomNumber(rnd *rand.Rand) string {
	sign := []string{"", "", "-", "+"}[rnd.IntN(4)]
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + rnd.IntN(10)))
		}
		return b.String()
	}
	switch rnd.IntN(10) {
	case 0:
		return sign + strconv.Itoa(rnd.IntN(100000))
	case 1:
		return sign + digits(1+rnd.IntN(25))
	case 2:
		return sign + digits(1+rnd.IntN(5)) + "." + digits(1+rnd.IntN(20))
	case 3:
		return sign + digits(1+rnd.IntN(30)) + "." + digits(1+rnd.IntN(30))
	case 4:
		return sign + digits(1+rnd.IntN(4)) + "." + digits(rnd.IntN(6)) + fmt.Sprintf("e%d", rnd.IntN(60)-30)
	case 5:
		return sign + digits(1+rnd.IntN(20)) + fmt.Sprintf("E%+d", rnd.IntN(200)-100)
	case 6:
		return sign + strconv.FormatFloat(math.Float64frombits(rnd.Uint64()), 'g', -1, 64)
	case 7: // ties between two neighbours, or nearly
		n := new(big.Int).SetUint64(rnd.Uint64() | 1<<63)
		n.Lsh(n, 1).Add(n, big.NewInt(1)) // 65 bits
		n.Lsh(n, uint(rnd.IntN(70))).Add(n, big.NewInt(int64(rnd.IntN(3)-1)))
		return sign + n.String()
	case 8:
		return sign + "0x" + strconv.FormatUint(rnd.Uint64(), 16) + "." + strconv.FormatUint(rnd.Uint64(), 16) +
			fmt.Sprintf("p%d", rnd.IntN(300)-150)
	}
	return sign + "0." + strings.Repeat("0", rnd.IntN(20)) + digits(1+rnd.IntN(22))
}

// TestIncrByFloatAgainstRedis runs random sums through a real redis-server.
func TestIncrByFloatAgainstRedis(t *testing.T) {
	redis := startRedis(t)
	sums := newFloatSums(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	edges := []string{
		"0", "-0", "1", "-1", "inf", "-inf", "+Infinity", "nan", "-nan", "nan(1)", "", " 1", "1 ", "\t1", "1e", "e1", ".", "-", "+", "+-1",
		"1e4932", "1.18973149535723176502e4932", "1.18973149535723176505e4932", "1.18973149535723176508575932662800701e4932",
		"1.18973149535723176509e4932", "1.2e4932", "-1.18e4932", "1e4933", "1e-4931", "3.6e-4951", "1.9e-4951",
		"1.8226e-4951", "1.8225e-4951", "1e-4951", "1e-4952", "1e-99999999999999999999", "0e99999999999999999999",
		"1e99999999999999999999", "0x", "0x.", "0x1", "0X1P4", "0x1p", "0x1p+", "0x.8p-1", "0x1.8p16383", "0x1p16384",
		"0x1p-16445", "0x1p-16446", "0x1.0000000000000000000000001p-16446", "0x0p99999999", "0x" + strings.Repeat("f", 300),
		"0x1." + strings.Repeat("0", 100) + "1p5", "0." + strings.Repeat("0", 5000) + "1", strings.Repeat("9", 4932),
		"-" + strings.Repeat("9", 4932), strings.Repeat("9", 4933), strings.Repeat("1", 5119), strings.Repeat("1", 5120),
		"0." + strings.Repeat("0", 4900) + "1e4900", "1" + strings.Repeat("0", 5000) + "e-5000",
		"9223372036854775807", "-9223372036854775808", "18446744073709551615", "0.5", "0.1", "0.2", "1e-17", "5e-18",
		"1.5e-17", "2.5e-17", "-5e-18", "0.99999999999999999", "0.999999999999999995", "0.9999999999999999999",
		"1_0", "1,5", "1\x002", "infinit", "infinity0", "1.0000", "00012", "1e0005", "1e-0", "0b1", "0o7",
	}
	check := func(value, delta string) {
		want := redis.do("SET", "k", value)
		require.Equal(t, "+OK", want)
		want = redis.do("INCRBYFLOAT", "k", delta)
		got, err := sums.add(value, delta)
		switch err {
		case ErrNotFloat:
			got = "-ERR value is not a valid float"
		case ErrNaN:
			got = "-ERR increment would produce NaN or Infinity"
		default:
			require.NoError(t, err)
		}
		assert.Equal(t, want, got, "%q + %q", value, delta)
	}
	for _, a := range edges {
		for _, b := range edges {
			check(a, b)
		}
	}
	for range 5000 {
		check(randomNumber(rnd), randomNumber(rnd))
	}
	// Sums of sums: what is stored is read again.
	redis.do("SET", "k", "0")
	value := "0"
	for range 1000 {
		delta := randomNumber(rnd)
		want := redis.do("INCRBYFLOAT", "k", delta)
		if got, err := sums.add(value, delta); err == nil {
			require.Equal(t, want, got, "%s + %s", value, delta)
			value = got
		}
	}
}

// redisConn is a connection to a redis-server of this test's own.
type redisConn struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

// startRedis starts redis-server on a unix socket, and skips the test where it
// is not installed.
func startRedis(t *testing.T) *redisConn {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("ASHLAR_REQUIRE_REDIS") != "" {
			t.Fatal("no redis-server in the PATH")
		}
		t.Skip("no redis-server in the PATH to compare with")
	}
	dir, err := os.MkdirTemp("", "ashlar") // t.TempDir's names are too long for a socket
	require.NoError(t, err)
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir, "--logfile", "log")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	for range 1000 {
		if conn, err := net.Dial("unix", socket); err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return &redisConn{t, conn, bufio.NewReader(conn)}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
	return nil
}

// do sends a command and reads a reply of one line, or a bulk string.
func (c *redisConn) do(args ...string) string {
	command := fmt.Sprintf("*%d\r\n", len(args))
	for _, a := range args {
		command += fmt.Sprintf("$%d\r\n%s\r\n", len(a), a)
	}
	_, err := io.WriteString(c, command)
	require.NoError(c.t, err)
	line, err := c.r.ReadString('\n')
	require.NoError(c.t, err)
	line = strings.TrimSuffix(line, "\r\n")
	if line[0] != '$' {
		return line
	}
	n, err := strconv.Atoi(line[1:])
	require.NoError(c.t, err)
	text := make([]byte, n+2)
	_, err = io.ReadFull(c.r, text)
	require.NoError(c.t, err)
	return string(text[:n])
}
