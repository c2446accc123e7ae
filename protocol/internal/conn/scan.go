package conn

import (
	"bytes"
	"math"
	"strconv"
)

// maxHeader bounds a line that announces a length, and an inline command.
const maxHeader = 64 << 10

// Limits before authentication, as in redis-server.
const (
	unauthenticatedArgs = 10
	unauthenticatedBulk = 16 << 10
)

// A protocolError is what is wrong with the bytes of a client. The reply says
// "ERR Protocol error: " before it; nothing after it on the connection can be
// understood, so the connection is closed.
type protocolError string

// The errors, in redis-server's words.
const (
	errMultibulkLength       protocolError = "invalid multibulk length"
	errMultibulkTooBig       protocolError = "too big mbulk count string"
	errUnauthMultibulk       protocolError = "unauthenticated multibulk length"
	errBulkLength            protocolError = "invalid bulk length"
	errBulkTooBig            protocolError = "too big bulk count string"
	errUnauthBulk            protocolError = "unauthenticated bulk length"
	errInlineTooBig          protocolError = "too big inline request"
	errQuotes                protocolError = "unbalanced quotes in request"
	errExpectedDollar        protocolError = "expected '$', got '"
	protocolErrorReplyPrefix               = "-ERR Protocol error: "
	noError                  protocolError = ""
	unlimitedArgs                          = math.MaxInt32
)

// append writes the error as a reply.
func (e protocolError) append(out []byte) []byte {
	out = append(out, protocolErrorReplyPrefix...)
	for i := 0; i < len(e); i++ {
		c := e[i]
		if c == '\r' || c == '\n' {
			c = ' ' // the byte that stood in place of the '$'
		}
		out = append(out, c)
	}
	return append(out, '\r', '\n')
}

// scanner finds the end of a command that arrives in pieces, and what is
// wrong with one that is refused. It remembers how far it has come, so however
// small the pieces, each byte is looked at once: a value of 512 MB is skipped
// over when its length is known, and an MSET of 100,000 arguments costs what
// its bytes cost. The zero scanner is at the start of a command.
//
// Offsets count from the start of the command, so the caller may move the
// bytes between calls as long as it keeps all of them.
type scanner struct {
	pos  int  // everything before is understood; a header starts here, or a bulk string's bytes
	seek int  // no end of line before here (at least pos)
	left int  // arguments still to come
	size int  // of the bulk string at pos; meaningful if body
	body bool // pos is at the bytes of a bulk string, its header is behind
	list bool // the array's own header is behind
}

// scan goes on with the command at the start of buf. end is its length once it
// has fully arrived (then the scanner is as new), 0 while more is needed.
func (s *scanner) scan(buf []byte, auth bool, maxBulk int) (end int, err protocolError) {
	if len(buf) == 0 {
		return 0, noError
	}
	if buf[0] != '*' {
		return s.scanInline(buf)
	}
	if !s.list {
		if err := s.scanCount(buf, auth); err != noError || !s.list {
			return 0, err
		}
	}
	for s.left > 0 {
		if !s.body {
			if err := s.scanSize(buf, auth, maxBulk); err != noError || !s.body {
				return 0, err
			}
		}
		if len(buf)-s.pos < s.size+2 {
			return 0, noError
		}
		s.pos += s.size + 2
		s.body = false
		s.left--
	}
	end = s.pos
	*s = scanner{}
	return end, noError
}

// missing is how many bytes the argument under way still lacks; 0 if its
// length is not known yet.
func (s *scanner) missing(have int) int {
	if !s.body {
		return 0
	}
	return s.pos + s.size + 2 - have
}

// scanCount reads "*<count>" and sets list once it is all there.
func (s *scanner) scanCount(buf []byte, auth bool) protocolError {
	line, ok := s.line(buf)
	if !ok {
		if len(buf) > maxHeader {
			return errMultibulkTooBig
		}
		return noError
	}
	count, ok := parseInteger(line[1:])
	switch {
	case !ok || count > unlimitedArgs:
		return errMultibulkLength
	case count > unauthenticatedArgs && !auth:
		return errUnauthMultibulk
	}
	// Zero, or less, is a command of no words: it is passed over.
	s.left = max(int(count), 0)
	s.list = true
	return noError
}

// scanSize reads "$<size>" and sets body once it is all there.
func (s *scanner) scanSize(buf []byte, auth bool, maxBulk int) protocolError {
	if s.pos == len(buf) {
		return noError
	}
	start := s.pos
	line, ok := s.line(buf)
	if !ok {
		if len(buf)-start > maxHeader {
			return errBulkTooBig
		}
		return noError
	}
	if line[0] != '$' {
		return errExpectedDollar + protocolError(line[:1]) + "'"
	}
	size, ok := parseInteger(line[1:])
	switch {
	case !ok || size < 0 || size > int64(maxBulk):
		return errBulkLength
	case size > unauthenticatedBulk && !auth:
		return errUnauthBulk
	}
	s.size, s.body = int(size), true
	return noError
}

// line takes the line at pos, up to a CR and the byte after it.
func (s *scanner) line(buf []byte) ([]byte, bool) {
	from := max(s.seek, s.pos)
	at := bytes.IndexByte(buf[from:], '\r')
	if at < 0 {
		s.seek = len(buf)
		return nil, false
	}
	at += from
	if at+1 >= len(buf) {
		s.seek = at
		return nil, false
	}
	line := buf[s.pos:at]
	s.pos, s.seek = at+2, at+2
	if len(line) == 0 {
		// A bare CR where a header is due: the byte itself is what is wrong.
		line = buf[at : at+1]
	}
	return line, true
}

// scanInline looks for the end of a command typed as a line.
func (s *scanner) scanInline(buf []byte) (int, protocolError) {
	at := bytes.IndexByte(buf[s.seek:], '\n')
	if at < 0 {
		s.seek = len(buf)
		if len(buf) > maxHeader {
			return 0, errInlineTooBig
		}
		return 0, noError
	}
	end := s.seek + at + 1
	*s = scanner{}
	return end, noError
}

// parseInteger reads a whole decimal integer as redis-server's string2ll does:
// no space, no plus sign, no leading zero.
func parseInteger(b []byte) (int64, bool) {
	digits := b
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	if digits[0] < '1' || digits[0] > '9' {
		return 0, len(b) == 1 && b[0] == '0'
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}
