package loadgen

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// merged is the distribution of all commands together.
func merged(t *tally) *hist.Latencies {
	all := hist.New()
	for _, c := range t.commands {
		all.Merge(c.latency)
	}
	return all
}

// faults are the texts of errors with their numbers, the most frequent first, and the
// first one that came: of a reply, or else of a connection that ended.
func faults(t *tally) (list []result.Fault, first string) {
	for _, text := range slices.Sorted(maps.Keys(t.faults)) {
		list = append(list, result.Fault{Text: strings.TrimSpace(text), Count: t.faults[text]})
	}
	slices.SortStableFunc(list, func(a, b result.Fault) int { return cmp.Compare(b.Count, a.Count) })
	first = t.firstFault
	if first == "" && t.firstEnd != nil {
		first = t.firstEnd.Error()
	}
	return list, first
}
