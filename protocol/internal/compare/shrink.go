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
		if len(words) < 2 || !steps[i].sends() {
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
		for _, words := range s.First {
			out.WriteString("@skip-reply\n" + scriptLine(words) + "\n")
		}
		s.How.script(&out)
		switch s.Do {
		case actCommand:
			if s.Conn != "" {
				out.WriteString("@on " + s.Conn + " ")
			}
		case actBlock:
			out.WriteString("@block " + s.Conn + " ")
		case actAwait:
			out.WriteString("@await " + s.Conn)
		case actPushed:
			out.WriteString("@pushed " + s.Conn)
		case actSettle:
			out.WriteString("@settle")
		case actConfig:
			out.WriteString("@config ")
		}
		out.WriteString(scriptLine(s.Words) + "\n")
	}
	return out.String()
}

// script writes the directives for what random sequences make use of.
func (h *How) script(out *strings.Builder) {
	switch {
	case h.IgnoreOrder > 0 && h.PackedOrder:
		fmt.Fprintf(out, "@packed-order %d\n", h.IgnoreOrder)
	case h.IgnoreOrder > 0 && h.Within:
		fmt.Fprintf(out, "@ignore-order-within %d\n", h.IgnoreOrder)
	case h.IgnoreOrder > 0:
		fmt.Fprintf(out, "@ignore-order %d\n", h.IgnoreOrder)
	}
	if h.Approx > 0 {
		fmt.Fprintf(out, "@approx %d\n", h.Approx)
	}
	if h.SaveAs != "" {
		fmt.Fprintf(out, "@save %s\n", h.SaveAs)
	}
	if h.Without != nil {
		fmt.Fprintf(out, "@without %s\n", strings.Join(h.Without, " "))
	}
	for _, re := range h.Masks {
		fmt.Fprintf(out, "@mask '%s'\n", strings.TrimPrefix(re.String(), "(?s)"))
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{h.TypeOnly, "skip-reply"}, {h.Shape, "shape"}, {h.Encoding, "encoding"}, {h.Doubles, "doubles"}} {
		if flag.set {
			fmt.Fprintf(out, "@%s\n", flag.name)
		}
	}
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
