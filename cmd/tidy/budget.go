package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// fileLengthRule: a file is about one thing, and can be read in one go.
func fileLengthRule(t *tree, h *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		if n := f.lines(); n > maxFileLines && !h.longFiles.has(f.path) {
			out = append(out, finding{path: f.path, text: fmt.Sprintf("%d lines; %d are the budget of a file", n, maxFileLines)})
		}
	}
	return out
}

// funcLengthRule: a function fits on a page.
func funcLengthRule(t *tree, h *house) []finding {
	var out []finding
	for _, f := range t.goFiles() {
		budget := maxFuncLines
		if f.isTest() {
			budget = maxTestFuncLines
		}
		for _, fn := range funcs(f) {
			n := t.length(fn)
			if n > budget && !h.longFuncs.has(f.path+": "+funcName(fn)) {
				out = append(out, finding{f.path, t.line(fn), fmt.Sprintf("%s has %d lines; %d are the budget of a function", funcName(fn), n, budget)})
			}
		}
	}
	return out
}

// medianRule: long functions are the exception, so half of all are short. A
// handful of functions says nothing, hence the minimum.
func medianRule(t *tree, _ *house) []finding {
	const handful = 30
	var lengths []int
	for _, f := range t.goFiles() {
		if f.isTest() { // those would all be short, or all tables
			continue
		}
		for _, fn := range funcs(f) {
			lengths = append(lengths, t.length(fn))
		}
	}
	slices.Sort(lengths)
	if n := len(lengths); n >= handful && lengths[n/2] > maxMedian {
		return []finding{{path: ".", text: fmt.Sprintf("half of the functions have %d lines or more; the median's budget is %d", lengths[n/2], maxMedian)}}
	}
	return nil
}

// funcs are a file's functions and methods, those inside others left out.
func funcs(f *file) []*ast.FuncDecl {
	var out []*ast.FuncDecl
	for _, d := range f.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			out = append(out, fn)
		}
	}
	return out
}

// length is a function's number of lines, from "func" to its last brace.
func (t *tree) length(fn *ast.FuncDecl) int {
	return t.set.Position(fn.End()).Line - t.set.Position(fn.Type.Pos()).Line + 1
}

// funcName is "Func" or "Type.Func", without the star of a pointer receiver and
// the parameters of a generic one.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	typ := fn.Recv.List[0].Type
	// Receivers nest at most as *T[P].
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
			continue
		case *ast.IndexExpr:
			typ = x.X
			continue
		case *ast.IndexListExpr:
			typ = x.X
			continue
		case *ast.Ident:
			return x.Name + "." + fn.Name.Name
		}
		return fn.Name.Name
	}
}

// commentRule: comments say why; code without any is as bad as code hidden in them.
func commentRule(t *tree, h *house) []finding {
	var out []finding
	for dir, p := range t.packages {
		comments, lines := t.remarks(p)
		if lines < 50 { // too few to speak of a share
			continue
		}
		if share := 100 * comments / lines; share < minComments && !h.fewRemarks.has(dir) {
			out = append(out, finding{path: dir, text: fmt.Sprintf("comments are %d %% of the lines; at least %d %% are wanted", share, minComments)})
		}
	}
	return out
}

// remarks counts a package's lines that hold a comment, and all that are not
// empty. Tests are left out, and so are tables of data: what a command's row
// says needs no comment beside it.
func (t *tree) remarks(p *pkg) (comments, lines int) {
	for _, f := range p.files {
		if f.isTest() {
			continue
		}
		table := t.tableLines(f)
		n := 0
		for line := range strings.SplitSeq(f.text, "\n") {
			if n++; strings.TrimSpace(line) != "" && !table[n] {
				lines++
			}
		}
		marked := make(map[int]bool) // a line with two comments counts once
		for _, group := range f.syntax.Comments {
			for _, c := range group.List {
				for i := range strings.Count(c.Text, "\n") + 1 {
					if at := t.line(c) + i; !table[at] {
						marked[at] = true
					}
				}
			}
		}
		comments += len(marked)
	}
	return comments, lines
}

// tableLines are the lines of package variables that are composite literals of
// some length, and of constants that are texts of some length.
func (t *tree) tableLines(f *file) map[int]bool {
	const some = 10
	out := make(map[int]bool)
	for _, d := range f.syntax.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR && decl.Tok != token.CONST {
			continue
		}
		for _, spec := range decl.Specs {
			for _, v := range spec.(*ast.ValueSpec).Values {
				_, list := v.(*ast.CompositeLit)
				if _, text := v.(*ast.BasicLit); !list && !text {
					continue
				}
				from, to := t.line(v), t.set.Position(v.End()).Line
				for line := from; line <= to && to-from >= some; line++ {
					out[line] = true
				}
			}
		}
	}
	return out
}

// packageDocRule: a package says what it is for.
func packageDocRule(t *tree, _ *house) []finding {
	var out []finding
	for dir, p := range t.packages {
		documented, code := false, false
		for _, f := range p.files {
			if f.isTest() {
				continue
			}
			code = true
			documented = documented || f.syntax.Doc != nil && len(strings.Fields(f.syntax.Doc.Text())) >= 8
		}
		if code && !documented {
			out = append(out, finding{path: dir, text: "no package comment that explains what the package is for"})
		}
	}
	return out
}

// topLevelRule: whoever opens the repository sees what there is; the top level stays a table of contents.
func topLevelRule(t *tree, h *house) []finding {
	var out []finding
	for _, name := range t.top {
		// What .gitignore names lies about in a working copy, but is not kept.
		if strings.HasPrefix(name, ".") || slices.Contains(h.top, name) || ignored(name) {
			continue
		}
		out = append(out, finding{path: name, text: "does not belong at the top level, which holds " + strings.Join(h.top, " ") + " and dotfiles"})
	}
	return out
}

// printTable writes a line about each package: how long it and its functions
// are, and how much of it is commented.
func printTable(w io.Writer, t *tree) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "lines\tof tests\tcomments\tfunctions\tmedian\tlongest\t\tpackage")
	for _, dir := range slices.Sorted(maps.Keys(t.packages)) {
		p := t.packages[dir]
		var code, tests int
		var lengths []int
		for _, f := range p.files {
			if f.isTest() {
				tests += f.lines()
				continue
			}
			code += f.lines()
			for _, fn := range funcs(f) {
				lengths = append(lengths, t.length(fn))
			}
		}
		slices.Sort(lengths)
		median, longest := 0, 0
		if n := len(lengths); n > 0 {
			median, longest = lengths[n/2], lengths[n-1]
		}
		comments, lines := t.remarks(p)
		fmt.Fprintf(tab, "%d\t%d\t%d %%\t%d\t%d\t%d\t\t%s\n",
			code, tests, 100*comments/max(1, lines), len(lengths), median, longest, dir)
	}
	_ = tab.Flush()
}
