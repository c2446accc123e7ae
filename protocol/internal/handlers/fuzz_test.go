package handlers_test

import (
	"bytes"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// raw runs a command of any words and gives the raw reply.
func (r *rig) raw(words ...string) string {
	argv := make([][]byte, len(words))
	for i, word := range words {
		argv[i] = []byte(word)
	}
	r.exec.Prepare([][][]byte{argv})
	return string(r.exec.Execute(r.session, argv, nil))
}

// wellFormed tells whether b is whole replies of RESP2 and RESP3, how many of them, and
// fails the test if it is not.
func wellFormed(t *testing.T, b []byte) (replies int) {
	t.Helper()
	for len(b) > 0 {
		b = skipReply(t, b, 0)
		replies++
	}
	return replies
}

func skipReply(t *testing.T, b []byte, depth int) []byte {
	t.Helper()
	line, rest, ok := bytes.Cut(b, []byte("\r\n"))
	require.True(t, ok && len(line) > 0 && depth < 20, "%q", b)
	n, err := strconv.Atoi(string(line[1:]))
	switch line[0] {
	case '$', '=':
		require.NoError(t, err)
		if n < 0 {
			return rest
		}
		require.True(t, len(rest) >= n+2 && string(rest[n:n+2]) == "\r\n", "%q", b)
		return rest[n+2:]
	case '*', '~', '>', '%':
		require.NoError(t, err)
		if line[0] == '%' {
			n *= 2
		}
		for range n {
			rest = skipReply(t, rest, depth+1)
		}
		return rest
	}
	require.Contains(t, "+-:_,#(", string(line[0]), "%q", line)
	return rest
}

// streamCommands are those of FuzzStreamArguments; where they take a key they are given
// the stream s.
var streamCommands = []string{"XADD s", "XRANGE s", "XREVRANGE s", "XLEN s", "XDEL s", "XTRIM s", "XREAD", "XREADGROUP", "XGROUP",
	"XACK s", "XPENDING s", "XCLAIM s", "XAUTOCLAIM s", "XINFO", "XSETID s"}

// FuzzStreamArguments gives stream commands anything for arguments, a command a line.
// Whatever they answer is a reply; the stream is whole, and the same after a round trip
// through its serialisation.
func FuzzStreamArguments(f *testing.F) {
	for _, seed := range []string{
		"XADD s * f v\nXADD s 5-* f v g w\nXADD s NOMKSTREAM MAXLEN ~ 10 LIMIT 5 18446744073709551615-18446744073709551615 f v",
		"XADD s 1-1 f v\nXGROUP CREATE s g $ MKSTREAM ENTRIESREAD 9223372036854775807\nXREADGROUP GROUP g c COUNT -1 STREAMS s >\nXPENDING s g IDLE 0 - + 10 c",
		"XADD s 1-1 f v\nXADD s 1-2 f v\nXGROUP CREATE s g 0\nXREADGROUP GROUP g c NOACK STREAMS s >\nXCLAIM s g d 0 1-1 1-2 3-3 FORCE JUSTID RETRYCOUNT 9223372036854775807 TIME -1 LASTID 9-9",
		"XADD s 1-1 f v\nXADD s 1-2 f v\nXDEL s 1-1 x\nXTRIM s MINID = 1-2 LIMIT 1\nXTRIM s MAXLEN -1\nXSETID s 0-0\nXSETID s 9-9 ENTRIESADDED -1 MAXDELETEDID 99-99",
		"XADD s 1-1 f v\nXRANGE s (1-1 (2-2 COUNT -5\nXREVRANGE s + - COUNT 9223372036854775807\nXRANGE s (- +\nXRANGE s -1 18446744073709551616",
		"XADD s 1-1 f v\nXGROUP CREATE s g 0\nXGROUP CREATECONSUMER s g c\nXREADGROUP GROUP g c STREAMS s >\nXAUTOCLAIM s g d 0 0 COUNT 9223372036854775807\nXAUTOCLAIM s g d -1 (0 COUNT 0 JUSTID\nXGROUP DELCONSUMER s g c\nXACK s g 1-1 1-1",
		"XREAD COUNT 1 BLOCK 0 STREAMS s s s 0 $ +\nXREAD BLOCK -1 STREAMS s\nXREAD STREAMS\nXREADGROUP GROUP g c STREAMS s s >\nXINFO STREAM s FULL COUNT -1\nXINFO CONSUMERS s g\nXINFO HELP x",
		"SETRANGE s 5 x\nXADD s * f v\nXREAD STREAMS s 0\nDEL s\nXADD s 0-0 f v\nXADD s 0-1 f",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := newRig(t)
		for i, line := range strings.Split(text, "\n") {
			words := strings.Fields(line)
			if i >= 30 || len(words) == 0 || len(words) > 40 || !streamCommand(words) {
				continue
			}
			r.session.Blocked = false
			b := []byte(r.raw(words...))
			if r.session.Blocked {
				r.session = &session.Session{ID: uint64(i) + 2, Proto: int8(2 + i%2), User: "default", Authenticated: true}
				continue
			}
			require.Equal(t, 1, wellFormed(t, b), "%q to %q", b, line)
			require.NotContains(t, string(b), "internal error", line)
			require.NoError(t, r.server.Cache.Check(), line)
		}
		payload := unbulk(r.raw("DUMP", "s"))
		if payload == "" {
			return
		}
		require.Equal(t, "+OK\r\n", r.raw("RESTORE", "copy", "0", payload))
		describe := func(key string) string { // but for what older versions did not save
			return activeTime.ReplaceAllString(r.raw("XINFO", "STREAM", key, "FULL", "COUNT", "0"), "")
		}
		require.Equal(t, describe("s"), describe("copy"))
	})
}

