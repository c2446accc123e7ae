package session

import "sync/atomic"

// Recipient is what others than its own loop may use of a session: messages that its
// client has not asked for go there, in the form that it understands. It is made when
// it is first needed, and outlives the session: then it is Gone.
type Recipient struct {
	ID     uint64
	client Pusher

	proto      atomic.Int32
	subscribed atomic.Bool
	gone       atomic.Bool
}

// Pusher is the part of Client that a Recipient needs.
type Pusher interface {
	// Push queues a whole message, from any goroutine; false if the client is gone.
	Push(message []byte) bool
}

// NewRecipient makes a recipient. proto is 2 or 3.
func NewRecipient(id uint64, client Pusher, proto int) *Recipient {
	r := &Recipient{ID: id, client: client}
	r.proto.Store(int32(proto))
	return r
}

// Push queues a message for the client.
func (r *Recipient) Push(message []byte) { r.client.Push(message) }

// Proto is the client's protocol version.
func (r *Recipient) Proto() int { return int(r.proto.Load()) }

// SetProto changes it.
func (r *Recipient) SetProto(proto int) { r.proto.Store(int32(proto)) }

// Subscribed tells whether the client subscribes to anything.
func (r *Recipient) Subscribed() bool { return r.subscribed.Load() }

// SetSubscribed changes that.
func (r *Recipient) SetSubscribed(yes bool) { r.subscribed.Store(yes) }

// Gone tells whether the client has left.
func (r *Recipient) Gone() bool { return r.gone.Load() }

// Leave says that the client has left.
func (r *Recipient) Leave() { r.gone.Store(true) }

// Mail is what a session has to which messages are sent unasked: its subscriptions
// (a *pubsub.Subscriber) and what it tracks (a *tracking.Client), nil without.
type Mail struct {
	*Recipient
	Subscriber any
	Tracking   any
}

// OpenMail gives the session's mail, which it makes if there is none.
func (s *Session) OpenMail() *Mail {
	if s.Mail == nil {
		s.Mail = &Mail{Recipient: NewRecipient(s.ID, s.Client, int(s.Proto))}
	}
	return s.Mail
}

// SetProto changes the protocol version.
func (s *Session) SetProto(proto int) {
	s.Proto = int8(proto)
	if s.Mail != nil {
		s.Mail.Recipient.SetProto(proto)
	}
}
