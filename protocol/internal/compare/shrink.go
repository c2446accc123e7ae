package compare

import (
	"fmt"
	"strings"
)

// Shrink reduces a case that fails to the fewest steps, and those to the
// fewest arguments, that still fail: fails runs a case and says so. It is the
// delta debugging of Zeller and Hildebrandt: leave out ever smaller runs of
// steps as long as that succeeds.
func Shrink(c *Case, fails func(*Case) bool) *Case {
	steps := dropRuns(c.Steps, func(kept []Step) bool { return fails(c.with(kept)) })
	for i := range steps {
		words := steps[i].Words
		if len(words) < 2 {
			continue
		}
		options := dropRuns(words[1:], func(kept []word) bool {
			trial := append([]Step(nil), steps...)
			trial[i].Words = append(words[:1:1], kept...)
			return fails(c.with(trial))
		})
		steps[i].Words = append(words[:1:1], options...)
	}
	return c.with(steps)
}

// with is the case with other steps.
func (c *Case) with(steps []Step) *Case {
	other := *c
	other.Steps = steps
	return &other
}

// dropRuns returns a part of items, in order, from which no single item can be
// left out. fails must hold for items itself.
func dropRuns[T any](items []T, fails func([]T) bool) []T {
	for size := (len(items) + 1) / 2; size > 0; {
		dropped := false
		for at := 0; at < len(items); {
			end := min(at+size, len(items))
			kept := append(append([]T(nil), items[:at]...), items[end:]...)
			if fails(kept) {
				items, dropped = kept, true
				continue
			}
			at = end
		}
		if !dropped || size > len(items) {
			size /= 2
		}
	}
	return items
}

// Script writes a case in the form that ParseScript reads.
func (c *Case) Script() string {
	var out strings.Builder
	for i := range c.Steps {
		s := &c.Steps[i]
		if s.How.IgnoreOrder > 0 {
			fmt.Fprintf(&out, "@ignore-order %d\n", s.How.IgnoreOrder)
		}
		if s.How.Approx > 0 {
			fmt.Fprintf(&out, "@approx %d\n", s.How.Approx)
		}
		if s.How.TypeOnly {
			out.WriteString("@skip-reply\n")
		}
		out.WriteString(scriptLine(s.Words) + "\n")
	}
	return out.String()
}

// scriptLine writes a command; variables stay variables.
func scriptLine(words []word) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w.text)
		if w.bare {
			quoted[i] = w.text
		}
	}
	return strings.Join(quoted, " ")
}
