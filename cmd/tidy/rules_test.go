package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// neat is a file that breaks no rule, to which cases add one that does.
const neat = "// Package lib does what the cases of this test need done.\npackage lib\n"

// smallHouse allows little; each case says what it needs.
func smallHouse() *house {
	h := houseRules()
	for _, e := range []**exceptions{&h.unsafeIn, &h.initIn, &h.longFiles, &h.longFuncs, &h.fewRemarks, &h.fmtIn, &h.exitIn, &h.clockIn} {
		*e = except((*e).name)
	}
	h.graph = parseGraph("lib: resp redcon\ncache:\ncmd/x:\ntests: testify\nresp:")
	h.top = []string{"lib", "cmd", "cache", "resp", "README.md"}
	h.hot = []string{"resp"}
	return h
}

// findings checks a module made of the files given, by path.
func findings(t *testing.T, h *house, files map[string]string) []string {
	t.Helper()
	fs := fstest.MapFS{}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tree, err := load(fs)
	require.NoError(t, err)
	out := []string{}
	for _, f := range check(tree, h) {
		out = append(out, f.String())
	}
	return out
}

func TestANeatModuleHasNoFindings(t *testing.T) {
	require.Empty(t, findings(t, smallHouse(), map[string]string{
		"lib/lib.go":      neat + "\nimport \"github.com/tidwall/redcon\"\n\nvar _ = redcon.AppendInt\n",
		"lib/lib_test.go": "package lib_test\n\nimport (\n\t\"fmt\"\n\n\t_ \"github.com/ashlar-cache/ashlar/lib\"\n\t_ \"github.com/stretchr/testify/require\"\n)\n\nvar _ = fmt.Sprint\n",
		"README.md":       "It may say TO" + "DO.\n",
		".ci/run":         "#!/bin/bash\n",
	}))
}

// TestEveryRuleFinds gives each rule something to find, in files of package lib.
func TestEveryRuleFinds(t *testing.T) {
	body := func(lines int) string { return strings.Repeat("\t// x\n", lines) }
	for _, c := range []struct{ name, file, code, want string }{
		{"a foreign import", "lib/b.go", "import _ \"github.com/gorilla/mux\"\n",
			"lib/b.go:3: the import graph does not let this package import mux"},
		{"an import against the grain", "lib/b.go", "import _ \"github.com/ashlar-cache/ashlar/cache\"\n",
			"lib/b.go:3: the import graph does not let this package import cache"},
		{"testify outside tests", "lib/b.go", "import _ \"github.com/stretchr/testify/require\"\n",
			"lib/b.go:3: the import graph does not let this package import testify"},
		{"unsafe", "lib/b.go", "import _ \"unsafe\"\n", "lib/b.go:3: unsafe is not allowed here"},
		{"a banned import", "lib/b.go", "import _ \"math/rand\"\n", "lib/b.go:3: import of math/rand: math/rand/v2"},
		{"init", "lib/b.go", "func init() {}\n", "lib/b.go:3: an init function"},
		{"a word", "lib/b.go", "// TO" + "DO: more.\n", "lib/b.go:3: the word TO" + "DO in a comment"},
		{"a word inside a block", "lib/b.go", "/*\nx FIX" + "ME */\n", "lib/b.go:3: the word FIX" + "ME in a comment"},
		{"a machine's path", "lib/b.go", "const dir = \"/ho" + "me/me/x\"\n", "lib/b.go:3: \"/ho" + "me/me/x\" names a directory"},
		{"not formatted", "lib/b.go", "var  x int\n", "lib/b.go: not as gofmt prints it"},
		{"a drawer", "lib/util.go", "", "lib/util.go: a drawer"},
		{"os.Exit", "lib/b.go", "import \"os\"\n\nfunc f() { os.Exit(1) }\n", "lib/b.go:5: os.Exit in a library"},
		{"printing", "lib/b.go", "import \"fmt\"\n\nfunc f() { fmt.Println() }\n", "lib/b.go:5: fmt.Println in a library"},
		{"nolint", "lib/b.go", "//nolint\n", "lib/b.go:3: a check switched off"},
		{"lint:ignore without a reason", "lib/b.go", "//lint:ignore U1000 x\n", "lib/b.go:3: a check switched off"},
		{"a long function", "lib/b.go", "func f() {\n" + body(69) + "}\n", "lib/b.go:3: f has 71 lines; 70 are"},
		{"a long method", "lib/b.go", "type s[T any] struct{}\n\nfunc (*s[T]) f() {\n" + body(69) + "}\n", "lib/b.go:5: s.f has 71 lines"},
		{"many middling functions", "lib/b.go", strings.Repeat("func (s) f() {\n"+body(10)+"}\n\n", 31), ".: half of the functions have 12 lines"},
		{"a long file", "lib/b.go", strings.Repeat("// x\n", 600), "lib/b.go: 602 lines; 600 are"},
		{"few comments", "lib/b.go", strings.Repeat("var _ = 0\n", 60), "lib: comments are 1 % of the lines"},
		{"few comments, a table aside", "lib/b.go", "var t = []int{\n" + strings.Repeat("\t0, // x\n", 100) + "}\n\n" + strings.Repeat("var _ = 0\n", 60),
			"lib: comments are 1 % of the lines"},
	} {
		got := findings(t, smallHouse(), map[string]string{
			"lib/lib.go": neat,
			c.file:       strings.TrimRight("package lib\n\n"+c.code, "\n") + "\n",
		})
		require.Len(t, got, 1, "%s: %v", c.name, got)
		require.Contains(t, got[0], c.want, c.name)
	}
}

