package compare

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// This file is the directives about commands that block: several connections
// wait for keys while another one writes them. Nothing here depends on how fast
// a server is: a step ends when the server itself says that a client is blocked,
// or when its reply is there.

// pollEvery is how often a server is asked whether a client is blocked.
const pollEvery = 500 * time.Microsecond

// block sends a command and goes on once the client is blocked on both sides, or
// has its reply there: only then is the order of arrival the script's.
func (r *run) block(s *Step) error {
	now := time.Now()
	for side := range s.How.sides() {
		c, err := r.clientOf(side, s)
		if err != nil {
			return err
		}
		for _, words := range s.First {
			c.do(r.expand(side, words, now)...)
		}
		raw, text := r.request(side, s, now)
		c.send(raw)
		r.waiting[side][s.Conn]++
		if err := r.until(side, s.Conn, func(blocked, replied bool) bool { return blocked || replied }); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// until asks one side about a connection until what it says is enough.
func (r *run) until(side int, name string, enough func(blocked, replied bool) bool) error {
	for end := time.Now().Add(patience); ; time.Sleep(pollEvery) {
		blocked, err := r.isBlocked(side, name)
		if err != nil {
			return err
		}
		if enough(blocked, r.conns[side][name].hasReply()) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: connection %s neither waits nor has a reply", r.addr[side], name)
		}
	}
}

// isBlocked asks a server whether the client at the other end of a connection
// waits in a blocking command: CLIENT LIST shows it with the flag b.
func (r *run) isBlocked(side int, name string) (bool, error) {
	flags, err := r.flags(side)
	if err != nil {
		return false, err
	}
	return strings.Contains(flags[r.conns[side][name].ends()], "b"), nil
}

// flags are what CLIENT LIST says of every client, by the two ends of its connection.
func (r *run) flags(side int) (map[string]string, error) {
	node, err := Parse(r.admin[side].do("CLIENT", "LIST").raw)
	if err != nil {
		return nil, fmt.Errorf("%s: CLIENT LIST: %w", r.addr[side], err)
	}
	out := make(map[string]string)
	for line := range strings.Lines(node.Text) {
		var addr, laddr, flags string
		for field := range strings.FieldsSeq(line) {
			if v, ok := strings.CutPrefix(field, "addr="); ok {
				addr = v
			} else if v, ok := strings.CutPrefix(field, "laddr="); ok {
				laddr = v
			} else if v, ok := strings.CutPrefix(field, "flags="); ok {
				flags = v
			}
		}
		out[addr+" "+laddr] = flags
	}
	return out, nil
}

// ends tell a connection from all others of a server. One address does not: two
// connections to listeners of one server may have the same port.
func (c *client) ends() string { return c.LocalAddr().String() + " " + c.RemoteAddr().String() }

// hasReply says whether bytes have come that nobody has read yet.
func (c *client) hasReply() bool {
	if c.r.Buffered() > 0 {
		return true
	}
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Microsecond))
	_, err := c.r.Peek(1)
	// A connection that was closed has something to tell too.
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// await reads the reply that a connection owes.
func (r *run) await(s *Step) (*Mismatch, error) {
	var out [2]outcome
	for side := range s.How.sides() {
		if r.waiting[side][s.Conn] == 0 {
			return nil, fmt.Errorf("@await %s: no @block on this connection waits for its reply", s.Conn)
		}
		r.waiting[side][s.Conn]--
		out[side] = r.conns[side][s.Conn].read(s.How.Replies)
	}
	return r.compare(s, "@await "+s.Conn, &out)
}

// push reads what a connection is sent although it has asked for nothing.
func (r *run) push(s *Step) (*Mismatch, error) {
	var out [2]outcome
	for side := range s.How.sides() {
		c, err := r.clientNamed(side, s.Conn)
		if err != nil {
			return nil, err
		}
		out[side] = c.read(s.How.Replies)
	}
	return r.compare(s, "@push "+s.Conn, &out)
}

// pushed reads all that a connection has been sent so far: what comes before the
// reply to a PING.
func (r *run) pushed(s *Step) (*Mismatch, error) {
	const mark = "the end of it"
	var out [2]outcome
	for side := range s.How.sides() {
		c, err := r.clientNamed(side, s.Conn)
		if err != nil {
			return nil, err
		}
		c.send(Encode([]string{"PING", mark}))
		var messages [][]byte
		for {
			o := c.read(1)
			out[side].ended = o.ended
			if o.ended != "" || strings.Contains(string(o.raw), mark) {
				break
			}
			messages = append(messages, o.raw)
		}
		if s.How.IgnoreOrder > 0 {
			slices.SortFunc(messages, bytes.Compare)
			messages = slices.CompactFunc(messages, bytes.Equal)
		}
		out[side].raw = bytes.Join(messages, nil)
	}
	return r.compare(s, "@pushed "+s.Conn, &out)
}

