package handlers

import (
	"context"
	"sync"

	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// Apart has the client wait while work is done with nothing locked, in a goroutine of
// its own; what it writes is the reply. It is the last thing that a handler does, which
// writes no reply then. away is done when the server closes. Where the client must not
// wait, in a transaction or a script, the work is done before Apart returns.
func (ctx *Context) Apart(work func(away context.Context, reply *resp.Writer)) {
	if ctx.NoWait {
		work(context.Background(), &ctx.Writer)
		return
	}
	ctx.Detach(work)
}

// Away is the work that clients wait for while nothing is locked and no loop is held
// up: MIGRATE's, which waits for another server. The zero value is ready.
type Away struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	closed bool
}

// Go runs f in a goroutine of its own; ctx is done when the server closes. Not ok if
// it has done so already.
func (a *Away) Go(f func(ctx context.Context)) (ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	ctx := a.contextLocked()
	a.work.Go(func() { f(ctx) })
	return true
}

func (a *Away) contextLocked() context.Context {
	if a.ctx == nil {
		a.ctx, a.cancel = context.WithCancel(context.Background())
	}
	return a.ctx
}

// Close has the work end, and waits for it to have ended: before the cache is closed.
func (a *Away) Close() {
	a.mu.Lock()
	a.closed = true
	a.contextLocked()
	a.cancel()
	a.mu.Unlock()
	a.work.Wait()
}
