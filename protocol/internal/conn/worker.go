package conn

// Bounds of a turn: what one connection may do before the others are served.
const (
	// batchMax is how many commands are parsed, prepared and executed together.
	batchMax = 64
	// turnCommands and turnBytes end a turn after the batch that reaches them:
	// commands run, bytes of replies handed to the socket.
	turnCommands = 1024
	turnBytes    = 1 << 20
	// flushAt is how many bytes of replies are gathered at most before they are
	// handed to the socket in mid-batch.
	flushAt = 512 << 10
	// keepArgs is the room for arguments that a worker keeps between ticks.
	keepArgs = 4 << 10
)

// A verdict is how a turn ended, and with it what becomes of the input that was
// not used.
type verdict uint8

const (
	verdictDone    verdict = iota // nothing is left, or the beginning of a command
	verdictMore                   // commands are left for the next turn
	verdictStalled                // too much output waits; commands may be left
	verdictBlocked                // a command waits for its reply; others may be left
	verdictClosing                // close once the output is sent; what is left is void
	verdictDead                   // close now
)

// A flow is what became of output handed to a sink.
type flow uint8

const (
	flowing flow = iota // the socket took it, or little is left
	stalled             // much is left
	dead                // the connection is of no use any more
)

// A sink is the sending side of a transport.
type sink interface {
	// flush takes the replies w.out[w.from:], which are c's. It may leave them
	// there, moving w.from behind them.
	flush(c *Conn, w *worker) flow
}

// worker turns input into replies: it parses a batch of commands, has it
// prepared and executes it. A loop has one; goroutines that serve a net.Conn
// share some. It is used by one goroutine at a time.
type worker struct {
	ex    Executor
	lim   *Limits
	sink  sink
	args  [][]byte   // the arguments of a batch
	batch [][][]byte // its commands, slices of args
	ends  []int      // where each command ends in the input
	text  []byte     // the words of inline commands

	out    []byte // replies not yet sent; normally within arena
	from   int    // where in out those begin that the sink does not know of yet
	arena  []byte // what out starts as; if mapped, address space to grow into without moving
	high   int    // the longest that out has been since the last tick
	dirty  int    // bytes of the mapped arena that may have pages
	mapped bool   // the arena is
	pool   pool   // for what the connections cannot have dealt with at once

	commands uint64 // run so far
	produced uint64 // bytes of replies handed to the sink so far
}

func newWorker(ex Executor, lim *Limits, sink sink) *worker {
	w := &worker{
		ex: ex, lim: lim, sink: sink,
		args:  make([][]byte, 0, 512),
		batch: make([][][]byte, 0, 2*batchMax),
		ends:  make([]int, 0, 2*batchMax),
		arena: make([]byte, 0, smallMax),
	}
	w.out = w.arena
	return w
}

// feed executes the commands at the start of buf. used is how many bytes of it
// are done with; scan is the progress made in what follows them, and before
// the call in what buf starts with.
func (w *worker) feed(c *Conn, buf []byte, scan *scanner) (used int, v verdict) {
	used, v = w.work(c, buf, scan)
	w.empty()
	return used, v
}

// empty ends a batch.
func (w *worker) empty() { w.args, w.batch, w.ends = w.args[:0], w.batch[:0], w.ends[:0] }

func (w *worker) work(c *Conn, buf []byte, scan *scanner) (used int, v verdict) {
	commands, produced := w.commands, w.produced
	for used < len(buf) {
		parsed, err := w.parse(c, buf[used:], scan)
		if len(w.batch) > 0 {
			done, v := w.execute(c)
			if v != verdictDone {
				if done > 0 {
					used += w.ends[done-1]
				}
				*scan = scanner{}
				return used, v
			}
		}
		if err != noError {
			w.out = err.append(w.out)
			return used, w.finish(c, verdictClosing)
		}
		used += parsed
		if len(w.batch) == 0 && parsed == 0 {
			break // the beginning of a command is left
		}
		if w.commands-commands >= turnCommands || w.produced-produced >= turnBytes {
			if used < len(buf) {
				return used, w.finish(c, verdictMore)
			}
		}
	}
	return used, w.finish(c, verdictDone)
}

// finish hands what replies there are to the sink, at the end of a turn.
func (w *worker) finish(c *Conn, v verdict) verdict {
	if len(w.out) == w.from {
		return v
	}
	w.produced += uint64(len(w.out) - w.from)
	switch w.sink.flush(c, w) {
	case dead:
		return verdictDead
	case stalled:
		if v != verdictClosing && v != verdictBlocked {
			return verdictStalled
		}
	}
	return v
}

// parse fills batch with the commands at the start of buf, up to batchMax; one
// only before authentication, since the next one's bounds depend on it. parsed
// is where it stopped: at the end of buf, at a command that is not all there,
// after a full batch, or at what err complains of.
func (w *worker) parse(c *Conn, buf []byte, scan *scanner) (parsed int, err protocolError) {
	w.empty()
	w.text = w.text[:0]
	limits, most := w.lim.bounds(c.Authenticated), batchMax
	if !c.Authenticated {
		most = 1
	}
	for parsed < len(buf) && len(w.batch) < most {
		first, n := len(w.args), 0
		if rest := buf[parsed:]; rest[0] == '*' && scan.seek == 0 {
			w.args, n = parseArray(rest, w.args, limits)
		}
		if n == 0 {
			if n, err = w.parseSlowly(c, buf[parsed:], scan); n == 0 {
				return parsed, err
			}
		}
		parsed += n
		if last := len(w.args); last > first {
			w.batch = append(w.batch, w.args[first:last:last])
			w.ends = append(w.ends, parsed)
		}
	}
	return parsed, noError
}

