package glob

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Every line was checked with redis-server 7.0.15 (KEYS over one key), save
// for fold, which only internal callers use there.
var table = []struct {
	pattern, s string
	want       bool
}{
	{"", "", true},
	{"", "a", false},
	{"a", "", false},
	{"*", "", false}, // commands ask All first
	{"*", "a", true},
	{"**", "abc", true},
	{"a*", "a", true},
	{"a**", "a", true},
	{"*a", "a", true},
	{"a*b", "ab", true},
	{"a*b", "axxb", true},
	{"a*b", "axxbc", false},
	{"a*b*c", "a1b2c", true},
	{"a*b*c", "a1c2b", false},
	{"*a*", "bbabb", true},
	{"?", "a", true},
	{"?", "", false},
	{"?", "ab", false},
	{"a?c", "abc", true},
	{"??*", "a", false},
	{"h[ae]llo", "hello", true},
	{"h[ae]llo", "hillo", false},
	{"h[^e]llo", "hallo", true},
	{"h[^e]llo", "hello", false},
	{"h[a-b]llo", "hbllo", true},
	{"h[b-a]llo", "hallo", true},
	{"h[a-b]llo", "hcllo", false},
	{"[abc", "c", true},
	{"[abc", "d", false},
	{"[", "a", false},
	{"[^", "a", true},
	{"[^]", "a", true},
	{"[]", "a", false},
	{"[]a]", "a", false},
	{"[a-]", "-", false}, // "a" to "]"; the bracket is then not closed
	{"[a-]", "]", true},
	{"[a-]", "_", true},
	{"[a-", "-", true},
	{"[a-", "a", true},
	{"[-a]", "-", true},
	{"[--0]", ".", true},
	{`[\]]`, "]", true},
	{`[\a-c]`, "a", true}, // an escaped byte starts no range
	{`[\a-c]`, "b", false},
	{`[\a-c]`, "-", true},
	{`[a-\c]`, "b", false}, // the range goes from "\" to "a"
	{`[a-\c]`, "_", true},
	{`[a-\c]`, "c", true},
	{`[\`, `\`, true},
	{`[^\`, "a", true},
	{`a\`, `a\`, true},
	{`\`, `\`, true},
	{`\*`, "*", true},
	{`\*`, "a", false},
	{`\?`, "?", true},
	{`\[a]`, "[a]", true},
	{`\\`, `\`, true},
	{`\a`, "a", true},
	{"a\x00b", "a\x00b", true},
	{"a\x00*", "a\x00zz", true},
	{"[a-\xff]", "z", false}, // 0xff is less than "a" as a signed byte
	{"[a-\xff]", "A", true},
	{"[a-\xff]", "\xff", true},
	{"[\x80-\xff]", "\x90", true},
	{"[\x80-\xff]", "a", false},
	{"*?", "a", true},
	{"*[a]", "bca", true},
	{"*\\a", "bca", true},
	{"a", "A", false},
	{"[a-z]", "A", false},
	{"{a,b}", "a", false},
	{"{a,b}", "{a,b}", true},
	{"*a*a*a*a*a*a*a*a*a*a*b", strings.Repeat("a", 40), false},
}

func TestTable(t *testing.T) {
	for _, c := range table {
		assert.Equal(t, c.want, Match([]byte(c.pattern), []byte(c.s), false), "%q on %q", c.pattern, c.s)
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"maxmemory*", "MAXMEMORY-policy", true},
		{"MAX*", "maxmemory", true},
		{"[A-C]", "b", true},
		{"[a-c]", "B", true},
		{`[\A]`, "a", false}, // escaped in brackets: exact, as in redis-server
		{`\A`, "a", true},
		{"[^A]", "a", false},
		{"\xc4", "\xe4", false}, // only ASCII has cases
	} {
		assert.Equal(t, c.want, Match([]byte(c.pattern), []byte(c.s), true), "%q on %q", c.pattern, c.s)
	}
}

func TestPattern(t *testing.T) {
	assert.True(t, Pattern([]byte("*"))(nil), "the star of a command matches the empty key")
	assert.False(t, Pattern([]byte("**"))(nil))
	assert.True(t, Pattern([]byte("a*"))([]byte("ab")))
	assert.True(t, All([]byte("*")))
	assert.False(t, All([]byte("**")))
	assert.False(t, All(nil))
}

// A pattern's recursion is bounded, so a hostile one costs no stack.
func TestManyStars(t *testing.T) {
	s := bytes.Repeat([]byte("a"), 5000)
	assert.True(t, Match(bytes.Repeat([]byte("a*"), 900), s, false))
	assert.False(t, Match(bytes.Repeat([]byte("a*"), 1100), s, false))
	assert.True(t, Match(bytes.Repeat([]byte("*"), 100_000), s, false), "a run of stars is one")
}

func TestHostilePatternIsNotExponential(t *testing.T) {
	pattern := append(bytes.Repeat([]byte("a*"), 500), 'b')
	assert.False(t, Match(pattern, bytes.Repeat([]byte("a"), 2000), false))
}

func TestAllocatesNothing(t *testing.T) {
	pattern, s := []byte("user:*:[0-9]?\\x*"), []byte("user:1000:7yx-rest")
	require.True(t, Match(pattern, s, false))
	assert.Zero(t, testing.AllocsPerRun(100, func() { Match(pattern, s, false) }))
}

func TestQuotedMatchesItselfAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SliceOf(rapid.Byte()).Draw(t, "s")
		other := rapid.SliceOf(rapid.Byte()).Draw(t, "other")
		var quoted []byte
		for _, c := range s {
			quoted = append(quoted, '\\', c)
		}
		assert.True(t, Match(quoted, s, false))
		assert.Equal(t, bytes.Equal(s, other), Match(quoted, other, false))
	})
}

// reference is redis-server's loop over a pattern, written down without its
// short cut for hopeless stars: exponential, but plainly what the language says.
func reference(p, s []byte, fold bool) bool {
	m := matcher{fold: fold}
	switch {
	case len(p) == 0 || len(s) == 0:
		return len(p) == 0 && len(s) == 0
	case p[0] == '*':
		rest := skipStars(p)
		if len(rest) == 0 {
			return true
		}
		for i := range s {
			if reference(rest, s[i:], fold) {
				return true
			}
		}
		return false
	}
	var ok bool
	switch {
	case p[0] == '?':
		ok, p = true, p[1:]
	case p[0] == '[':
		ok, p = m.bracket(p[1:], s[0])
	default:
		if p[0] == '\\' && len(p) >= 2 {
			p = p[1:]
		}
		ok, p = m.lower(p[0]) == m.lower(s[0]), p[1:]
	}
	if s = s[1:]; len(s) == 0 {
		p = skipStars(p)
	}
	return ok && reference(p, s, fold)
}

func TestAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]byte("aabbcAB**?[]^-\\\x00\xff"))
		p := rapid.SliceOfN(letters, 0, 10).Draw(t, "pattern")
		s := rapid.SliceOfN(letters, 0, 10).Draw(t, "s")
		fold := rapid.Bool().Draw(t, "fold")
		assert.Equal(t, reference(p, s, fold), Match(p, s, fold), "%q on %q", p, s)
	})
}

func FuzzMatch(f *testing.F) {
	for _, c := range table {
		f.Add([]byte(c.pattern), []byte(c.s), false)
	}
	f.Fuzz(func(t *testing.T, p, s []byte, fold bool) {
		if bytes.Count(p, []byte("*")) > 6 || len(s) > 64 {
			Match(p, s, fold) // the reference would take too long: only that it ends
			return
		}
		assert.Equal(t, reference(p, s, fold), Match(p, s, fold), "%q on %q", p, s)
	})
}
