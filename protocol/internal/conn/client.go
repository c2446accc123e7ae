package conn

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// Conn is one client's connection and, within it, its session. It implements
// session.Client. With the session it is nearly all that an idle connection
// costs, so what is not always needed hangs from a pointer.
//
// Everything but the inbox belongs to the loop (or goroutine) that serves the
// connection.
type Conn struct {
	session.Session

	srv   *Server
	owner atomic.Pointer[loop] // the loop that serves it; nil over net.Conn
	net   *netConn             // nil on a loop
	from  *listener            // where it was accepted

	in  *buffer // a command that has not fully arrived, or commands put off
	out *buffer // replies that the socket did not take

	fd     int32
	slot   int32  // in the loop's table
	ops    uint32 // events, for the governor; halved now and then
	seen   uint32 // Server.clock when bytes last moved
	want   uint32 // the epoll events asked for
	peer   address
	class  atomic.Uint32 // a Class
	state  state
	unsent bool // replies of its are in the loop's outbox

	inbox
}

// state is what keeps a connection from being served as usual.
type state uint8

const (
	// stateStalled: too much output waits, so nothing is read or executed.
	stateStalled state = 1 << iota
	// stateBlocked: its last command waits (BLPOP), and so does what follows.
	stateBlocked
	// stateHeld: something follows, which stays in the socket until then.
	stateHeld
	// stateReady: its input holds commands; it waits for its turn to go on.
	stateReady
	// stateClosing: it is closed as soon as what waits is sent.
	stateClosing
	// stateClosed: it is closed; only stale references are left.
	stateClosed
)

// inbox is what other goroutines leave at a connection. Its messages travel
// with it when it moves to another loop, so they stay in order.
type inbox struct {
	mu       sync.Mutex
	queue    []byte // whole messages, pushed
	waiting  int64  // bytes that the owner holds for the socket
	notified bool   // the owner knows that there is something
	killed   bool
	resumed  bool // the reply that a blocked session waited for is in the queue
	shut     bool // closed: nothing more is taken
	overdone bool // counted as closed for its output
}

// address is a peer's IP address and port, small and without pointers.
type address struct {
	ip   [16]byte
	port uint16
	kind uint8 // 0: a unix socket, 4 or 6
}

func makeAddress(a netip.AddrPort) address {
	switch ip := a.Addr().Unmap(); {
	case ip.Is4():
		return address{ip: ip.As16(), port: a.Port(), kind: 4}
	case ip.Is6():
		return address{ip: ip.As16(), port: a.Port(), kind: 6}
	}
	return address{}
}

// String is "ip:port" ("[ip6]:port"), as CLIENT LIST prints it.
func (a address) String() string {
	ip := netip.AddrFrom16(a.ip)
	if a.kind == 4 {
		ip = ip.Unmap()
	}
	return netip.AddrPortFrom(ip, a.port).String()
}

// RemoteAddr implements session.Client.
func (c *Conn) RemoteAddr() string {
	if c.peer.kind == 0 {
		return c.from.name + ":0"
	}
	return c.peer.String()
}

// LocalAddr implements session.Client.
func (c *Conn) LocalAddr() string {
	if c.peer.kind == 0 {
		return c.from.name + ":0"
	}
	if c.net != nil {
		return c.net.nc.LocalAddr().String()
	}
	return localAddr(int(c.fd))
}

// FD implements session.Client.
func (c *Conn) FD() int { return int(c.fd) }

// SetClass says which of client-output-buffer-limit's classes holds from now
// on. It may be called from any goroutine.
func (c *Conn) SetClass(class Class) { c.class.Store(uint32(class)) }

// Buffers implements session.Client. It must be called where the session may
// be touched: in its commands, or in a function given to Each or Do.
func (c *Conn) Buffers() (input, free, output int) {
	if c.in != nil {
		input = len(c.in.b)
		free = cap(c.in.b) - input
	}
	c.mu.Lock()
	output = len(c.queue) + int(c.waiting)
	c.mu.Unlock()
	return input, free, output
}

// Push implements session.Client: it queues a whole message for the client. It
// returns false if the connection is gone, or is closed now because more waits
// for it than its output limit allows.
func (c *Conn) Push(message []byte) bool {
	c.mu.Lock()
	if c.shut || c.killed {
		c.mu.Unlock()
		return false
	}
	if c.overHard(int64(len(c.queue)+len(message)) + c.waiting) {
		c.mu.Unlock()
		c.overOutputLimit()
		c.Kill()
		return false
	}
	c.queue = append(c.queue, message...)
	first := !c.notified
	c.notified = true
	c.mu.Unlock()
	if first {
		c.wake()
	}
	return true
}

