package main

import (
	"fmt"
	"io"

	"github.com/ashlar-cache/ashlar/bench"
)

// printHelp prints the page. The figures name themselves, so a new one is listed
// without a change here. A test holds it to the size of a screen.
func printHelp(out io.Writer) {
	figures := ""
	for _, f := range bench.Figures() {
		figures += fmt.Sprintf("  %-11s %s\n", f.Name, f.Title)
	}
	known := ""
	for _, v := range verbs() {
		known += fmt.Sprintf("  %-11s %s\n", v.name, v.title)
	}
	fmt.Fprintf(out, pageText("main"), known, figures)
}
