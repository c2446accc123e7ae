package pause

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// State is what is held up now.
type State uint32

// The states, which may come together.
const (
	Writes State = 1 << iota // commands that change something, or may
	All                      // every command
	Asleep                   // the server itself
)

// Pause is a server's. The zero value holds nothing up. Its methods may be called
// from any goroutine.
type Pause struct {
	state atomic.Uint32

	mu     sync.Mutex
	until  time.Time
	timer  *time.Timer
	round  uint64 // which pause the timer is for
	places uint64 // handed out so far
	parked map[uint64]parked
	awake  chan struct{} // closed when the sleeper wakes
	cron   bool          // see HoldCron
	listen func(on bool)
}

// parked is a client whose command is held up.
type parked struct {
	client session.Client
	place  uint64
}

// State tells what is held up, at the cost of a load.
func (p *Pause) State() State { return State(p.state.Load()) }

// OnChange has f told when what the server does by itself is to be held up and when it
// may go on: during a pause of clients, and while HoldCron asks for it. It is called
// before anything else is, and f must call nothing of p.
func (p *Pause) OnChange(f func(on bool)) { p.listen = f }

// HoldCron holds up what the server does by itself (DEBUG PAUSE-CRON).
func (p *Pause) HoldCron(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cron = on
	p.tell()
}

// tell tells the listener how things are; mu is held.
func (p *Pause) tell() {
	if p.listen != nil {
		p.listen(p.cron || p.State()&(Writes|All) != 0)
	}
}

// Begin pauses clients for a time: those that write, or all. One that lasts already
// gets neither shorter nor weaker by it.
func (p *Pause) Begin(d time.Duration, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, want := p.State()&(Writes|All), Writes
	if all {
		want = All
	}
	if until := time.Now().Add(d); before == 0 || until.After(p.until) {
		p.until = until
		p.arm(d)
	}
	p.set(before|want, before)
	p.tell()
}

// arm has the pause end after d; mu is held.
func (p *Pause) arm(d time.Duration) {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.round++
	round := p.round
	p.timer = time.AfterFunc(max(d, 0), func() { p.end(round) })
}

// set replaces what is in mask of the state by bits; mu is held.
func (p *Pause) set(bits, mask State) {
	p.state.Store(p.state.Load()&^uint32(mask) | uint32(bits))
}

// End ends a pause of clients before its time.
func (p *Pause) End() { p.end(0) }

// end ends the pause of a round, 0 for any, and has those go on who are parked.
func (p *Pause) end(round uint64) {
	for _, client := range p.release(round) {
		client.Resume(nil)
	}
}

// release ends the pause and hands out who was parked, in order.
func (p *Pause) release(round uint64) []session.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	if round != 0 && round != p.round || p.State()&(Writes|All) == 0 {
		return nil // a timer that was late for its own pause, or nothing to end
	}
	p.timer.Stop()
	p.round++
	p.set(0, Writes|All)
	p.tell()
	list := make([]parked, 0, len(p.parked))
	for _, waiter := range p.parked {
		list = append(list, waiter)
	}
	p.parked = nil
	slices.SortFunc(list, func(a, b parked) int { return cmp.Compare(a.place, b.place) })
	clients := make([]session.Client, len(list))
	for i := range list {
		clients[i] = list[i].client
	}
	return clients
}

// Park has a client wait for the end of the pause; writes says whether its command is
// one that a pause of writes holds up. It returns false if nothing holds it up (any
// more): the command is to be run then. Else the caller sets what makes the session's
// transport keep the command (Session.Blocked and Postponed).
func (p *Pause) Park(s *session.Session, writes bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if state := p.State(); state&All == 0 && (state&Writes == 0 || !writes) {
		return false
	}
	if p.parked == nil {
		p.parked = make(map[uint64]parked)
	}
	p.places++
	p.parked[s.ID] = parked{s.Client, p.places}
	return true
}

// Forget drops a client that has left.
func (p *Pause) Forget(id uint64) {
	p.mu.Lock()
	delete(p.parked, id)
	p.mu.Unlock()
}

// Parked tells how many clients wait for the end of the pause.
func (p *Pause) Parked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.parked)
}

// Sleep holds the whole server up for a time: the caller, and everybody who calls
// WaitAwake meanwhile. Those who want to sleep at the same time do so in turns.
func (p *Pause) Sleep(d time.Duration) {
	for {
		p.mu.Lock()
		if p.awake == nil {
			break
		}
		p.mu.Unlock()
		p.WaitAwake()
	}
	p.awake = make(chan struct{})
	p.set(Asleep, 0)
	p.mu.Unlock()
	time.Sleep(d)
	p.mu.Lock()
	p.set(0, Asleep)
	close(p.awake)
	p.awake = nil
	p.mu.Unlock()
}

// WaitAwake waits while the server sleeps.
func (p *Pause) WaitAwake() {
	p.mu.Lock()
	awake := p.awake
	p.mu.Unlock()
	if awake != nil {
		<-awake
	}
}
