package compare

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// replies are whole replies of every type.
var replies = []string{
	"+OK\r\n", "-ERR no\r\n", ":-12\r\n", "$-1\r\n", "$0\r\n\r\n", "$4\r\na\r\nb\r\n", "*-1\r\n", "*0\r\n",
	"*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(123456789012345678901234567890\r\n",
	"!5\r\nERR x\r\n", "=7\r\ntxt:abc\r\n", "%1\r\n+a\r\n*1\r\n:1\r\n", "~2\r\n+a\r\n+b\r\n", ">1\r\n+x\r\n",
	"|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n", "*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n",
}

func TestReadReplyTakesExactlyOne(t *testing.T) {
	r := bufio.NewReader(strings.NewReader(strings.Join(replies, "")))
	for _, want := range replies {
		got, err := ReadReply(r)
		require.NoError(t, err, "%q", want)
		require.Equal(t, want, string(got))
	}
	_, err := ReadReply(r)
	require.Equal(t, io.EOF, err)
}

func TestReadReplyThatEndsEarly(t *testing.T) {
	for _, whole := range replies {
		for cut := 1; cut < len(whole); cut++ {
			got, err := ReadReply(bufio.NewReader(strings.NewReader(whole[:cut])))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%q", whole[:cut])
			require.Equal(t, whole[:cut], string(got))
		}
	}
}

func TestReadReplyRefusesWhatIsNone(t *testing.T) {
	for _, raw := range []string{
		"\r\n", "PONG\r\n", "+OK\n", "$x\r\n", "$-2\r\n", "*1.5\r\n", "$1\r\nabc\r\n", "$99999999999\r\n",
		strings.Repeat("*1\r\n", maxDepth+2) + ":1\r\n",
	} {
		_, err := ReadReply(bufio.NewReader(strings.NewReader(raw)))
		require.ErrorIs(t, err, errFraming, "%q", raw)
	}
}

func TestParseAndBack(t *testing.T) {
	for _, raw := range replies {
		n, err := Parse([]byte(raw))
		require.NoError(t, err, "%q", raw)
		require.Equal(t, raw, string(n.Raw()))
	}
	_, err := Parse([]byte(":1\r\n:2\r\n"))
	require.ErrorIs(t, err, errFraming)
}

// FuzzReadReply: what is read is a prefix of the input, and parses.
func FuzzReadReply(f *testing.F) {
	for _, raw := range replies {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := ReadReply(bufio.NewReader(strings.NewReader(string(raw))))
		require.True(t, strings.HasPrefix(string(raw), string(got)))
		if err == nil {
			_, err = Parse(got)
			require.NoError(t, err)
		}
	})
}
