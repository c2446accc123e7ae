package export

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// mergeLatencies puts the rounds' distributions together.
func mergeLatencies(runs []result.Run) result.Latency {
	list := make([]result.Latency, len(runs))
	for i, r := range runs {
		list[i] = r.Latency
	}
	return merged(list)
}

// mergeNet is the same for the latencies less the machine's stalls; nil if some round
// has none.
func mergeNet(runs []result.Run) *result.Latency {
	list := make([]result.Latency, len(runs))
	for i, r := range runs {
		if r.Net == nil {
			return nil
		}
		list[i] = *r.Net
	}
	out := merged(list)
	return &out
}

func merged(list []result.Latency) result.Latency {
	// A round in which nothing was answered has no latencies to add.
	list = slices.DeleteFunc(slices.Clone(list), func(l result.Latency) bool { return l.Count == 0 })
	switch len(list) {
	case 0:
		return result.Latency{}
	case 1:
		return list[0]
	}
	if l, ok := added(list); ok {
		return l
	}
	slices.SortFunc(list, func(a, b result.Latency) int { return cmp.Compare(a.P999, b.P999) })
	// The one in the middle for all: percentiles of several cannot be combined.
	out := list[len(list)/2]
	for i, l := range list {
		out.Max = max(out.Max, l.Max)
		out.Min = min(out.Min, l.Min)
		if i != len(list)/2 {
			out.Count += l.Count
		}
	}
	return out
}

// added adds up the histograms, if all were saved.
func added(list []result.Latency) (result.Latency, bool) {
	var sum *hdrhistogram.Histogram
	for _, l := range list {
		// One that is damaged, or that another tool made and counts something else.
		h, err := hdrhistogram.Decode([]byte(l.HDR))
		if err != nil || h.TotalCount() != l.Count {
			return result.Latency{}, false
		}
		if sum == nil {
			sum = h
		} else if sum.Merge(h) > 0 { // of another range: some did not fit
			return result.Latency{}, false
		}
	}
	return hist.Summarize(sum), true
}

// At is how long a share of the commands took at most: one of the percentiles, or read
// from the curve; false if neither tells.
func At(l result.Latency, share float64) (time.Duration, bool) {
	for _, known := range []result.Point{{Share: 0.5, At: l.P50}, {Share: 0.9, At: l.P90}, {Share: 0.99, At: l.P99}, {Share: 0.999, At: l.P999}, {Share: 0.9999, At: l.P9999}, {Share: 1, At: l.Max}} {
		if math.Abs(known.Share-share) < 1e-9 {
			return known.At, l.Count > 0
		}
	}
	i, exact := slices.BinarySearchFunc(l.Curve, share, func(p result.Point, s float64) int { return cmp.Compare(p.Share, s) })
	switch {
	case exact:
		return l.Curve[i].At, true
	case i == 0 || i == len(l.Curve):
		return 0, false
	}
	// Between two points, where the curve is straight in terms of nines.
	a, b := l.Curve[i-1], l.Curve[i]
	if b.Share >= 1 {
		return b.At, true
	}
	part := math.Log((1-a.Share)/(1-share)) / math.Log((1-a.Share)/(1-b.Share))
	return a.At + time.Duration(part*float64(b.At-a.At)), true
}

// mergeCommands puts the parts of a mix together.
func mergeCommands(runs []result.Run) []result.Command {
	var out []result.Command
	var parts [][]result.Latency // of each command, those of the rounds
	for _, r := range runs {
		for _, c := range r.Commands {
			i := slices.IndexFunc(out, func(o result.Command) bool { return o.Name == c.Name })
			if i < 0 {
				i = len(out)
				out, parts = append(out, result.Command{Name: c.Name}), append(parts, nil)
			}
			out[i].Ops, out[i].Errors = out[i].Ops+c.Ops, out[i].Errors+c.Errors
			parts[i] = append(parts[i], c.Latency)
		}
	}
	for i := range out {
		out[i].Latency = merged(parts[i])
	}
	return out
}