var activeTime = regexp.MustCompile(`active-time\r\n:-?\d+`)

// streamCommand tells whether these are words for one of them.
func streamCommand(words []string) bool {
	for _, c := range streamCommands {
		name, _, _ := strings.Cut(c, " ")
		if strings.EqualFold(words[0], name) {
			return true
		}
	}
	return strings.EqualFold(words[0], "setrange") && len(words) == 4 && len(words[2]) < 3 || strings.EqualFold(words[0], "del")
}

// unbulk is the text of a bulk string, "" of what is none.
func unbulk(reply string) string {
	head, rest, _ := strings.Cut(reply, "\r\n")
	if !strings.HasPrefix(head, "$") || head == "$-1" {
		return ""
	}
	return rest[:len(rest)-2]
}

// FuzzBitfieldArguments gives BITFIELD anything for arguments. What it takes does what a
// plain model of numbers in a row of bits does.
func FuzzBitfieldArguments(f *testing.F) {
	for _, seed := range []string{
		"SET u8 0 255 GET u8 0 INCRBY u8 0 1", "OVERFLOW SAT INCRBY i8 100 127 INCRBY i8 100 127 OVERFLOW FAIL INCRBY i8 100 1",
		"SET i64 0 -9223372036854775808 OVERFLOW WRAP INCRBY i64 0 -1 OVERFLOW SAT INCRBY i64 0 -9223372036854775808",
		"SET u63 #3 9223372036854775807 INCRBY u63 #3 9223372036854775807 OVERFLOW FAIL INCRBY u63 #3 1", "GET u64 0", "GET i65 0", "GET i0 0",
		"GET u1 4294967295", "GET i64 4294967232", "SET u1 4294967296 1", "GET u8 -1", "GET u8 #-1", "GET u8 #536870912", "INCRBY i5 3 99999999999999999999",
		"OVERFLOW", "OVERFLOW X", "SET u8 0", "GET", "get U8 0", "SET u2 7 3 SET i2 7 -2 GET u3 6 OVERFLOW SAT INCRBY u2 7 -4",
		"SET i1 0 1 INCRBY i1 0 1 OVERFLOW SAT INCRBY i1 0 1 OVERFLOW FAIL INCRBY i1 0 -2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Fields(text)
		if len(words) > 60 {
			return
		}
		for _, word := range words { // a string of gigabytes is true, and slow
			if n, _ := strconv.ParseInt(strings.TrimPrefix(word, "#"), 10, 64); n > 1<<15 && n < 1<<33 {
				return
			}
		}
		r := newRig(t)
		got := r.raw(append([]string{"BITFIELD", "k"}, words...)...)
		require.Equal(t, 1, wellFormed(t, []byte(got)))
		if want, ok := newBits().run(words); ok {
			assert.Equal(t, want, got, text)
		} else {
			assert.Equal(t, byte('-'), got[0], "%s: %q", text, got)
			assert.Equal(t, "$-1\r\n", r.raw("GET", "k"), "an error changes nothing")
		}
		require.NoError(t, r.server.Cache.Check())
	})
}

