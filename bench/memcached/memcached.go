// Package memcached is the client side of memcached's text protocol, as far as a
// benchmark needs it: get of one key or several, set, and what tells how the server
// does. It stands beside package client, which speaks the Redis protocol, so that
// the same load can be put on both kinds of servers.
//
// The Append functions write commands; a Scanner takes the replies from a stream in
// whatever pieces it comes, and keeps nothing of them but counts. A Conn puts the
// two together for those who want values and wait for each reply:
//
//	VALUE key flags length\r\n        a get's reply: so many values, then END
//	data\r\n
//	END\r\n
//	STORED\r\n                        a set's
//	SERVER_ERROR out of memory\r\n    anything's
package memcached

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// MaxKey is the longest key that memcached takes.
const MaxKey = 250

// AppendGet appends a get of keys.
func AppendGet(dst []byte, keys ...[]byte) []byte {
	dst = append(dst, "get"...)
	for _, k := range keys {
		dst = append(append(dst, ' '), k...)
	}
	return append(dst, '\r', '\n')
}

// AppendSet appends a set. A time to live counts in whole seconds, rounded up; 0 is none.
func AppendSet(dst, key, value []byte, ttl time.Duration) []byte {
	dst = append(append(append(dst, "set "...), key...), " 0 "...)
	dst = strconv.AppendInt(dst, expiry(ttl), 10)
	dst = strconv.AppendInt(append(dst, ' '), int64(len(value)), 10)
	dst = append(append(dst, '\r', '\n'), value...)
	return append(dst, '\r', '\n')
}

// relativeLimit is where memcached begins to take times to live for dates.
const relativeLimit = 30 * 24 * time.Hour

// expiry is a time to live in memcached's form.
func expiry(ttl time.Duration) int64 {
	seconds := int64((ttl + time.Second - 1) / time.Second)
	if ttl > relativeLimit {
		return time.Now().Unix() + seconds
	}
	return seconds
}

// Scanner cuts a stream of replies. It looks at each byte once and holds back only a
// line that has not ended.
type Scanner struct {
	// Of the reply that is complete: how many values it had, and whether it is an
	// error, with its text. Text is valid until the next call.
	Values int
	Failed bool
	Text   []byte

	pass int    // bytes of a value still to pass over, its CR LF included
	part []byte // the beginning of a line
	done bool
	keep func(key, data []byte) // for those who want values: a Conn
	key  []byte
	data []byte
}

// maxLine bounds a line: keys are short.
const maxLine = 4 << 10

// Next takes bytes of the stream and says how many it used, and whether a reply is
// complete. Call it again with the rest.
func (s *Scanner) Next(b []byte) (used int, ok bool, err error) {
	if s.done {
		s.done, s.Values, s.Failed, s.Text = false, 0, false, nil
	}
	for used < len(b) {
		if s.pass > 0 {
			used += s.value(b[used:])
			continue
		}
		i := bytes.IndexByte(b[used:], '\n')
		if i < 0 {
			s.part = append(s.part, b[used:]...)
			if len(s.part) > maxLine {
				return used, false, fmt.Errorf("not a reply of memcached: %.40q", s.part)
			}
			return len(b), false, nil
		}
		line := b[used : used+i]
		used += i + 1
		if len(s.part) > 0 {
			s.part = append(s.part, line...)
			line, s.part = s.part, s.part[:0]
		}
		if s.done, err = s.line(line); err != nil || s.done {
			return used, s.done, err
		}
	}
	return used, false, nil
}

// value passes over bytes of a value.
func (s *Scanner) value(b []byte) int {
	n := min(s.pass, len(b))
	s.pass -= n
	if s.keep != nil {
		if s.data = append(s.data, b[:n]...); s.pass == 0 {
			s.keep(s.key, s.data[:len(s.data)-2])
		}
	}
	return n
}

// line takes a line without its LF; done is true if it ends a reply.
func (s *Scanner) line(b []byte) (done bool, err error) {
	b = bytes.TrimSuffix(b, []byte{'\r'})
	word, rest, _ := bytes.Cut(b, []byte{' '})
	switch string(word) {
	case "VALUE":
		return false, s.header(rest)
	case "END", "STORED", "NOT_STORED", "OK", "VERSION", "RESET", "DELETED", "NOT_FOUND", "TOUCHED", "EXISTS":
		s.Text = b
		return true, nil
	case "STAT":
		if name, value, ok := bytes.Cut(rest, []byte{' '}); ok && s.keep != nil {
			s.keep(name, value)
		}
		return false, nil
	case "ERROR", "CLIENT_ERROR", "SERVER_ERROR":
		s.Failed, s.Text = true, b
		return true, nil
	}
	return false, fmt.Errorf("not a reply of memcached: %.40q", b)
}

// header takes what follows the word VALUE: key, flags and length.
func (s *Scanner) header(rest []byte) error {
	key, rest, _ := bytes.Cut(rest, []byte{' '})
	_, length, _ := bytes.Cut(rest, []byte{' '})
	n := 0
	for _, d := range length {
		if d < '0' || d > '9' || n > 1<<30 {
			return fmt.Errorf("not the length of a value: %.40q", length)
		}
		n = n*10 + int(d-'0')
	}
	s.Values++
	s.pass = n + 2
	if s.keep != nil {
		s.key, s.data = append(s.key[:0], key...), s.data[:0]
	}
	return nil
}
