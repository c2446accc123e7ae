package loadgen

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/ashlar-cache/ashlar/bench/memcached"
)

// worker is what one thread of a load knows: its share of the connections and of
// the commands, and what it has counted. It decides what is sent and what a reply
// means; a transport moves the bytes. Only one thread, or the holder of a lock,
// touches it.
type worker struct {
	*run
	index  int
	stream Stream
	stamp  *publisher // not nil: commands carry the time at which they were due
	conns  []*member
	out    buffer // commands of one connection, on their way into its socket

	left    int64 // commands still to be drawn, or due
	flying  int64 // sent, and not answered
	held    int64 // due, and not sent
	up      int   // connections that can send
	silent  bool  // has published all that it will
	first   bool  // all connections are open, and the clock runs
	sched   schedule
	turn    int       // whose turn it is to send what is due next
	dirty   []*member // have something to send
	sent    int64     // when something was last sent or answered
	last    int64     // when the last reply came
	failure error     // why it ended early

	tally
}

// member is one connection.
type member struct {
	id       int
	sub      bool // it subscribes, and sends nothing
	dead     bool // given up
	open     bool // commands may be sent
	marked   bool // it is among the dirty
	greeting int  // replies to come before it is open
	dialled  int64
	flights  queue[flight]
	due      queue[int64] // moments of commands that wait for room
	scan     skim
	mem      *memcached.Scanner
	unsent   []byte // what did not fit into the socket
	quota    int64  // commands that may still be sent before a reconnection
	attempts int    // openings in a row without any answer
	channel  int    // of a subscriber
}

// flight is a command on its way.
type flight struct {
	start   int64 // when it was due, or sent in a closed loop
	command uint16
	read    bool
	words   int32
}

// maxAttempts is how often a connection is opened in a row without an answer.
const maxAttempts = 3

func newWorker(r *run, index int) *worker {
	c := r.cfg
	w := &worker{run: r, index: index, stream: c.Workload.Stream(index), left: math.MaxInt64}
	w.stamp, _ = w.stream.(*publisher)
	if c.Protocol == Memcached {
		w.stream = pairStream{w.stream.(Pairs)}
	}
	if c.Requests > 0 {
		w.left = c.Requests / int64(c.Threads)
		if int64(index) < c.Requests%int64(c.Threads) {
			w.left++
		}
	}
	for i := index; i < c.Connections+c.Subscribers; i += c.Threads {
		m := &member{id: i, sub: i >= c.Connections}
		if w.up++; m.sub {
			w.up--
			m.channel = (i - c.Connections) % c.Channels
		}
		w.conns = append(w.conns, m)
	}
	w.tally = newTally(len(r.names))
	w.net = newNetTally(r.stalls, r.base)
	return w
}

// greet prepares a connection that is being opened, and appends what has to be said
// first.
func (w *worker) greet(m *member) {
	c := w.cfg
	m.scan, m.mem = skim{pushes: m.sub}, nil
	m.unsent = m.unsent[:0]
	m.quota, m.greeting, m.open = math.MaxInt64, 0, false
	if c.Reconnect > 0 {
		m.quota = c.Reconnect
	}
	m.dialled = w.now()
	m.attempts++
	if c.Protocol == Memcached {
		m.mem = new(memcached.Scanner)
		return
	}
	w.out.b = w.out.b[:0]
	say := func(words ...string) {
		w.out.words(words...)
		m.greeting++
	}
	user := c.User
	if user == "" {
		user = "default"
	}
	switch {
	case c.Protocol == RESP3 && c.Password != "":
		say("HELLO", "3", "AUTH", user, c.Password)
	case c.Protocol == RESP3:
		say("HELLO", "3")
	case c.Password != "" && c.User != "":
		say("AUTH", user, c.Password)
	case c.Password != "":
		say("AUTH", c.Password)
	}
	if c.DB != 0 {
		say("SELECT", fmt.Sprint(c.DB))
	}
	if m.sub {
		say("SUBSCRIBE", channelName(m.channel))
	}
	m.unsent = append(m.unsent, w.out.b...)
}

