package pubsub

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// subscriber makes one for a client.
func subscriber(client session.Pusher, proto int) *Subscriber {
	return NewSubscriber(session.NewRecipient(1, client, proto))
}

// mailbox is a client that keeps what it is sent.
type mailbox struct {
	mu   sync.Mutex
	mail []string
}

func (m *mailbox) Push(message []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mail = append(m.mail, string(message))
	return true
}

func (m *mailbox) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := strings.ReplaceAll(strings.Join(m.mail, ""), "\r\n", " ")
	m.mail = nil
	return all
}

func TestDelivery(t *testing.T) {
	x := New()
	old, fresh := &mailbox{}, &mailbox{}
	a, b := subscriber(old, 2), subscriber(fresh, 3)
	none := func([]byte) { t.Error("nobody publishes to himself") }
	publish := func(channel, text string) int {
		return x.Publish(Channel, []byte(channel), []byte(text), nil, none)
	}
	assert.Zero(t, publish("news", "x"))
	assert.True(t, x.Subscribe(a, Channel, "news"))
	assert.False(t, x.Subscribe(a, Channel, "news"))
	assert.True(t, x.Subscribe(b, Pattern, "n?ws"))
	assert.True(t, x.Subscribe(b, Pattern, "*"))
	assert.True(t, x.Subscribe(b, Sharded, "news"))
	assert.Equal(t, 3, publish("news", "one"))
	assert.Equal(t, "*3 $7 message $4 news $3 one ", old.take())
	got := fresh.take()
	assert.Contains(t, got, ">4 $8 pmessage $4 n?ws $4 news $3 one ")
	assert.Contains(t, got, ">4 $8 pmessage $1 * $4 news $3 one ")
	assert.Equal(t, 1, publish("other", "two"))
	assert.Empty(t, old.take())
	fresh.take()

	assert.Equal(t, 1, x.Publish(Sharded, []byte("news"), []byte("s"), nil, none))
	assert.Equal(t, ">3 $8 smessage $4 news $1 s ", fresh.take(), "patterns are not for sharded channels")

	b.to.SetProto(2)
	x.Publish(Sharded, []byte("news"), nil, nil, none)
	assert.Equal(t, "*3 $8 smessage $4 news $0  ", fresh.take())

	own := ""
	assert.Equal(t, 3, x.Publish(Channel, []byte("news"), []byte("me"), a.to, func(m []byte) { own += string(m) }))
	assert.Equal(t, "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nme\r\n", own)
	assert.Empty(t, old.take(), "its own messages are not queued")

	x.Leave(b)
	x.Leave(nil)
	fresh.take()
	assert.Equal(t, 1, publish("news", "three"))
	assert.Empty(t, fresh.take())
	assert.True(t, x.Unsubscribe(a, Channel, "news"))
	assert.False(t, x.Unsubscribe(a, Channel, "news"))
	assert.Zero(t, publish("news", "four"))
	assert.Zero(t, x.any.Load())
	for k := range kinds {
		assert.Empty(t, x.topics[k], "nothing is left of a name that nobody listens to")
	}
}

func TestIntrospection(t *testing.T) {
	x := New()
	s := subscriber(&mailbox{}, 2)
	assert.Zero(t, (*Subscriber)(nil).Count(Channel))
	for _, name := range []string{"b", "a", "ab"} {
		x.Subscribe(s, Channel, name)
	}
	x.Subscribe(s, Pattern, "a*")
	assert.Equal(t, []string{"a", "ab", "b"}, s.Names(Channel))
	assert.Equal(t, 3, s.Count(Channel))
	assert.Equal(t, []string{"a", "ab"}, x.Channels(Channel, []byte("a*")))
	assert.Equal(t, []string{"a", "ab", "b"}, x.Channels(Channel, nil))
	assert.Equal(t, 1, x.Subscribers(Channel, []byte("ab")))
	assert.Zero(t, x.Subscribers(Sharded, []byte("ab")))
	assert.Equal(t, 1, x.Len(Pattern))
}

// TestManyGoroutines is for the race detector: publishers beside subscribers that
// come and go.
func TestManyGoroutines(t *testing.T) {
	x := New()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 500 {
				s := subscriber(&mailbox{}, 2)
				x.Subscribe(s, Channel, "c")
				x.Subscribe(s, Pattern, "*")
				s.to.SetProto(3)
				x.Leave(s)
			}
		})
		group.Go(func() {
			for range 500 {
				x.Publish(Channel, []byte("c"), []byte("text"), nil, func([]byte) {})
				x.Channels(Channel, nil)
			}
		})
	}
	group.Wait()
	assert.Zero(t, x.any.Load())
}

func BenchmarkPublish(b *testing.B) {
	for _, subscribers := range []int{0, 1, 1000} {
		b.Run(map[int]string{0: "nobody", 1: "one", 1000: "thousand"}[subscribers], func(b *testing.B) {
			x := New()
			for range subscribers {
				x.Subscribe(subscriber(sink{}, 2), Channel, "c")
			}
			b.ReportAllocs()
			for b.Loop() {
				x.Publish(Channel, []byte("c"), []byte("text"), nil, nil)
			}
		})
	}
}

type sink struct{}

func (sink) Push([]byte) bool { return true }
