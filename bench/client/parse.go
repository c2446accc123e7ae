package client

import (
	"bytes"
	"errors"
	"fmt"
)

// Reply is a reply of the server.
type Reply struct {
	// Kind is the byte that the reply began with: '+' status, '-' error, ':' integer,
	// '$' bulk string, '*' array, and those of RESP3 ('_' null, '%' map and so on).
	Kind byte
	// Null says that there is nothing: the null bulk string, array or '_'.
	Null bool
	// Int is the value of an integer and of a boolean (0 or 1).
	Int int64
	// Bytes is the text of all other scalars. It lies in the connection's buffer.
	Bytes []byte
	// Elems are the parts of an array, set or push, and the keys and values of a
	// map in turn.
	Elems []Reply
}

// Parser cuts a stream of bytes into replies. Bytes are read into Room, Filled
// says how many, and Next gives the replies that are complete:
//
//	buf  |....taken....|====complete and partial replies====|....room....|
//	                   start                                end
type Parser struct {
	buf        []byte
	start, end int
	// need is the length that the partial reply at start has at least, so that a
	// long one is not looked at again for every read.
	need int
}

// The buffer's size at first; it doubles while a reply does not fit.
const firstBuffer = 16 << 10

// maxReply bounds what a broken stream can make the parser reserve, in bytes.
const maxReply = 1 << 30

var errIncomplete = errors.New("incomplete")

// Room is where the next bytes of the stream go; it is never empty. What earlier
// replies refer to is no longer valid.
func (p *Parser) Room() []byte {
	if p.start == p.end {
		p.start, p.end = 0, 0
	}
	if p.buf == nil {
		p.buf = make([]byte, firstBuffer)
	}
	if free := len(p.buf) - p.end; free < len(p.buf)/2 && p.start > 0 {
		p.end = copy(p.buf, p.buf[p.start:p.end])
		p.start = 0
	}
	if want := max(p.start+p.need, p.end+1); want > len(p.buf) {
		grown := make([]byte, max(want, 2*len(p.buf)))
		copy(grown, p.buf[:p.end])
		p.buf = grown
	}
	return p.buf[p.end:]
}

// Filled tells that n bytes were read into Room.
func (p *Parser) Filled(n int) { p.end += n }

// Next takes a reply; ok is false if there is none yet. The reply is valid until
// the next call of Next or Room. After an error the stream is of no use.
func (p *Parser) Next() (reply Reply, ok bool, err error) {
	if p.end-p.start < max(p.need, 1) {
		return Reply{}, false, nil
	}
	at, err := p.parse(&reply, p.start, 0)
	if errors.Is(err, errIncomplete) {
		return Reply{}, false, nil
	}
	if err != nil {
		return Reply{}, false, err
	}
	p.start, p.need = at, 0
	return reply, true, nil
}

// parse reads the reply at an offset into r and returns the offset behind it.
func (p *Parser) parse(r *Reply, at, depth int) (int, error) {
	line, after, err := p.line(at)
	if err != nil {
		return 0, err
	}
	if len(line) == 0 || depth > 16 {
		return 0, fmt.Errorf("not a reply: %.40q", p.buf[at:p.end])
	}
	r.Kind = line[0]
	rest := line[1:]
	switch r.Kind {
	case '+', '-', ',', '(':
		r.Bytes = rest
	case '_':
		r.Null = true
	case '#':
		r.Int = int64(b2i(len(rest) == 1 && rest[0] == 't'))
	case ':':
		if r.Int, err = integer(rest); err != nil {
			return 0, err
		}
	case '$', '=', '!':
		return p.parseBulk(r, rest, after)
	case '*', '~', '>', '%', '|':
		return p.parseMany(r, rest, after, depth)
	default:
		return 0, fmt.Errorf("not a reply: %.40q", line)
	}
	return after, nil
}

// parseBulk reads a string of a stated length.
func (p *Parser) parseBulk(r *Reply, length []byte, at int) (int, error) {
	n, err := integer(length)
	if err != nil || n > maxReply {
		return 0, fmt.Errorf("not the length of a string: %q", length)
	}
	if n < 0 {
		r.Null = true
		return at, nil
	}
	end := at + int(n)
	if end+2 > p.end {
		p.need = end + 2 - p.start
		return 0, errIncomplete
	}
	if p.buf[end] != '\r' || p.buf[end+1] != '\n' {
		return 0, fmt.Errorf("a string of %d bytes does not end where it should", n)
	}
	r.Bytes = p.buf[at:end:end]
	return end + 2, nil
}

// parseMany reads the parts of an aggregate.
func (p *Parser) parseMany(r *Reply, length []byte, at, depth int) (int, error) {
	n, err := integer(length)
	if err != nil || n > maxReply/4 {
		return 0, fmt.Errorf("not the length of an array: %q", length)
	}
	if n < 0 {
		r.Null = true
		return at, nil
	}
	if r.Kind == '%' || r.Kind == '|' {
		n *= 2
	}
	for range n {
		var e Reply
		if at, err = p.parse(&e, at, depth+1); err != nil {
			return 0, err
		}
		r.Elems = append(r.Elems, e)
	}
	return at, nil
}

// line is the text up to the next CR LF, and the offset behind it.
func (p *Parser) line(at int) (line []byte, after int, err error) {
	i := bytes.IndexByte(p.buf[at:p.end], '\n')
	if i < 0 {
		return nil, 0, errIncomplete
	}
	if i == 0 || p.buf[at+i-1] != '\r' {
		return nil, 0, fmt.Errorf("not a reply: %.40q", p.buf[at:at+i])
	}
	return p.buf[at : at+i-1], at + i + 1, nil
}

// integer reads a decimal number without allocating.
func integer(b []byte) (int64, error) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return 0, fmt.Errorf("not a number: %.40q", b)
	}
	var n int64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, fmt.Errorf("not a number: %.40q", b)
		}
		n = n*10 + int64(d-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, nil
}

func b2i(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
