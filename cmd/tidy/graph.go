package main

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// graph maps a package's directory to what it may import beyond the standard
// library: directories of this module, and modules by the last name of their
// path. Keys and values may be patterns (path.Match: * is one element).
type graph []edge

type edge struct {
	from string
	to   []string
}

// parseGraph reads lines of the form "package: what it may import". A line that
// begins with a blank goes on with the one above; # starts a comment.
func parseGraph(text string) graph {
	var g graph
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		from, to, ok := strings.Cut(line, ":")
		if !ok {
			last := &g[len(g)-1]
			last.to = append(last.to, strings.Fields(line)...)
			continue
		}
		g = append(g, edge{strings.TrimSpace(from), strings.Fields(to)})
	}
	return g
}

// allowed joins what the lines about a package allow: more than one pattern may
// match it. Not known means that no line is about it at all.
func (g graph) allowed(dir string) (to []string, known bool) {
	for _, e := range g {
		if ok, _ := path.Match(e.from, dir); ok {
			to, known = append(to, e.to...), true
		}
	}
	return to, known
}

// importRule compares the imports with the graph. Tests may besides import the
// package they test, and what the lines "tests" and "PACKAGE tests" allow.
func importRule(t *tree, h *house) []finding {
	var out []finding
	forTests, _ := h.graph.allowed("tests")
	for dir, p := range t.packages {
		allowed, known := h.graph.allowed(dir)
		if !known {
			out = append(out, finding{path: dir, text: "the import graph (cmd/tidy/allow.go) has no line for this package"})
			continue
		}
		own, _ := h.graph.allowed(dir + " tests")
		inTests := slices.Concat(allowed, forTests, own, []string{dir})
		for _, f := range p.files {
			may := allowed
			if f.isTest() {
				may = inTests
			}
			out = append(out, checkImports(t, f, may)...)
		}
	}
	return out
}

func checkImports(t *tree, f *file, may []string) []finding {
	var out []finding
	for _, spec := range f.syntax.Imports {
		// The standard library is everybody's; bannedImports has its exceptions.
		full, _ := strconv.Unquote(spec.Path.Value)
		name := shortName(full)
		if name == "" || matchesAny(may, name) {
			continue
		}
		out = append(out, finding{f.path, t.line(spec), fmt.Sprintf("the import graph does not let this package import %s", name)})
	}
	return out
}

// shortName is how the graph calls an import: a directory of this module, a
// module's own name, or "" for the standard library.
func shortName(importPath string) string {
	if dir, ok := strings.CutPrefix(importPath, modulePath+"/"); ok {
		return dir
	}
	first, _, _ := strings.Cut(importPath, "/")
	if !strings.Contains(first, ".") {
		return ""
	}
	parts := strings.Split(importPath, "/")
	switch {
	case first == "golang.org" && len(parts) > 2: // golang.org/x/sys/unix
		return "x/" + parts[2]
	case first == "github.com" && len(parts) > 2: // github.com/owner/name/...
		return parts[2]
	}
	return parts[len(parts)-1]
}

// matchesAny matches name against patterns; "dir/..." stands for dir and all below.
func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if dir, ok := strings.CutSuffix(p, "/..."); ok {
			return name == dir || strings.HasPrefix(name, dir+"/")
		}
		ok, _ := path.Match(p, name)
		return ok
	})
}
