package command

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ashlar-cache/ashlar/protocol/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// golden is a file of testdata with line ends as on the wire.
func golden(t *testing.T, name string) string {
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return strings.ReplaceAll(string(b), "\n", "\r\n")
}

func redisEntries() (list []*Entry) {
	for i := range redisRows {
		list = append(list, &Entry{Spec: &redisRows[i], FullName: redisRows[i].Name})
	}
	return list
}

func TestDescriptionsAreRedisToTheByte(t *testing.T) {
	entries := redisEntries()
	for _, proto := range []int{2, 3} {
		info, docs := resp.Writer{Proto: proto}, resp.Writer{Proto: proto}
		info.Array(len(entries))
		docs.Map(len(entries))
		for _, e := range entries {
			e.WriteInfo(&info)
			e.WriteDocs(&docs)
		}
		suffix := ".resp" + strconv.Itoa(proto)
		for name, got := range map[string][]byte{"info": info.B, "docs": docs.B} {
			want := strings.Split(golden(t, name+suffix), "\r\n")
			assert.Equal(t, want, strings.Split(string(got), "\r\n"), name+suffix)
		}
	}
}

func TestContainerDescribesItsSubcommands(t *testing.T) {
	sub := &Entry{Spec: &Spec{Name: "id", Arity: 2, Group: "connection"}, FullName: "client|id"}
	e := &Entry{Spec: &Spec{Name: "client", Arity: -2, Group: "connection", SysCmd: true, Deprecated: "1"},
		FullName: "client", Subs: []*Entry{sub}}
	w := resp.Writer{Proto: 3}
	e.WriteInfo(&w)
	assert.Equal(t, "*10 $6 client :-2 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 "+
		"*1 *10 $9 client|id :2 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 ~0", strings.Join(strings.Fields(string(w.B)), " "))
	w.B = nil
	e.WriteDocs(&w)
	assert.Equal(t, "$6 client %4 $5 group $10 connection $9 doc_flags ~2 +deprecated +syscmd "+
		"$16 deprecated_since $1 1 $11 subcommands %1 $9 client|id %1 $5 group $10 connection",
		strings.Join(strings.Fields(string(w.B)), " "))
}

func split(line string) [][]byte { return bytes.Fields([]byte(line)) }

func row(name string) *Spec {
	for i := range redisRows {
		if redisRows[i].Name == name {
			return &redisRows[i]
		}
	}
	panic(name)
}

func TestFindKeys(t *testing.T) {
	for line, want := range map[string]string{
		"get k": "k", "set k v EX 5": "k", "mset a 1 b 2 c 3": "a b c", "lcs a b LEN": "a b",
		"eval x 2 a b c": "a b", "eval x 0": "none", "eval x 5 a": "none", "eval x n a": "none", "eval x -1 a": "none",
		"xread COUNT 5 streams a b 0 0": "a b", "xread COUNT 5": "", "xread a b STREAMS": "",
		"zunionstore dst 2 a b WEIGHTS 1 2": "dst a b", "zunionstore dst 3 a b": "none",
		"lmpop 1 a LEFT": "a", "lmpop 99999999999999999999 a LEFT": "none",
		"migrate h p k 0 10": "k", "migrate h p x 0 10 KEYS a b": "x a b",
		"sort k BY w": "k", "mset": "none", "get": "none",
	} {
		argv := split(line)
		refs, ok := row(string(argv[0])).FindKeys(argv, nil)
		var keys []string
		for _, r := range refs {
			keys = append(keys, string(argv[r.Index]))
		}
		got := strings.Join(keys, " ")
		if !ok {
			assert.Empty(t, refs)
			got = "none"
		}
		assert.Equal(t, want, got, line)
	}
}

func TestFindKeysNeverLeavesTheArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := KeySpec{
			Index: rapid.IntRange(1, 4).Draw(t, "index"), LastKey: rapid.IntRange(-3, 3).Draw(t, "last"),
			Step: rapid.IntRange(0, 3).Draw(t, "step"), Limit: rapid.IntRange(0, 2).Draw(t, "limit"),
			KeyNum: rapid.Bool().Draw(t, "keynum"), KeyNumIdx: rapid.IntRange(0, 2).Draw(t, "keynumidx"),
			FirstKey: rapid.IntRange(0, 2).Draw(t, "firstkey"),
			Keyword:  rapid.SampledFrom([]string{"", "3", "KEYS"}).Draw(t, "keyword"), StartFrom: rapid.IntRange(-3, 3).Draw(t, "startfrom"),
		}
		argv := [][]byte{[]byte("x")}
		for _, arg := range rapid.SliceOfN(rapid.SampledFrom([]string{"3", "0", "keys", "a"}), 0, 8).Draw(t, "args") {
			argv = append(argv, []byte(arg))
		}
		spec := Spec{Keys: []KeySpec{k, k}}
		refs, _ := spec.FindKeys(argv, nil)
		for _, r := range refs {
			assert.True(t, r.Index > 0 && r.Index < len(argv))
		}
	})
}

func TestSingleKey(t *testing.T) {
	for name, want := range map[string]int{"get": 1, "set": 1, "object|freq": 2, "mset": 0, "lcs": 0, "eval": 0, "xread": 0, "sort": 0} {
		assert.Equal(t, want, row(name).SingleKey(), name)
	}
}

func TestLegacyRangeJoinsNeighbours(t *testing.T) {
	s := Spec{Keys: []KeySpec{KeyAt(1, "RO"), KeyAt(2, "OW")}} // COPY
	first, last, step := s.LegacyRange()
	assert.Equal(t, []int{1, 2, 1}, []int{first, last, step})
	s = Spec{Keys: []KeySpec{KeyAt(1, "OW"), KeyRange(2, -1, 1, "RO")}} // PFMERGE
	first, last, step = s.LegacyRange()
	assert.Equal(t, []int{1, -1, 1}, []int{first, last, step})
}

func TestArity(t *testing.T) {
	assert.True(t, (&Spec{Arity: 2}).ArityOK(2))
	assert.False(t, (&Spec{Arity: 2}).ArityOK(3))
	assert.True(t, (&Spec{Arity: -2}).ArityOK(9))
	assert.False(t, (&Spec{Arity: -2}).ArityOK(1))
}

func TestCategories(t *testing.T) {
	for bit, name := range categoryNames {
		c, ok := ParseCategory(name)
		assert.True(t, ok)
		assert.Equal(t, Category(1)<<bit, c)
		assert.Equal(t, []string{name}, CategoryNames(c))
	}
	_, ok := ParseCategory("nosuch")
	assert.False(t, ok)
	assert.Equal(t, "scripting", CategoryNames(CatScripting)[0], "the last name belongs to the last bit")
	readOnlyScript := Spec{Flags: ReadOnly | NoScript, Categories: CatScripting}
	assert.Equal(t, CatScripting|CatSlow, readOnlyScript.AllCategories())
	assert.Equal(t, CatAdmin|CatDangerous|CatFast|CatPubSub|CatBlocking|CatWrite,
		(&Spec{Flags: Admin | Fast | PubSub | Blocking | Write}).AllCategories())
}

func TestMarkdown(t *testing.T) {
	text := Markdown([]*Entry{
		{Spec: &Spec{Name: "set", Group: "string"}, FullName: "set"},
		{Spec: &Spec{Name: "delex", Group: "string"}, FullName: "delex", Beyond: "8.4"},
		{Spec: &Spec{Name: "client", Group: "connection"}, FullName: "client", Subs: []*Entry{
			{Spec: &Spec{Name: "list"}, FullName: "client|list"}, {Spec: &Spec{Name: "id"}, FullName: "client|id"},
		}},
	})
	assert.Equal(t, `4 commands and subcommands:

| Group | Commands |
|---|---|
| connection | `+"`CLIENT` [`ID`, `LIST`]"+` |
| string | `+"`DELEX` (8.4), `SET`"+` |
`, text)
}

func TestSplice(t *testing.T) {
	out, err := Splice("a\n<b>\nold\n</b>\nc\n", "<b>", "</b>", "new\n")
	assert.NoError(t, err)
	assert.Equal(t, "a\n<b>\nnew\n</b>\nc\n", out)
	_, err = Splice("a\n</b>\n", "<b>", "</b>", "")
	assert.ErrorContains(t, err, `"<b>"`)
	_, err = Splice("a\n<b>\n", "<b>", "</b>", "")
	assert.ErrorContains(t, err, `"</b>"`)
}
