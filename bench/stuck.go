package bench

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// The bars on clients that misbehave or do nothing.
const (
	stuckBar     = 32 << 20 // bytes that two clients which never read may cost
	idleBar      = 1 << 10  // bytes that an idle connection may cost
	stuckClients = 2
	stuckGets    = 200
	stuckValue   = 1 << 20
)

// Others are served as before if their p99 is within this factor and this much.
const (
	asBefore      = 1.5
	asBeforeSlack = 500 * time.Microsecond
)

// measureStuck looks at what connections cost that take no part.
func measureStuck(ctx context.Context, r *run) error {
	if r.wants("readers") {
		if err := r.measureReaders(ctx); err != nil {
			return err
		}
	}
	if r.wants("idle") {
		return r.measureIdle(ctx)
	}
	return nil
}

// measureReaders has two clients ask for much and read nothing of it.
func (r *run) measureReaders(ctx context.Context) error {
	columns := append([]string{"server", "", "growth MiB"}, probeColumns...)
	table := r.Table(fmt.Sprintf("%d clients that pipeline %d GETs of 1 MB and never read, and requests of others", stuckClients, stuckGets),
		columns...)
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			before, during, growth, err := r.readers(ctx, s)
			if err != nil {
				return err
			}
			table.Add(append([]any{spec.Name, "before", ""}, before.cells()...)...)
			table.Add(append([]any{spec.Name, "with them", mib(growth)}, during.cells()...)...)
			if i == 0 {
				limit := time.Duration(asBefore*float64(before.latency.At(99))) + asBeforeSlack
				r.AtMost("resident memory grows by", mib(growth), mib(stuckBar), "MiB")
				r.AtMost("p99 of others", ms(during.latency.At(99)), ms(limit), "ms")
				r.AtMost("others' requests refused", float64(during.refused), 0, "")
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("readers: %w", err)
		}
	}
	r.Note(probeNote)
	return nil
}

// readers measures without and with the clients that do not read; growth is the
// peak of resident memory less what it was before.
func (r *run) readers(ctx context.Context, s *target.Server) (before, during reading, growth int64, err error) {
	fail := func(err error) (reading, reading, int64, error) { return reading{}, reading{}, 0, err }
	if _, err := s.Do(ctx, "SET", "large", string(newPayload(stuckValue)[:stuckValue])); err != nil {
		return fail(err)
	}
	p, err := startProbe(ctx, s)
	if err != nil {
		return fail(err)
	}
	span := r.span(5*time.Second, 100*time.Millisecond)
	r.cfg.Progress.Step("stuck: %s before", s.Name)
	if err := pause(ctx, span); err != nil {
		_, _ = p.close()
		return fail(err)
	}
	before = p.take()
	// The value has been stored by now, and the probe has warmed the server up.
	calm, err := s.ResidentExact()
	if err != nil {
		_, _ = p.close()
		return fail(err)
	}
	peak := s.WatchPeak(ctx)
	clients, err := openStuck(ctx, s)
	defer closeAll(clients)
	r.cfg.Progress.Step("stuck: %s with clients that never read", s.Name)
	if err == nil {
		err = pause(ctx, 2*span)
	}
	top := peak.Stop()
	during, closing := p.close()
	if err == nil {
		err = closing
	}
	return before, during, top - calm, err
}

// openStuck opens the clients that ask and do not read.
func openStuck(ctx context.Context, s *target.Server) (clients []*client.Conn, err error) {
	for range stuckClients {
		c, err := s.Dial(ctx)
		if err != nil {
			return clients, err
		}
		clients = append(clients, c)
		if tcp, ok := c.Net().(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(64 << 10) // a hint: the less the kernel takes the better
		}
		for range stuckGets {
			c.Get([]byte("large"))
		}
		if err := c.Flush(); err != nil {
			return clients, err
		}
	}
	return clients, nil
}

func closeAll(clients []*client.Conn) {
	for _, c := range clients {
		c.Close()
	}
}

// measureIdle opens many connections that have said PING once.
func (r *run) measureIdle(ctx context.Context) error {
	n := r.count(8000, 400)
	table := r.Table(fmt.Sprintf("bytes that an idle connection costs, of %d", n), "server", "bytes", "MiB before", "MiB after")
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			before, after, err := r.idle(ctx, s, n)
			if err != nil {
				return err
			}
			each := float64(after-before) / float64(n)
			table.Add(spec.Name, each, mib(before), mib(after))
			if i == 0 {
				r.AtMost("an idle connection", each, idleBar, "bytes")
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("idle: %w", err)
		}
	}
	return nil
}

// idle takes resident memory without and with n connections. Each has been served
// once, as real ones have: memory that only then is needed counts.
func (r *run) idle(ctx context.Context, s *target.Server, n int) (before, after int64, err error) {
	patience := r.span(10*time.Second, 100*time.Millisecond)
	if before, err = settled(ctx, s, patience); err != nil {
		return 0, 0, err
	}
	r.cfg.Progress.Step("stuck: %s, %d idle connections", s.Name, n)
	var clients []*client.Conn
	defer func() { closeAll(clients) }()
	for i := range n {
		c, err := s.Dial(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("connection %d (does ulimit -n allow so many?): %w", i+1, err)
		}
		clients = append(clients, c)
		if _, err := c.Do("PING"); err != nil {
			return 0, 0, fmt.Errorf("connection %d: %w", i+1, err)
		}
		r.cfg.Progress.At(i, n)
	}
	// Some servers give up a connection's buffers only after a while.
	if err := pause(ctx, r.span(5*time.Second, 100*time.Millisecond)); err != nil {
		return 0, 0, err
	}
	after, err = settled(ctx, s, patience)
	return before, after, err
}
