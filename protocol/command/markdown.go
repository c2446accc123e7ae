package command

import (
	"fmt"
	"slices"
	"strings"
)

// Markdown is the README's compatibility table: a line for each group, its
// commands in alphabetical order, subcommands in brackets behind their
// container. Commands that Redis 7.4 lacks carry the version that brought them.
func Markdown(entries []*Entry) string {
	groups := map[string][]string{}
	total := 0 // a container counts as what it contains
	for _, e := range byName(entries) {
		groups[e.Group] = append(groups[e.Group], e.markdown())
		total += max(len(e.Subs), 1)
	}
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%d commands and subcommands:\n\n| Group | Commands |\n|---|---|\n", total)
	for _, name := range names {
		fmt.Fprintf(&b, "| %s | %s |\n", name, strings.Join(groups[name], ", "))
	}
	return b.String()
}

// byName is the entries in alphabetical order.
func byName(entries []*Entry) []*Entry {
	return slices.SortedFunc(slices.Values(entries), func(a, b *Entry) int { return strings.Compare(a.Name, b.Name) })
}

// markdown is one command's mention in the table.
func (e *Entry) markdown() string {
	text := "`" + strings.ToUpper(e.FullName) + "`"
	if e.Beyond != "" {
		text += " (" + e.Beyond + ")"
	}
	if e.Subs == nil {
		return text
	}
	subs := make([]string, len(e.Subs))
	for i, sub := range byName(e.Subs) {
		subs[i] = "`" + strings.ToUpper(sub.Name) + "`"
		if sub.Beyond != "" {
			subs[i] += " (" + sub.Beyond + ")"
		}
	}
	return text + " [" + strings.Join(subs, ", ") + "]"
}

// Splice replaces what stands between the lines begin and end in text; an error
// names the marker that is missing.
func Splice(text, begin, end, middle string) (string, error) {
	head, rest, ok := strings.Cut(text, begin+"\n")
	if !ok {
		return "", fmt.Errorf("command: no line %q", begin)
	}
	_, tail, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("command: no line %q after %q", end, begin)
	}
	return head + begin + "\n" + middle + end + tail, nil
}
