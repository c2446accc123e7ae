package cache

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// setRig is a cache and a transaction on all of it.
type setRig struct {
	t  testing.TB
	c  *Cache
	tx *Tx
}

func newSetRig(t testing.TB, l Limits) *setRig {
	c, err := New(Options{HashSeed: 1, Shards: 4, NoBackground: true})
	require.NoError(t, err)
	c.SetLimits(l)
	r := &setRig{t: t, c: c, tx: new(Tx)}
	c.BeginAll(r.tx, 0)
	t.Cleanup(func() {
		r.tx.End()
		require.NoError(t, c.Check())
		require.NoError(t, c.Close())
	})
	return r
}

// check verifies the whole cache.
func (r *setRig) check() {
	r.t.Helper()
	r.tx.End()
	require.NoError(r.t, r.c.Check())
	r.c.BeginAll(r.tx, 0)
}

func (r *setRig) add(key string, members ...string) int {
	r.t.Helper()
	n, err := r.tx.SAdd([]byte(key), setBytes(members)...)
	require.NoError(r.t, err)
	return n
}

func setBytes(list []string) [][]byte {
	out := make([][]byte, len(list))
	for i, s := range list {
		out[i] = []byte(s)
	}
	return out
}

// members are a set's, as they come.
func (r *setRig) members(key string) []string {
	m, err := r.tx.SMembers([]byte(key))
	require.NoError(r.t, err)
	list := []string{}
	for member := range m.All() {
		list = append(list, string(member))
	}
	require.Len(r.t, list, m.Len())
	return list
}

// form is how a set is kept, and what OBJECT ENCODING says of it.
func (r *setRig) form(key string) (item.Kind, Encoding) {
	var c coll
	err := r.tx.openPeek(&c, []byte(key), Set)
	require.NoError(r.t, err)
	info, _ := r.tx.Object([]byte(key))
	return c.kind(), info.Encoding
}

// setWords is a list of n members with a prefix.
func setWords(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = prefix + strconv.Itoa(i)
	}
	return list
}

func TestSetForms(t *testing.T) {
	long := strings.Repeat("x", 65)
	for name, c := range map[string]struct {
		add  [][]string
		kind item.Kind
		says Encoding
	}{
		"integers":                   {[][]string{{"1", "-5", "70000", "5000000000"}}, item.SetInts, EncodingIntset},
		"512 integers":               {[][]string{setWords("", 512)}, item.SetInts, EncodingIntset},
		"513 integers announced":     {[][]string{setWords("", 513)}, item.SetTable, EncodingHashTable},
		"513 integers":               {[][]string{setWords("", 512), {"512"}}, item.SetTable, EncodingHashTable},
		"as many, and some twice":    {[][]string{setWords("", 512), {"511", "0", "3"}}, item.SetInts, EncodingIntset},
		"513 of which one twice":     {[][]string{append(setWords("", 512), "7")}, item.SetTable, EncodingHashTable},
		"words":                      {[][]string{setWords("w", 128)}, item.SetPacked, EncodingListpack},
		"129 words":                  {[][]string{setWords("w", 128), {"more"}}, item.SetTable, EncodingHashTable},
		"129 words announced":        {[][]string{{"w0"}, setWords("w", 129)}, item.SetTable, EncodingHashTable},
		"129 of which most twice":    {[][]string{{"a"}, append(setWords("w", 2), slices.Repeat([]string{"a"}, 127)...)}, item.SetPacked, EncodingHashTable},
		"a long word":                {[][]string{{"a"}, {long}}, item.SetPacked, EncodingHashTable},
		"a long word first":          {[][]string{{long}}, item.SetPacked, EncodingHashTable},
		"a very long word":           {[][]string{{"a"}, {strings.Repeat("x", 9000)}}, item.SetTable, EncodingHashTable},
		"a very long word first":     {[][]string{{strings.Repeat("x", 9000)}}, item.SetTable, EncodingHashTable},
		"integers, a word":           {[][]string{setWords("", 127), {"word"}}, item.SetPacked, EncodingListpack},
		"128 integers, a word":       {[][]string{setWords("", 128), {"word"}}, item.SetTable, EncodingHashTable},
		"integers, a long word":      {[][]string{{"1", "2"}, {long}}, item.SetPacked, EncodingHashTable},
		"no integers":                {[][]string{{"01"}, {"+1"}, {"-0"}, {""}, {"9223372036854775808"}}, item.SetPacked, EncodingListpack},
		"128 words of 64":            {[][]string{setSized(128, 64)}, item.SetPacked, EncodingListpack},
		"128 words of 64, as a call": {setSplit(setSized(128, 64)), item.SetPacked, EncodingListpack},
	} {
		t.Run(name, func(t *testing.T) {
			r := newSetRig(t, DefaultLimits())
			want := map[string]bool{}
			for _, members := range c.add {
				added := 0
				for _, m := range members {
					if !want[m] {
						want[m] = true
						added++
					}
				}
				assert.Equal(t, added, r.add("k", members...))
			}
			kind, says := r.form("k")
			assert.Equal(t, c.kind, kind)
			assert.Equal(t, c.says, says)
			got := r.members("k")
			assert.Len(t, got, len(want))
			for _, m := range got {
				assert.True(t, want[m], m)
			}
			r.check()
		})
	}
}

