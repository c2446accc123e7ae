package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/pace"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// load sends commands to a server over a few pipelined connections: a closed loop
// at full speed, or at a given rate.
type load struct {
	server *target.Server
	lanes  int     // connections
	depth  int     // commands in flight on each
	rate   float64 // commands a second, all together; 0: as fast as they are answered

	progress *report.Progress
}

// filler is the load for bringing data in.
func (r *run) filler(s *target.Server) load {
	return load{server: s, lanes: 2, depth: 64, progress: r.cfg.Progress}
}

// lane is one connection of a load, with room to make keys and values in.
type lane struct {
	store
	// resp is the same for commands of other kinds; nil if the server is memcached.
	resp *client.Conn
	room [maxKey]byte
	text [maxElement]byte // for what elements are made of
}

// dialLane opens one.
func dialLane(ctx context.Context, s *target.Server) (*lane, error) {
	c, err := dialStore(ctx, s)
	if err != nil {
		return nil, err
	}
	resp, _ := c.(*client.Conn)
	return &lane{store: c, resp: resp}, nil
}

// Head begins a command of n words, each of which Bulk appends.
func (l *lane) Head(n int) { l.resp.Head(n) }

// Bulk appends a word of the command that Head has begun.
func (l *lane) Bulk(word []byte) { l.resp.Bulk(word) }

// Command appends a command of any kind.
func (l *lane) Command(words ...string) { l.resp.Command(words...) }

// SetPXAT appends SET key value PXAT at.
func (l *lane) SetPXAT(key, value []byte, at time.Time) { l.resp.SetPXAT(key, value, at) }

// maxKey is the longest key that loads use, in bytes.
const maxKey = 64

// key makes the key of number n, of a length, that begins with kind. It is valid
// until the next call.
func (l *lane) key(kind byte, n uint64, length int) []byte {
	return numbered(l.room[:length], kind, n)
}

// outcome counts what a load has met.
type outcome struct {
	refused int64  // error replies
	first   string // of them
	took    time.Duration
}

// failed makes an error of replies that should not have been errors.
func (o outcome) failed() error {
	if o.refused == 0 {
		return nil
	}
	return fmt.Errorf("%d commands were refused, the first with: %s", o.refused, o.first)
}

// run sends commands 0 to n-1: put appends number i, exactly one command, to a
// lane. Lanes work on neighbouring numbers at the same time, so put is called by
// several goroutines. Error replies are counted and are no error of the run; a
// lost connection ends it.
func (l load) run(ctx context.Context, n int, put func(*lane, int)) (outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &flight{load: l, n: n, put: put, due: pace.Every{Start: time.Now(), Rate: l.rate}}
	var work sync.WaitGroup
	for range l.lanes {
		work.Go(func() {
			// The first lane that fails stops the others, and its error counts.
			if err := f.fly(ctx); err != nil {
				cancel(err)
			}
		})
	}
	work.Wait()
	f.result.took = time.Since(f.due.Start)
	return f.result, context.Cause(ctx)
}

// flight is a load under way.
type flight struct {
	load
	n    int
	put  func(*lane, int)
	due  pace.Every
	next atomic.Int64 // the first number that no lane has taken yet

	mu     sync.Mutex
	result outcome
}

// fly is the life of one lane: it takes the next few numbers as long as there are any.
func (f *flight) fly(ctx context.Context) error {
	on, err := dialLane(ctx, f.server)
	if err != nil {
		return err
	}
	defer on.Close()
	// A server that hangs is not waited for when the run is cut short.
	defer context.AfterFunc(ctx, func() { on.Close() })()
	if f.rate > 0 {
		pace.Yielding()
	}
	for ctx.Err() == nil {
		from := int(f.next.Add(int64(f.depth))) - f.depth
		if from >= f.n {
			return nil
		}
		if f.rate > 0 {
			pace.Until(f.due.At(from))
		}
		refused, first, err := on.batch(from, min(from+f.depth, f.n), f.put)
		if err != nil {
			return f.server.Explain(err)
		}
		if refused > 0 {
			f.note(refused, first)
		}
		f.progress.At(from, f.n)
	}
	return ctx.Err()
}

func (f *flight) note(refused int64, first string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.result.refused == 0 {
		f.result.first = first
	}
	f.result.refused += refused
}

// batch sends some commands in one write and waits for their replies. It returns
// how many were errors, and the text of the first.
func (l *lane) batch(from, to int, put func(*lane, int)) (refused int64, first string, err error) {
	for i := from; i < to; i++ {
		put(l, i)
	}
	if err := l.Flush(); err != nil {
		return 0, "", err
	}
	for range to - from {
		reply, err := l.Next()
		if err != nil {
			return refused, first, err
		}
		if reply.Kind == '-' {
			if refused++; refused == 1 {
				first = string(reply.Bytes)
			}
		}
	}
	return refused, first, nil
}

// fill runs a load none of whose commands may be refused.
func (l load) fill(ctx context.Context, n int, put func(*lane, int)) error {
	o, err := l.run(ctx, n, put)
	return errors.Join(err, o.failed())
}

// payload is where values come from: random bytes, which nothing can compress.
// Values are pieces of it, so making one costs nothing.
type payload []byte

// newPayload is enough for values of up to longest bytes.
func newPayload(longest int) payload {
	p := make(payload, longest+4096)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(p) // never fails
	return p
}

// value is size bytes, other ones for another n.
func (p payload) value(n uint64, size int) []byte {
	at := int(dist.Hash(n) % 4096)
	return p[at : at+size]
}

// expectKeys fails if the server holds another number of keys than was stored:
// it must have evicted some, and figures a key would be wrong.
func expectKeys(ctx context.Context, s *target.Server, want int) error {
	got, err := keys(ctx, s)
	if err == nil && got != int64(want) {
		err = fmt.Errorf("%s holds %d keys instead of %s", s.Name, got, strconv.Itoa(want))
	}
	return err
}

// settled waits until resident memory stays as it is, for some seconds at most,
// and returns it in bytes: servers give pages back a while later.
func settled(ctx context.Context, s *target.Server, patience time.Duration) (int64, error) {
	const still = 64 << 10
	step := min(200*time.Millisecond, patience/5)
	last, err := s.ResidentExact()
	for calm := 0; err == nil && calm < 3 && patience > 0; patience -= step {
		if err = pause(ctx, step); err != nil {
			break
		}
		var now int64
		now, err = s.ResidentExact()
		if calm++; now-last > still || last-now > still {
			calm = 0
		}
		last = now
	}
	return last, err
}
