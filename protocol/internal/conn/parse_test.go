package conn

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/redcon"
)

// recorder is an Executor that keeps what it is asked to execute.
type recorder struct {
	commands []string
	stopAt   int // close after that many commands; 0: never
}

func (r *recorder) Prepare([][][]byte) {}

func (r *recorder) Execute(s *session.Session, args [][]byte, out []byte) []byte {
	r.commands = append(r.commands, fmt.Sprintf("%q", args))
	s.Closing = len(r.commands) == r.stopAt
	return out
}

// collector is a sink that keeps what is sent.
type collector struct{ sent []byte }

func (s *collector) flush(_ *Conn, w *worker) flow {
	s.sent = append(s.sent, w.out...)
	w.reset()
	return flowing
}

// run feeds data to a worker in pieces that end where cut says, the way the
// transports do, and returns what was executed and sent.
func run(data []byte, auth bool, cut func(left int) int) (commands []string, sent string) {
	r, s := &recorder{}, &collector{}
	w := newWorker(r, NewLimits(), s)
	c := &Conn{Session: session.Session{Authenticated: auth}}
	var have []byte
	var scan scanner
	for len(data) > 0 {
		n := cut(len(data))
		have = append(have, data[:n]...)
		data = data[n:]
		for {
			used, v := w.feed(c, have, &scan)
			have = have[used:]
			if v == verdictClosing {
				return r.commands, string(s.sent)
			}
			if v != verdictMore {
				break
			}
		}
	}
	return r.commands, string(s.sent)
}

func whole(left int) int { return left }

func inPieces(random *rand.Rand, most int) func(int) int {
	return func(left int) int { return min(left, 1+random.IntN(most)) }
}

func TestInline(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{`a b`, `["a" "b"]`},
		{"  a\t\v\f b  ", `["a" "b"]`},
		{`"a b" 'c d'`, `["a b" "c d"]`},
		{`""`, `[""]`},
		{`a"b c"`, `["ab c"]`},
		{`"\x41\x6a\xzz\n\r\t\b\a\"\\\q"`, `["Ajxzz\n\r\t\b\a\"\\q"]`},
		{`'\x41\'\n'`, `["\\x41'\\n"]`},
		{`"\x4"`, `["x4"]`},
		{"a\x00b c", `["a"]`},
		{"", `[]`},
		{" \x00", `[]`},
		{`"a`, ""}, {`'a`, ""}, {`"a"b`, ""}, {`'a'b`, ""}, {`a "`, ""}, {`"\`, ""}, {`'\'`, ""}, {"\"\x00\"", ""},
	} {
		line := []byte(test.line)
		args, _, ok := splitInline(line, nil, nil)
		assert.Equal(t, test.want != "", ok, "%q", test.line)
		if ok {
			assert.Equal(t, test.want, fmt.Sprintf("%q", args), "%q", test.line)
		}
		assert.Equal(t, test.line, string(line), "the line is left alone")
	}
}

// TestBatchBoundaries counts commands across batches and turns.
func TestBatchBoundaries(t *testing.T) {
	for _, n := range []int{1, batchMax - 1, batchMax, batchMax + 1, turnCommands, turnCommands + 1, 3*turnCommands + 7} {
		for _, auth := range []bool{true, false} {
			commands, sent := run([]byte(strings.Repeat(command("PING"), n)), auth, whole)
			assert.Len(t, commands, n)
			assert.Empty(t, sent)
		}
	}
}

func TestScannerLooksAtBytesOnce(t *testing.T) {
	// The progress is what matters: after each piece the scanner stands at the
	// last header that is not all there.
	request := command("MSET", strings.Repeat("k", 100), strings.Repeat("v", 70_000))
	var s scanner
	last := 0
	for end := 1; end < len(request); end++ {
		n, err := s.scan([]byte(request[:end]), true, 1<<20)
		require.Zero(t, n)
		require.Equal(t, noError, err)
		require.GreaterOrEqual(t, s.pos, last)
		last = s.pos
	}
	assert.True(t, s.body)
	assert.Equal(t, 1, s.missing(len(request)-1))
	n, err := s.scan([]byte(request), true, 1<<20)
	assert.Equal(t, len(request), n)
	assert.Equal(t, noError, err)
	assert.Equal(t, scanner{}, s)
}

