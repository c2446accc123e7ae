package loadgen

import (
	"time"

	"github.com/ashlar-cache/ashlar/bench/hist"
)

// tally is what a worker counts. Histograms are its own, and are merged at the end.
type tally struct {
	commands []count
	total    int64 // of their operations
	// A batch of one command answered by one read has one latency: it is recorded
	// once, with the number.
	same                int64
	sameCommand         int
	sameStart, sameDone int64

	second  int // of the time line, which the next ones belong to
	current *hist.Latencies
	seconds count // of the current one: its operations and errors

	net        netTally
	connects   *hist.Latencies // time to open connections during the run
	late       *hist.Latencies // the generator's own lateness
	deliveries *hist.Latencies // of messages to subscribers

	bytesIn, bytesOut int64
	hits, misses      int64
	closed            int64 // connections that the server ended
	firstEnd          error // why the first of them ended
	unanswered        int64 // commands lost with their connections
	behind            int64 // commands that were due or sent, and open at the end
	faults            map[string]int64
	firstFault        string
}

// count is that of one command.
type count struct {
	ops, errors int64
	latency     *hist.Latencies
}

func newTally(commands int) tally {
	t := tally{
		commands: make([]count, commands), current: hist.Rough(), connects: hist.New(),
		late: hist.New(), deliveries: hist.New(), faults: make(map[string]int64),
	}
	for i := range t.commands {
		t.commands[i].latency = hist.New()
	}
	return t
}

// count counts a reply to a command that began at start.
func (t *tally) count(command int, start, now int64) {
	if t.same > 0 && (command != t.sameCommand || start != t.sameStart || now != t.sameDone) {
		t.flush()
	}
	t.same, t.sameCommand, t.sameStart, t.sameDone = t.same+1, command, start, now
}

// flush records what count has gathered.
func (t *tally) flush() {
	if t.same == 0 {
		return
	}
	c, d := &t.commands[t.sameCommand], time.Duration(t.sameDone-t.sameStart)
	c.ops += t.same
	t.total += t.same
	t.seconds.ops += t.same
	c.latency.RecordN(d, t.same)
	t.current.RecordN(d, t.same)
	t.net.count(t.sameStart, t.sameDone, t.same)
	t.same = 0
}

// maxFaults bounds how many different texts of errors are kept apart.
const maxFaults = 32

// fail counts an error reply.
func (t *tally) fail(command int, m *member) {
	text := m.scan.text
	if m.mem != nil {
		text = m.mem.Text
	}
	t.commands[command].errors++
	t.seconds.errors++
	if _, known := t.faults[string(text)]; !known {
		if t.firstFault == "" {
			t.firstFault = string(text)
		}
		if len(t.faults) >= maxFaults {
			text = []byte(otherFaults)
		}
	}
	t.faults[string(text)]++
}

// otherFaults stands for the texts beyond that.
const otherFaults = "other errors"

// found counts keys that a read hit and missed.
func (t *tally) found(hits, misses int) {
	t.hits += int64(hits)
	t.misses += int64(misses)
}

// ended counts a connection that the server has ended, if it was open, and keeps the
// reason of the first.
func (t *tally) ended(err error, wasOpen bool) {
	if wasOpen {
		t.closed++
	}
	if t.firstEnd == nil {
		t.firstEnd = err
	}
}

// merge adds what another worker has counted.
func (t *tally) merge(o *tally) {
	for i := range t.commands {
		c, d := &t.commands[i], &o.commands[i]
		c.ops += d.ops
		c.errors += d.errors
		c.latency.Merge(d.latency)
	}
	t.net.merge(&o.net)
	t.connects.Merge(o.connects)
	t.late.Merge(o.late)
	t.deliveries.Merge(o.deliveries)
	t.bytesIn += o.bytesIn
	t.bytesOut += o.bytesOut
	t.hits += o.hits
	t.misses += o.misses
	t.closed += o.closed
	t.unanswered += o.unanswered
	t.behind += o.behind
	if t.firstEnd == nil {
		t.firstEnd = o.firstEnd
	}
	if t.firstFault == "" {
		t.firstFault = o.firstFault
	}
	for text, n := range o.faults {
		t.faults[text] += n
	}
}
