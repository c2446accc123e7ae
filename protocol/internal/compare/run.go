package compare

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// The two sides, as indices.
const (
	ashlar = 0
	redis  = 1
)

// Pair is an Ashlar server and a redis-server that get the same commands. It
// is for one goroutine.
type Pair struct {
	// Rehearse leaves out what is for Ashlar alone: with a redis-server on both
	// sides it shows whether a script is right in itself.
	Rehearse bool

	addr  [2]string
	admin [2]*client // the harness's own connections, opened before anything is configured
}

// NewPair connects to both.
func NewPair(ours, theirs Server) (*Pair, error) {
	p := &Pair{addr: [2]string{ours.Addr(), theirs.Addr()}}
	for side := range p.addr {
		var err error
		if p.admin[side], err = dial(p.addr[side]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Close ends the harness's connections; the servers go on.
func (p *Pair) Close() {
	for _, c := range p.admin {
		_ = c.Close()
	}
}

// Mismatch is the first step of a case on which the servers disagree.
type Mismatch struct {
	Case         *Case
	Step         *Step
	Index        int // of the step; the last one in a batch
	Proto        int
	Sent         string
	Ours, Theirs outcome
	Why          string
}

func (m *Mismatch) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s:%d (RESP%d): %s\n", m.Case.File, m.Step.Line, m.Proto, m.Sent)
	fmt.Fprintf(&out, "  ashlar: %s\n  redis:  %s\n  %s\n", m.Ours, m.Theirs, m.Why)
	return out.String()
}

// kind tells differences apart, roughly: by the command, and by what kinds of
// reply it got.
func (m *Mismatch) kind() string {
	command, _, _ := strings.Cut(m.Sent, " ")
	return command + replyType(m.Ours.raw) + replyType(m.Theirs.raw) + m.Ours.ended + m.Theirs.ended
}

// run is one case under way.
type run struct {
	*Pair
	c       *Case
	proto   int
	conn    string
	conns   [2]map[string]*client
	waiting [2]map[string]int // connections that owe the replies to @block, and how many
	queued  map[string][]How  // of the commands in each connection's transaction
	vars    [2]map[string]string
	restore [2]map[string]string // configuration to put back
}

// Run runs a case in one protocol version and returns the first mismatch, nil
// if there is none. An error means that the harness could not go on.
func (p *Pair) Run(c *Case, proto int) (m *Mismatch, err error) {
	r := &run{Pair: p, c: c, proto: proto, conn: "1", queued: make(map[string][]How)}
	for side := range r.conns {
		r.conns[side] = make(map[string]*client)
		r.waiting[side] = make(map[string]int)
		r.vars[side] = make(map[string]string)
		r.restore[side] = make(map[string]string)
		if out := p.admin[side].do("FLUSHALL"); string(out.raw) != "+OK\r\n" {
			return nil, fmt.Errorf("%s: FLUSHALL gave %s", p.addr[side], out)
		}
	}
	defer func() {
		if e := r.close(); err == nil {
			err = e
		}
	}()
	if c.Batch {
		if m, err = r.batch(); m != nil {
			m.Index = len(c.Steps) - 1
		}
		return m, err
	}
	for i := range c.Steps {
		m, err = r.step(&c.Steps[i])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", c.File, c.Steps[i].Line, err)
		}
		if m != nil {
			m.Index = i
			return m, nil
		}
	}
	return nil, nil
}

// close ends the case's connections and puts the configuration back.
func (r *run) close() (err error) {
	for side := range r.conns {
		for _, c := range r.conns[side] {
			_ = c.Close()
		}
		if e := r.forgetWaiting(side); err == nil {
			err = e
		}
		for name, value := range maps.All(r.restore[side]) {
			if out := r.admin[side].do("CONFIG", "SET", name, value); string(out.raw) != "+OK\r\n" {
				err = fmt.Errorf("%s: putting %s back to %q gave %s", r.addr[side], name, value, out)
			}
		}
	}
	return err
}

func (r *run) step(s *Step) (*Mismatch, error) {
	if r.Rehearse && (s.Do == actAshlar || s.How.ownOnly()) {
		return nil, nil
	}
	switch s.Do {
	case actConn:
		r.conn = s.Words[0].text
	case actSleep:
		time.Sleep(time.Duration(s.N) * time.Millisecond)
	case actLet:
		for side := range r.vars {
			r.vars[side][s.Words[0].text] = strings.Repeat(s.Words[1].text, s.N)
		}
	case actClose:
		r.drop()
	case actConfig:
		return nil, r.config(s.Words[0].text, s.Words[1].text)
	case actRedis, actAshlar:
		return nil, r.sendAlone(s)
	case actEOF:
		return r.awaitEnd(s)
	case actBlock:
		if !r.busy(s) {
			return nil, r.block(s)
		}
	case actAwait:
		return r.await(s)
	case actPushed:
		return r.pushed(s)
	case actPush:
		return r.push(s)
	case actBlocked:
		return r.stillBlocked(s)
	case actSettle:
		return r.settle(s)
	default:
		return r.exchange(s)
	}
	return nil, nil
}

// sendAlone sends a command to one side; both are redis-servers in a rehearsal.
func (r *run) sendAlone(s *Step) error {
	for side := range r.conns {
		if (side == redis) != (s.Do == actRedis) && !r.Rehearse {
			continue
		}
		c, err := r.client(side)
		if err != nil {
			return err
		}
		c.do(r.expand(side, s.Words, time.Now())...)
	}
	return nil
}

// drop closes the current connection on both sides.
func (r *run) drop() {
	for side := range r.conns {
		if c := r.conns[side][r.conn]; c != nil {
			_ = c.Close()
			delete(r.conns[side], r.conn)
		}
	}
}

// config sets a parameter on both, and remembers what it was. A side that does
// not know it is left alone: later versions have more of them.
func (r *run) config(name, value string) error {
	known := 0
	for side, c := range r.admin {
		node, err := Parse(c.do("CONFIG", "GET", name).raw)
		if err != nil || len(node.Kids)%2 != 0 {
			return fmt.Errorf("%s: CONFIG GET %s gave %q", r.addr[side], name, node.Raw())
		}
		if len(node.Kids) != 2 {
			continue
		}
		known++
		if _, kept := r.restore[side][name]; !kept {
			r.restore[side][name] = node.Kids[1].Text
		}
		if out := c.do("CONFIG", "SET", name, value); string(out.raw) != "+OK\r\n" {
			return fmt.Errorf("%s: CONFIG SET %s %q gave %s", r.addr[side], name, value, out)
		}
	}
	if known == 0 && !r.Rehearse {
		return fmt.Errorf("no server has the setting %s", name)
	}
	return nil
}

// client is the current connection on one side, opened and greeted if need be.
func (r *run) client(side int) (*client, error) { return r.clientNamed(side, r.conn) }

// clientOf is the connection that a step is about.
func (r *run) clientOf(side int, s *Step) (*client, error) {
	if s.Conn != "" {
		return r.clientNamed(side, s.Conn)
	}
	return r.client(side)
}

func (r *run) clientNamed(side int, name string) (*client, error) {
	if c := r.conns[side][name]; c != nil {
		return c, nil
	}
	c, err := dial(r.addr[side])
	if err != nil {
		return nil, err
	}
	r.conns[side][name] = c
	if r.proto == 3 && !r.c.NoHello {
		if out := c.do("HELLO", "3"); len(out.raw) == 0 || out.raw[0] != '%' {
			return nil, fmt.Errorf("%s: HELLO 3 gave %s", r.addr[side], out)
		}
	}
	return c, nil
}

// exchange sends a step to the sides it is for, and compares.
func (r *run) exchange(s *Step) (*Mismatch, error) {
	now := time.Now()
	var out [2]outcome
	var sent string
	for side := range s.How.sides() {
		c, err := r.clientOf(side, s)
		if err != nil {
			return nil, err
		}
		for _, words := range s.First {
			r.queue(side, s, c.do(r.expand(side, words, now)...), How{TypeOnly: true})
		}
		raw, text := r.request(side, s, now)
		if side == ashlar {
			sent = text
		}
		c.send(raw)
		out[side] = c.read(s.How.Replies)
	}
	defer func() { r.queue(redis, s, out[redis], s.How) }()
	return r.compare(s, sent, &out)
}

// queue keeps how to compare a command's reply, once EXEC brings it.
func (r *run) queue(side int, s *Step, got outcome, how How) {
	conn := cmp.Or(s.Conn, r.conn)
	switch {
	case side != redis || len(s.Words) == 0:
	case string(got.raw) == "+QUEUED\r\n":
		r.queued[conn] = append(r.queued[conn], how)
	case strings.EqualFold(s.Words[0].text, "MULTI") && string(got.raw) == "+OK\r\n":
		r.queued[conn] = nil
	}
}

// request is what a step sends to one side, and how a person reads it.
func (r *run) request(side int, s *Step, now time.Time) (raw []byte, text string) {
	if s.Do == actRaw {
		return []byte(s.Words[0].text), "@raw " + quoteBytes(s.Words[0].text)
	}
	args := r.expand(side, s.Words, now)
	return Encode(args), QuoteLine(args)
}

// batch sends all steps in one piece to each side, and then compares the replies:
// pipelined, they meet other code than one by one. Steps that are no commands
// must set up the case.
func (r *run) batch() (*Mismatch, error) {
	now := time.Now()
	steps := r.c.Steps
	for len(steps) > 0 && steps[0].Do != actCommand {
		if m, err := r.step(&steps[0]); m != nil || err != nil {
			return m, err
		}
		steps = steps[1:]
	}
	texts := make([]string, len(steps))
	outs := make([][2]outcome, len(steps))
	for side := range r.conns {
		c, err := r.client(side)
		if err != nil {
			return nil, err
		}
		var all []byte
		for i := range steps {
			for _, words := range steps[i].First {
				all = append(all, Encode(r.expand(side, words, now))...)
			}
			raw, text := r.request(side, &steps[i], now)
			all = append(all, raw...)
			texts[i] = text
		}
		go c.send(all) // while the replies are read: neither side may have room for all
		for i := range outs {
			c.read(len(steps[i].First))
			outs[i][side] = c.read(1)
		}
	}
	for i := range steps {
		if m, err := r.compare(&steps[i], texts[i], &outs[i]); m != nil || err != nil {
			return m, err
		}
	}
	return nil, nil
}

// compare judges a step's outcomes, and keeps what @save asks for.
func (r *run) compare(s *Step, sent string, out *[2]outcome) (*Mismatch, error) {
	const most = 500
	why := r.judge(s, out)
	if why == "" {
		return nil, r.save(s, out[:s.How.sides()])
	}
	if len(sent) > most {
		sent = fmt.Sprintf("%s ... (%d bytes)", sent[:most], len(sent))
	}
	m := &Mismatch{Case: r.c, Step: s, Proto: r.proto, Sent: sent, Ours: out[ashlar], Theirs: out[redis], Why: why}
	if s.How.ownOnly() {
		m.Theirs = outcome{ended: "not asked"}
	}
	return m, nil
}

// judge says what is wrong with the outcomes; "" if nothing is.
func (r *run) judge(s *Step, out *[2]outcome) string {
	pick := 0
	if r.proto == 3 {
		pick = 1
	}
	switch {
	case out[ashlar].ended != "":
		if out[redis].ended == out[ashlar].ended {
			return "neither gave a whole reply; @eof says that closing is expected"
		}
		return "ashlar gave no whole reply"
	case out[redis].ended != "":
		return "redis-server gave no whole reply"
	case s.How.Expect != nil:
		want := s.How.Expect[min(pick, len(s.How.Expect)-1)]
		if why := s.How.Disagree(out[ashlar].raw, []byte(want)); why != "" {
			return "expected " + quoteBytes(want) + "; " + why
		}
		return ""
	case s.How.Match != nil:
		if re := s.How.Match[min(pick, len(s.How.Match)-1)]; !re.Match(out[ashlar].raw) {
			return "does not match " + re.String()
		}
		return ""
	}
	return r.agree(s, out[ashlar].raw, out[redis].raw)
}

// awaitEnd reads what both sides still send until they close, and compares it.
func (r *run) awaitEnd(s *Step) (*Mismatch, error) {
	var out [2]outcome
	for side := range out {
		c, err := r.client(side)
		if err != nil {
			return nil, err
		}
		out[side] = c.readAll()
	}
	r.drop()
	m := &Mismatch{Case: r.c, Step: s, Proto: r.proto, Sent: "@eof", Ours: out[ashlar], Theirs: out[redis]}
	if out[ashlar].ended != "closed" || out[redis].ended != "closed" {
		m.Why = "both must close the connection"
		return m, nil
	}
	if m.Why = s.How.Disagree(out[ashlar].raw, out[redis].raw); m.Why != "" {
		return m, nil
	}
	return nil, nil
}

// save keeps what @save asks for.
func (r *run) save(s *Step, out []outcome) error {
	if s.How.SaveAs == "" {
		return nil
	}
	for side, o := range out {
		node, err := Parse(o.raw)
		if err != nil {
			return err
		}
		if at := s.How.SaveElem; at >= 0 {
			if at >= len(node.Kids) {
				return fmt.Errorf("@save: the reply has no element %d", at)
			}
			node = node.Kids[at]
		}
		r.vars[side][s.How.SaveAs] = node.Text
	}
	return nil
}

// expand puts in the values of variables.
func (r *run) expand(side int, words []word, now time.Time) []string {
	args := make([]string, len(words))
	for i, w := range words {
		args[i] = w.text
		if !w.bare || !strings.HasPrefix(w.text, "$") {
			continue
		}
		if value, ok := r.vars[side][w.text[1:]]; ok {
			args[i] = value
		} else if value, ok := clockValue(w.text[1:], now); ok {
			args[i] = value
		}
	}
	return args
}

// clockValue reads "unix+100" and "unixms-5000".
func clockValue(text string, now time.Time) (string, bool) {
	base, rest, ok := now.UnixMilli(), "", false
	if rest, ok = strings.CutPrefix(text, "unixms"); !ok {
		if rest, ok = strings.CutPrefix(text, "unix"); !ok {
			return "", false
		}
		base = now.Unix()
	}
	if rest == "" {
		return strconv.FormatInt(base, 10), true
	}
	delta, err := strconv.ParseInt(rest, 10, 64)
	return strconv.FormatInt(base+delta, 10), err == nil && (rest[0] == '+' || rest[0] == '-')
}
