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
	// Resume ends the wait of a session that is Blocked, from any goroutine: reply is
	// sent, if there is one, and the commands that follow are executed.
	Resume(reply []byte)
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
	Blocked       bool // waits for its last command's reply; what follows waits too, see Client.Resume
	Postponed     bool // with Blocked: the command was not run; it is to be read again after Client.Resume
	TCP           bool // over TCP rather than a unix socket

	Multi *Multi // the transaction that the client is putting together, or nil
	Mail  *Mail  // of a client that is sent messages unasked; see OpenMail

	Account *Account // of the user that the client acts as; nil before anything was asked of it
	User    string   // that user's name
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

// Multi is a transaction between MULTI and EXEC.
type Multi struct {
	Queue  [][][]byte // the commands, copied
	Bytes  int        // of all their arguments
	Failed bool       // one of them could not be queued: EXEC will not run the others
}

// Add queues a copy of a command.
func (m *Multi) Add(argv [][]byte) {
	n := 0
	for _, arg := range argv {
		n += len(arg)
	}
	all, list := make([]byte, 0, n), make([][]byte, len(argv))
	for i, arg := range argv {
		from := len(all)
		all = append(all, arg...)
		list[i] = all[from:len(all):len(all)]
	}
	m.Queue = append(m.Queue, list)
	m.Bytes += n
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
	s.DB, s.Reply = 0, ReplyOn
	s.SetProto(2)
	s.Authenticated, s.User, s.Name = authenticated, "default", ""
	s.NoEvict, s.NoTouch, s.Multi = false, false, nil
}
