package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// This file is what Redis 7.4 does otherwise than the 7.0.15 that it is compared
// with, as far as random sequences meet it. The list is to stay short: whatever
// can be drawn so that both agree is drawn so. (Scripts say @expect instead.)
//
//   - OBJECT ENCODING: newerEncodings, below.
//   - Doubles: 7.0 writes %.17g, later ones the shortest text. How.Doubles takes
//     two texts of the same double for equal, where a reply has scores.
//   - XINFO: newerFields were added or are counted in another way, and are left out
//     of both replies.
//   - SADD of a key that is missing chooses the encoding by the number of its
//     arguments: none is drawn twice (uniqueMembers).
//   - XREADGROUP, XCLAIM and XAUTOCLAIM make the consumer even if there is nothing
//     for it: it is made before (withConsumer).
//   - Of a stream that goes, those who wait for it in XREADGROUP are told in other
//     words: streamGone.
//   - The score -0 becomes 0 in a listpack, and so tells whether a set has been one for
//     a moment, while ZRANGESTORE filled it say. It is not drawn.
//   - SORT makes redis-server keep a sorted set as a skiplist from then on. That is
//     not done here: the name of the encoding may differ where a sequence has SORT.

// newerEncodings are the names that OBJECT ENCODING has for a type in 7.0.15, and
// those that 7.4 may have for the same value: it packs small lists and small sets
// of strings.
var newerEncodings = []namesOf{
	{"list", "quicklist", "listpack"},
	{"set", "hashtable", "listpack"},
}

type namesOf struct{ kind, older, newer string }

// sortedEncoding is what SORT leaves of a sorted set.
var sortedEncoding = namesOf{"zset", "skiplist", "listpack"}

// newerFields are those of XINFO.
var newerFields = []string{"active-time", "inactive", "lag", "entries-read"}

// streamGone matches both errors.
const streamGone = `^-(?P<only>UNBLOCKED the stream key no longer exists|NOGROUP [^\r]*)`

// uniqueMembers takes repeated members out of a SADD.
func uniqueMembers(s *Step) {
	if len(s.Words) < 3 || s.Words[0].text != "SADD" {
		return
	}
	kept := s.Words[:2:2]
	for _, w := range s.Words[2:] {
		if !slices.ContainsFunc(kept[2:], func(k word) bool { return k.text == w.text }) {
			kept = append(kept, w)
		}
	}
	s.Words = kept
}

// withConsumer has the consumer made that a command is for.
func withConsumer(s *Step) {
	create := func(keys []word, group, consumer word) {
		for _, key := range keys {
			s.First = append(s.First, append(texts("XGROUP", "CREATECONSUMER"), key, group, consumer))
		}
	}
	switch w := s.Words; {
	case len(w) > 4 && (w[0].text == "XCLAIM" || w[0].text == "XAUTOCLAIM"):
		create(w[1:2], w[2], w[3])
	case len(w) > 5 && w[0].text == "XREADGROUP":
		at := slices.IndexFunc(w, func(w word) bool { return w.text == "STREAMS" })
		if at > 3 && at < len(w)-1 {
			keys := w[at+1:]
			create(keys[:(len(keys)+1)/2], w[2], w[3])
		}
	}
}

// agree is Disagree, with what only the servers can tell: the type of a key for
// the name of its encoding, and its encoding for whether the order counts. In a
// batch, where the reply is no longer about the key as it is now, either will do.
func (r *run) agree(s *Step, ours, theirs []byte) string {
	switch {
	case len(s.Words) > 0 && s.Words[0].text == "EXEC" && s.How.plain():
		return r.agreeExec(s, ours, theirs)
	case s.How.Encoding:
		return r.agreeEncoding(s, ours, theirs)
	case s.How.PackedOrder && len(s.Words) > 1:
		why := s.How.Disagree(ours, theirs)
		if why != "" || r.c.Batch {
			return why
		}
		strict := s.How
		strict.PackedOrder, strict.IgnoreOrder = false, 0
		if why = strict.Disagree(ours, theirs); why == "" {
			return ""
		}
		if name := r.ask(s, "OBJECT", "ENCODING", s.Words[1].text); name != "listpack" && name != "intset" {
			return ""
		}
		return "the order of a packed collection; " + why
	}
	return s.How.Disagree(ours, theirs)
}

// agreeExec compares each reply of a transaction in the way of its own command.
func (r *run) agreeExec(s *Step, ours, theirs []byte) string {
	a, errA := Parse(ours)
	b, errB := Parse(theirs)
	hows := r.queued[cmp.Or(s.Conn, r.conn)]
	if errA != nil || errB != nil || len(a.Kids) != len(b.Kids) || len(b.Kids) != len(hows) {
		return s.How.Disagree(ours, theirs)
	}
	for i, how := range hows {
		why := how.Disagree(a.Kids[i].Raw(), b.Kids[i].Raw())
		if why != "" && !(how.Encoding && slices.ContainsFunc(r.otherEncodings(), func(e namesOf) bool {
			return b.Kids[i].Text == e.older && a.Kids[i].Text == e.newer
		})) {
			return fmt.Sprintf("reply %d of the transaction: %s", i+1, why)
		}
	}
	return ""
}

// plain tells whether replies must agree in every byte.
func (h *How) plain() bool {
	return !h.ownOnly() && !h.Encoding && h.IgnoreOrder == 0 && !h.Doubles && !h.TypeOnly && !h.Shape && h.Masks == nil && h.Drops == nil && h.Approx == 0 && h.Without == nil
}

// agreeEncoding compares the names of encodings.
func (r *run) agreeEncoding(s *Step, ours, theirs []byte) string {
	why := s.How.Disagree(ours, theirs)
	a, errA := Parse(ours)
	b, errB := Parse(theirs)
	if why == "" || errA != nil || errB != nil {
		return why
	}
	for _, e := range r.otherEncodings() {
		if b.Text == e.older && a.Text == e.newer && (r.c.Batch || r.ask(s, "TYPE", s.Words[len(s.Words)-1].text) == e.kind) {
			return ""
		}
	}
	return why
}

// otherEncodings are the names that may differ in this case.
func (r *run) otherEncodings() []namesOf {
	sorts := func(w word) bool { return strings.HasPrefix(w.text, "SORT") }
	if slices.ContainsFunc(r.c.Steps, func(s Step) bool { return slices.ContainsFunc(s.Words, sorts) }) {
		return append(slices.Clone(newerEncodings), sortedEncoding)
	}
	return newerEncodings
}

// ask asks redis-server about a key, on the step's connection: it knows the database.
func (r *run) ask(s *Step, words ...string) string {
	c, err := r.clientOf(redis, s)
	if err != nil {
		return ""
	}
	node, err := Parse(c.do(words...).raw)
	if err != nil {
		return ""
	}
	return node.Text
}

// without adds fields to leave out.
func (p production) without(names ...string) production {
	p.how.Without = append(slices.Clone(p.how.Without), names...)
	return p
}
