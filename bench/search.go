package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ashlar-cache/ashlar/bench/loadgen"
)

// Bound is a bound on latency that a load must keep to.
type Bound struct {
	Percentile float64 // 100 for the longest of all
	Limit      time.Duration
}

// ParseBound reads a bound such as p99.9=1ms or max=20ms.
func ParseBound(text string) (b Bound, err error) {
	name, limit, _ := strings.Cut(text, "=")
	b.Limit, err = time.ParseDuration(limit)
	if number, ok := strings.CutPrefix(name, "p"); ok && err == nil {
		b.Percentile, err = strconv.ParseFloat(number, 64)
	} else if name == "max" {
		b.Percentile = 100
	}
	if err != nil || !(b.Percentile > 0 && b.Percentile <= 100) || b.Limit <= 0 {
		return b, fmt.Errorf("%q is no bound such as p99.9=1ms or max=20ms", text)
	}
	return b, nil
}

// String is the bound as ParseBound reads it.
func (b Bound) String() string {
	if b.Percentile == 100 {
		return fmt.Sprintf("max=%v", b.Limit)
	}
	return fmt.Sprintf("p%v=%v", b.Percentile, b.Limit)
}

// keptUp is the share of the rate asked for that a server must reach to have kept up.
const keptUp = 0.98

// Met says whether a result keeps to the bound: a server that does not keep up with the
// rate, or answers errors, does not. The machine's own stalls are left out where they
// are known: a bound is asked of the server, and one stall of some milliseconds would
// decide it by chance.
func (b Bound) Met(r Result) bool {
	if r.Ops == 0 || r.Errors > 0 || r.Lost > 0 || r.Behind > 0 || r.Rate < keptUp*r.Load.OpenRate {
		return false
	}
	latency := r.Latency
	if r.Net != nil {
		latency = *r.Net
	}
	if b.Percentile == 100 {
		return latency.Max <= b.Limit
	}
	h, err := hdrhistogram.Decode([]byte(latency.HDR))
	return err == nil && time.Duration(h.ValueAtPercentile(b.Percentile)) <= b.Limit
}

// search looks for the highest rate within a bound.
type search struct {
	load  Load
	bound Bound
	each  func(Result)
	found []Result
}

// The search ends when the best rate and the lowest that failed differ by no more than
// resolution; it looks no lower than at a share of least of what a closed loop reaches.
const (
	resolution = 0.03
	least      = 0.01
)

// Search finds the highest rate at which a load keeps to a bound, by bisection: each
// point is an open loop of the load's Duration, and its result has Within set. A point
// that fails is tried once more, since a neighbour's noise is not the server's; the
// best one counts only when it is confirmed by another try, or the next lower one is
// tried. All points are returned, and each is told of as soon as it is there.
func Search(ctx context.Context, l Load, b Bound, each func(Result)) ([]Result, error) {
	if l.Duration <= 0 {
		return nil, errors.New("the search for the highest rate needs a duration for each of its points")
	}
	s := &search{load: l, bound: b, each: each}
	s.load.SLO, s.load.Requests = b.String(), 0
	capacity, err := s.capacity(ctx)
	if err != nil {
		return nil, err
	}
	if s.load.Threads == 0 { // the same for all points, or they could not be compared
		s.load.Threads = loadgen.DefaultThreads(capacity)
	}
	err = s.bisect(ctx, capacity)
	return s.found, err
}

// capacity is the rate of a closed loop, above which there is no need to look.
func (s *search) capacity(ctx context.Context) (float64, error) {
	l := s.load
	l.Rate, l.SLO = 0, ""
	l.Duration = min(l.Duration, 2*time.Second)
	r, err := Run(ctx, l)
	if err == nil && r.Errors > 0 {
		err = fmt.Errorf("%d of %d commands failed, the first with: %s", r.Errors, r.Ops, r.FirstError)
	}
	return r.Rate, err
}

// bisect narrows the rates down.
func (s *search) bisect(ctx context.Context, capacity float64) error {
	good, bad := 0.0, capacity
	for bad-good > resolution*bad && bad > least*capacity {
		rate := (good + bad) / 2
		ok, err := s.tries(ctx, rate, 2)
		if err != nil {
			return err
		}
		if ok {
			good = rate
		} else {
			bad = rate
		}
	}
	// Confirm the best one, or go down until one is confirmed.
	for good > least*capacity {
		ok, err := s.tries(ctx, good, 1)
		if err != nil {
			return err
		}
		if ok {
			return nil
		}
		s.revoke(good)
		good *= 1 - 2*resolution
		if ok, err = s.tries(ctx, good, 1); err != nil {
			return err
		} else if !ok {
			s.revoke(good)
		}
	}
	return nil
}

// tries says whether a rate is within the bound at one of some tries.
func (s *search) tries(ctx context.Context, rate float64, times int) (bool, error) {
	for range times {
		l := s.load
		l.Rate = rate
		r, err := Run(ctx, l)
		ok := err == nil && s.bound.Met(r)
		r.Within = &ok
		s.found = append(s.found, r)
		if s.each != nil {
			s.each(r)
		}
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// revoke has the points at a rate fail: one of them was not confirmed.
func (s *search) revoke(rate float64) {
	no := false
	for i := range s.found {
		if s.found[i].Load.OpenRate == rate {
			s.found[i].Within = &no
		}
	}
}

// Best is the point of the highest rate within the bound; false if there is none.
func Best(points []Result) (Result, bool) {
	points = slices.DeleteFunc(slices.Clone(points), func(r Result) bool { return r.Within == nil || !*r.Within })
	if len(points) == 0 {
		return Result{}, false
	}
	return slices.MaxFunc(points, func(a, b Result) int { return int(a.Load.OpenRate) - int(b.Load.OpenRate) }), true
}
