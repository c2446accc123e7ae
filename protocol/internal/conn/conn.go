package conn

import "github.com/ashlar-cache/ashlar/protocol/internal/session"

// Executor runs commands. An event loop, or a goroutine while it serves a
// net.Conn, has one of its own, so an Executor needs no lock and may keep
// scratch space.
type Executor interface {
	// Prepare is told of a batch before it is executed, also of a batch of one:
	// it may hash the keys and touch the memory they lead to, so that the misses
	// overlap. The commands may be of several sessions, one after another. Not all of a
	// batch need be executed: QUIT, a client that does not
	// read its replies or a fault end it early.
	Prepare(batch [][][]byte)
	// Execute runs one command of s and appends the reply to out, which it
	// returns. args are borrowed from the input buffer until it returns: their
	// memory may be unmapped after that, so whatever is to be kept is copied.
	// s.Closing asks for the connection to be closed after what is in out.
	Execute(s *session.Session, args [][]byte, out []byte) []byte
}

// Events is the server's side of connections coming and going. Its methods are
// called from any loop or goroutine, but for one session one after another.
type Events interface {
	NewExecutor() Executor
	// Opened is told of a new connection before its first command. The session
	// has its ID, Client, TCP and CreatedAt by then, and Proto 2; what else a
	// client starts with is for Opened to set. A non-empty refusal (a whole RESP
	// error) is sent and the connection closed; Closed is not called then.
	Opened(s *session.Session) (refusal string)
	// Closed is told that a connection is gone. Of its Client only RemoteAddr is
	// still of use.
	Closed(s *session.Session)
}
