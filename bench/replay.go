package bench

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/pace"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// ReplayLoad is a trace to put on a server, for Replay.
type ReplayLoad struct {
	Server *target.Server
	Trace
	// Connections share the keys between them: requests for one key keep their order.
	// Depth is how many of a connection's requests go out together at most. 0: 4 and 32.
	Connections, Depth int
	// Speed is by how much time passes faster than in the trace, in an open loop; times
	// to live are shorter by as much. 0: as fast as the server answers, and times to
	// live are as they stand.
	Speed float64
	// Warm is the share of the requests before hits are counted.
	Warm     float64
	Progress *report.Progress
}

// Replay asks a server what a trace says, as a look-aside cache is asked: what a read
// does not find is stored. With an error the result holds what was measured before it.
func Replay(ctx context.Context, l ReplayLoad) (Result, error) {
	l.Connections, l.Depth = cmp.Or(l.Connections, 4), cmp.Or(l.Depth, 32)
	l.MaxValue = cmp.Or(l.MaxValue, defaultMaxValue)
	if l.Progress == nil {
		l.Progress = report.NewProgress(nil)
	}
	seen, err := l.look()
	if err != nil {
		return Result{}, err
	}
	out := Result{Server: l.Server.Name, Load: result.Load{
		Workload: "trace " + filepath.Base(l.Path), Connections: l.Connections, Depth: l.Depth, Threads: l.Connections,
		Requests: int64(seen.requests), Values: "of the trace",
	}}
	if seen.mortal {
		out.Load.TTL = "of the trace"
	}
	if l.Speed > 0 && seen.span > 0 {
		out.Load.OpenRate = float64(seen.requests) / seen.span.Seconds() * l.Speed
	}
	watch := watchUsage(ctx, l.Server)
	out.Version = watch.version
	r := &rerun{ReplayLoad: l, survey: seen, tally: newTally(watch.sample)}
	err = r.run(ctx)
	r.tally.fill(&out, r.total())
	watch.end(ctx, &out)
	if err != nil {
		err = l.Server.Explain(err)
		out.FirstError = cmp.Or(out.FirstError, err.Error())
	}
	return out, err
}

// rerun is a replay under way: one goroutine reads the trace and deals its requests
// out, each connection has another one.
type rerun struct {
	ReplayLoad
	survey
	tally   *tally
	workers []*reworker
}

// reworker is a connection, with the batches that it has yet to send.
type reworker struct {
	look    lookaside
	todo    chan *rebatch
	free    chan *rebatch
	next    *rebatch // is being filled
	samples []sample
}

// rebatch is requests that go out together, and the room for their keys.
type rebatch struct {
	asks  []ask
	arena []byte
}

// batchesAhead is how many batches may wait for a connection.
const batchesAhead = 8

// run replays the trace.
func (r *rerun) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var work sync.WaitGroup
	values := newPayload(r.largest)
	for range r.Connections {
		c, err := dialStore(ctx, r.Server)
		if err != nil {
			cancel(err)
			break
		}
		w := newReworker(c, values)
		r.workers = append(r.workers, w)
		work.Go(func() {
			// A server that hangs is not waited for when the run is cut short.
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			if err := w.run(ctx, r.tally); err != nil {
				cancel(err)
			}
		})
	}
	if err := context.Cause(ctx); err == nil {
		err = r.deal(ctx)
		if err != nil {
			cancel(err)
		}
	}
	for _, w := range r.workers {
		close(w.todo)
	}
	work.Wait()
	return context.Cause(ctx)
}

// newReworker is one with batches to fill.
func newReworker(c store, values payload) *reworker {
	w := &reworker{
		look: lookaside{store: c, values: values},
		todo: make(chan *rebatch, batchesAhead), free: make(chan *rebatch, batchesAhead+2),
	}
	for range batchesAhead + 2 {
		w.free <- &rebatch{}
	}
	w.next, w.look.note = <-w.free, w.note
	return w
}

// deal reads the trace and gives each request to the connection of its key, when it is
// due.
func (r *rerun) deal(ctx context.Context) error {
	times := 1.0 // for times to live
	if r.Speed > 0 {
		times = 1 / r.Speed
	}
	from, err := r.source(times, int(r.Warm*float64(r.requests)))
	if err != nil {
		return err
	}
	defer from.Close()
	clock := dueClock{start: time.Now(), speed: r.Speed, before: max(1, float64(r.requests)/(r.span.Seconds()+1))}
	var q ask
	var key []byte
	for n := 0; ctx.Err() == nil; n++ {
		if key, err = from.next(&q, key[:0]); err != nil {
			break
		}
		if r.Speed > 0 {
			if q.due = clock.due(from.q.At); time.Until(q.due) > 0 {
				// Nobody has to wait for a batch to become full.
				if err = r.flush(ctx); err != nil {
					break
				}
				r.tally.late(pace.Until(q.due))
			}
		}
		w := r.workers[q.id%uint64(len(r.workers))]
		if w.next.add(q); len(w.next.asks) >= r.Depth {
			err = w.send(ctx)
		}
		if err != nil {
			break
		}
		if n%256 == 0 {
			r.Progress.At(n, r.requests)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return cmp.Or(err, r.flush(ctx), context.Cause(ctx))
}

// flush sends what the connections have.
func (r *rerun) flush(ctx context.Context) error {
	for _, w := range r.workers {
		if len(w.next.asks) > 0 {
			if err := w.send(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// total joins what the connections have counted.
func (r *rerun) total() (sum asked) {
	for _, w := range r.workers {
		sum.add(w.look.asked)
	}
	return sum
}

// add appends a request, and keeps a copy of its key.
func (b *rebatch) add(q ask) {
	at := len(b.arena)
	b.arena = append(b.arena, q.key...)
	q.key = b.arena[at:len(b.arena):len(b.arena)]
	b.asks = append(b.asks, q)
}

// send hands the batch to the connection and begins another.
func (w *reworker) send(ctx context.Context) error {
	select {
	case w.todo <- w.next:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case w.next = <-w.free:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run exchanges the batches that come.
func (w *reworker) run(ctx context.Context, t *tally) error {
	for b := range w.todo {
		if ctx.Err() != nil {
			return nil // the first error counts
		}
		err := w.look.exchange(b.asks)
		t.add(w.samples)
		if w.samples = w.samples[:0]; err != nil {
			return err
		}
		b.asks, b.arena = b.asks[:0], b.arena[:0]
		w.free <- b
	}
	return nil
}

// note keeps a latency until the batch is done.
func (w *reworker) note(kind int, took time.Duration, refused bool) {
	w.samples = append(w.samples, sample{kind, took, refused})
}
