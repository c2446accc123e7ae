package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/dist"
	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// The bars on expiry.
const (
	reclaimBar = 2 * time.Second        // for two million items
	stallBar   = 2 * time.Millisecond   // that anybody waits for it
	lateBar    = 100 * time.Millisecond // until an item is gone
)

// measureExpire looks at items that reach their time.
func measureExpire(ctx context.Context, r *run) error {
	if r.wants("together") {
		if err := r.measureTogether(ctx); err != nil {
			return err
		}
	}
	if r.wants("lateness") {
		return r.measureLateness(ctx)
	}
	return nil
}

// measureTogether has many items expire in the same millisecond.
func (r *run) measureTogether(ctx context.Context) error {
	n := r.count(2_000_000, 20_000)
	columns := append([]string{"server", "gone after", "MiB before", "MiB after", "calm worst"}, probeColumns...)
	table := r.Table(fmt.Sprintf("%d items that expire at once, and requests meanwhile", n), columns...)
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			t, err := r.expireTogether(ctx, s, n)
			if err != nil {
				return err
			}
			cells := []any{spec.Name, hist.Round(t.gone), mib(t.before), mib(t.after), hist.Round(t.calm.worst)}
			table.Add(append(cells, t.during.cells()...)...)
			if i == 0 {
				r.AtMost("two million items reclaimed in", t.gone.Seconds(), reclaimBar.Seconds(), "s")
				r.AtMost("worst request meanwhile", ms(t.during.worst), ms(stallBar), "ms")
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("together: %w", err)
		}
	}
	r.Note(probeNote)
	r.Note("gone is when DBSIZE has lost them all; nobody reads them. \"calm worst\" is the same probe's worst request before")
	return nil
}

// together is what was seen of items that expire at once.
type together struct {
	gone          time.Duration
	before, after int64 // resident
	calm, during  reading
}

// expireTogether stores the items, waits for their moment with a probe at work, and
// keeps looking for a while after they are gone.
func (r *run) expireTogether(ctx context.Context, s *target.Server, n int) (t together, err error) {
	at, err := r.fillUntil(ctx, s, n)
	if err != nil {
		return t, err
	}
	p, err := startProbe(ctx, s)
	if err != nil {
		return t, err
	}
	defer func() {
		var closing error
		if t.during.latency == nil {
			_, closing = p.close()
		} else {
			var rest reading
			rest, closing = p.close()
			t.during.latency.Merge(rest.latency)
			t.during.late.Merge(rest.late)
		}
		if err == nil {
			err = closing
		}
	}()
	r.cfg.Progress.Step("expire: %s waits for the moment", s.Name)
	if err := pause(ctx, time.Until(at.Add(-100*time.Millisecond))); err != nil {
		return t, err
	}
	t.calm = p.take()
	if t.before, err = s.Resident(); err != nil {
		return t, err
	}
	if t.gone, err = awaitGone(ctx, s, at, probeKeys); err != nil {
		return t, err
	}
	// What follows the removal, pages given back and tables that shrink, is part of it.
	if err := pause(ctx, r.span(2*time.Second, 100*time.Millisecond)); err != nil {
		return t, err
	}
	t.during = p.take()
	t.after, err = s.Resident()
	return t, err
}

// fillUntil stores n items that all expire at one moment, which is some seconds
// ahead when it returns.
func (r *run) fillUntil(ctx context.Context, s *target.Server, n int) (at time.Time, err error) {
	sizes := dist.LogNormal{Mean: 100, Sigma: 0.5, Cap: 4 << 10}
	values := newPayload(sizes.Max())
	lead := r.span(3*time.Second, 300*time.Millisecond)
	for perSecond := 200_000; ; perSecond /= 2 {
		at = time.Now().Add(time.Duration(n)*time.Second/time.Duration(perSecond) + lead)
		r.cfg.Progress.Step("expire: %s stores %d items", s.Name, n)
		err := r.filler(s).fill(ctx, n, func(l *lane, i int) {
			id := uint64(i)
			l.SetPXAT(l.key('e', id, 16), values.value(id, sizes.Of(id)), at)
		})
		if err != nil || time.Until(at) > lead/2 {
			return at, err
		}
		// Slower than thought: do it again with more time. The items are overwritten.
		if perSecond < 5_000 {
			return at, fmt.Errorf("%s takes too long to store %d items", s.Name, n)
		}
	}
}