// setSized is a list of n different words of so many bytes.
func setSized(n, size int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%0*dx", size-1, i)
	}
	return list
}

// setSplit makes a call for each.
func setSplit(list []string) [][]string {
	out := [][]string{}
	for _, s := range list {
		out = append(out, []string{s})
	}
	return out
}

// TestSetFormsApart has thresholds at which what Redis calls a set and how it is
// kept go different ways.
func TestSetFormsApart(t *testing.T) {
	l := DefaultLimits()
	l.SetMaxInts, l.SetMaxPackedEntries, l.SetMaxPackedValue = 100_000, 100_000, 100_000
	r := newSetRig(t, l)
	for i := range 5000 {
		r.add("ints", strconv.Itoa(i*1_000_000_000))
		r.add("words", "word"+strconv.Itoa(i))
	}
	kind, says := r.form("ints")
	assert.Equal(t, item.SetTable, kind)
	assert.Equal(t, EncodingIntset, says)
	kind, says = r.form("words")
	assert.Equal(t, item.SetTable, kind)
	assert.Equal(t, EncodingListpack, says)
	r.add("ints", "word")
	_, says = r.form("ints")
	assert.Equal(t, EncodingListpack, says)
	r.add("ints", strings.Repeat("x", 100_001))
	_, says = r.form("ints")
	assert.Equal(t, EncodingHashTable, says)
	assert.Len(t, r.members("ints"), 5002)
	r.check()

	l.SetMaxInts, l.SetMaxPackedEntries = 3, 0
	r.c.SetLimits(l)
	assert.Equal(t, 4, r.add("few", "1", "2", "3", "4"))
	kind, says = r.form("few")
	assert.Equal(t, item.SetTable, kind)
	assert.Equal(t, EncodingHashTable, says)
	r.add("one", "1")
	r.add("one", "word")
	kind, says = r.form("one")
	assert.Equal(t, item.SetTable, kind)
	assert.Equal(t, EncodingHashTable, says)
}

