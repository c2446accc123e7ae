package conn

import (
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
)

// mailbox is how other goroutines reach a loop. What they leave is taken when
// the loop comes to it, which the eventfd sees to: one write for any number of
// letters that arrive while the loop is busy.
type mailbox struct {
	mu      sync.Mutex
	notes   []*Conn       // connections with something in their inbox
	jobs    []func(*loop) // to be run on the loop, in order
	ringing bool          // the eventfd has been written to since the last take
	closed  bool          // the loop is gone
	bell    int           // the eventfd
}

func (m *mailbox) open() error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	m.bell = fd
	return err
}

// post has f run on the loop; false if the loop is gone.
func (m *mailbox) post(f func(*loop)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.jobs = append(m.jobs, f)
	m.ring()
	return true
}

// note has the loop look at c's inbox.
func (m *mailbox) note(c *Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.notes = append(m.notes, c)
		m.ring()
	}
}

// ring wakes the loop; mu is held. The eventfd is watched edge-triggered, so
// nobody has to read what is written here.
func (m *mailbox) ring() {
	if m.ringing {
		return
	}
	m.ringing = true
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(m.bell, one[:])
}

// take empties the mailbox.
func (m *mailbox) take() (notes []*Conn, jobs []func(*loop)) {
	m.mu.Lock()
	notes, jobs = m.notes, m.jobs
	m.notes, m.jobs, m.ringing = nil, nil, false
	m.mu.Unlock()
	return notes, jobs
}

// close refuses letters from now on and returns those that nobody has read.
func (m *mailbox) close() []func(*loop) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	_ = unix.Close(m.bell)
	jobs := m.jobs
	m.jobs, m.notes = nil, nil
	return jobs
}
