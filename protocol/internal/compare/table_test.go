package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// entry is one command or subcommand as COMMAND tells of it.
type entry struct {
	words []string // "client", "kill"
	arity int
	info  []Node // the elements of COMMAND INFO's reply
}

func (e entry) name() string { return strings.Join(e.words, "|") }

// table asks one side for its commands, subcommands included, by full name.
func table(t *testing.T, p *Pair, side int) map[string]entry {
	t.Helper()
	reply, err := Parse(p.admin[side].do("COMMAND").raw)
	require.NoError(t, err)
	out := make(map[string]entry)
	addEntries(t, out, reply.Kids)
	require.Greater(t, len(out), 50)
	return out
}

func addEntries(t *testing.T, to map[string]entry, rows []Node) {
	t.Helper()
	for _, row := range rows {
		require.Len(t, row.Kids, 10, "%q", row.Raw())
		arity, err := strconv.Atoi(row.Kids[1].Text)
		require.NoError(t, err)
		e := entry{strings.Split(row.Kids[0].Text, "|"), arity, row.Kids}
		to[e.name()] = e
		addEntries(t, to, row.Kids[9].Kids)
	}
}

// TestArity sends every command with every number of arguments that is too
// small, and with one too many. A command that redis-server 7.0 lacks must
// give the same text as the others do.
func TestArity(t *testing.T) {
	p := pair(t)
	known := table(t, p, redis)
	for name, e := range table(t, p, ashlar) {
		for _, n := range wrongCounts(e) {
			args := append([]string(nil), e.words...)
			for len(args) < n {
				args = append(args, "x")
			}
			want := fmt.Sprintf("-ERR wrong number of arguments for '%s' command\r\n", name)
			if theirs, ok := known[name]; ok && theirs.arity == e.arity {
				want = string(p.admin[redis].do(args...).raw)
			}
			require.Equal(t, want, string(p.admin[ashlar].do(args...).raw), "%s", QuoteLine(args))
		}
	}
}

// wrongCounts are the numbers of words, the name's included, that e does not take.
func wrongCounts(e entry) []int {
	var out []int
	least := max(e.arity, -e.arity)
	for n := len(e.words); n < least; n++ {
		out = append(out, n)
	}
	if e.arity > 0 {
		out = append(out, e.arity+1)
	}
	return out
}