// TestIntsWiden crosses each width, at both ends.
func TestIntsWiden(t *testing.T) {
	edges := []int64{
		0, 1, -1, math.MaxInt16, math.MinInt16, math.MaxInt16 + 1, math.MinInt16 - 1,
		math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64, math.MinInt64,
	}
	for first := range edges {
		r := newSetRig(t, DefaultLimits())
		var want []int64
		for i := range edges {
			n := edges[(first+i*5)%len(edges)]
			want = append(want, n)
			assert.Equal(t, 1, r.add("k", strconv.FormatInt(n, 10)))
			assert.Equal(t, 0, r.add("k", strconv.FormatInt(n, 10)))
			slices.Sort(want)
			var texts []string
			for _, n := range want {
				texts = append(texts, strconv.FormatInt(n, 10))
			}
			assert.Equal(t, texts, r.members("k"), "sorted")
		}
		for i, n := range edges {
			removed, err := r.tx.SRem([]byte("k"), []byte(strconv.FormatInt(n, 10)))
			require.NoError(t, err)
			assert.Equal(t, 1, removed)
			size, _ := r.tx.SCard([]byte("k"))
			assert.Equal(t, len(edges)-1-i, size)
		}
		assert.False(t, r.tx.Exists([]byte("k")))
	}
}

// TestSetWrongTypes has each operation meet a string.
func TestSetWrongTypes(t *testing.T) {
	r := newSetRig(t, DefaultLimits())
	s, set, none, x := []byte("string"), []byte("set"), []byte("none"), []byte("x")
	require.NoError(t, r.tx.Set(s, x, NoExpiry))
	r.add("set", "x")
	stop := func([]byte) bool { return true }
	for name, err := range map[string]error{
		"SAdd": setError(r.tx.SAdd(s, x)), "SRem": setError(r.tx.SRem(s, x)), "SCard": setError(r.tx.SCard(s)),
		"SIsMember": setError(r.tx.SIsMember(s, x)), "SMembers": setError(r.tx.SMembers(s)),
		"SMIsMember": r.tx.SMIsMember(s, [][]byte{x}, func(bool) { t.Fatal("called") }),
		"SPop":       setError(r.tx.SPop(s, 1, func([]byte) {})), "SRandMember": r.tx.SRandMember(s, 1, stop),
		"SScan":       setError(r.tx.SScan(s, 0, ScanOptions{}, func([]byte) {})),
		"SMove from":  setError(r.tx.SMove(s, none, x)),
		"SMove to":    setError(r.tx.SMove(set, s, []byte("not there"))),
		"SInter":      r.tx.SInter([][]byte{none, s}, stop),
		"SUnion":      r.tx.SUnion([][]byte{set, s}, stop),
		"SDiff":       r.tx.SDiff([][]byte{none, s}, stop),
		"SInterCard":  setError(r.tx.SInterCard([][]byte{none, s}, 0)),
		"SInterStore": setError(r.tx.SInterStore(set, [][]byte{none, s})),
		"SUnionStore": setError(r.tx.SUnionStore(set, [][]byte{set, s})),
		"SDiffStore":  setError(r.tx.SDiffStore(set, [][]byte{s})),
	} {
		assert.ErrorIs(t, err, ErrWrongType, name)
	}
	moved, err := r.tx.SMove(none, s, x)
	assert.NoError(t, err, "the source comes first")
	assert.False(t, moved)
	assert.Equal(t, []string{"x"}, r.members("set"))
}

func setError[T any](_ T, err error) error { return err }

// TestSetStoresOverAnything has results replace what the destination was.
func TestSetStoresOverAnything(t *testing.T) {
	r := newSetRig(t, DefaultLimits())
	r.add("a", "1", "2", "3")
	r.add("b", "2", "3", "x")
	r.add("big", setWords("m", 5000)...)
	require.NoError(t, r.tx.Set([]byte("d"), []byte("string"), r.tx.Now()+10_000))
	store := func(f func([]byte, [][]byte) (int, error), dst string, keys ...string) int {
		n, err := f([]byte(dst), setBytes(keys))
		require.NoError(t, err)
		return n
	}
	assert.Equal(t, 2, store(r.tx.SInterStore, "d", "a", "b"))
	at, _ := r.tx.ExpireAt([]byte("d"))
	assert.Zero(t, at)
	_, says := r.form("d")
	assert.Equal(t, EncodingIntset, says)
	assert.Equal(t, []string{"2", "3"}, r.members("d"))
	assert.Equal(t, 4, store(r.tx.SUnionStore, "a", "a", "b"), "onto a source")
	_, says = r.form("a")
	assert.Equal(t, EncodingListpack, says)
	assert.Equal(t, 5000, store(r.tx.SUnionStore, "d", "big", "none"))
	assert.Equal(t, 5004, store(r.tx.SUnionStore, "big", "big", "a"))
	r.check()
	assert.Equal(t, 5000, store(r.tx.SDiffStore, "big", "big", "a"))
	assert.Equal(t, 0, store(r.tx.SDiffStore, "big", "big", "big"))
	assert.False(t, r.tx.Exists([]byte("big")))
	assert.Equal(t, 0, store(r.tx.SInterStore, "d", "d", "none"))
	assert.False(t, r.tx.Exists([]byte("d")))
	r.check()
}

