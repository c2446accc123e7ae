package loadgen

import (
	"bytes"
	"errors"
	"fmt"
)

// skim passes over replies and keeps of each only what a load counts. It takes the
// stream in pieces as they are read, holds back nothing but a line that has not
// ended, and so needs no buffer of its own: all connections of a thread read into
// the same one. A large reply in many pieces is looked at once.
type skim struct {
	// pushes has messages that nobody asked for count as replies: those of subscribers.
	pushes bool

	open int    // values still to come of this reply; 0 between replies
	pass int    // bytes of a string still to pass over, its CR LF included
	part []byte // the beginning of a line
	// whole says that the value under way is the reply itself, not a part of it.
	whole bool

	answer
}

// answer is what is known of a reply, once it is complete.
type answer struct {
	kind  byte // of the reply as a whole
	nulls int  // nulls in it, or itself
	size  int  // parts it has, if it is an aggregate
	// text is that of an error or status; it is valid until the next read.
	text []byte
	// head is how the last string in it begins, for messages that carry their time.
	head  [stampSize]byte
	heads int
}

// missed says whether a read found nothing.
func (a *answer) missed() bool {
	switch a.kind {
	case '*', '~', '%':
		return a.size == 0
	}
	return a.nulls > 0
}

// maxLine bounds a line: errors and lengths are far shorter.
const maxLine = 64 << 10

var errLongLine = errors.New("not a reply: a line without an end")

// next takes bytes of the stream and says how many it used, and whether a reply is
// complete. Call it again with the rest.
func (s *skim) next(b []byte) (used int, ok bool, err error) {
	for used < len(b) {
		if s.pass > 0 {
			used += s.payload(b[used:])
			if s.pass > 0 {
				return used, false, nil
			}
			if s.open--; s.finished() {
				return used, true, nil
			}
			continue
		}
		i := bytes.IndexByte(b[used:], '\n')
		if i < 0 {
			s.part = append(s.part, b[used:]...)
			if len(s.part) > maxLine {
				return used, false, errLongLine
			}
			return len(b), false, nil
		}
		line := b[used : used+i]
		used += i + 1
		if len(s.part) > 0 { // rare: a line across two reads
			s.part = append(s.part, line...)
			line, s.part = s.part, s.part[:0]
		}
		if err := s.line(line); err != nil {
			return used, false, err
		}
		if s.pass == 0 && s.finished() {
			return used, true, nil
		}
	}
	return used, false, nil
}

// finished says whether what has ended is a reply that somebody waits for.
func (s *skim) finished() bool { return s.open == 0 && (s.kind != '>' || s.pushes) }

// payload passes over bytes of a string.
func (s *skim) payload(b []byte) int {
	n := min(s.pass, len(b))
	if s.pushes && s.heads < stampSize {
		s.heads += copy(s.head[s.heads:], b[:n])
	}
	s.pass -= n
	return n
}

// line takes a line without its LF: a value, or the head of one.
func (s *skim) line(b []byte) error {
	n := len(b) - 1
	if n < 1 || b[n] != '\r' {
		return fmt.Errorf("not a reply: %.40q", b)
	}
	kind, rest := b[0], b[1:n]
	s.whole = s.open == 0 || s.open == 1 && s.kind == '|'
	switch {
	case s.open == 0:
		s.open, s.answer = 1, answer{kind: kind}
	case s.whole: // behind its attributes, the reply itself
		s.kind, s.nulls = kind, 0
	}
	switch kind {
	case '+', '-', ':', ',', '#', '(':
		s.open--
		if s.whole {
			s.text = rest
		}
	case '_':
		s.nulls++
		s.open--
	case '$', '=', '!', '*', '~', '>', '%', '|':
		return s.counted(kind, rest)
	default:
		return fmt.Errorf("not a reply: %.40q", b)
	}
	return nil
}

// counted takes the head of a string or an aggregate, which is a number.
func (s *skim) counted(kind byte, text []byte) error {
	n, err := length(text)
	if err != nil {
		return err
	}
	switch {
	case n < 0:
		s.nulls++
		s.open--
	case kind == '$' || kind == '=' || kind == '!':
		s.pass, s.heads = n+2, 0
	case kind == '|': // attributes stand before the reply that they belong to
		s.open += 2 * n
	default:
		if kind == '%' {
			n *= 2
		}
		if s.whole {
			s.size = n
		}
		s.open += n - 1
	}
	return nil
}

// maxLength bounds what a broken stream can make this wait for.
const maxLength = 1 << 30

// length reads a length, which is -1 where there is nothing.
func length(b []byte) (int, error) {
	if len(b) == 2 && b[0] == '-' && b[1] == '1' {
		return -1, nil
	}
	n := 0
	for _, d := range b {
		if d < '0' || d > '9' || n > maxLength {
			return 0, fmt.Errorf("not a length: %.40q", b)
		}
		n = n*10 + int(d-'0')
	}
	if len(b) == 0 {
		return 0, errors.New("not a length: it is empty")
	}
	return n, nil
}
