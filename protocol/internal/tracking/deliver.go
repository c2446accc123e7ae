package tracking

import (
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// invalidated is the channel on which RESP2 clients are told.
const invalidated = "__redis__:invalidate"

// Waiting tells whether there is something to deliver.
func (r *Registry) Waiting() bool { return r.waiting.Load() }

// post is a message on its way: what it says, and to whom.
type post struct {
	from       *session.Recipient // the client that tracks
	to         *session.Recipient // who is told
	keys       []string           // nil: everything has changed
	broken     bool
	redirected bool
}

// Deliver sends what is queued. No shard may be locked. Messages to self, the client
// whose command has ended, go to own.
func (r *Registry) Deliver(self *session.Recipient, own func(message []byte)) {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	for r.waiting.Swap(false) {
		for _, p := range r.collect() {
			p.send(self, own)
		}
	}
}

// collect empties the queue: first messages about keys that clients have read, then
// those to clients with BCAST, prefix by prefix.
func (r *Registry) collect() []post {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []post
	for _, l := range r.queue {
		if !l.to.on || l.to.mode.BCast && !l.flush {
			continue // it has changed its mind
		}
		var keys []string
		if !l.flush {
			keys = []string{l.key}
		}
		list = r.address(list, l.to, keys)
	}
	const keep = 1024
	if clear(r.queue); cap(r.queue) > keep {
		r.queue = nil
	}
	r.queue = r.queue[:0]
	for _, text := range sorted(r.prefixes) {
		p := r.prefixes[text]
		if len(p.changed) == 0 {
			continue
		}
		keys := sorted(p.changed)
		for c := range p.clients {
			if mine := p.others(c, keys); len(mine) > 0 {
				list = r.address(list, c, mine)
			}
		}
		clear(p.changed)
	}
	return list
}

// others are the keys that a client with NOLOOP has not changed itself; all of them
// for any other client.
func (p *prefix) others(c *Client, keys []string) []string {
	if !c.mode.NoLoop {
		return keys
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return p.changed[key] == c })
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// address adds a message to a client, or to who is told instead.
func (r *Registry) address(list []post, c *Client, keys []string) []post {
	p := post{from: c.to, to: c.to, keys: keys, redirected: c.mode.Redirect != nil}
	if other := c.mode.Redirect; other != nil {
		p.to = other
		if other.Gone() {
			c.broken, p.broken = true, true
		}
	}
	return append(list, p)
}

// send writes the message in the form that its reader understands. RESP2 has one only
// for a client that subscribes, and that another one redirects to.
func (p *post) send(self *session.Recipient, own func([]byte)) {
	to := p.to
	if p.broken {
		to = p.from
	}
	w := resp.Writer{Proto: to.Proto()}
	switch {
	case w.Proto >= 3 && p.broken:
		w.Push(2)
		w.BulkString("tracking-redir-broken")
		w.Int(int64(p.to.ID))
	case p.broken:
		return
	case w.Proto >= 3:
		w.Push(2)
		w.BulkString("invalidate")
		p.body(&w)
	case p.redirected && to.Subscribed():
		w.Array(3)
		w.BulkString("message")
		w.BulkString(invalidated)
		p.body(&w)
	default:
		return
	}
	if to == self {
		own(w.B)
		return
	}
	to.Push(w.B)
}

func (p *post) body(w *resp.Writer) {
	if p.keys == nil {
		w.Null()
		return
	}
	w.Array(len(p.keys))
	for _, key := range p.keys {
		w.BulkString(key)
	}
}