// parseSlowly is parse for one command that parseArray does not take: one that
// has been arriving in pieces, an inline one, or a wrong one.
func (w *worker) parseSlowly(c *Conn, buf []byte, scan *scanner) (n int, err protocolError) {
	n, err = scan.scan(buf, c.Authenticated, w.lim.bounds(true).bulk)
	if n == 0 {
		return 0, err
	}
	if buf[0] == '*' {
		// All there and within bounds; the bounds may have moved since its header
		// was read, so they are not asked again. "*-1" is not for parseArray.
		w.args, _ = parseArray(buf[:n], w.args, bounds{unlimitedArgs, n})
		return n, noError
	}
	line := buf[:n-1]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	var ok bool
	if w.args, w.text, ok = splitInline(line, w.args, w.text); !ok {
		return 0, errQuotes
	}
	return n, noError
}

// add puts the commands that input is made of behind those in the batch; false, and
// nothing added, if it is anything but whole commands in the form that clients send.
func (w *worker) add(input []byte) bool {
	args, batch := len(w.args), len(w.batch)
	limits := w.lim.bounds(true)
	for parsed := 0; parsed < len(input); {
		first, n := len(w.args), 0
		if input[parsed] == '*' {
			w.args, n = parseArray(input[parsed:], w.args, limits)
		}
		if n == 0 {
			w.args, w.batch, w.ends = w.args[:args], w.batch[:batch], w.ends[:batch]
			return false
		}
		parsed += n
		if last := len(w.args); last > first {
			w.batch = append(w.batch, w.args[first:last:last])
			w.ends = append(w.ends, parsed)
		}
	}
	return true
}

// execute prepares and runs the batch, which is all c's; the results are run's.
func (w *worker) execute(c *Conn) (done int, v verdict) {
	w.ex.Prepare(w.batch)
	return w.run(c, w.batch)
}

// run runs a batch, or c's part of one, that is prepared. done counts the commands
// run; it is less than the batch if v, which is not verdictDone then, says why.
func (w *worker) run(c *Conn, batch [][][]byte) (done int, v verdict) {
	out := w.out
	for i, args := range batch {
		out = w.ex.Execute(&c.Session, args, out)
		if len(out) < flushAt && !c.Closing && !c.Blocked {
			continue
		}
		ran := i + 1
		if c.Postponed { // it has not run: it is read again when the client goes on
			c.Postponed, ran = false, i
		}
		w.out, w.commands = out, w.commands+uint64(ran-done)
		done = ran
		switch {
		case c.Closing:
			return done, w.finish(c, verdictClosing)
		case c.Blocked:
			return done, w.finish(c, verdictBlocked)
		}
		if v := w.finish(c, verdictDone); v != verdictDone {
			return done, v
		}
		out = w.out
	}
	w.out, w.commands = out, w.commands+uint64(len(batch)-done)
	return len(batch), verdictDone
}

// reset makes out empty again. A reply that was too long for the arena has
// moved out to the Go heap, and is left to the collector.
func (w *worker) reset() {
	w.high = max(w.high, len(w.out))
	switch {
	case &w.out[:1][0] == &w.arena[:1][0]:
		w.dirty = max(w.dirty, len(w.out))
	case w.mapped:
		w.dirty = cap(w.arena)
	case cap(w.out) <= spareMax:
		w.arena = w.out
	}
	w.out, w.from = w.arena[:0], 0
}

// discard drops what a fault has left of a turn: its batch, and its replies.
func (w *worker) discard() {
	w.empty()
	w.unsay()
}

// unsay drops the replies that the sink does not know of.
func (w *worker) unsay() { w.out = w.out[:w.from] }

// take gives out away as a buffer of which n bytes are sent already, and goes
// on with a new arena: cheaper than a copy where much is left.
func (w *worker) take(n int) *buffer {
	b := &buffer{b: w.out, off: n}
	w.high = max(w.high, len(w.out))
	if w.mapped && &w.out[:1][0] == &w.arena[:1][0] {
		b.b, b.mapped = remapBytes(w.out, roundUp(len(w.out), bigStep))
		w.arena, w.mapped = mapArena()
		w.dirty = 0
	} else if !w.mapped {
		w.arena = make([]byte, 0, smallMax)
	}
	w.out, w.from = w.arena[:0], 0
	return b
}

// tick is called about once a second: memory that the replies since the last
// tick did not need is let go.
func (w *worker) tick() {
	keep := max(w.high, flushAt)
	if w.mapped && w.dirty > keep {
		releaseBytes(w.arena, keep)
		w.dirty = keep
	}
	if !w.mapped && cap(w.arena) > max(4*w.high, smallMax) {
		w.arena = make([]byte, 0, smallMax)
		w.out = w.arena
	}
	w.high = 0
	if cap(w.args) > keepArgs {
		w.args = make([][]byte, 0, keepArgs)
	}
	if cap(w.text) > maxHeader {
		w.text = nil
	}
	w.pool.tick()
}

// forget drops the references to input that earlier batches have left behind:
// memory that is unmapped must not be pointed at any more. The batch that is
// being executed, if there is one, is kept.
func (w *worker) forget() {
	clear(w.args[len(w.args):cap(w.args)])
	clear(w.batch[len(w.batch):cap(w.batch)])
}

// held is the memory that the worker and its buffers have, in bytes.
func (w *worker) held() int64 {
	n := w.pool.held + int64(24*cap(w.args)+cap(w.text))
	if w.mapped {
		return n + int64(w.dirty)
	}
	return n + int64(cap(w.arena))
}

// close gives back what is mapped.
func (w *worker) close() {
	w.forget()
	w.pool.close()
	if w.mapped {
		unmapBytes(w.arena)
	}
	w.arena, w.out, w.mapped = nil, nil, false
}
