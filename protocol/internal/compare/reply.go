package compare

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxDepth bounds the nesting that ReadReply follows, so that a broken server
// makes an error and no endless recursion.
const maxDepth = 200

// maxBulk is the longest bulk that ReadReply takes: redis-server's own limit
// for a value.
const maxBulk = 512 << 20

var errFraming = errors.New("not a RESP reply")

// ReadReply reads exactly one reply, of any RESP2 or RESP3 type, and returns
// its bytes as they were on the wire. Attributes (RESP3's "|") belong to the
// reply that follows them. What was read before an error is returned with it;
// io.EOF stands for an end before the first byte, io.ErrUnexpectedEOF for one
// in the middle.
func ReadReply(r *bufio.Reader) ([]byte, error) {
	raw, err := appendReply(nil, r, 0)
	if errors.Is(err, io.EOF) && len(raw) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return raw, err
}

func appendReply(dst []byte, r *bufio.Reader, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, fmt.Errorf("%w: nested deeper than %d", errFraming, maxDepth)
	}
	start := len(dst)
	dst, err := appendLine(dst, r)
	if err != nil {
		return dst, err
	}
	kind, text := dst[start], dst[start+1:len(dst)-2]
	switch kind {
	case '+', '-', ':', ',', '#', '_', '(':
		return dst, nil
	case '$', '=', '!', '*', '~', '>', '%', '|':
	default:
		return dst, fmt.Errorf("%w: type byte %q", errFraming, kind)
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < -1 || n > maxBulk {
		return dst, fmt.Errorf("%w: length %q", errFraming, text)
	}
	switch kind {
	case '$', '=', '!':
		return appendBulk(dst, r, n)
	case '%':
		n *= 2
	case '|': // pairs, and then the reply they are about
		n = 2*n + 1
	}
	for ; n > 0 && err == nil; n-- {
		dst, err = appendReply(dst, r, depth+1)
	}
	return dst, err
}

// appendLine appends a line with its CRLF; the line has a type byte at least.
func appendLine(dst []byte, r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	dst = append(dst, line...)
	if err != nil {
		return dst, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return dst, fmt.Errorf("%w: line %q", errFraming, line)
	}
	return dst, nil
}

// appendBulk appends n bytes and their CRLF, nothing for the null bulk (-1).
func appendBulk(dst []byte, r *bufio.Reader, n int) ([]byte, error) {
	if n < 0 {
		return dst, nil
	}
	// Grows with what arrives, not with what was announced.
	body := bytes.NewBuffer(dst)
	_, err := io.CopyN(body, r, int64(n)+2)
	dst = body.Bytes()
	if err == nil && !bytes.HasSuffix(dst, []byte("\r\n")) {
		err = fmt.Errorf("%w: a bulk that does not end with CRLF", errFraming)
	}
	return dst, err
}

// Node is a reply as a tree, for the comparisons that are looser than bytes.
type Node struct {
	Kind byte   // the type byte
	Text string // of a scalar or a bulk; "" for an aggregate
	Null bool   // $-1 or *-1
	Kids []Node // elements; keys and values in turn for a map; the reply last for an attribute
}

// Parse turns the bytes of one reply, as ReadReply gives them, into a tree.
func Parse(raw []byte) (Node, error) {
	n, rest, err := parse(raw)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %d bytes after the reply", errFraming, len(rest))
	}
	return n, err
}

func parse(raw []byte) (Node, []byte, error) {
	line, rest, ok := bytes.Cut(raw, []byte("\r\n"))
	if !ok || len(line) == 0 {
		return Node{}, raw, errFraming
	}
	node := Node{Kind: line[0], Text: string(line[1:])}
	switch node.Kind {
	case '$', '=', '!', '*', '~', '>', '%', '|':
	default:
		return node, rest, nil
	}
	n, err := strconv.Atoi(node.Text)
	if err != nil {
		return node, rest, errFraming
	}
	node.Text, node.Null = "", n < 0
	switch node.Kind {
	case '$', '=', '!':
		if n < 0 {
			return node, rest, nil
		}
		if len(rest) < n+2 {
			return node, rest, errFraming
		}
		node.Text = string(rest[:n])
		return node, rest[n+2:], nil
	case '%':
		n *= 2
	case '|':
		n = 2*n + 1
	}
	for ; n > 0; n-- {
		var kid Node
		if kid, rest, err = parse(rest); err != nil {
			return node, rest, err
		}
		node.Kids = append(node.Kids, kid)
	}
	return node, rest, nil
}

// Raw is the tree as bytes again.
func (n Node) Raw() []byte { return n.appendTo(nil) }

func (n Node) appendTo(dst []byte) []byte {
	dst = append(dst, n.Kind)
	count := len(n.Kids)
	switch n.Kind {
	case '%':
		count /= 2
	case '|':
		count = (count - 1) / 2
	case '*', '~', '>':
	case '$', '=', '!':
		if n.Null {
			return append(dst, "-1\r\n"...)
		}
		dst = strconv.AppendInt(dst, int64(len(n.Text)), 10)
		dst = append(dst, "\r\n"...)
		return append(append(dst, n.Text...), "\r\n"...)
	default:
		return append(append(dst, n.Text...), "\r\n"...)
	}
	if n.Null {
		count = -1
	}
	dst = strconv.AppendInt(dst, int64(count), 10)
	dst = append(dst, "\r\n"...)
	for _, kid := range n.Kids {
		dst = kid.appendTo(dst)
	}
	return dst
}