func TestParseSteadyStateAllocatesNothing(t *testing.T) {
	limits := NewLimits()
	w := newWorker(silent{}, limits, &dropper{})
	c := &Conn{Session: session.Session{Authenticated: true}}
	request := []byte(strings.Repeat(command("GET", "key:000000000001")+command("SET", "k", strings.Repeat("v", 64)), 16) + "PING\r\n")
	var scan scanner
	allocs := testing.AllocsPerRun(1000, func() {
		if used, v := w.feed(c, request, &scan); used != len(request) || v != verdictDone {
			t.Fatal("not all was used")
		}
	})
	assert.Zero(t, allocs)
}

type silent struct{}

func (silent) Prepare([][][]byte) {}

func (silent) Execute(_ *session.Session, _ [][]byte, out []byte) []byte {
	return append(out, "+OK\r\n"...)
}

type dropper struct{}

func (*dropper) flush(_ *Conn, w *worker) flow {
	w.reset()
	return flowing
}

// FuzzRequests checks that the same commands are executed, and the same error
// sent, however the bytes arrive, and that nothing in them makes a fault.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{
		command("SET", "key", "value") + command("GET", "key"),
		"PING\r\nset \"a b\" 'c'\n*0\r\n*-1\r\n\r\n*1\r\n$4\r\nPING\r\n",
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20\r\n01234567890123456789\r\n",
		"*1\r\n$-2\r\n", "*1\r\n$-9\r\n", "*2\r\n$9223372036854775807\r\n", "*03\r\n", "*1\r\n$01\r\na\r\n",
		"*1\r\nX\r\n", "*1\r\n\r\n", "*1\rX$4\rXPINGXX*1\r\n$4\r\nPING\r\n", "$4 PING\r\n", "*2147483648\r\n",
		"*11\r\n$4\r\nPING\r\n", "*1\r\n$16385\r\n", "\"unbalanced\r\nPING\r\n", "*\r\n", "*+1\r\n", "* 1\r\n",
		strings.Repeat("*1\r\n$4\r\nPING\r\n", 200),
	} {
		f.Add([]byte(seed), uint64(7), true)
		f.Add([]byte(seed), uint64(3), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, auth bool) {
		commands, sent := run(data, auth, whole)
		random := rand.New(rand.NewPCG(seed, 1))
		for _, most := range []int{1, 3, 20} {
			gotCommands, gotSent := run(data, auth, inPieces(random, most))
			require.Equal(t, commands, gotCommands)
			require.Equal(t, sent, gotSent)
		}
	})
}

// FuzzAgainstRedcon checks parseArray against redcon's parser on requests as
// clients write them.
func FuzzAgainstRedcon(f *testing.F) {
	f.Add([]byte("SET\x00key\x00value"), uint8(0))
	f.Add([]byte("\x00\x00"), uint8(3))
	f.Fuzz(func(t *testing.T, words []byte, repeat uint8) {
		var args []string
		for _, word := range bytes.Split(words, []byte{0}) {
			args = append(args, strings.Repeat(string(word), int(repeat)%50+1))
		}
		request := []byte(command(args...) + "rest")
		got, n := parseArray(request, nil, bounds{unlimitedArgs, 1 << 30})
		complete, want, _, left, err := redcon.ReadNextCommand(request, nil)
		require.NoError(t, err)
		require.True(t, complete)
		require.Equal(t, "rest", string(left))
		require.Equal(t, len(request)-4, n)
		require.Equal(t, want, got)
		for cut := range n {
			_, short := parseArray(request[:cut], nil, bounds{unlimitedArgs, 1 << 30})
			require.Zero(t, short)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	request := []byte(command("SET", "key:000000000001", strings.Repeat("v", 64)))
	b.Run("parseArray", func(b *testing.B) {
		args := make([][]byte, 0, 8)
		for b.Loop() {
			if _, n := parseArray(request, args, bounds{unlimitedArgs, 1 << 30}); n != len(request) {
				b.Fatal(n)
			}
		}
	})
	b.Run("redcon", func(b *testing.B) {
		args := make([][]byte, 0, 8)
		for b.Loop() {
			if complete, _, _, _, err := redcon.ReadNextCommand(request, args); !complete || err != nil {
				b.Fatal(err)
			}
		}
	})
}
