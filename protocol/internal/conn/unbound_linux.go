package conn

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Unbound calls f, which serves c on its loop, while the loop is not bound to its
// thread: a coroutine that is begun by a bound goroutine could run on no other thread
// later. The loop may come to have another thread by that. So f must not wait for the
// loops, which could not tell its own by the thread.
func (c *Conn) Unbound(f func()) {
	l := c.owner.Load()
	if c.net != nil || l == nil {
		f()
		return
	}
	l.tid.Store(0) // others may run on the thread meanwhile
	runtime.UnlockOSThread()
	defer func() {
		runtime.LockOSThread()
		l.tid.Store(int32(unix.Gettid()))
	}()
	f()
}
