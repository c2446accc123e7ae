package tracking

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

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

// take is what has come, each message in one line of words.
func (m *mailbox) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for _, text := range m.mail {
		list = append(list, strings.Join(strings.Fields(text), " "))
	}
	m.mail = nil
	return list
}

type rig struct {
	*Registry
	woken int
	ids   uint64
}

func newRig() *rig {
	r := &rig{}
	r.Registry = New(func() { r.woken++ })
	return r
}

func (r *rig) client(proto int) (*Client, *mailbox) {
	m := &mailbox{}
	r.ids++
	return NewClient(session.NewRecipient(r.ids, m, proto)), m
}

func (r *rig) change(keys ...string) {
	for _, key := range keys {
		r.Changed(0, []byte(key), cache.Written)
	}
	r.Deliver(nil, nil)
}

func TestClientsAreTold(t *testing.T) {
	r := newRig()
	a, mailA := r.client(3)
	b, mailB := r.client(3)
	r.Remember(a, []byte("k"))
	r.change("k")
	assert.Empty(t, mailA.take(), "it does not track")

	r.Enable(a, Mode{}, nil)
	r.Enable(b, Mode{}, nil)
	assert.Equal(t, 2, r.Clients())
	for range 3 {
		r.Remember(a, []byte("k"))
		r.Remember(b, []byte("k"))
		r.Remember(b, []byte("j"))
	}
	assert.Equal(t, 2, r.Keys())
	assert.Equal(t, 3, r.Items())
	r.change("k", "k", "other")
	told := ">2 $10 invalidate *1 $1 k"
	assert.Equal(t, []string{told}, mailA.take(), "once")
	assert.Equal(t, []string{told}, mailB.take())
	assert.Equal(t, 1, r.Items())

	for range 16 { // FLUSHALL: each database
		r.Changed(0, nil, cache.Flushed)
	}
	r.Deliver(nil, nil)
	assert.Equal(t, []string{">2 $10 invalidate _"}, mailA.take())
	assert.Equal(t, []string{">2 $10 invalidate _"}, mailB.take())
	assert.Zero(t, r.Keys()+r.Items())

	// What no command has done wakes somebody up.
	r.Remember(a, []byte("k"))
	assert.Zero(t, r.woken)
	r.Changed(0, []byte("k"), cache.Expired)
	assert.Equal(t, 1, r.woken)
	r.Deliver(nil, nil)
	assert.Equal(t, []string{told}, mailA.take())

	// The client whose command it was gets it from the executor.
	r.Remember(a, []byte("k"))
	r.Changed(0, []byte("k"), cache.Deleted)
	own := ""
	r.Deliver(a.to, func(m []byte) { own += string(m) })
	assert.Equal(t, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n", own)
	assert.Empty(t, mailA.take())
}

func TestTableIsBounded(t *testing.T) {
	r := newRig()
	r.SetMaxKeys(100)
	c, mail := r.client(3)
	r.Enable(c, Mode{}, nil)
	for i := range 1000 {
		r.Remember(c, fmt.Appendf(nil, "key:%d", i))
		assert.LessOrEqual(t, r.Keys(), 100)
	}
	r.Deliver(nil, nil)
	assert.Len(t, mail.take(), 900, "it is told of each key that is not remembered any more")
	assert.Equal(t, 100, r.Items())
	assert.EqualValues(t, 100, c.items.Load())

	r.SetMaxKeys(0)
	for i := range 1000 {
		r.Remember(c, fmt.Appendf(nil, "more:%d", i))
	}
	assert.Equal(t, 1100, r.Keys())
}

func TestOwnChanges(t *testing.T) {
	r := newRig()
	c, mail := r.client(3)
	r.Enable(c, Mode{NoLoop: true}, nil)
	r.Remember(c, []byte("k"))
	c.Begin([][]byte{[]byte("k")}, false)
	r.change("k")
	c.End()
	assert.Empty(t, mail.take())
	assert.Zero(t, r.Keys())
	r.Remember(c, []byte("k"))
	c.Begin([][]byte{[]byte("j")}, false)
	r.change("k")
	c.End()
	assert.Len(t, mail.take(), 1, "somebody else's")

	b, mailB := r.client(3)
	r.Enable(b, Mode{NoLoop: true, BCast: true}, []string{"k"})
	b.Begin(nil, true)
	r.Changed(0, []byte("k1"), cache.Written)
	b.End()
	r.Changed(0, []byte("k2"), cache.Written)
	r.change("other")
	assert.Equal(t, []string{">2 $10 invalidate *1 $2 k2"}, mailB.take())
}

func TestRedirection(t *testing.T) {
	r := newRig()
	c, mail := r.client(3)
	other, mailOther := r.client(2)
	r.Enable(c, Mode{Redirect: other.to}, nil)
	assert.Equal(t, other.to.ID, c.RedirectID())
	read := func() {
		r.Remember(c, []byte("k"))
		r.change("k")
	}
	read()
	assert.Empty(t, mailOther.take(), "RESP2, and it does not subscribe")
	other.to.SetSubscribed(true)
	read()
	assert.Equal(t, []string{"*3 $7 message $20 __redis__:invalidate *1 $1 k"}, mailOther.take())
	r.Changed(0, nil, cache.Flushed)
	r.Deliver(nil, nil)
	assert.Equal(t, []string{"*3 $7 message $20 __redis__:invalidate $-1"}, mailOther.take())
	other.to.SetProto(3)
	read()
	assert.Equal(t, []string{">2 $10 invalidate *1 $1 k"}, mailOther.take())
	assert.False(t, c.Broken(r.Registry))
	other.to.Leave()
	read()
	assert.Equal(t, []string{">2 $21 tracking-redir-broken :2"}, mail.take())
	assert.True(t, c.Broken(r.Registry))
	r.Enable(c, Mode{}, nil)
	assert.False(t, c.Broken(r.Registry))
}

// TestThoseWhoLeave: nothing is left of them, in the end.
func TestThoseWhoLeave(t *testing.T) {
	r := newRig()
	stays, _ := r.client(3)
	r.Enable(stays, Mode{}, nil)
	r.Remember(stays, []byte("key:1"))
	for range 100 {
		c, _ := r.client(3)
		r.Enable(c, Mode{}, nil)
		for i := range 200 {
			r.Remember(c, fmt.Appendf(nil, "key:%d", i))
		}
		r.Leave(c)
	}
	b, _ := r.client(3)
	r.Enable(b, Mode{BCast: true}, []string{"a", "b"})
	assert.Equal(t, 2, r.Prefixes())
	r.Leave(b)
	r.Leave(nil)
	assert.Zero(t, r.Prefixes())
	assert.Equal(t, 1, r.Clients())
	assert.Eventually(t, func() bool { return r.Items() < 8200 && !r.table.sweeping.Load() }, 10*time.Second, time.Millisecond)
	r.table.sweep()
	assert.Equal(t, 1, r.Items())
	assert.Equal(t, 1, r.Keys())
}

// TestManyGoroutines is for the race detector: readers, writers and those who come and
// go. Whoever has read a key last is told of its next change.
func TestManyGoroutines(t *testing.T) {
	r := New(func() {})
	r.SetMaxKeys(64)
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for i := range 300 {
				c := NewClient(session.NewRecipient(uint64(n), &mailbox{}, 3))
				r.Enable(c, Mode{NoLoop: i%2 == 0, BCast: i%3 == 0}, nil)
				key := fmt.Appendf(nil, "key:%d", i%100)
				c.Begin([][]byte{key}, false)
				r.Changed(0, key, cache.Written)
				c.End()
				r.Remember(c, key)
				c.Broken(r)
				if i%2 == 0 {
					r.Disable(c)
				}
				r.Deliver(c.to, func([]byte) {})
				r.Leave(c)
			}
		})
		group.Go(func() {
			for i := range 300 {
				r.Changed(0, fmt.Appendf(nil, "key:%d", i%100), cache.Expired)
				if i%100 == 0 {
					r.Changed(0, nil, cache.Flushed)
				}
				r.Deliver(nil, nil)
			}
		})
	}
	group.Wait()
	r.Deliver(nil, nil)
	assert.Zero(t, r.Clients())
	assert.Zero(t, r.Prefixes())
}

func BenchmarkRemember(b *testing.B) {
	r := New(func() {})
	c := NewClient(session.NewRecipient(1, &mailbox{}, 3))
	r.Enable(c, Mode{}, nil)
	keys := make([][]byte, 1<<12)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "key:%d", i)
		r.Remember(c, keys[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Remember(c, keys[i%len(keys)])
	}
}

func BenchmarkChanged(b *testing.B) {
	for _, name := range []string{"nobody", "others"} {
		b.Run(name, func(b *testing.B) {
			r := New(func() {})
			if name == "others" {
				c := NewClient(session.NewRecipient(1, &mailbox{}, 3))
				r.Enable(c, Mode{}, nil)
				r.Remember(c, []byte("another"))
			}
			key := []byte("key")
			b.ReportAllocs()
			for b.Loop() {
				r.Changed(0, key, cache.Written)
			}
		})
	}
}
