package compare

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Disagree says in what two raw replies differ under h; "" where they agree.
func (h *How) Disagree(ours, theirs []byte) string {
	switch {
	case h.ErrorsOnly:
		if len(ours) > 0 && len(theirs) > 0 && ours[0] != '-' && theirs[0] != '-' {
			return ""
		}
	case h.TypeOnly:
		return h.differing(replyType(ours), replyType(theirs))
	case h.Shape, h.Fields, h.IgnoreOrder > 0, h.Approx > 0, h.Doubles, h.Without != nil:
		return h.disagreeParsed(ours, theirs)
	}
	return h.differing(string(ours), string(theirs))
}

// disagreeParsed compares by the trees: brings ours as near to theirs as h
// allows, and then compares what is left byte for byte.
func (h *How) disagreeParsed(ours, theirs []byte) string {
	a, errA := Parse(ours)
	b, errB := Parse(theirs)
	switch {
	case errA != nil || errB != nil:
		return h.differing(string(ours), string(theirs))
	case h.Shape:
		return h.differing(shape(a), shape(b))
	case h.Fields:
		return missingFields(a.Text, b.Text)
	}
	if h.Without != nil {
		dropFields(&a, h.Without)
		dropFields(&b, h.Without)
	}
	if h.Doubles {
		sameDoubles(&a, b)
	}
	if h.IgnoreOrder > 0 {
		sortNode(a, h.IgnoreOrder, h.Within)
		sortNode(b, h.IgnoreOrder, h.Within)
	}
	if h.Approx > 0 {
		approximate(&a, b, h.Approx)
	}
	return h.differing(string(a.Raw()), string(b.Raw()))
}

// differing compares after masking, and points at the first byte that differs.
func (h *How) differing(ours, theirs string) string {
	for _, re := range h.Drops {
		ours = re.ReplaceAllString(ours, "")
		theirs = re.ReplaceAllString(theirs, "")
	}
	for _, re := range h.Masks {
		ours, theirs = mask(re, ours), mask(re, theirs)
	}
	if ours == theirs {
		return ""
	}
	at := 0
	for at < min(len(ours), len(theirs)) && ours[at] == theirs[at] {
		at++
	}
	return fmt.Sprintf("they differ from byte %d on:\n  ashlar ...%s\n  redis  ...%s",
		at, excerpt(ours, at), excerpt(theirs, at))
}

// mask replaces matches, or of each only the group of the name "only".
func mask(re *regexp.Regexp, s string) string {
	const masked = "<masked>"
	only := re.SubexpIndex("only")
	if only < 0 {
		return re.ReplaceAllString(s, masked)
	}
	var out strings.Builder
	end := 0
	for _, at := range re.FindAllStringSubmatchIndex(s, -1) {
		out.WriteString(s[end:at[2*only]] + masked)
		end = at[2*only+1]
	}
	return out.String() + s[end:]
}

// excerpt is s around the byte at, quoted.
func excerpt(s string, at int) string {
	return quoteBytes(s[max(0, at-20):min(len(s), at+120)])
}

// replyType is a reply's type byte, with the code of an error.
func replyType(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '-' {
		code, _, _ := strings.Cut(string(raw), " ")
		return code
	}
	return string(raw[:1])
}

// shape is a tree without its values: "*(:$_%($:))".
func shape(n Node) string {
	out := string(n.Kind)
	if n.Null {
		out += "null"
	}
	if len(n.Kids) > 0 {
		out += "("
		for _, kid := range n.Kids {
			out += shape(kid)
		}
		out += ")"
	}
	return out
}

// sortNode sorts the elements of a reply, or those of the innermost arrays in it.
func sortNode(n Node, size int, within bool) {
	nested := false
	for _, kid := range n.Kids {
		if within && len(kid.Kids) > 0 {
			nested = true
			sortNode(kid, size, within)
		}
	}
	if !nested {
		sortKids(n.Kids, size)
	}
}

// sortKids sorts kids in groups of size. Elements that are arrays are the groups
// themselves: RESP3 nests what RESP2 has in a row.
func sortKids(kids []Node, size int) {
	if len(kids) > 0 && len(kids[0].Kids) > 0 {
		size = 1
	}
	if len(kids)%size != 0 {
		return
	}
	groups := slices.Collect(slices.Chunk(slices.Clone(kids), size))
	slices.SortStableFunc(groups, func(a, b []Node) int {
		for i := range a {
			if c := strings.Compare(string(a[i].Raw()), string(b[i].Raw())); c != 0 {
				return c
			}
		}
		return 0
	})
	copy(kids, slices.Concat(groups...))
}

// dropFields takes the named fields and their values out of every flat map, of
// RESP3 or written as an array.
func dropFields(n *Node, names []string) {
	var kept []Node
	for i := 0; i < len(n.Kids); i++ {
		if i+1 < len(n.Kids) && len(n.Kids[i].Kids) == 0 && slices.Contains(names, n.Kids[i].Text) {
			i++
			continue
		}
		dropFields(&n.Kids[i], names)
		kept = append(kept, n.Kids[i])
	}
	n.Kids = kept
}

// sameDoubles copies b's numbers into a wherever they are the same double. Redis
// 7.0 writes seventeen digits, later ones as few as tell the number, and these
// sooner with an exponent: 1.7324714003826964e+4.
func sameDoubles(a *Node, b Node) {
	if a.Kind == b.Kind && (a.Kind == '$' || a.Kind == ',') {
		x, errX := strconv.ParseFloat(a.Text, 64)
		y, errY := strconv.ParseFloat(b.Text, 64)
		if errX == nil && errY == nil && x == y && math.Signbit(x) == math.Signbit(y) {
			a.Text = b.Text
		}
	}
	for i := range min(len(a.Kids), len(b.Kids)) {
		sameDoubles(&a.Kids[i], b.Kids[i])
	}
}

// approximate copies b's numbers into a wherever the two are within by. Negative
// ones are no times but answers (-1: no expiry, -2: no key), and not near anything.
func approximate(a *Node, b Node, by int64) {
	if a.Kind != b.Kind {
		return
	}
	if a.Kind == ':' || a.Kind == '$' {
		x, errX := strconv.ParseInt(a.Text, 10, 64)
		y, errY := strconv.ParseInt(b.Text, 10, 64)
		if errX == nil && errY == nil && x >= 0 && y >= 0 && x-y <= by && y-x <= by {
			a.Text = b.Text
		}
	}
	for i := range min(len(a.Kids), len(b.Kids)) {
		approximate(&a.Kids[i], b.Kids[i], by)
	}
}

// missingFields names the sections and fields of an INFO text that ours lacks.
func missingFields(ours, theirs string) string {
	have := make(map[string]bool)
	for _, f := range infoFields(ours) {
		have[f] = true
	}
	var missing []string
	for _, f := range infoFields(theirs) {
		if !have[f] {
			missing = append(missing, f)
		}
	}
	if missing == nil {
		return ""
	}
	return "fields that are missing: " + strings.Join(missing, ", ")
}

// infoFields lists an INFO text's fields as "Section/field", sections as "Section/".
func infoFields(text string) []string {
	var fields []string
	section := ""
	for line := range strings.SplitSeq(text, "\r\n") {
		if name, ok := strings.CutPrefix(line, "# "); ok {
			section = name
			fields = append(fields, name+"/")
		} else if name, _, ok := strings.Cut(line, ":"); ok {
			fields = append(fields, section+"/"+name)
		}
	}
	return fields
}