// greeted is called when a connection is open for commands.
func (w *worker) greeted(m *member) {
	m.open = true
	if w.first && w.now() > m.dialled {
		w.connects.Record(time.Duration(w.now() - m.dialled))
	}
}

// begin starts the clock of this worker.
func (w *worker) begin() {
	w.first = true
	w.sent, w.last = w.start, w.start
	if w.cfg.Rate > 0 {
		w.sched = newSchedule(w.cfg, w.index, w.start)
	}
}

// release hands what has become due to the connections, in turns, and marks those
// that have something to send.
func (w *worker) release(now int64) {
	for w.sched.next <= now && w.left > 0 && w.sched.next < w.end && w.up > 0 {
		m := w.conns[w.turn]
		if w.turn++; w.turn == len(w.conns) {
			w.turn = 0
		}
		if m.dead || m.sub {
			continue
		}
		// A burst that could be sent at once and is not yet was held up here.
		if m.due.held == 0 && m.open && m.flights.held < w.cfg.Depth {
			w.late.Record(time.Duration(now - w.sched.next))
		}
		for range min(int64(w.cfg.Burst), w.left) {
			m.due.push(w.sched.next)
			w.held++
			w.left--
		}
		w.sched.advance()
		if !m.marked {
			m.marked = true
			w.dirty = append(w.dirty, m)
		}
	}
}

// compose appends to w.out what a connection may send now.
func (w *worker) compose(m *member, now int64) {
	w.out.b = w.out.b[:0]
	if !m.open || m.sub || len(m.unsent) > 0 {
		return // what is unsent goes first
	}
	if w.cfg.Rate > 0 {
		for m.due.held > 0 && m.flights.held < w.cfg.Depth && m.quota > 0 {
			w.held--
			w.draw(m, m.due.pop())
		}
		return
	}
	// In a closed loop a batch is answered before the next one begins.
	if m.flights.held > 0 || now >= w.end {
		return
	}
	for m.flights.held < w.cfg.Depth && m.quota > 0 && w.left > 0 {
		w.left--
		w.draw(m, now)
	}
}

// draw appends one command.
func (w *worker) draw(m *member, start int64) {
	if w.stamp != nil {
		w.stamp.at = start
	}
	op := w.stream.Next(&w.out)
	m.flights.push(flight{start, uint16(op.Command), op.Read, int32(op.Words)})
	m.quota--
	w.flying++
}

// take counts the replies in what a connection has received.
func (w *worker) take(m *member, b []byte, now int64) error {
	w.roll(now)
	w.bytesIn += int64(len(b))
	for len(b) > 0 {
		var used int
		var ok bool
		var err error
		if m.mem != nil {
			used, ok, err = m.mem.Next(b)
		} else {
			used, ok, err = m.scan.next(b)
		}
		if err != nil {
			return err
		}
		if b = b[used:]; !ok {
			break
		}
		if err := w.answer(m, now); err != nil {
			return err
		}
	}
	w.flush()
	w.sent, w.last = now, now
	return nil
}

// answer counts one reply.
func (w *worker) answer(m *member, now int64) error {
	failed := m.mem == nil && m.scan.kind == '-' || m.mem != nil && m.mem.Failed
	switch {
	case m.greeting > 0:
		if failed {
			return refusedError{fmt.Errorf("the server answered: %s", m.scan.text)}
		}
		if m.greeting--; m.greeting == 0 {
			w.greeted(m)
		}
		return nil
	case m.sub:
		m.attempts = 0
		w.delivered(m, now)
		return nil
	case m.flights.held == 0:
		text := m.scan.text
		if m.mem != nil {
			text = m.mem.Text
		}
		// Such as "max number of clients reached", before the end of the connection.
		return fmt.Errorf("a reply that nothing was asked for: %s", bytes.TrimSpace(text))
	}
	f := m.flights.pop()
	w.flying--
	if !failed { // a server that is full answers, too, before it closes
		m.attempts = 0
	}
	w.count(int(f.command), f.start, now)
	if w.stamp != nil && !failed {
		w.expected.Add(receivers(m.scan.text))
	}
	switch {
	case failed:
		w.fail(int(f.command), m)
	case !f.read:
	case m.mem != nil:
		w.found(m.mem.Values, 1-min(m.mem.Values, 1))
	case f.words > 2 && m.scan.size == int(f.words)-1: // several keys, each of which hits or misses
		w.found(m.scan.size-m.scan.nulls, m.scan.nulls)
	case m.scan.missed():
		w.found(0, 1)
	default:
		w.found(1, 0)
	}
	return nil
}

