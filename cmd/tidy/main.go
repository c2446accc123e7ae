// Tidy checks the rules of this code base that neither the compiler nor vet
// knows: which package may import which, where unsafe may stand, how long
// files and functions may be, how much is commented, what the top level holds.
//
//	go run ./cmd/tidy     prints what it finds, and a table of the packages
//	go test ./cmd/tidy    fails for the same findings
//
// # Design
//
// load reads the whole module into a tree: every file, the Go ones parsed.
// Each rule is a function from the tree to findings, listed in rules, with no
// state between them. Rules know no file of this module by themselves: what
// they allow stands in tables (graph.go, allow.go), and an exception there has
// a reason written beside it. An exception that is no longer needed is a
// finding too, so that the lists only shrink by themselves and grow on purpose.
//
// The rules are tested on small trees made for the purpose (rules_test.go):
// each must find what it is for.
package main

import (
	"fmt"
	"os"
)

func main() {
	root, err := moduleRoot(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "tidy:", err)
		os.Exit(2)
	}
	t, err := load(os.DirFS(root))
	if err != nil {
		fmt.Fprintln(os.Stderr, "tidy:", err)
		os.Exit(2)
	}
	printTable(os.Stdout, t)
	findings := check(t, houseRules())
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}