// stillBlocked is for a client that must not have been woken. Both servers were
// asked something since by another connection, so they had their chance.
func (r *run) stillBlocked(s *Step) (*Mismatch, error) {
	m := &Mismatch{Case: r.c, Step: s, Proto: r.proto, Sent: "@blocked " + s.Conn}
	out := [2]outcome{{ended: "blocked"}, {ended: "blocked"}}
	for side := range s.How.sides() {
		if r.waiting[side][s.Conn] == 0 {
			return nil, fmt.Errorf("@blocked %s: no @block on this connection waits for its reply", s.Conn)
		}
		blocked, err := r.isBlocked(side, s.Conn)
		if err != nil {
			return nil, err
		}
		if !blocked || r.conns[side][s.Conn].hasReply() {
			r.waiting[side][s.Conn]--
			out[side] = r.conns[side][s.Conn].read(1)
			m.Why = "it must still wait"
		}
	}
	if m.Why == "" {
		return nil, nil
	}
	m.Ours, m.Theirs = out[ashlar], out[redis]
	return m, nil
}

// settle compares, over all connections that wait, which ones still do and what
// the others were sent. A server may take its time to wake a client, so the two
// are asked again until they agree; what they then disagree on is a mismatch.
func (r *run) settle(s *Step) (*Mismatch, error) {
	var left [2][]string
	for end := time.Now().Add(settleWithin); ; time.Sleep(pollEvery) {
		for side := range left {
			var err error
			if left[side], err = r.stillWaiting(side); err != nil {
				return nil, err
			}
		}
		if slices.Equal(left[ashlar], left[redis]) {
			break
		}
		if time.Now().After(end) {
			return &Mismatch{Case: r.c, Step: s, Proto: r.proto, Sent: "@settle",
				Ours:   outcome{ended: fmt.Sprintf("blocked: %v", left[ashlar])},
				Theirs: outcome{ended: fmt.Sprintf("blocked: %v", left[redis])}, Why: "other clients are blocked"}, nil
		}
	}
	return r.collect(s, left[redis])
}

// settleWithin bounds how much later than the other a server may wake a client.
const settleWithin = 2 * time.Second

// stillWaiting lists the connections that owe a reply and are blocked.
func (r *run) stillWaiting(side int) ([]string, error) {
	flags, err := r.flags(side)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, n := range r.waiting[side] {
		if n > 0 && strings.Contains(flags[r.conns[side][name].ends()], "b") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// collect reads and compares the replies of all that wait no longer.
func (r *run) collect(s *Step, blocked []string) (*Mismatch, error) {
	for _, name := range r.names() {
		if slices.Contains(blocked, name) {
			continue
		}
		var out [2]outcome
		for side := range out {
			for ; r.waiting[side][name] > 0; r.waiting[side][name]-- {
				got := r.conns[side][name].read(1)
				out[side].raw = append(out[side].raw, got.raw...)
				out[side].ended = got.ended
			}
		}
		if m, err := r.compare(s, "@settle: connection "+name, &out); m != nil || err != nil {
			return m, err
		}
	}
	return nil, nil
}

// names are the connections that owe a reply on either side, in order.
func (r *run) names() []string {
	var names []string
	for side := range r.waiting {
		for name, n := range r.waiting[side] {
			if n > 0 && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// forgetWaiting makes sure that clients which were closed while they waited take
// nothing from the next case: a server learns of the close when it gets to it.
func (r *run) forgetWaiting(side int) error {
	for name, n := range r.waiting[side] {
		if n == 0 || r.conns[side][name] == nil {
			continue
		}
		addr := r.conns[side][name].ends()
		for end := time.Now().Add(patience); ; time.Sleep(pollEvery) {
			flags, err := r.flags(side)
			if err != nil {
				return err
			}
			if _, there := flags[addr]; !there {
				break
			}
			if time.Now().After(end) {
				return fmt.Errorf("%s: connection %s (%s) was closed, but CLIENT LIST still has it, with flags %q", [...]string{"ashlar", "redis-server"}[side], name, addr, flags[addr])
			}
		}
	}
	return nil
}
