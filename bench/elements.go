package bench

import (
	"strconv"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// shape is a kind of collection that figures fill: the command that adds elements,
// and what element number i of it is. An element is text that no server can keep
// as a number, and follows from i alone, so that a figure need not remember what it
// has stored.
type shape struct {
	name    string
	command string
	payload int // bytes that the user stores with an element, without a score
	write   func(l *lane, i uint64)
	words   int // that write appends
}

// The lengths of what elements are made of, in bytes.
const (
	fieldSize  = 10
	memberSize = 16
	maxElement = 32
)

var (
	hashes = shape{name: "hash", command: "HSET", payload: fieldSize + memberSize, words: 2, write: func(l *lane, i uint64) {
		l.Bulk(field(l, i))
		l.Bulk(member(l, i))
	}}
	sets  = shape{name: "set", command: "SADD", payload: memberSize, words: 1, write: func(l *lane, i uint64) { l.Bulk(member(l, i)) }}
	lists = shape{name: "list", command: "RPUSH", payload: memberSize, words: 1, write: func(l *lane, i uint64) { l.Bulk(member(l, i)) }}
	zsets = shape{name: "zset", command: "ZADD", payload: memberSize, words: 2, write: func(l *lane, i uint64) {
		l.Bulk(score(l, i, manyScores))
		l.Bulk(member(l, i))
	}}
	// Sorted sets of a few members have scores such as positions or points: servers
	// that pack them keep these in a byte or two.
	smallZsets = shape{name: "zset", command: "ZADD", payload: memberSize, words: 2, write: func(l *lane, i uint64) {
		l.Bulk(score(l, i, fewScores))
		l.Bulk(member(l, i))
	}}
)

// How many different scores there are.
const (
	fewScores  = 100
	manyScores = 1_000_000_000
)

// add appends the command that adds elements from to from+n-1 to a collection.
func (s shape) add(l *lane, key []byte, from, n int) {
	l.Head(2 + n*s.words)
	l.Bulk([]byte(s.command))
	l.Bulk(key)
	for i := range n {
		s.write(l, uint64(from+i))
	}
}

// field is the name of number i: "f000000042". It is valid until the next of these.
func field(l *lane, i uint64) []byte { return numbered(l.text[:fieldSize], 'f', i) }

// member is number i in hexadecimal, scattered: neighbours in number are none in
// the order of bytes, and no two are alike.
func member(l *lane, i uint64) []byte {
	const digits = "0123456789abcdef"
	text, h := l.text[:memberSize], dist.Hash(i)
	text[0] = 'g' + byte(h&15) // never a number
	for at := 1; at < memberSize; at++ {
		h >>= 4
		text[at] = digits[h&15]
	}
	return text
}

// score is number i's: scattered too, so that a sorted set is filled in no order.
func score(l *lane, i, below uint64) []byte {
	return strconv.AppendUint(l.text[:0], dist.Hash(i^scoreSalt)%below, 10)
}

const scoreSalt = 0x5c07e

// numbered writes n's digits behind a letter.
func numbered(text []byte, letter byte, n uint64) []byte {
	for i := len(text) - 1; i > 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
	text[0] = letter
	return text
}