func TestRulesAboutDirectories(t *testing.T) {
	for _, c := range []struct{ name, file, code, want string }{
		{"no line in the graph", "lib/new/n.go", strings.ReplaceAll(neat, "lib", "new"), "lib/new: the import graph (cmd/tidy/allow.go) has no line"},
		{"no package comment", "cache/c.go", "package cache\n", "cache: no package comment"},
		{"a package comment that says nothing", "cache/c.go", "// Package cache caches.\npackage cache\n", "cache: no package comment"},
		{"the top level", "notes.txt", "x", "notes.txt: does not belong at the top level"},
		{"the clock", "cache/c.go", strings.ReplaceAll(neat, "lib", "cache") + "\nimport \"time\"\n\nvar t = time.Now()\n", "cache/c.go:6: time.Now in the engine"},
		{"fmt where it is hot", "resp/r.go", strings.ReplaceAll(neat, "lib", "resp") + "\nimport _ \"fmt\"\n", "resp/r.go:4: fmt in a package on the path"},
	} {
		got := findings(t, smallHouse(), map[string]string{"lib/lib.go": neat, c.file: c.code})
		require.Len(t, got, 1, "%s: %v", c.name, got)
		require.Contains(t, got[0], c.want, c.name)
	}
}

func TestATableNeedsNoComments(t *testing.T) {
	require.Empty(t, findings(t, smallHouse(), map[string]string{
		"lib/lib.go": neat + "\nvar t = []int{\n" + strings.Repeat("\t0,\n", 100) + "}\n",
	}))
}

func TestCommandsMayPrintAndExit(t *testing.T) {
	require.Empty(t, findings(t, smallHouse(), map[string]string{
		"cmd/x/main.go": "// X is a command that prints one line and exits.\npackage main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tfmt.Println()\n\tos.Exit(1)\n}\n",
	}))
}

func TestExceptions(t *testing.T) {
	long := map[string]string{"lib/lib.go": neat + strings.Repeat("\n// x\n", 400)}
	h := smallHouse()
	h.longFiles = except("long files", exception{"lib/lib.go", "a table of one line a row"})
	require.Empty(t, findings(t, h, long))

	h.longFiles = except("long files", exception{"lib/*.go", "a table of one line a row"})
	require.Empty(t, findings(t, h, long), "a pattern")

	h.longFiles = except("long files", exception{"lib/lib.go", "big"})
	require.Equal(t, []string{`cmd/tidy/allow.go: long files: the exception for "lib/lib.go" gives no reason`}, findings(t, h, long))

	h.longFiles = except("long files", exception{"lib/lib.go", "a table of one line a row"})
	require.Equal(t, []string{`cmd/tidy/allow.go: long files: the exception for "lib/lib.go" is not needed any more`},
		findings(t, h, map[string]string{"lib/lib.go": neat}))
}

func TestParseGraph(t *testing.T) {
	g := parseGraph("# c\na: b c # why\n  d\n\ne/*:\na: f/...\n")
	to, known := g.allowed("a")
	require.True(t, known)
	require.Equal(t, []string{"b", "c", "d", "f/..."}, to)
	to, known = g.allowed("e/x")
	require.True(t, known)
	require.Empty(t, to)
	_, known = g.allowed("e/x/y")
	require.False(t, known)
	require.True(t, matchesAny(to, "") == false && matchesAny([]string{"f/..."}, "f/g/h") && !matchesAny([]string{"f/..."}, "fg"))
}

func TestShortName(t *testing.T) {
	for full, want := range map[string]string{
		"fmt": "", "go/ast": "", "golang.org/x/sys/unix": "x/sys", "go.uber.org/goleak": "goleak", "pgregory.net/rapid": "rapid",
		"github.com/cespare/xxhash/v2": "xxhash", modulePath + "/protocol/resp": "protocol/resp",
		"github.com/HdrHistogram/hdrhistogram-go": "hdrhistogram-go",
	} {
		require.Equal(t, want, shortName(full), full)
	}
}

func TestPrintTable(t *testing.T) {
	tree, err := load(fstest.MapFS{"lib/lib.go": {Data: []byte(neat + "\nfunc f() {\n}\n")}})
	require.NoError(t, err)
	var out strings.Builder
	printTable(&out, tree)
	require.Contains(t, out.String(), fmt.Sprintf("%7d%10d", 5, 0))
	require.Contains(t, out.String(), "lib\n")
}
