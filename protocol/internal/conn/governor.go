package conn

import "time"

// What the governor goes by. A window is one sample, governPeriod long.
const (
	// A loop is saturated when its thread has had the CPU for hotShare of each
	// of hotWindows windows in a row, and is worth relieving if, over the same
	// windows, at least spareCores cores had nothing to do: on a machine whose
	// other cores are taken, by the clients perhaps, a second loop only makes
	// every request dearer.
	hotShare   = 0.90
	hotWindows = 3
	spareCores = 0.60
	// A loop at work that is busy for less than coolShare can take from a
	// saturated one.
	coolShare = 0.60
	// After a loop was added, the rate of commands is measured for trialWindows
	// windows, the first settleWindows left out. If it has not grown by
	// worthwhile the loop goes again, and the next attempt waits for firstHold,
	// doubled up to lastHold with each attempt in vain.
	settleWindows = 3
	trialWindows  = 8
	worthwhile    = 1.10
	firstHold     = 10 * time.Second
	lastHold      = 5 * time.Minute
	// A loop is given up when what all of them do would have kept one fewer
	// busy for less than easyShare, for easyWindows windows in a row; and for
	// twice as many each time that this was too early.
	easyShare    = 0.50
	easyWindows  = 30
	easyMost     = 30 * 32
	tooEarly     = 10 * time.Second
	balanceEvery = 5 // windows between two moves of connections
)

// sample is what one window showed.
type sample struct {
	now      time.Duration
	cpu      []float64 // of each loop at work: the share of the window it had a CPU
	conns    []int64   // of each loop at work
	commands uint64    // run by all in the window
	spare    float64   // cores that had nothing to do; asked for only if a loop is hot
}

// order is what the governor wants done.
type order struct {
	kind     orderKind
	from, to int // loops, by number
}

type orderKind uint8

const (
	orderNone   orderKind = iota
	orderSpread           // put loop to to work, with half of from's load
	orderEven             // move some of from's load to to
	orderGather           // give all of from's connections to the others
)

// governor decides how many loops are at work. It is a plain state machine:
// time and load are given to it.
type governor struct {
	most int // loops there may be

	hot      int           // windows in a row with a saturated loop and a spare core
	easy     int           // windows in a row in which one fewer would do
	patience int           // easyWindows, or more
	since    int           // windows since the last move
	hold     time.Duration // how long the next attempt in vain is held against us
	until    time.Duration // no new loop before
	gathered time.Duration // when a loop was last given up for want of work

	before float64 // commands in a window, before the loop on trial came
	trial  int     // windows of the trial so far; 0: none
	sum    float64 // commands in the windows that hot counts, or trial
}

// step takes the next sample in and says what to do.
func (g *governor) step(s sample) order {
	n := len(s.cpu)
	g.since++
	if g.trial > 0 {
		return g.judge(s, n)
	}
	hottest, coolest := extremes(s.cpu)
	if s.cpu[hottest] >= hotShare && s.conns[hottest] > 1 && s.spare >= spareCores {
		g.hot++
		g.sum += float64(s.commands)
	} else {
		g.hot, g.sum = 0, 0
	}
	if g.hot >= hotWindows && g.since >= balanceEvery {
		return g.relieve(s, hottest, coolest)
	}
	return g.ease(s, n)
}

// relieve takes load off a saturated loop.
func (g *governor) relieve(s sample, hottest, coolest int) order {
	n := len(s.cpu)
	if s.cpu[coolest] < coolShare {
		g.hot, g.sum, g.since = 0, 0, 0
		return order{orderEven, hottest, coolest}
	}
	if n >= g.most || s.now < g.until {
		return order{}
	}
	if g.gathered != 0 && s.now-g.gathered < tooEarly {
		g.patience = min(2*max(g.patience, easyWindows), easyMost)
	}
	g.before = g.sum / float64(g.hot)
	g.hot, g.sum, g.easy, g.since = 0, 0, 0, 0
	g.trial = 1
	return order{orderSpread, hottest, n}
}

// judge watches a loop that has just been added.
func (g *governor) judge(s sample, n int) order {
	g.trial++
	if g.trial <= settleWindows+1 {
		return order{}
	}
	g.sum += float64(s.commands)
	if g.trial <= settleWindows+trialWindows {
		return order{}
	}
	windows := float64(g.trial - settleWindows - 1)
	rate := g.sum / windows
	g.trial, g.sum, g.since = 0, 0, 0
	if rate >= worthwhile*g.before || n < 2 {
		g.hold = 0
		return order{}
	}
	g.hold = min(max(2*g.hold, firstHold), lastHold)
	g.until = s.now + g.hold
	return order{kind: orderGather, from: n - 1}
}

// ease gives up a loop that is not needed any more.
func (g *governor) ease(s sample, n int) order {
	total := 0.0
	for _, share := range s.cpu {
		total += share
	}
	if n < 2 || total > easyShare*float64(n-1) {
		g.easy = 0
		return order{}
	}
	g.easy++
	if g.easy < max(g.patience, easyWindows) {
		return order{}
	}
	g.easy, g.since, g.gathered = 0, 0, s.now
	return order{kind: orderGather, from: n - 1}
}

func extremes(cpu []float64) (most, least int) {
	for i, share := range cpu {
		if share > cpu[most] {
			most = i
		}
		if share < cpu[least] {
			least = i
		}
	}
	return most, least
}