// bits is the model: a bit for each offset that is one, and numbers without bounds.
type bits map[int64]bool

func newBits() bits { return bits{} }

// run does all operations and gives the reply; not ok if there is one that is none.
func (m bits) run(words []string) (reply string, ok bool) {
	type operation struct {
		what, rule string
		signed     bool
		width      int
		at         int64
		value      *big.Int
	}
	var list []operation
	rule := "wrap"
	for len(words) > 0 {
		o := operation{what: strings.ToLower(words[0]), rule: rule}
		need := map[string]int{"overflow": 2, "get": 3, "set": 4, "incrby": 4}[o.what]
		if need == 0 || len(words) < need {
			return "", false
		}
		arguments := words[1:need]
		words = words[need:]
		if o.what == "overflow" {
			if rule = strings.ToLower(arguments[0]); rule != "wrap" && rule != "sat" && rule != "fail" {
				return "", false
			}
			continue
		}
		o.signed = arguments[0][0] == 'i'
		width, valid := number(arguments[0][1:])
		if !valid || !o.signed && arguments[0][0] != 'u' || width < 1 || width > 64 || width == 64 && !o.signed {
			return "", false
		}
		o.width = int(width)
		offset := strings.TrimPrefix(arguments[1], "#")
		if o.at, valid = number(offset); !valid || o.at < 0 || o.at > 1<<40 {
			return "", false
		}
		if offset != arguments[1] {
			o.at *= width
		}
		if o.at >= 1<<32 {
			return "", false
		}
		if o.what != "get" {
			n, valid := number(arguments[2])
			if !valid {
				return "", false
			}
			o.value = big.NewInt(n)
		}
		list = append(list, o)
	}
	reply = fmt.Sprintf("*%d\r\n", len(list))
	for _, o := range list {
		old := m.get(o.at, o.width, o.signed)
		value := old
		switch o.what {
		case "incrby":
			value = new(big.Int).Add(old, o.value)
		case "set":
			value = o.value
			if !o.signed && value.Sign() < 0 { // it is read as an unsigned number of 64 bits
				value = new(big.Int).Add(value, new(big.Int).Lsh(big.NewInt(1), 64))
			}
		}
		fitted, fits := fit(value, o.width, o.signed, o.rule)
		switch {
		case !fits:
			reply += "$-1\r\n"
			continue
		case o.what == "incrby":
			reply += ":" + fitted.String() + "\r\n"
		default:
			reply += ":" + old.String() + "\r\n"
		}
		if o.what != "get" {
			m.set(o.at, o.width, fitted)
		}
	}
	return reply, true
}

// number reads an integer as Redis does: no sign but minus, no zeros in front.
func number(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == text
}

func (m bits) get(at int64, width int, signed bool) *big.Int {
	n := new(big.Int)
	for i := range width {
		n.Lsh(n, 1)
		if m[at+int64(i)] {
			n.SetBit(n, 0, 1)
		}
	}
	if signed && m[at] {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(width)))
	}
	return n
}

func (m bits) set(at int64, width int, n *big.Int) {
	n = new(big.Int).Mod(n, new(big.Int).Lsh(big.NewInt(1), uint(width)))
	for i := range width {
		m[at+int64(i)] = n.Bit(width-1-i) == 1
	}
}

// fit brings a number into the range of its type, by the rule for what is not.
func fit(n *big.Int, width int, signed bool, rule string) (_ *big.Int, ok bool) {
	span := new(big.Int).Lsh(big.NewInt(1), uint(width))
	least, most := new(big.Int), new(big.Int).Sub(span, big.NewInt(1))
	if signed {
		half := new(big.Int).Rsh(span, 1)
		least.Neg(half)
		most.Sub(half, big.NewInt(1))
	}
	switch {
	case n.Cmp(least) >= 0 && n.Cmp(most) <= 0:
		return n, true
	case rule == "fail":
		return nil, false
	case rule == "sat" && n.Cmp(most) > 0:
		return most, true
	case rule == "sat":
		return least, true
	}
	n = new(big.Int).Mod(n, span)
	if n.Cmp(most) > 0 {
		n.Sub(n, span)
	}
	return n, true
}
