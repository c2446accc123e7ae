package pubsub

import (
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// delivery is one publication on its way.
type delivery struct {
	self          *session.Recipient
	own           func([]byte)
	name          string
	channel, text []byte
	forms         [2][]byte // the message without a pattern, in RESP2 and RESP3
}

// to delivers the message to those who subscribed to a channel, or to a pattern. It is
// written once for each protocol version that is wanted, and all share it.
func (d *delivery) to(t *topic, pattern []byte) {
	if d == nil {
		return
	}
	name, forms := d.name, &d.forms
	if pattern != nil {
		name, forms = "pmessage", new([2][]byte)
	}
	for s := range t.subscribers {
		proto := s.to.Proto()
		form := &forms[0]
		if proto >= 3 {
			form = &forms[1]
		}
		if *form == nil {
			*form = AppendMessage(nil, proto, name, pattern, d.channel, d.text)
		}
		if s.to == d.self {
			d.own(*form)
			continue
		}
		s.to.Push(*form)
	}
}

// AppendMessage appends a message as subscribers see it; pattern is nil but for
// "pmessage".
func AppendMessage(dst []byte, proto int, name string, pattern, channel, text []byte) []byte {
	w := resp.Writer{B: dst, Proto: proto}
	if pattern == nil {
		w.Push(3)
		w.BulkString(name)
	} else {
		w.Push(4)
		w.BulkString(name)
		w.Bulk(pattern)
	}
	w.Bulk(channel)
	w.Bulk(text)
	return w.B
}
