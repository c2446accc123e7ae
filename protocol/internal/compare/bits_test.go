package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// The tests in this file compare strings that commands have worked on, byte for
// byte, after many more steps than a script has.

// both sends a command to both sides, which must answer the same.
func both(t *testing.T, p *Pair, args ...string) {
	t.Helper()
	ours, theirs := p.admin[ashlar].do(args...), p.admin[redis].do(args...)
	if string(ours.raw) != string(theirs.raw) {
		if len(args) > 40 {
			args = append(args[:40:40], fmt.Sprintf("... %d more", len(args)-40))
		}
		t.Fatalf("%s\n  ashlar %s\n  redis  %s", QuoteLine(args), ours, theirs)
	}
}

// deterministic is a random generator whose seed is printed at failure.
func deterministic(t *testing.T) *rand.Rand {
	seed := setting(t, "ASHLAR_COMPARE_SEED", uint64(time.Now().UnixNano()))
	t.Logf("ASHLAR_COMPARE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 4))
}

// pick is one of some texts.
func pick(rnd *rand.Rand, from ...string) string { return from[rnd.IntN(len(from))] }

// TestHLLBytes grows HyperLogLogs from nothing through the sparse encoding into the
// dense one, by steps of all sizes and under several bounds.
func TestHLLBytes(t *testing.T) {
	p := pair(t)
	rnd := deterministic(t)
	defer both(t, p, "CONFIG", "SET", "hll-sparse-max-bytes", "3000")
	keys := []string{"a", "b", "c"}
	for range 25 {
		both(t, p, "FLUSHALL")
		both(t, p, "CONFIG", "SET", "hll-sparse-max-bytes", pick(rnd, "3000", "3000", "3000", "20", "100", "1000", "20000"))
		most := 1 + rnd.IntN(400)
		for range 40 {
			key := pick(rnd, keys...)
			switch rnd.IntN(10) {
			case 0:
				both(t, p, "PFMERGE", pick(rnd, keys...), key, pick(rnd, keys...))
			case 1:
				both(t, p, "PFCOUNT", key, pick(rnd, keys...))
			case 2, 3:
				both(t, p, "PFCOUNT", key)
			case 4:
				both(t, p, "COPY", key, pick(rnd, keys...), "REPLACE")
			default:
				both(t, p, append([]string{"PFADD", key}, elements(rnd, rnd.IntN(most))...)...)
			}
			for _, key := range keys {
				both(t, p, "GET", key)
			}
		}
		for _, key := range keys {
			both(t, p, "PFDEBUG", "ENCODING", key)
			both(t, p, "PFDEBUG", "DECODE", key)
			both(t, p, "PFDEBUG", "GETREG", key)
		}
	}
}

// elements are n different texts of any length.
func elements(rnd *rand.Rand, n int) []string {
	out := make([]string, n)
	for i := range out {
		b := strconv.AppendUint(nil, rnd.Uint64(), 36)
		out[i] = string(b[:1+rnd.IntN(len(b))])
	}
	return out
}

// TestHLLLargeCounts compares estimates up to a quarter of a million elements.
func TestHLLLargeCounts(t *testing.T) {
	p := pair(t)
	rnd := deterministic(t)
	both(t, p, "FLUSHALL")
	for range 50 {
		both(t, p, append([]string{"PFADD", "k"}, elements(rnd, 5000)...)...)
		both(t, p, "PFCOUNT", "k")
		both(t, p, "GET", "k")
	}
}

// TestHLLGarbage compares what is said of values that are almost HyperLogLogs. A
// value whose last opcode is cut off is left out: redis-server looks behind it.
func TestHLLGarbage(t *testing.T) {
	p := pair(t)
	rnd := deterministic(t)
	both(t, p, "FLUSHALL")
	for range 300 {
		value := []byte("HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80")
		for left := 16384 + rnd.IntN(3)*rnd.IntN(5); left > 0; {
			var n int
			switch kind := rnd.IntN(3); {
			case kind == 0:
				n = min(1+rnd.IntN(16384), left)
				value = append(value, 0x40|byte((n-1)>>8), byte(n-1))
			case kind == 1:
				n = min(1+rnd.IntN(64), left)
				value = append(value, byte(n-1))
			default:
				n = min(1+rnd.IntN(4), left)
				value = append(value, 0x80|byte(rnd.IntN(32))<<2|byte(n-1))
			}
			left -= n
		}
		if rnd.IntN(4) == 0 {
			value[rnd.IntN(6)] = byte(rnd.IntN(256))
		}
		if rnd.IntN(8) == 0 {
			value = value[:rnd.IntN(len(value))]
			if n := len(value); n > 16 && value[n-1]&0xC0 == 0x40 {
				value = value[:16]
			}
		}
		both(t, p, "SET", "k", string(value))
		both(t, p, "PFCOUNT", "k", "k")
		both(t, p, "PFCOUNT", "k")
		both(t, p, "PFMERGE", "d", "k")
		both(t, p, "GET", "d")
		both(t, p, append([]string{"PFADD", "k"}, elements(rnd, rnd.IntN(20))...)...)
		both(t, p, "GET", "k")
		both(t, p, "PFDEBUG", "DECODE", "k")
		both(t, p, "PFDEBUG", pick(rnd, "GETREG", "TODENSE"), "k")
		both(t, p, "GET", "k")
		both(t, p, "DEL", "d")
	}
}

// TestBitfieldBytes runs random operations on integers of all widths, with the
// values at which they overflow.
func TestBitfieldBytes(t *testing.T) {
	p := pair(t)
	rnd := deterministic(t)
	both(t, p, "FLUSHALL")
	for range 3000 {
		args := []string{"BITFIELD", pick(rnd, "a", "b")}
		for range 1 + rnd.IntN(12) {
			if rnd.IntN(3) == 0 {
				args = append(args, "OVERFLOW", pick(rnd, "WRAP", "SAT", "FAIL"))
			}
			width := 1 + rnd.IntN(64)
			sign := "i"
			if width < 64 && rnd.IntN(2) == 0 {
				sign = "u"
			}
			offset := strconv.Itoa(rnd.IntN(300))
			if rnd.IntN(3) == 0 {
				offset = "#" + strconv.Itoa(rnd.IntN(5))
			}
			op := pick(rnd, "GET", "SET", "INCRBY")
			args = append(args, op, sign+strconv.Itoa(width), offset)
			if op != "GET" {
				args = append(args, strconv.FormatInt(extreme(rnd, width), 10))
			}
		}
		both(t, p, args...)
		both(t, p, "GET", args[1])
	}
}

// extreme is a number, often one at an end of a range.
func extreme(rnd *rand.Rand, width int) int64 {
	near := int64(rnd.IntN(5) - 2)
	switch rnd.IntN(5) {
	case 0:
		return near
	case 1:
		return int64(1)<<(width-1) + near
	case 2:
		return -(int64(1) << (width - 1)) + near
	case 3:
		return math.MinInt64 + near // wraps round to either end
	}
	return int64(rnd.Uint64() >> rnd.IntN(64))
}

// TestBitmapBytes compares reads of and operations on bitmaps of many lengths.
func TestBitmapBytes(t *testing.T) {
	p := pair(t)
	rnd := deterministic(t)
	both(t, p, "FLUSHALL")
	keys := []string{"a", "b", "c", "d"}
	for range 150 {
		for range 3 {
			value := make([]byte, rnd.IntN(1<<rnd.IntN(15)))
			fill, bits := byte(rnd.IntN(2))*0xFF, rnd.IntN(4)
			for i := range value {
				value[i] = fill
			}
			for range bits * len(value) / 8 {
				value[rnd.IntN(len(value))] ^= 1 << rnd.IntN(8)
			}
			both(t, p, "SET", pick(rnd, keys...), string(value))
		}
		both(t, p, "BITOP", pick(rnd, "AND", "OR", "XOR"), pick(rnd, keys...), pick(rnd, keys...), pick(rnd, keys...), pick(rnd, keys...))
		both(t, p, "BITOP", "NOT", pick(rnd, keys...), pick(rnd, keys...))
		both(t, p, "SETBIT", pick(rnd, keys...), strconv.Itoa(rnd.IntN(100000)), pick(rnd, "0", "1"))
		for _, key := range keys {
			both(t, p, "GET", key)
			both(t, p, "BITCOUNT", key)
			for range 10 {
				unit := pick(rnd, "BIT", "BYTE")
				from, to := strconv.Itoa(place(rnd)), strconv.Itoa(place(rnd))
				both(t, p, "BITCOUNT", key, from, to, unit)
				both(t, p, "BITPOS", key, pick(rnd, "0", "1"), from, to, unit)
				both(t, p, "BITPOS", key, pick(rnd, "0", "1"), from)
				both(t, p, "GETBIT", key, strconv.Itoa(rnd.IntN(200000)))
			}
		}
	}
}

// place is a bound of a range, often a small one.
func place(rnd *rand.Rand) int { return rnd.IntN(1<<rnd.IntN(18)) - rnd.IntN(1<<rnd.IntN(18)) }
