package pubsub

import "github.com/ashlar-cache/ashlar/protocol/resp"

// delivery is one publication on its way.
type delivery struct {
	self  *Subscriber
	own   func([]byte)
	count int
}

// to delivers a message to some subscribers. It is written once for each protocol
// version that is wanted, and all share it.
func (d *delivery) to(subscribers map[*Subscriber]struct{}, name string, pattern, channel, text []byte) {
	var forms [2][]byte
	for s := range subscribers {
		d.count++
		form := &forms[0]
		if s.proto.Load() >= 3 {
			form = &forms[1]
		}
		if *form == nil {
			*form = AppendMessage(nil, int(s.proto.Load()), name, pattern, channel, text)
		}
		if s == d.self {
			d.own(*form)
			continue
		}
		s.client.Push(*form)
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
