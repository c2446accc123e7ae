package pubsub

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/cache"
)

func TestClasses(t *testing.T) {
	for text, want := range map[string]Class{
		"": 0, "K": Keyspace, "KEg": Keyspace | Keyevent | Generic, "A": all, "Amn": all | Miss | NewKey,
		"g$lshzxetd": all, "KK": Keyspace,
	} {
		c, ok := ParseClasses(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, c, text)
	}
	_, ok := ParseClasses("KEy")
	assert.False(t, ok)
}

func TestEvents(t *testing.T) {
	x, woken := New(), 0
	e := NewEvents(x, func() { woken++ })
	mail := &mailbox{}
	s := subscriber(mail, 2)
	x.Subscribe(s, Pattern, "__key*")
	take := func() string {
		e.Deliver(nil, nil)
		lines := strings.Split(mail.take(), "*4 $8 pmessage $6 __key* ")
		return strings.TrimSpace(strings.Join(lines, "| "))
	}
	key := []byte("k")
	e.Notify(String, "set", 0, key)
	assert.Empty(t, take(), "nothing is chosen")

	e.Choose(String | Expired)
	assert.False(t, e.On(String), "no channel is")

	e.Choose(Keyspace | String | Generic | Expired | NewKey | Hash | Evicted)
	e.Notify(String, "set", 3, key)
	e.Notify(List, "lpush", 3, key)
	assert.Equal(t, "| $16 __keyspace@3__:k $3 set", take())

	e.Choose(Keyevent | all | NewKey)
	e.Changed(0, key, cache.Created)
	e.Notify(String, "set", 0, key)
	assert.Zero(t, woken)
	for _, what := range []cache.Change{
		cache.Written, cache.Deleted, cache.Swapped, cache.FieldsExpired, cache.Emptied, cache.Expired, cache.Evicted,
	} {
		e.Changed(0, key, what)
	}
	assert.Positive(t, woken)
	want := ""
	for _, name := range strings.Fields("new set hexpired del expired evicted") {
		want += fmt.Sprintf("| $%d __keyevent@0__:%s $1 k ", len(name)+15, name)
	}
	assert.Equal(t, strings.TrimSpace(want), take())

	done := e.Replace(key)
	e.Changed(0, key, cache.Created)
	e.Changed(0, []byte("other"), cache.Created)
	done()
	assert.Equal(t, "| $18 __keyevent@0__:new $5 other", take())
	assert.Empty(t, e.replaced)

	x.Leave(s)
	e.Notify(String, "set", 0, key)
	assert.False(t, e.Waiting(), "nobody listens")
}

// TestOrder: publications stand in line with events, and a client's own go to it.
func TestOrder(t *testing.T) {
	x := New()
	e := NewEvents(x, func() {})
	e.Choose(Keyspace | all)
	mail := &mailbox{}
	s := subscriber(mail, 3)
	x.Subscribe(s, Channel, "__keyspace@0__:k")
	x.Subscribe(s, Channel, "c")
	x.Subscribe(s, Sharded, "c")
	e.Notify(String, "set", 0, []byte("k"))
	e.Publish(Channel, []byte("c"), []byte("text"))
	e.Publish(Sharded, []byte("c"), []byte("text"))
	e.Notify(Generic, "del", 0, []byte("k"))
	own := ""
	e.Deliver(s.to, func(m []byte) { own += string(m) })
	want := ""
	for _, m := range [][3]string{
		{"message", "__keyspace@0__:k", "set"}, {"message", "c", "text"},
		{"smessage", "c", "text"}, {"message", "__keyspace@0__:k", "del"},
	} {
		want += string(AppendMessage(nil, 3, m[0], nil, []byte(m[1]), []byte(m[2])))
	}
	assert.Equal(t, want, own)
	assert.Empty(t, mail.take())
}

// TestEventsFromMany: each goroutine's events come in their order, none is lost.
func TestEventsFromMany(t *testing.T) {
	const each = 500
	x := New()
	e := NewEvents(x, func() {})
	e.Choose(Keyspace | all)
	mail := &mailbox{}
	x.Subscribe(subscriber(mail, 2), Pattern, "*")
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for i := range each {
				e.Notify(String, fmt.Sprintf("event-%d-", i), 0, fmt.Appendf(nil, "%d", n))
				if i%7 == 0 {
					e.Deliver(nil, nil)
				}
			}
		})
	}
	group.Wait()
	e.Deliver(nil, nil)
	text := mail.take()
	assert.Equal(t, 4*each, strings.Count(text, "pmessage"))
	for n := range 4 {
		at := 0
		for i := range each {
			next := strings.Index(text[at:], fmt.Sprintf("__keyspace@0__:%d $%d event-%d-", n, len(fmt.Sprintf("event-%d-", i)), i))
			if next < 0 {
				t.Fatalf("event %d of %d is not where it should be", i, n)
			}
			at += next
		}
	}
}

func BenchmarkNotify(b *testing.B) {
	x := New()
	e := NewEvents(x, func() {})
	key := []byte("key")
	b.Run("off", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Notify(String, "set", 0, key)
		}
	})
	e.Choose(Keyevent | all)
	x.Subscribe(subscriber(sink{}, 2), Channel, "__keyevent@0__:set")
	b.Run("on", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Notify(String, "set", 0, key)
			e.Deliver(nil, nil)
		}
	})
}