// Kill implements session.Client.
func (c *Conn) Kill() {
	c.mu.Lock()
	if c.shut || c.killed {
		c.mu.Unlock()
		return
	}
	c.killed = true
	first := !c.notified
	c.notified = true
	c.mu.Unlock()
	if first || c.net != nil {
		c.wake()
	}
}

// Resume implements session.Client. The reply goes the way of pushed messages, and so
// stays in order with them, whichever loop the connection is on by now.
func (c *Conn) Resume(reply []byte) {
	c.mu.Lock()
	if c.shut || c.killed {
		c.mu.Unlock()
		return
	}
	c.queue = append(c.queue, reply...)
	c.resumed = true
	first := !c.notified
	c.notified = true
	c.mu.Unlock()
	if first {
		c.wake()
	}
}

// Killed says whether Kill was called, by whomever.
func (c *Conn) Killed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed
}

// wake tells the owner to look at the inbox.
func (c *Conn) wake() {
	if c.net != nil {
		c.net.notify()
		return
	}
	notifyOwner(c)
}

// takeInbox returns what was left since the last call. The messages are the
// caller's.
func (c *Conn) takeInbox() (messages []byte, resumed, killed bool) {
	c.mu.Lock()
	messages, resumed, killed = c.queue, c.resumed, c.killed
	c.queue, c.resumed, c.notified = nil, false, false
	c.waiting += int64(len(messages))
	c.mu.Unlock()
	return messages, resumed, killed
}

// takeUnless is takeInbox, but leaves everything where it is while busy is set.
func (c *Conn) takeUnless(busy *atomic.Bool) (messages []byte, resumed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if busy.Load() {
		return nil, false
	}
	messages, resumed = c.queue, c.resumed
	c.queue, c.resumed, c.notified = nil, false, false
	c.waiting += int64(len(messages))
	return messages, resumed
}

// setWaiting says how much output the owner holds now.
func (c *Conn) setWaiting(n int) {
	c.mu.Lock()
	c.waiting = int64(n)
	c.mu.Unlock()
	c.srv.maxOutput.note(c.srv.clock.Load(), int64(n))
}

// addWaiting counts output that the owner has come to hold, or to have sent, where
// several goroutines send.
func (c *Conn) addWaiting(n int) {
	c.mu.Lock()
	c.waiting += int64(n)
	waiting := c.waiting
	c.mu.Unlock()
	c.srv.maxOutput.note(c.srv.clock.Load(), waiting)
}

// shutInbox ends the taking of messages.
func (c *Conn) shutInbox() {
	c.mu.Lock()
	c.shut, c.queue = true, nil
	c.mu.Unlock()
}

// overHard says whether that much waiting output is above the hard limit.
func (c *Conn) overHard(waiting int64) bool {
	hard := c.srv.lim.Output[c.class.Load()].Hard.Load()
	return hard > 0 && waiting > hard
}

// overSoft says whether that much is above the soft limit, and for how many
// seconds it may be.
func (c *Conn) overSoft(waiting int64) (over bool, seconds int64) {
	o := &c.srv.lim.Output[c.class.Load()]
	soft := o.Soft.Load()
	return soft > 0 && waiting > soft, o.SoftSeconds.Load()
}

// overOutputLimit counts and logs that the connection is closed for its output,
// once: until it is closed, who pushes and who sends may both find it over.
func (c *Conn) overOutputLimit() {
	c.mu.Lock()
	before := c.overdone
	c.overdone = true
	c.mu.Unlock()
	if before {
		return
	}
	c.srv.outputKills.Add(1)
	c.srv.log.Warn("client closed: its output buffer is over its limit",
		"id", c.ID, "addr", c.RemoteAddr())
}

// overQueryLimit says whether n bytes of input not yet executed are too many,
// and counts and logs that the connection is closed for it.
func (c *Conn) overQueryLimit(n int) bool {
	limit := c.srv.lim.QueryBufferLimit.Load()
	if limit <= 0 || int64(n) <= limit {
		return false
	}
	c.srv.queryKills.Add(1)
	c.srv.log.Warn("client closed: its input is over client-query-buffer-limit",
		"id", c.ID, "addr", c.RemoteAddr(), "bytes", n)
	return true
}

// touch notes that bytes moved.
func (c *Conn) touch() { c.seen = c.srv.clock.Load() }

// idle is how many seconds ago bytes last moved.
func (c *Conn) idle() int64 { return int64(c.srv.clock.Load() - c.seen) }

// listener is one address that connections are accepted at.
type listener struct {
	fd   int
	name string // "127.0.0.1:6379", or a unix socket's path
	unix bool
}
