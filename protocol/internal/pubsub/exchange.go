package pubsub

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
)

// Kind is what a name means.
type Kind uint8

// The kinds: a channel, a pattern of channels, a sharded channel.
const (
	Channel Kind = iota
	Pattern
	Sharded
	kinds
)

// Client is what a subscriber must be able to do. Implemented by the transport.
type Client interface {
	// Push queues a whole message, from any goroutine; false if the client is gone.
	// The bytes must not be changed afterwards.
	Push(message []byte) bool
}

// Subscriber is a client that may subscribe.
type Subscriber struct {
	client Client
	proto  atomic.Int32
	names  [kinds]map[string]struct{} // the client's own goroutine's
}

// NewSubscriber makes a subscriber without subscriptions. proto is 2 or 3.
func NewSubscriber(client Client, proto int) *Subscriber {
	s := &Subscriber{client: client}
	s.SetProto(proto)
	return s
}

// SetProto changes the protocol version in which messages come.
func (s *Subscriber) SetProto(proto int) { s.proto.Store(int32(proto)) }

// Count is the number of subscriptions of a kind. Only for the client's goroutine,
// as Names is.
func (s *Subscriber) Count(k Kind) int {
	if s == nil {
		return 0
	}
	return len(s.names[k])
}

// Names are the subscriptions of a kind, sorted.
func (s *Subscriber) Names(k Kind) []string {
	names := make([]string, 0, len(s.names[k]))
	for name := range s.names[k] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Exchange is all subscriptions of a server.
type Exchange struct {
	any atomic.Int64 // subscriptions

	mu    sync.RWMutex
	names [kinds]map[string]map[*Subscriber]struct{}
}

// New makes an exchange without subscriptions.
func New() *Exchange {
	x := &Exchange{}
	for k := range x.names {
		x.names[k] = map[string]map[*Subscriber]struct{}{}
	}
	return x
}

// Subscribe adds a subscription; false if it was there.
func (x *Exchange) Subscribe(s *Subscriber, k Kind, name string) bool {
	if _, had := s.names[k][name]; had {
		return false
	}
	if s.names[k] == nil {
		s.names[k] = map[string]struct{}{}
	}
	s.names[k][name] = struct{}{}
	x.mu.Lock()
	defer x.mu.Unlock()
	subscribers := x.names[k][name]
	if subscribers == nil {
		subscribers = map[*Subscriber]struct{}{}
		x.names[k][name] = subscribers
	}
	subscribers[s] = struct{}{}
	x.any.Add(1)
	return true
}

// Unsubscribe takes a subscription away; false if it was not there.
func (x *Exchange) Unsubscribe(s *Subscriber, k Kind, name string) bool {
	if _, had := s.names[k][name]; !had {
		return false
	}
	delete(s.names[k], name)
	x.mu.Lock()
	defer x.mu.Unlock()
	subscribers := x.names[k][name]
	delete(subscribers, s)
	if len(subscribers) == 0 {
		delete(x.names[k], name)
	}
	x.any.Add(-1)
	return true
}

// Leave takes all subscriptions of a client away.
func (x *Exchange) Leave(s *Subscriber) {
	if s == nil {
		return
	}
	for k := range kinds {
		for name := range s.names[k] {
			x.Unsubscribe(s, k, name)
		}
	}
}

// Publish delivers a message to who subscribed to a channel and, unless the kind is
// Sharded, to a pattern that matches it, and returns how many deliveries that makes.
// Where the publisher itself is one of them its messages go to own instead, in the
// form that its protocol has, since they belong before the reply to what it runs; own
// is called under the exchange's lock.
func (x *Exchange) Publish(k Kind, channel, text []byte, self *Subscriber, own func(message []byte)) int {
	if x.any.Load() == 0 {
		return 0
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	d := delivery{self: self, own: own}
	name := "message"
	if k == Sharded {
		name = "smessage"
	}
	d.to(x.names[k][string(channel)], name, nil, channel, text)
	if k == Channel {
		for pattern, subscribers := range x.names[Pattern] {
			if glob.Match([]byte(pattern), channel, false) {
				d.to(subscribers, "pmessage", []byte(pattern), channel, text)
			}
		}
	}
	return d.count
}

// Channels are the names of a kind that somebody subscribed to and that match the
// pattern, nil for all; sorted.
func (x *Exchange) Channels(k Kind, pattern []byte) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	names := []string{}
	for name := range x.names[k] {
		if pattern == nil || glob.Match(pattern, []byte(name), false) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Subscribers is how many clients subscribed to a name.
func (x *Exchange) Subscribers(k Kind, name []byte) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.names[k][string(name)])
}

// Len is how many names of a kind somebody subscribed to.
func (x *Exchange) Len(k Kind) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.names[k])
}
