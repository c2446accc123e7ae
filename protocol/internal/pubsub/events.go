package pubsub

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// Events are keyspace notifications on their way. They are queued while the shards of
// their keys are locked, and published by Deliver when they are not. Events that the
// setting does not ask for cost an atomic load.
type Events struct {
	exchange *Exchange
	wake     func() // has somebody call Deliver soon
	classes  atomic.Uint32
	waiting  atomic.Bool // the queue is not empty

	delivering sync.Mutex // held by who publishes, so that events stay in order
	spare      []event    // the queue's other half

	mu       sync.Mutex
	queue    []event
	replaced map[string]int // keys that are about to be made in the place of others
}

// event is an event, or, with kind Channel or Sharded and no class, a publication
// that has to stay in order with events.
type event struct {
	name  string
	key   string // or the text of a publication
	db    int
	event bool
	kind  Kind
}

// NewEvents makes Events of which none is asked for. wake is called, under the lock
// of a shard, when an event has been queued by no command: it has somebody else call
// Deliver.
func NewEvents(x *Exchange, wake func()) *Events { return &Events{exchange: x, wake: wake} }

// Choose sets the classes that are published.
func (e *Events) Choose(c Class) {
	if c&(Keyspace|Keyevent) == 0 {
		c = 0
	}
	e.classes.Store(uint32(c))
}

// On tells whether events of a class are published.
func (e *Events) On(c Class) bool { return Class(e.classes.Load())&c != 0 }

// Notify queues an event, if its class is chosen.
func (e *Events) Notify(c Class, name string, db int, key []byte) {
	if !e.On(c) || e.exchange.any.Load() == 0 {
		return
	}
	e.add(event{name: name, key: string(key), db: db, event: true})
}

// Publish queues a publication behind the events that are queued already.
func (e *Events) Publish(k Kind, channel, text []byte) {
	e.add(event{name: string(channel), key: string(text), kind: k})
}

func (e *Events) add(v event) {
	e.mu.Lock()
	e.queue = append(e.queue, v)
	e.mu.Unlock()
	e.waiting.Store(true)
}

// Replace says that until the function is called which it returns a key that comes to
// be is not new, but takes the place of one that was there. The key's shard is locked
// all the while.
func (e *Events) Replace(key []byte) (done func()) {
	name := string(key)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.replaced == nil {
		e.replaced = map[string]int{}
	}
	e.replaced[name]++
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.replaced[name]--; e.replaced[name] == 0 {
			delete(e.replaced, name)
		}
	}
}

func (e *Events) replaces(key []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.replaced[string(key)] > 0
}

// Changed queues what keys do by themselves. See cache.Listener.
func (e *Events) Changed(db int, key []byte, what cache.Change) {
	switch what {
	case cache.Created:
		if e.On(NewKey) && !e.replaces(key) {
			e.Notify(NewKey, "new", db, key)
		}
		return
	case cache.Expired:
		e.Notify(Expired, "expired", db, key)
	case cache.FieldsExpired:
		e.Notify(Hash, "hexpired", db, key)
	case cache.Emptied:
		e.Notify(Generic, "del", db, key)
	case cache.Evicted:
		e.Notify(Evicted, "evicted", db, key)
	default:
		return
	}
	if e.Waiting() {
		e.wake()
	}
}

// Waiting tells whether there is something to deliver.
func (e *Events) Waiting() bool { return e.waiting.Load() }

// Deliver publishes what is queued. No shard may be locked. Messages to self, the
// client whose command has ended, go to own.
func (e *Events) Deliver(self *session.Recipient, own func(message []byte)) {
	e.delivering.Lock()
	defer e.delivering.Unlock()
	for e.waiting.Swap(false) {
		e.mu.Lock()
		list := e.queue
		e.queue = e.spare[:0]
		e.mu.Unlock()
		var room [128]byte
		for i := range list {
			e.publish(&list[i], room[:0], self, own)
		}
		const keep = 1024
		if clear(list); cap(list) > keep {
			list = nil
		}
		e.spare = list
	}
}

func (e *Events) publish(v *event, room []byte, self *session.Recipient, own func([]byte)) {
	if !v.event {
		e.exchange.Publish(v.kind, []byte(v.name), []byte(v.key), self, own)
		return
	}
	classes := Class(e.classes.Load())
	if classes&Keyspace != 0 {
		e.exchange.Publish(Channel, channelOf(room, "__keyspace@", v.db, v.key), []byte(v.name), self, own)
	}
	if classes&Keyevent != 0 {
		e.exchange.Publish(Channel, channelOf(room, "__keyevent@", v.db, v.name), []byte(v.key), self, own)
	}
}

// channelOf is the name of the channel on which an event is published.
func channelOf(dst []byte, kind string, db int, what string) []byte {
	dst = append(dst, kind...)
	dst = strconv.AppendInt(dst, int64(db), 10)
	dst = append(dst, "__:"...)
	return append(dst, what...)
}
