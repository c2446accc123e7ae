// Package session holds one client's state: what the commands it sends may
// depend on. It knows nothing of sockets; the transport (package conn) owns
// the bytes, and the two are tied by the Client interface.
//
// A session is touched by one goroutine at a time: the event loop, or the
// connection's own goroutine, that runs its commands. What other clients may
// read of it (CLIENT LIST) they read through a message to that loop.
package session

import (
	"net/netip"
	"time"
)

// Client is what a session may ask of its transport. Implemented by conn.Conn.
type Client interface {
	// RemoteAddr and LocalAddr are "ip:port" or "/path:0" for a unix socket.
	RemoteAddr() string
	LocalAddr() string
	FD() int
	// Push queues bytes (a whole message) from any goroutine; false if the
	// connection is gone or over its output limit.
	Push(message []byte) bool
	// Kill closes the connection from any goroutine, once what runs has ended.
	Kill()
	// Buffers tells the bytes held now: input not yet executed, free room in the
	// input buffer, output not yet sent.
	Buffers() (input, free, output int)
}

// Reply modes of CLIENT REPLY.
const (
	ReplyOn = iota
	ReplyOff
	ReplySkip     // drop the reply of the next command
	ReplySkipping // drop the reply of this command
)

// Session is one client's state. Keep it small: it is most of what an idle
// connection costs; rarely used state hangs from a pointer.
type Session struct {
	ID     uint64
	Client Client

	DB            int
	Proto         int8 // 2 or 3
	Reply         uint8
	Authenticated bool
	NoEvict       bool
	NoTouch       bool
	Closing       bool // close once the replies so far are sent (QUIT, a protocol error)
	TCP           bool // over TCP rather than a unix socket

	User    string
	Name    string
	LibName string
	LibVer  string

	CreatedAt   time.Time
	LastActive  int64  // unix milliseconds of the last command
	LastCommand string // full name, "client|list"
	Commands    uint64 // number of commands run
	BytesIn     uint64
	BytesOut    uint64
}

// Local tells whether the client is on this machine: it came by a unix socket or
// from a loopback address.
func (s *Session) Local() bool {
	if !s.TCP {
		return true
	}
	addr, err := netip.ParseAddrPort(s.Client.RemoteAddr())
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

// Reset puts back what RESET puts back: database 0, RESP2, no name, default
// user (authenticated only where no password is asked), replies on.
func (s *Session) Reset(authenticated bool) {
	s.DB, s.Proto, s.Reply = 0, 2, ReplyOn
	s.Authenticated, s.User, s.Name = authenticated, "default", ""
	s.NoEvict, s.NoTouch = false, false
}
