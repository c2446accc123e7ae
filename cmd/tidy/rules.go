package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// finding is one breach of a rule.
type finding struct {
	path string
	line int // 0 for a whole file or directory
	text string
}

func (f finding) String() string {
	if f.line == 0 {
		return f.path + ": " + f.text
	}
	return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.text)
}

// exception lets one place break a rule, for a reason.
type exception struct {
	where  string // a file, a directory, or "file: function"; see each list
	reason string
}

// exceptions is a list of them that notes which are in use. It starts unused
// with every check, so a house is made for one check.
type exceptions struct {
	name string
	list []exception
	used map[string]bool
}

func except(name string, list ...exception) *exceptions {
	return &exceptions{name: name, list: list, used: make(map[string]bool)}
}

// has says whether where is excepted: by its own name, or by a pattern
// (path.Match). Rules ask only about what breaks them, so that an exception that
// is never asked for is one that nobody needs.
func (e *exceptions) has(where string) bool {
	for _, x := range e.list {
		if ok, _ := path.Match(x.where, where); ok || x.where == where {
			e.used[x.where] = true
			return true
		}
	}
	return false
}

// stale finds the exceptions that nothing needed, and those without a reason.
func (e *exceptions) stale() []finding {
	var out []finding
	for _, x := range e.list {
		if !e.used[x.where] {
			out = append(out, finding{path: "cmd/tidy/allow.go", text: fmt.Sprintf("%s: the exception for %q is not needed any more", e.name, x.where)})
		}
		if len(strings.Fields(x.reason)) < 3 {
			out = append(out, finding{path: "cmd/tidy/allow.go", text: fmt.Sprintf("%s: the exception for %q gives no reason", e.name, x.where)})
		}
	}
	return out
}

// house is what the rules allow. See allow.go for this module's.
type house struct {
	graph graph // what may import what

	unsafeIn   *exceptions // files that may import unsafe
	initIn     *exceptions // files that may have init functions
	longFiles  *exceptions // files beyond maxFileLines
	longFuncs  *exceptions // "file: Func" or "file: Type.Func" beyond maxFuncLines
	fewRemarks *exceptions // directories with less than minComments
	fmtIn      *exceptions // files of hot packages that may import fmt
	exitIn     *exceptions // files that may call os.Exit
	clockIn    *exceptions // files of the engine that may ask for the time

	hot []string // packages (path.Match patterns) where a request passes: no fmt
	top []string // allowed names at the top level
}

// The budgets. They are chosen so that a reader can hold what is measured in the
// head at once; a place that cannot keep one gets an exception with its reason.
const (
	maxFileLines     = 600
	maxFuncLines     = 70
	maxTestFuncLines = 120 // a table of cases is long and simple
	maxMedian        = 10  // of the lines of all functions
	minComments      = 15  // percent of the lines that are neither empty nor rows of a table
)

// check runs every rule, in no order that matters, and returns what they find, sorted by place.
func check(t *tree, h *house) []finding {
	var out []finding
	for _, rule := range []func(*tree, *house) []finding{
		importRule, unsafeRule, importBanRule, initRule, wordRule, fileLengthRule, funcLengthRule, medianRule, commentRule, packageDocRule,
		topLevelRule, machinePathRule, formatRule, drawerRule, callRule, silencedRule,
	} {
		out = append(out, rule(t, h)...)
	}
	// After all rules have run, so that each exception had its chance.
	for _, e := range []*exceptions{h.unsafeIn, h.initIn, h.longFiles, h.longFuncs, h.fewRemarks, h.fmtIn, h.exitIn, h.clockIn} {
		out = append(out, e.stale()...)
	}
	slices.SortStableFunc(out, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.path, b.path), a.line-b.line)
	})
	return out
}
