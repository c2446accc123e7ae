package conn

import "runtime/debug"

const (
	// gatherRead is how much a read brings at most for its commands to be gathered:
	// longer pipelines are batches of their own.
	gatherRead = 1 << 10
	// gatherBytes is how much input is gathered; more would only be cold again by the
	// time that it is executed. It may be passed by one read.
	gatherBytes = 8 << 10
)

// gathered is a connection whose commands have been parsed but not run.
type gathered struct {
	c           *Conn
	input       []byte // in loop.read
	first, last int    // its commands, worker.batch[first:last]
}

// room is where the next read goes: behind what is gathered.
func (l *loop) room() []byte { return l.read[prefixRoom+l.kept:][:readSize] }

// gather puts aside what was read for c, at the start of room, to be executed together
// with what other connections have sent: the waits for memory overlap only within a
// batch, and clients that do not pipeline send batches of one. false: it is not made up of
// whole commands, or has to be executed at once for another reason.
func (l *loop) gather(c *Conn, input []byte) bool {
	if len(input) > gatherRead || !c.Authenticated {
		return false // the bounds of what follows depend on whether AUTH succeeds
	}
	w := l.worker
	first := len(w.batch)
	if !w.add(input) {
		return false
	}
	l.gathered = append(l.gathered, gathered{c, input, first, len(w.batch)})
	l.kept += len(input)
	if len(w.batch) >= batchMax || l.kept >= gatherBytes {
		l.runGathered()
	}
	return true
}

// runGathered executes what is gathered. Whatever else uses the worker or the read buffer
// does this first.
func (l *loop) runGathered() {
	if len(l.gathered) == 0 {
		return
	}
	prepared := l.prepareGathered()
	if !prepared {
		l.worker.empty()
	}
	for i := range l.gathered {
		if g := &l.gathered[i]; prepared {
			l.runOne(g)
		} else {
			l.runAlone(g)
		}
		l.gathered[i] = gathered{}
	}
	l.gathered, l.kept = l.gathered[:0], 0
	l.worker.empty()
}

// prepareGathered returns false if there was a fault: whose command it is that cannot be
// prepared is seen when each is executed alone.
func (l *loop) prepareGathered() (prepared bool) {
	defer func() {
		if cause := recover(); cause != nil {
			l.srv.log.Error("fault while preparing commands", "fault", cause, "stack", string(debug.Stack()))
		}
	}()
	l.worker.ex.Prepare(l.worker.batch)
	return true
}

// runOne executes what was gathered of one connection.
func (l *loop) runOne(g *gathered) {
	c, w := g.c, l.worker
	defer l.rescue(c)
	if l.barred(g) {
		return
	}
	done, v := w.run(c, w.batch[g.first:g.last])
	used := len(g.input)
	switch {
	case v == verdictDone:
		v = w.finish(c, v)
	case done == 0:
		used = 0
	default:
		used = w.ends[g.first+done-1]
	}
	l.settle(c, g.input, used, v, scanner{})
}

// runAlone is runOne for what is not prepared.
func (l *loop) runAlone(g *gathered) {
	defer l.rescue(g.c)
	if !l.barred(g) {
		l.scan = scanner{}
		l.feed(g.c, g.input, &l.scan)
	}
}

// barred says whether the connection may not go on any more: earlier replies of its, or
// messages to it, were sent meanwhile, and its client has gone or does not read them.
func (l *loop) barred(g *gathered) bool {
	if g.c.state == 0 {
		return false
	}
	if g.c.state&stateClosed == 0 {
		l.keepInput(g.c, g.input, 0, scanner{})
	}
	return true
}