// TestSetDiffEncoding: where Redis goes through the other sets, its result begins as
// all of the first, and keeps the encoding.
func TestSetDiffEncoding(t *testing.T) {
	r := newSetRig(t, DefaultLimits())
	r.add("large", setWords("m", 200)...)
	r.add("most", setWords("m", 190)...)
	r.add("few", "m199")
	n, _ := r.tx.SDiffStore([]byte("d"), setBytes([]string{"large", "most"}))
	assert.Equal(t, 10, n)
	_, says := r.form("d")
	assert.Equal(t, EncodingListpack, says, "looked up one by one")
	n, _ = r.tx.SDiffStore([]byte("d"), setBytes([]string{"large", "few", "few", "few"}))
	assert.Equal(t, 199, n)
	n, _ = r.tx.SDiffStore([]byte("e"), setBytes([]string{"d", "d2", "none", "few", "none"}))
	assert.Equal(t, 199, n)
	r.add("large2", setWords("m", 150)...)
	r.add("part", setWords("m", 50)...)
	n, _ = r.tx.SDiffStore([]byte("d"), setBytes([]string{"large2", "part", "part", "part", "part", "part", "part"}))
	assert.Equal(t, 100, n)
	kind, says := r.form("d")
	assert.Equal(t, EncodingHashTable, says)
	assert.Equal(t, item.SetPacked, kind)
}

// TestSetPopRenews: where Redis makes a new set of what is left, the new one has the
// encoding that it deserves.
func TestSetPopRenews(t *testing.T) {
	for left, want := range map[int]Encoding{1: EncodingListpack, 128: EncodingListpack, 129: EncodingHashTable} {
		r := newSetRig(t, DefaultLimits())
		r.add("k", setWords("m", 1000)...)
		n, err := r.tx.SPop([]byte("k"), 1000-left, func([]byte) {})
		require.NoError(t, err)
		assert.Equal(t, 1000-left, n)
		_, says := r.form("k")
		assert.Equal(t, want, says, left)
		assert.Len(t, r.members("k"), left)
		r.check()
	}
	r := newSetRig(t, DefaultLimits())
	r.add("k", setWords("m", 200)...)
	_, err := r.tx.SPop([]byte("k"), 150, func([]byte) {})
	require.NoError(t, err)
	_, says := r.form("k")
	assert.Equal(t, EncodingHashTable, says, "too many were left")
}

func TestSetsDoNotAllocate(t *testing.T) {
	r := newSetRig(t, DefaultLimits())
	r.add("ints", setWords("", 300)...)
	r.add("words", setWords("w", 100)...)
	r.add("table", setWords("m", 2000)...)
	other := map[string][]byte{"ints": []byte("-77777"), "words": []byte("word"), "table": []byte("member")}
	for key, member := range other {
		k := []byte(key)
		there := []byte(r.members(key)[50])
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			_, _ = r.tx.SIsMember(k, there)
			_, _ = r.tx.SIsMember(k, member)
			_, _ = r.tx.SAdd(k, member)
			_, _ = r.tx.SAdd(k, there)
			_, _ = r.tx.SRem(k, member)
			_, _ = r.tx.SCard(k)
		}), key)
	}
}
