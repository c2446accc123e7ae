package loadgen

import (
	"fmt"
	"strconv"
)

// Publications is a workload that publishes messages of Size bytes to channels in
// turn, for a load that has subscribers. Each message begins with the moment at which
// it was due, so that subscribers see how long it took.
type Publications struct{ Channels, Size int }

// Commands has the one that it sends.
func (p Publications) Commands() []string { return []string{"PUBLISH"} }

// Stream is what one thread publishes.
func (p Publications) Stream(thread int) Stream {
	s := &publisher{payload: make([]byte, max(p.Size, stampSize)), next: thread}
	for i := range s.payload {
		s.payload[i] = 'x'
	}
	for i := range max(p.Channels, 1) {
		s.channels = append(s.channels, []byte(channelName(i)))
	}
	return s
}

func channelName(i int) string { return fmt.Sprintf("ashlar-bench:%d", i) }

// publisher is one thread's messages.
type publisher struct {
	at       int64 // when the next one was due; set before each
	channels [][]byte
	payload  []byte
	next     int
}

var publish = []byte("PUBLISH")

// Next appends a PUBLISH.
func (p *publisher) Next(dst Appender) Op {
	writeStamp(p.payload, p.at)
	dst.Head(3)
	dst.Bulk(publish)
	dst.Bulk(p.channels[p.next%len(p.channels)])
	dst.Bulk(p.payload)
	p.next++
	return Op{Words: 3}
}

// stampSize is the length of a moment in a message: hexadecimal digits.
const stampSize = 16

const hexDigits = "0123456789abcdef"

// writeStamp writes a moment to where a message begins.
func writeStamp(dst []byte, at int64) {
	for i := stampSize - 1; i >= 0; i-- {
		dst[i] = hexDigits[at&15]
		at >>= 4
	}
}

// readStamp is the moment at which a message was due.
func readStamp(b []byte) (at int64, ok bool) {
	if len(b) < stampSize {
		return 0, false
	}
	for _, c := range b[:stampSize] {
		switch {
		case c >= '0' && c <= '9':
			at = at<<4 | int64(c-'0')
		case c >= 'a' && c <= 'f':
			at = at<<4 | int64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return at, true
}

// receivers is what a server answers to PUBLISH.
func receivers(reply []byte) int64 {
	n, err := strconv.ParseInt(string(reply), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