// infoFieldNames are the elements of COMMAND INFO.
var infoFieldNames = []string{"name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "key specs"}

// newer lists what Redis 7.4 says otherwise than 7.0.15 does: "command: field"
// and why.
var newer = map[string]string{
	"command|getkeys: arity":         "7.2 lets it have a command without arguments",
	"command|getkeysandflags: arity": "7.2 lets it have a command without arguments",
	"client|kill: docs arguments":    "7.4 has MAXAGE",
	"set: docs arguments":            "8.4 has IFEQ, IFNE, IFDEQ and IFDNE",
	"zrank: arity":                   "7.2 has WITHSCORE",
	"zrevrank: arity":                "7.2 has WITHSCORE",
	"zrank: docs arguments":          "7.2 has WITHSCORE",
	"zrevrank: docs arguments":       "7.2 has WITHSCORE",
	"hscan: docs arguments":          "7.4 has NOVALUES",
}

// TestCommandTable compares COMMAND INFO of every command that both servers have.
func TestCommandTable(t *testing.T) {
	p := pair(t)
	theirs := table(t, p, redis)
	compared := 0
	for name, ours := range table(t, p, ashlar) {
		other, ok := theirs[name]
		if !ok {
			continue
		}
		compared++
		for i, field := range infoFieldNames {
			if _, ok := newer[name+": "+field]; ok {
				continue
			}
			if a, b := string(ours.info[i].Raw()), string(other.info[i].Raw()); a != b {
				t.Errorf("COMMAND INFO %s: %s\n  ashlar %q\n  redis  %q", name, field, a, b)
			}
		}
	}
	require.Greater(t, compared, 80)
}

// TestCommandDocs compares what COMMAND DOCS says of the arguments, of every
// command that both have. Summaries are not compared: 7.2 rewrote them all.
func TestCommandDocs(t *testing.T) {
	p := pair(t)
	ours, theirs := docs(t, p, ashlar), docs(t, p, redis)
	for name, a := range ours {
		b, ok := theirs[name]
		if !ok {
			continue
		}
		for _, field := range []string{"since", "group", "doc_flags", "deprecated_since", "replaced_by"} {
			if a[field].Text != b[field].Text && newer[name+": docs "+field] == "" {
				t.Errorf("COMMAND DOCS %s: %s\n  ashlar %q\n  redis  %q", name, field, a[field].Raw(), b[field].Raw())
			}
		}
		if x, y := syntax(a["arguments"]), syntax(b["arguments"]); x != y && newer[name+": docs arguments"] == "" {
			t.Errorf("COMMAND DOCS %s: arguments\n  ashlar %s\n  redis  %s", name, x, y)
		}
	}
}

// docs asks one side for COMMAND DOCS, in RESP2, by full name and field.
func docs(t *testing.T, p *Pair, side int) map[string]map[string]Node {
	t.Helper()
	reply, err := Parse(p.admin[side].do("COMMAND", "DOCS").raw)
	require.NoError(t, err)
	out := make(map[string]map[string]Node)
	addDocs(out, reply)
	require.Greater(t, len(out), 50)
	return out
}

func addDocs(to map[string]map[string]Node, commands Node) {
	for name, doc := range pairs(commands) {
		to[name] = pairs(doc)
		addDocs(to, to[name]["subcommands"])
	}
}

// pairs reads a flat map.
func pairs(n Node) map[string]Node {
	out := make(map[string]Node)
	for i := 0; i+1 < len(n.Kids); i += 2 {
		out[n.Kids[i].Text] = n.Kids[i+1]
	}
	return out
}

// syntax writes arguments in one line, without display texts and summaries,
// which came with 7.2.
func syntax(arguments Node) string {
	var out []string
	for _, a := range arguments.Kids {
		f := pairs(a)
		text := f["name"].Text + ":" + f["type"].Text
		for _, field := range []string{"token", "key_spec_index", "since", "deprecated_since"} {
			if v, ok := f[field]; ok {
				text += " " + field + "=" + v.Text
			}
		}
		for _, flag := range f["flags"].Kids {
			text += " " + flag.Text
		}
		if inner, ok := f["arguments"]; ok {
			text += " " + syntax(inner)
		}
		out = append(out, text)
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// TestEveryCommandStandsInAScript: none of the server's commands is left out.
func TestEveryCommandStandsInAScript(t *testing.T) {
	p := pair(t)
	used := make(map[string]bool)
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		cases, err := ParseScript(file, string(text))
		require.NoError(t, err)
		for _, c := range cases {
			for _, s := range c.Steps {
				noteCommand(used, s)
			}
		}
	}
	for name := range table(t, p, ashlar) {
		assert.True(t, used[name], "no script in testdata has the command %s", name)
	}
}

// typedGroups are the groups, as COMMAND DOCS calls them, whose commands are all there.
var typedGroups = []string{"string", "bitmap", "hash", "list", "set", "sorted-set", "stream", "hyperloglog", "geo"}

// TestNoCommandIsMissing: what redis-server has for keys of any type, this server has.
func TestNoCommandIsMissing(t *testing.T) {
	p := pair(t)
	ours := table(t, p, ashlar)
	for name, doc := range docs(t, p, redis) {
		if slices.Contains(typedGroups, doc["group"].Text) {
			assert.Contains(t, ours, name, "a command of the group %s", doc["group"].Text)
		}
	}
	for _, name := range []string{"sort", "sort_ro", "client|unblock"} {
		assert.Contains(t, ours, name)
	}
}

// noteCommand adds a step's command, and its subcommand if it were one.
func noteCommand(used map[string]bool, s Step) {
	if !s.sends() || len(s.Words) == 0 {
		return
	}
	name := strings.ToLower(s.Words[0].text)
	used[name] = true
	if len(s.Words) > 1 {
		used[name+"|"+strings.ToLower(s.Words[1].text)] = true
	}
}
