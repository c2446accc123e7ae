package tracking

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// Mode is what CLIENT TRACKING's options say.
type Mode struct {
	BCast, OptIn, OptOut, NoLoop bool

	Redirect *session.Recipient // who is told instead, or nil
}

// Client is a session that tracks keys, or did once. Its methods are for the session's
// own goroutine.
type Client struct {
	to    *session.Recipient
	items atomic.Int64 // rows of the table that it stands in
	gone  atomic.Bool
	own   atomic.Bool // mode.NoLoop, for whoever changes a key

	caching bool // CLIENT CACHING was said, which is about the next command

	// What follows is changed by the session's goroutine alone, under the registry's
	// lock.
	on       bool
	mode     Mode
	broken   bool // the one it redirects to is gone, as it has been told
	prefixes []string

	running sync.Mutex
	all     bool     // the command that runs has all keys locked,
	keys    [][]byte // or these
}

// NewClient makes a client that does not track yet.
func NewClient(to *session.Recipient) *Client { return &Client{to: to} }

// On tells whether it tracks.
func (c *Client) On() bool { return c != nil && c.on }

// Mode is how.
func (c *Client) Mode() Mode {
	if c == nil {
		return Mode{}
	}
	return c.mode
}

// RedirectID is the ID of who is told instead, 0 for none.
func (c *Client) RedirectID() uint64 {
	if c == nil || c.mode.Redirect == nil {
		return 0
	}
	return c.mode.Redirect.ID
}

// Broken tells whether who is told instead is found to be gone.
func (c *Client) Broken(r *Registry) bool {
	if c == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.broken
}

// Prefixes are those of a client with BCAST, sorted.
func (c *Client) Prefixes() []string {
	if c == nil {
		return nil
	}
	return c.prefixes
}

// SetCaching notes CLIENT CACHING; CommandEnded takes it back.
func (c *Client) SetCaching(yes bool) { c.caching = yes }

// Caching tells whether it was said.
func (c *Client) Caching() bool { return c != nil && c.caching }

// remembers tells whether the keys that the client reads now are to be remembered.
func (c *Client) remembers() bool {
	return c.on && !c.mode.BCast && (!c.mode.OptIn || c.caching) && (!c.mode.OptOut || !c.caching)
}

// Collision finds a prefix that overlaps with another: one that the client has
// already (there is true), or one of the same list.
func (c *Client) Collision(prefixes []string) (prefix, other string, there, found bool) {
	for i, p := range prefixes {
		for _, had := range c.Prefixes() {
			if overlap(p, had) {
				return p, had, true, true
			}
		}
		for _, also := range prefixes[i+1:] {
			if overlap(p, also) {
				return p, also, false, true
			}
		}
	}
	return "", "", false, false
}

// overlap tells whether one is the beginning of the other.
func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// Begin says that a command of the client runs, with the locks of these keys or of all
// keys held: what becomes of them now is the client's own doing, of which one with
// NOLOOP is not told. The keys must not change until End.
func (c *Client) Begin(keys [][]byte, all bool) {
	c.running.Lock()
	c.keys, c.all = keys, all
	c.running.Unlock()
}

// End says that it has ended.
func (c *Client) End() { c.Begin(nil, false) }

// does tells whether a change of the key is the client's own doing.
func (c *Client) does(key []byte) bool {
	c.running.Lock()
	defer c.running.Unlock()
	return c.all || slices.ContainsFunc(c.keys, func(k []byte) bool { return bytes.Equal(k, key) })
}
