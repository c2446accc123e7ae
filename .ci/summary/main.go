// Summary reads the events of "go test -json" and prints what a person wants
// to see: a line for each package, the output of what failed, and the counts.
//
//	go test -json ./... | go run ./.ci/summary [-counts FILE]
//
// It exits with 1 if anything failed or if there were no tests at all. With
// -counts it also appends "passed failed skipped" to FILE, for a total over
// several runs. Tests and their subtests are counted, each once, as the test
// runner reports them; a package that fails outside its tests (it does not
// build, it panics between tests) counts as one failure.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is a line of go test -json; see "go doc test2json".
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of a build's output
	Elapsed                       float64
}

// tally counts results.
type tally struct{ passed, failed, skipped int }

func (t tally) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
}

// summary follows the events of one run.
type summary struct {
	out      io.Writer
	total    tally
	packages map[string]*tally
	output   map[string][]string // lines so far, by package and test
}

func main() {
	counts := flag.String("counts", "", "append the counts to this file")
	flag.Parse()
	s := newSummary(os.Stdout)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(2)
	}
	fmt.Println(s.total)
	if *counts != "" {
		if err := appendCounts(*counts, s.total); err != nil {
			fmt.Fprintln(os.Stderr, "summary:", err)
			os.Exit(2)
		}
	}
	if s.total.failed > 0 || s.total.passed == 0 {
		os.Exit(1)
	}
}

// newSummary makes one that prints to out.
func newSummary(out io.Writer) *summary {
	return &summary{out: out, packages: make(map[string]*tally), output: make(map[string][]string)}
}

func appendCounts(name string, t tally) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	fmt.Fprintln(f, t.passed, t.failed, t.skipped)
	return f.Close()
}

// read takes events until the input ends. A line that is none is printed as it is.
func (s *summary) read(in io.Reader) error {
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprintln(s.out, strings.TrimRight(line, "\n"))
			} else {
				s.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take follows one event: output is held back until it is known how its test ended.
func (s *summary) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		s.output[key] = append(s.output[key], e.Output)
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e)
		} else {
			s.endTest(e)
		}
		delete(s.output, key) // the output of a long run is not kept
	}
}

// of is a package's tally, made at first need.
func (s *summary) of(name string) *tally {
	if s.packages[name] == nil {
		s.packages[name] = &tally{}
	}
	return s.packages[name]
}

// endTest counts a test, and prints what it said if it failed, or why it was skipped.
func (s *summary) endTest(e event) {
	for _, t := range []*tally{&s.total, s.of(e.Package)} {
		switch e.Action {
		case "pass":
			t.passed++
		case "fail":
			t.failed++
		case "skip":
			t.skipped++
		}
	}
	if e.Action != "pass" {
		s.print(e)
	}
}

// print writes the output kept for an event.
func (s *summary) print(e event) {
	for _, line := range s.output[e.Package+" "+e.Test] {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(s.out, line)
		}
	}
}

// endPackage prints a package's line; its output only if it failed in a way
// that no test of it shows.
func (s *summary) endPackage(e event) {
	t := s.of(e.Package)
	if e.Action == "fail" && t.failed == 0 {
		t.failed++
		s.total.failed++
		s.print(e)
		s.printUnfinished(e.Package)
	}
	if *t == (tally{}) {
		return // no tests
	}
	word := "ok  "
	if e.Action == "fail" {
		word = "FAIL"
	}
	fmt.Fprintf(s.out, "%s %-70s %7.2fs  %s\n", word, e.Package, e.Elapsed, t)
}

// printUnfinished writes what tests said that never came to an end, as after a
// panic or a timeout.
func (s *summary) printUnfinished(name string) {
	for key, lines := range s.output {
		if strings.HasPrefix(key, name+" Test") {
			fmt.Fprint(s.out, strings.Join(lines, ""))
		}
	}
}
