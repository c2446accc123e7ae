package pause

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// fake notes in which order clients go on.
type fake struct {
	session.Client
	id    uint64
	order *order
}

type order struct {
	mu   sync.Mutex
	ids  []uint64
	last time.Time
}

func (f *fake) Resume(reply []byte) {
	f.order.mu.Lock()
	defer f.order.mu.Unlock()
	f.order.ids, f.order.last = append(f.order.ids, f.id), time.Now()
}

func (o *order) seen() []uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]uint64(nil), o.ids...)
}

func (o *order) client(id uint64) *session.Session {
	return &session.Session{ID: id, Client: &fake{id: id, order: o}}
}

func TestPauseOfWrites(t *testing.T) {
	var p Pause
	var o order
	assert.Zero(t, p.State())
	assert.False(t, p.Park(o.client(1), true), "nothing is paused")
	p.Begin(time.Hour, false)
	assert.Equal(t, Writes, p.State())
	assert.False(t, p.Park(o.client(1), false))
	for _, id := range []uint64{7, 3, 5, 9} {
		assert.True(t, p.Park(o.client(id), true))
	}
	p.Forget(5)
	p.Forget(4)
	assert.Equal(t, 3, p.Parked())
	p.End()
	assert.Equal(t, []uint64{7, 3, 9}, o.seen(), "in the order in which they came")
	assert.Zero(t, p.State())
	assert.Zero(t, p.Parked())
	p.End()
	assert.Len(t, o.seen(), 3)
}

// The longer end and the stronger kind win, until the pause is over.
func TestPausesTogether(t *testing.T) {
	var p Pause
	var o order
	began := time.Now()
	p.Begin(50*time.Millisecond, false)
	p.Begin(time.Millisecond, true)
	assert.Equal(t, Writes|All, p.State())
	assert.True(t, p.Park(o.client(1), false))
	assert.Eventually(t, func() bool { return len(o.seen()) == 1 }, 10*time.Second, time.Millisecond)
	assert.GreaterOrEqual(t, o.last.Sub(began), 50*time.Millisecond)
	assert.Zero(t, p.State())
	p.Begin(time.Hour, false)
	assert.Equal(t, Writes, p.State(), "nothing is left of the last one")
	p.Begin(2*time.Hour, false)
	p.End()
	p.Begin(0, true)
	assert.Eventually(t, func() bool { return p.State() == 0 }, 10*time.Second, time.Millisecond)
}

func TestListener(t *testing.T) {
	var p Pause
	var on atomic.Bool
	p.OnChange(on.Store)
	p.Begin(time.Hour, true)
	assert.True(t, on.Load())
	p.HoldCron(true)
	p.End()
	assert.True(t, on.Load(), "cron is held still")
	p.HoldCron(false)
	assert.False(t, on.Load())
	p.Begin(time.Hour, true)
	p.HoldCron(false)
	assert.True(t, on.Load())
	p.End()
	assert.False(t, on.Load())
}

// Everybody waits while the server sleeps, and sleepers take turns.
func TestSleep(t *testing.T) {
	var p Pause
	p.WaitAwake()
	var sleepers, waiting sync.WaitGroup
	began := time.Now()
	for range 3 {
		sleepers.Go(func() { p.Sleep(20 * time.Millisecond) })
	}
	assert.Eventually(t, func() bool { return p.State() == Asleep }, 10*time.Second, 100*time.Microsecond)
	for range 4 {
		waiting.Go(p.WaitAwake)
	}
	waiting.Wait()
	sleepers.Wait()
	assert.GreaterOrEqual(t, time.Since(began), 60*time.Millisecond)
	assert.Zero(t, p.State())
}

// Clients that are parked while pauses begin and end are never lost.
func TestParkWhilePausesEnd(t *testing.T) {
	var p Pause
	var o order
	var work sync.WaitGroup
	parked := atomic.Int64{}
	stop := make(chan struct{})
	work.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				p.Begin(100*time.Microsecond, true)
				p.End()
			}
		}
	})
	for i := range 4 {
		work.Go(func() {
			for n := range 500 {
				if p.Park(o.client(uint64(i*1000+n)), true) {
					parked.Add(1)
				}
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	close(stop)
	work.Wait()
	p.End()
	assert.Eventually(t, func() bool { return int64(len(o.seen())) == parked.Load() }, 10*time.Second, time.Millisecond)
	assert.Zero(t, p.Parked())
}
