package pubsub

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
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

// Subscriber is a client that may subscribe.
type Subscriber struct {
	to    *session.Recipient
	names [kinds]map[string]struct{} // the client's own goroutine's
}

// NewSubscriber makes a subscriber without subscriptions.
func NewSubscriber(to *session.Recipient) *Subscriber { return &Subscriber{to: to} }

// Count is the number of subscriptions of a kind. Only for the client's goroutine,
// as Names is.
func (s *Subscriber) Count(k Kind) int {
	if s == nil {
		return 0
	}
	return len(s.names[k])
}

// Total is the number of subscriptions of all kinds.
func (s *Subscriber) Total() int { return s.Count(Channel) + s.Count(Pattern) + s.Count(Sharded) }

// Names are the subscriptions of a kind, sorted.
func (s *Subscriber) Names(k Kind) []string {
	if s == nil {
		return nil
	}
	names := make([]string, 0, len(s.names[k]))
	for name := range s.names[k] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// topic is a name that somebody subscribed to.
type topic struct {
	name        []byte
	subscribers map[*Subscriber]struct{}
}

// Exchange is all subscriptions of a server.
type Exchange struct {
	any     atomic.Int64 // subscriptions
	clients atomic.Int64 // with at least one

	mu     sync.RWMutex
	topics [kinds]map[string]*topic
}

// New makes an exchange without subscriptions.
func New() *Exchange {
	x := &Exchange{}
	for k := range x.topics {
		x.topics[k] = map[string]*topic{}
	}
	return x
}

// Subscribe adds a subscription; false if it was there.
func (x *Exchange) Subscribe(s *Subscriber, k Kind, name string) bool {
	if _, had := s.names[k][name]; had {
		return false
	}
	if s.Total() == 0 {
		x.clients.Add(1)
		s.to.SetSubscribed(true)
	}
	if s.names[k] == nil {
		s.names[k] = map[string]struct{}{}
	}
	s.names[k][name] = struct{}{}
	x.mu.Lock()
	defer x.mu.Unlock()
	t := x.topics[k][name]
	if t == nil {
		t = &topic{[]byte(name), map[*Subscriber]struct{}{}}
		x.topics[k][name] = t
	}
	t.subscribers[s] = struct{}{}
	x.any.Add(1)
	return true
}

// Unsubscribe takes a subscription away; false if it was not there.
func (x *Exchange) Unsubscribe(s *Subscriber, k Kind, name string) bool {
	if s == nil {
		return false
	}
	if _, had := s.names[k][name]; !had {
		return false
	}
	delete(s.names[k], name)
	if s.Total() == 0 {
		x.clients.Add(-1)
		s.to.SetSubscribed(false)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	t := x.topics[k][name]
	delete(t.subscribers, s)
	if len(t.subscribers) == 0 {
		delete(x.topics[k], name)
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
// form that its protocol has, since they belong behind the reply to what it runs; own
// is called under the exchange's lock.
func (x *Exchange) Publish(k Kind, channel, text []byte, self *session.Recipient, own func(message []byte)) int {
	if x.any.Load() == 0 {
		return 0
	}
	d := delivery{self: self, own: own, name: "message", channel: channel, text: text}
	if k == Sharded {
		d.name = "smessage"
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.each(k, channel, &d)
}

// Receivers is how many deliveries Publish would make.
func (x *Exchange) Receivers(k Kind, channel []byte) int {
	if x.any.Load() == 0 {
		return 0
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.each(k, channel, nil)
}

// each makes the deliveries, if d is not nil, and counts them. The lock is held.
func (x *Exchange) each(k Kind, channel []byte, d *delivery) (count int) {
	if t := x.topics[k][string(channel)]; t != nil {
		count += len(t.subscribers)
		d.to(t, nil)
	}
	if k != Channel {
		return count
	}
	for _, t := range x.topics[Pattern] {
		if glob.Match(t.name, channel, false) {
			count += len(t.subscribers)
			d.to(t, t.name)
		}
	}
	return count
}

// Channels are the names of a kind that somebody subscribed to and that match the
// pattern, nil for all; sorted.
func (x *Exchange) Channels(k Kind, pattern []byte) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	names := []string{}
	for name, t := range x.topics[k] {
		if pattern == nil || glob.Match(pattern, t.name, false) {
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
	if t := x.topics[k][string(name)]; t != nil {
		return len(t.subscribers)
	}
	return 0
}

// Len is how many names of a kind somebody subscribed to.
func (x *Exchange) Len(k Kind) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.topics[k])
}

// Clients is how many clients have subscriptions.
func (x *Exchange) Clients() int { return int(x.clients.Load()) }