// awaitGone waits until only the keys that stay are left, and returns how long
// after the moment that is. It looks every 5 ms and never at a key.
func awaitGone(ctx context.Context, s *target.Server, at time.Time, stay int64) (time.Duration, error) {
	const patience = 60 * time.Second
	c, err := s.Dial(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for {
		r, err := c.Do("DBSIZE")
		if err != nil {
			return 0, err
		}
		if after := time.Since(at); r.Int <= stay || after > patience {
			return after, nil
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// measureLateness has single items reach their time among many that have not,
// and looks how late each one is gone.
func (r *run) measureLateness(ctx context.Context) error {
	n := r.count(1_000_000, 10_000)
	table := r.Table(fmt.Sprintf("how late an item is gone among %d that are not due", n),
		"server", "items", "p50", "p99", "worst", "never gone")
	for i, spec := range r.cfg.Servers {
		err := r.with(ctx, spec, nil, func(s *target.Server) error {
			late, never, err := r.lateness(ctx, s, n)
			if err != nil {
				return err
			}
			latenessRow(table, spec.Name, late, never)
			if i == 0 {
				r.AtMost("an item is gone after its time by", ms(slices.Max(late)), ms(lateBar), "ms")
				r.AtMost("items that nobody removes", float64(never), 0, "")
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("lateness: %w", err)
		}
	}
	r.Note("\"never gone\" are items still there %v after the last was due; they count as late by what they were by then", patience)
	return nil
}

// patience is how long items may be late until they are given up.
const patience = 5 * time.Second

// latenessRow adds a server to the table.
func latenessRow(t *report.Table, name string, late []time.Duration, never int) {
	l := hist.New()
	for _, d := range late {
		l.Record(d)
	}
	t.Add(name, len(late), hist.Round(l.At(50)), hist.Round(l.At(99)), hist.Round(l.Max()), never)
}

// lateness stores n items that are due later and some that are due one after the
// other, and returns by how much each of these was late: the moments at which
// DBSIZE falls, in order, less the moments at which it should. never is how many
// of them had not gone in the end.
func (r *run) lateness(ctx context.Context, s *target.Server, n int) (late []time.Duration, never int, err error) {
	const apart = 25 * time.Millisecond
	values := newPayload(1 << 10)
	r.cfg.Progress.Step("expire: %s stores %d items that are not due", s.Name, n)
	err = r.filler(s).fill(ctx, n, func(l *lane, i int) {
		id := uint64(i)
		ttl := time.Hour + time.Duration(dist.Unit(dist.Hash(id))*float64(time.Hour))
		l.SetPX(l.key('v', id, 16), values.value(id, 64), ttl)
	})
	if err != nil {
		return nil, 0, err
	}
	c, err := s.Dial(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	r.cfg.Progress.Step("expire: %s, items due every %v", s.Name, apart)
	count := r.count(400, 10)
	first := time.Now().Add(200 * time.Millisecond).Truncate(time.Millisecond)
	for i := range count {
		c.SetPXAT(fmt.Appendf(nil, "due:%06d", i), []byte("value"), first.Add(time.Duration(i)*apart))
	}
	if err := c.Flush(); err != nil {
		return nil, 0, err
	}
	for range count {
		if _, err := c.Next(); err != nil {
			return nil, 0, err
		}
	}
	return watchLeave(ctx, c, n, count, func(i int) time.Time { return first.Add(time.Duration(i) * apart) })
}

// watchLeave looks at DBSIZE each millisecond until count keys have gone, or long
// after they should have, and returns how late each was.
func watchLeave(ctx context.Context, c *client.Conn, stay, count int, due func(int) time.Time) (late []time.Duration, never int, err error) {
	for len(late) < count {
		r, err := c.Do("DBSIZE")
		if err != nil {
			return nil, 0, err
		}
		now := time.Now()
		for gone := count - (int(r.Int) - stay); len(late) < min(gone, count); {
			late = append(late, max(now.Sub(due(len(late))), 0))
		}
		if now.Sub(due(count-1)) > patience {
			never = count - len(late)
			for len(late) < count {
				late = append(late, now.Sub(due(len(late))))
			}
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return nil, 0, err
		}
	}
	return late, never, nil
}