// refusedError is an answer after which it is of no use to try again.
type refusedError struct{ error }

// delivered counts a message that a subscriber has received.
func (w *worker) delivered(m *member, now int64) {
	w.received.Add(1)
	if at, ok := readStamp(m.scan.head[:m.scan.heads]); ok {
		w.deliveries.Record(time.Duration(now - at))
	}
}

// over says whether nothing is left to do.
func (w *worker) over(now int64) bool {
	switch {
	case w.failure != nil || w.up == 0:
		return true
	case w.flying > 0 || w.held > 0:
		return now > w.end+int64(w.cfg.Drain)
	case w.left <= 0 || now >= w.end:
		// Everything is answered; messages to subscribers may still be on their way.
		return !w.awaits() || now > max(w.last, w.sent)+int64(w.cfg.Drain)
	}
	return false
}

// awaits says whether messages to subscribers may still come.
func (w *worker) awaits() bool {
	if w.cfg.Subscribers == 0 {
		return false
	}
	if !w.silent {
		w.silent = true
		w.publishing.Add(-1)
	}
	return w.publishing.Load() > 0 || w.received.Load() < w.expected.Load()
}

// lost is called for a connection that has ended. It is opened again, true, unless
// that has become pointless.
func (w *worker) lost(m *member, err error) (again bool) {
	w.unanswered += int64(m.flights.held)
	w.flying -= int64(m.flights.held)
	m.flights.clear()
	wasOpen := m.open
	m.open = false
	if err == nil { // closed from this side, as asked for
		return true
	}
	w.ended(err, wasOpen)
	switch {
	case w.first && w.finished():
		return false // nothing more is to be sent
	case w.first && m.attempts < maxAttempts:
		return true
	}
	w.giveUp(m, err)
	return false
}

// giveUp does without a connection, for a reason.
func (w *worker) giveUp(m *member, err error) {
	m.dead = true
	w.unanswered += int64(m.due.held)
	w.held -= int64(m.due.held)
	m.due.clear()
	if m.sub {
		return
	}
	if w.up--; w.up == 0 {
		w.failure = fmt.Errorf("no connection is left: %w", err)
	}
}

// finished says whether no more commands are to be sent.
func (w *worker) finished() bool {
	return w.left <= 0 && w.held == 0 || w.now() >= w.end && w.held == 0
}

// settleBehind counts what the end of the run leaves waiting: each command has waited
// for so long already, and to leave it out would flatter the server.
func (w *worker) settleBehind(now int64) {
	for _, m := range w.conns {
		for m.flights.held > 0 {
			f := m.flights.pop()
			w.behind++
			w.commands[f.command].latency.Record(time.Duration(now - f.start))
			w.net.count(f.start, now, 1)
		}
		for m.due.held > 0 {
			w.behind++
			start := m.due.pop()
			w.commands[0].latency.Record(time.Duration(now - start))
			w.net.count(start, now, 1)
		}
	}
}

// check finds out whether the server has fallen silent, or the run was cut short.
func (w *worker) check(now int64) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.flying > 0 && now-w.sent > int64(w.cfg.Patience) {
		return fmt.Errorf("no reply for %v", w.cfg.Patience)
	}
	return nil
}
