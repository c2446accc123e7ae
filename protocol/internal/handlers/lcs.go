package handlers

import (
	"math/bits"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// lcsRows is LCS.
var lcsRows = []Row{
	{
		Spec: command.Spec{
			Name: "lcs", Arity: -3, Summary: "Find longest common substring",
			Flags: command.ReadOnly, Categories: command.CatString,
			Since: "7.0.0", Group: "string", Complexity: "O(N*M) where N and M are the lengths of s1 and s2, respectively",
			Keys: []command.KeySpec{command.KeyRange(1, 1, 1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key1", Type: "key", KeySpecIndex: 1},
				{Name: "key2", Type: "key", KeySpecIndex: 1},
				{Name: "len", Type: "pure-token", Token: "LEN", Optional: true},
				{Name: "idx", Type: "pure-token", Token: "IDX", Optional: true},
				{Name: "len", Type: "integer", Token: "MINMATCHLEN", Optional: true},
				{Name: "withmatchlen", Type: "pure-token", Token: "WITHMATCHLEN", Optional: true},
			},
		},
		Run: runLcs,
	},
}

// lcsOptions is what may follow LCS key1 key2.
type lcsOptions struct {
	length, ranges, withLength bool
	shortest                   int64 // MINMATCHLEN
}

// runLcs is LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN].
func runLcs(ctx *Context) {
	a, errA := ctx.Tx.Get(ctx.Args[1])
	b, errB := ctx.Tx.Get(ctx.Args[2])
	if errA == cache.ErrWrongType || errB == cache.ErrWrongType {
		ctx.Error("ERR The specified keys must contain string values")
		return
	}
	o, errText := parseLcsOptions(ctx.Args)
	if errText == "" {
		errText = lcsTooLarge(len(a), len(b), ctx.Server.Config.ProtoMaxBulkLen.Int())
	}
	switch {
	case errText != "":
		ctx.Error(errText)
	case o.ranges:
		ctx.lcsRanges(a, b, o)
	case o.length:
		ctx.Int(int64(lcsLength(a, b)))
	default:
		t := newLCSTable(a, b)
		common := make([]byte, t.length)
		at := t.length
		t.walk(func(m lcsMatch) {
			at -= m.length
			copy(common[at:], a[m.a:m.a+m.length])
		})
		ctx.Bulk(common)
	}
}

// parseLcsOptions: LEN and IDX exclude each other; MINMATCHLEN and WITHMATCHLEN
// are taken without IDX too, where they have no effect. A negative MINMATCHLEN
// is as good as none.
func parseLcsOptions(words [][]byte) (o lcsOptions, errText string) {
	for c := args.From(words, 3); c.More(); {
		switch {
		case c.Word("idx"):
			o.ranges = true
		case c.Word("len"):
			o.length = true
		case c.Word("withmatchlen"):
			o.withLength = true
		case c.Option("minmatchlen", 1):
			if o.shortest, errText = c.Int(); errText != "" {
				return o, errText
			}
		default:
			return o, args.ErrSyntax
		}
	}
	if o.ranges && o.length {
		return o, "ERR If you want both the length and indexes, please just use IDX."
	}
	return o, ""
}

// lcsTooLarge is Redis's complaint where its table, of 4 bytes for each pair of
// positions, would be larger than proto-max-bulk-len. Ours takes a bit, but the
// bound on the work that one command may ask for stays the same.
func lcsTooLarge(a, b int, most int64) string {
	hi, cells := bits.Mul64(uint64(a)+1, uint64(b)+1)
	if hi != 0 || cells > uint64(most)/4 {
		return "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
	}
	return ""
}

// lcsRanges replies with where the common parts are, the last one first, as the
// walk finds them: both ends are included and count from 0.
func (ctx *Context) lcsRanges(a, b []byte, o lcsOptions) {
	t := newLCSTable(a, b)
	var matches []lcsMatch
	t.walk(func(m lcsMatch) {
		if int64(m.length) >= o.shortest {
			matches = append(matches, m)
		}
	})
	ctx.Map(2)
	ctx.BulkString("matches")
	ctx.Array(len(matches))
	for _, m := range matches {
		parts := 2
		if o.withLength {
			parts = 3
		}
		ctx.Array(parts)
		for _, start := range [...]int{m.a, m.b} {
			ctx.Array(2)
			ctx.Int(int64(start))
			ctx.Int(int64(start + m.length - 1))
		}
		if o.withLength {
			ctx.Int(int64(m.length))
		}
	}
	ctx.BulkString("len")
	ctx.Int(int64(t.length))
}

// The longest common subsequence is found bit by bit rather than cell by cell
// (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004). Let L(i,j)
// be its length for a's first i bytes and b's first j. Along a row L grows by
// 0 or 1 from column to column, so a row is a bit vector: bit j is 0 where
// L(i,j+1) = L(i,j)+1. With the positions in b of a's next byte as another
// vector, an addition makes the next row of this one, 64 columns at a time.
//
// The vectors of all rows are also all it takes to walk back the way Redis
// does. Where two bytes differ it asks whether L(i-1,j) > L(i,j-1); the larger
// of the two is L(i,j), so that is so just where L(i,j-1) is smaller than
// L(i,j): one bit.

// lcsRow is the vector of one row, and what makes the next of it.
type lcsRow struct {
	bits  []uint64
	at    [256][]uint64 // for each byte that both strings have: where b has it
	none  []uint64
	width int // len(b)
}

// newLCSRow makes the last row of the table alone: enough for the length.
func newLCSRow(a, b []byte) *lcsRow {
	words := (len(b) + 63) / 64
	r := &lcsRow{bits: make([]uint64, words), none: make([]uint64, words), width: len(b)}
	for i := range r.bits {
		r.bits[i] = ^uint64(0)
	}
	var inA [256]bool
	for _, c := range a {
		inA[c] = true
	}
	for j, c := range b {
		if !inA[c] {
			continue
		}
		if r.at[c] == nil {
			r.at[c] = make([]uint64, words)
		}
		r.at[c][j/64] |= 1 << (j % 64)
	}
	return r
}

// next makes the row for one more byte of a: (v + (v & match)) | (v &^ match), with
// the carry going on from word to word. Within each stretch of ones the sum turns
// the lowest match to 0, which is where L now grows, and the 0 above the stretch,
// where it grew before, to 1.
func (r *lcsRow) next(c byte) {
	match := r.at[c]
	if match == nil {
		return // the row stays as it is
	}
	carry := uint64(0)
	for w, v := range r.bits {
		var sum uint64
		sum, carry = bits.Add64(v, v&match[w], carry)
		r.bits[w] = sum | v&^match[w]
	}
}

// length is L at the row's end: the number of zero bits.
func (r *lcsRow) length() int {
	n := 0
	for w, v := range r.bits {
		if rest := r.width - 64*w; rest < 64 {
			v |= ^uint64(0) << rest
		}
		n += bits.OnesCount64(^v)
	}
	return n
}

// lcsLength needs one row only, along the longer string.
func lcsLength(a, b []byte) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	r := newLCSRow(a, b)
	for _, c := range a {
		r.next(c)
	}
	return r.length()
}

// lcsTable is the vectors of all rows, without gaps: row i (from 0) begins at
// bit i*len(b).
type lcsTable struct {
	a, b   []byte
	bits   []uint64
	length int // of the longest common subsequence
}

// newLCSTable makes the whole table, which is needed to find the text itself.
func newLCSTable(a, b []byte) *lcsTable {
	t := &lcsTable{a: a, b: b, bits: make([]uint64, len(a)*len(b)/64+2)}
	r := newLCSRow(a, b)
	for i, c := range a {
		r.next(c)
		t.store(i*len(b), r)
	}
	t.length = r.length()
	return t
}

// store puts a row at bit position at. Its last word is cut off at the row's width,
// since it shares a word of the table with the next row; the table has a word to
// spare at its end for what is shifted out of the last.
func (t *lcsTable) store(at int, r *lcsRow) {
	for w, v := range r.bits {
		if rest := r.width - 64*w; rest < 64 {
			v &= 1<<rest - 1
		}
		p := at + 64*w
		t.bits[p/64] |= v << (p % 64)
		t.bits[p/64+1] |= v >> (64 - p%64)
	}
}

// grows reports whether L(i,j) > L(i,j-1), for i and j from 1.
func (t *lcsTable) grows(i, j int) bool {
	p := (i-1)*len(t.b) + j - 1
	return t.bits[p/64]>>(p%64)&1 == 0
}

// lcsMatch is a part that the strings share: length bytes at a and at b.
type lcsMatch struct{ a, b, length int }

// walk calls found for the parts of the longest common subsequence, from the
// last to the first: of the possible ones, that which Redis finds.
func (t *lcsTable) walk(found func(lcsMatch)) {
	var m lcsMatch
	i, j := len(t.a), len(t.b)
	for i > 0 && j > 0 {
		if t.a[i-1] == t.b[j-1] {
			i, j = i-1, j-1
			m = lcsMatch{i, j, m.length + 1}
			continue
		}
		if m.length > 0 {
			found(m)
			m = lcsMatch{}
		}
		if t.grows(i, j) {
			i--
		} else {
			j--
		}
	}
	if m.length > 0 {
		found(m)
	}
}
