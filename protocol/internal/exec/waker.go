package exec

import (
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/blocking"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// errUnblocked is the reply to a command that CLIENT UNBLOCK ... ERROR ended.
const errUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// Waker ends the waits that no command ends: those whose time is up, and those for
// keys that became ready by themselves (a stream that expires) or by a program that
// uses the cache directly. One goroutine does that for a whole server. It makes a
// timer of the earliest deadline, however many clients wait.
type Waker struct {
	x    *Executor
	due  []*blocking.Waiter
	stop chan struct{}
	work sync.WaitGroup
}

// NewWaker makes a waker; it works between Start and Close.
func NewWaker(server *handlers.Server, o Options) *Waker {
	return &Waker{x: New(server, o), stop: make(chan struct{})}
}

// Start has the waker work in a goroutine of its own.
func (k *Waker) Start() { k.work.Go(k.run) }

// Close ends the work and waits for it to have ended.
func (k *Waker) Close() {
	close(k.stop)
	k.work.Wait()
}

func (k *Waker) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next := k.Wake(); next != 0 {
			timer.Reset(next)
		} else {
			timer.Stop()
		}
		select {
		case <-k.stop:
			return
		case <-k.x.server.Blocking.Changed():
		case <-timer.C:
		}
	}
}

// Wake does what there is to be done, and tells in which time there will be more; 0
// for none that is known of.
func (k *Waker) Wake() (next time.Duration) {
	registry := k.x.server.Blocking
	for late := registry.TakeLate(); late != nil; late = registry.TakeLate() {
		k.x.clock.look()
		k.x.tx.SetClock(k.x.clock.now)
		for _, key := range late {
			k.x.serveLate(key)
		}
	}
	now := k.x.clock.monotonic()
	k.due, next = registry.Due(now, k.due[:0])
	for i, w := range k.due {
		k.x.conclude(w, "")
		k.due[i] = nil
	}
	if next == 0 {
		return 0
	}
	return max(next-now, 1)
}

// Unblock ends the wait of a client, with an error or as if its time were up. It
// tells whether the client did wait. It may be called from any goroutine, but for
// one that serves waiters.
func (k *Waker) Unblock(id uint64, withError bool) bool {
	w := k.x.server.Blocking.Take(id)
	if w == nil {
		return false
	}
	text := ""
	if withError {
		text = errUnblocked
	}
	k.x.conclude(w, text)
	return true
}

// conclude answers a waiter that got nothing: with a null array, or with an error.
// Other goroutines than the executor's may call it.
func (x *Executor) conclude(w *blocking.Waiter, text string) {
	reply := resp.Writer{Proto: int(w.Session.Proto)}
	switch {
	case text != "":
		reply.Error(text)
	case w.Expired != nil:
		reply.B = append(reply.B, w.Expired...)
	default:
		reply.NullArray()
	}
	account(x.server, x.metrics, w, x.server.Table.Find(w.Args), reply.B)
	resume(w, reply.B)
}

// serveLate serves those who wait for a key that became ready earlier.
func (x *Executor) serveLate(k cache.ReadyKey) {
	key := []byte(k.Key)
	x.server.Cache.BeginKey(&x.tx, k.DB, key)
	x.widen(k.DB, [][]byte{key})
	x.serveKey(k)
	x.serve()
	x.tx.End()
	x.deliver()
	x.server.Deliver(nil, nil)
}
