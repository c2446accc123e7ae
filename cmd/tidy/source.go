package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// unsafeRule: package unsafe stands only where memory is laid out by hand. Files
// that need it elsewhere, tests included, say so in their names.
func unsafeRule(t *tree, h *house) []finding {
	return importsOf(t, "unsafe", func(f *file) bool {
		return strings.HasSuffix(strings.TrimSuffix(f.path, "_test.go"), "_unsafe") || strings.HasSuffix(f.path, "_unsafe.go") || h.unsafeIn.has(f.path) || h.unsafeIn.has(path.Dir(f.path))
	}, "unsafe is not allowed here: move it to a file named *_unsafe.go or use the packages made for it")
}

// importsOf finds the files that import name without leave.
func importsOf(t *tree, name string, may func(*file) bool, text string) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		for _, spec := range f.syntax.Imports {
			if spec.Path.Value == strconv.Quote(name) && !may(f) {
				out = append(out, finding{f.path, t.line(spec), text})
			}
		}
	}
	return out
}

// bannedImports are packages with a better successor or a cost that does not
// show, and what is wrong with each.
var bannedImports = map[string]string{
	"log":            "log/slog is what this code logs with",
	"math/rand":      "math/rand/v2 is the successor",
	"io/ioutil":      "its functions are in io and os",
	"sort":           "package slices is faster and shorter",
	"net/http/pprof": "it registers handlers by init",
	"container/list": "a pointer and an allocation for each element",
	"encoding/gob":   "its format belongs to Go alone",
	"text/template":  "it keeps the linker from dropping unused methods",
}

// importBanRule: some packages have a better successor, and fmt allocates.
func importBanRule(t *tree, h *house) []finding {
	var out []finding
	for name, why := range bannedImports {
		out = append(out, importsOf(t, name, (*file).isTest, "import of "+name+": "+why)...)
	}
	return append(out, importsOf(t, "fmt", func(f *file) bool {
		return f.isTest() || !matchesAny(h.hot, path.Dir(f.path)) || h.fmtIn.has(f.path)
	}, "fmt in a package on the path of every request: it allocates")...)
}

// initRule: nothing registers itself; what runs is joined in one visible place.
func initRule(t *tree, h *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Recv == nil && fn.Name.Name == "init" && !h.initIn.has(f.path) {
				out = append(out, finding{f.path, t.line(fn), "an init function: register explicitly"})
			}
		}
	}
	return out
}

// unfinished are the words that mark work left undone, spelled so that this
// file does not hold them.
var unfinished = []string{"TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"}

// wordRule: what is left to do is no comment in the code.
func wordRule(t *tree, _ *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		for _, group := range f.syntax.Comments {
			for _, c := range group.List {
				if i := slices.IndexFunc(unfinished, func(w string) bool { return hasWord(c.Text, w) }); i >= 0 {
					out = append(out, finding{f.path, t.line(c), "the word " + unfinished[i] + " in a comment: finish it or leave it out"})
				}
			}
		}
	}
	return out
}

// hasWord says whether text holds word with no letter on either side.
func hasWord(text, word string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool {
		return r < '0' || '9' < r && r < 'A' || 'Z' < r && r < 'a' || 'z' < r
	}), word)
}

// machinePathRule: no literal outside tests names a directory of somebody's machine.
func machinePathRule(t *tree, _ *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		if f.isTest() {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(lit.Value)
			// In halves, since this rule reads this file too.
			for _, dir := range []string{"ro" + "ot", "ho" + "me", "t" + "mp", "wo" + "rk", "Us" + "ers"} {
				if strings.HasPrefix(text, "/"+dir+"/") || text == "/"+dir {
					out = append(out, finding{f.path, t.line(lit), fmt.Sprintf("%q names a directory of one machine", text)})
				}
			}
			return true
		})
	}
	return out
}

// formatRule: every Go file is as gofmt prints it.
func formatRule(t *tree, _ *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		if neat, err := format.Source([]byte(f.text)); err != nil || string(neat) != f.text {
			out = append(out, finding{path: f.path, text: "not as gofmt prints it"})
		}
	}
	return out
}

// drawers are names for packages and files that say nothing of what is inside.
var drawers = []string{"util", "utils", "common", "types", "helper", "helpers", "misc", "base", "shared"}

// drawerRule: where anything may go, nothing is found.
func drawerRule(t *tree, _ *house) []finding {
	var out []finding
	for dir := range t.packages {
		if slices.Contains(drawers, path.Base(dir)) {
			out = append(out, finding{path: dir, text: "a drawer: name the package after what it does"})
		}
	}
	for _, f := range t.goFiles() {
		if name := strings.TrimSuffix(path.Base(f.path), ".go"); slices.Contains(drawers, name) {
			out = append(out, finding{path: f.path, text: "a drawer: name the file after what is in it"})
		}
	}
	return out
}

// callRule: a library neither ends the process nor prints, and the engine gets
// its time from the clock in its options.
func callRule(t *tree, h *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		if f.isTest() {
			continue
		}
		inCmd, inCache := f.syntax.Name.Name == "main", strings.HasPrefix(f.path, "cache/")
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			// A package's name and a local variable look alike here; none of the
			// packages asked for is shadowed by one.
			x, _ := sel.X.(*ast.Ident)
			if x == nil {
				return true
			}
			switch name := x.Name + "." + sel.Sel.Name; {
			case name == "os.Exit" && !inCmd && !h.exitIn.has(f.path):
				out = append(out, finding{f.path, t.line(sel), "os.Exit in a library"})
			case (name == "fmt.Print" || name == "fmt.Printf" || name == "fmt.Println") && !inCmd:
				out = append(out, finding{f.path, t.line(sel), name + " in a library"})
			case name == "time.Now" && inCache && !h.clockIn.has(f.path):
				out = append(out, finding{f.path, t.line(sel), "time.Now in the engine: use the clock of its options"})
			}
			return true
		})
	}
	return out
}

// silencedRule: lint is switched off nowhere without a word on why.
func silencedRule(t *tree, _ *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		for _, group := range f.syntax.Comments {
			for _, c := range group.List {
				// The check's name comes first, and then at least two words of why.
				rest, isIgnore := strings.CutPrefix(c.Text, "//lint:ignore ")
				if strings.HasPrefix(c.Text, "//nolint") || isIgnore && len(strings.Fields(rest)) < 3 {
					out = append(out, finding{f.path, t.line(c), "a check switched off without a reason: //lint:ignore CHECK why"})
				}
			}
		}
	}
	return out
}
