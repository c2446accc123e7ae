package main

import (
	"fmt"
	"io"

	"github.com/ashlar-cache/ashlar/bench"
)

// help is the page behind --help; %s is the list of figures.
const help = `ashlar-bench measures cache servers that speak the Redis protocol. Each figure
is printed beside the bar it has to reach.

Usage: ashlar-bench FIGURE ... [options]

%s  all         all of these

Servers are started for the measurement and stopped after it. The first one is
held to the bars, the others are there for comparison.

  --servers LIST    ashlar, redis, valkey, NAME='COMMAND {port}', or
                    NAME=HOST:PORT for one that runs, is empty, and will be
                    emptied; separated by commas (without it: ashlar, and redis
                    where the figure compares with it)
  --ashlar PATH     the ashlar program (without it: built from this module, or
                    found beside this program or in PATH)
  --only LIST       only these profiles, workloads or parts of the figure
  --quick           a twentieth of the size: shows that it works, not how well
  --scale X         that much of the size
  --seed N          where random numbers come from (1)
  --json FILE       results as JSON too; - for standard output, in place of text
  --silent          no progress on standard error

Exit status: 0, or 1 if a bar was missed, a server died or anything else failed.
Memory and processor time are read from Linux's /proc.
`

// printHelp prints the page. The figures name themselves, so a new one is listed
// without a change here. A test holds it to the size of a screen.
func printHelp(out io.Writer) {
	figures := ""
	for _, f := range bench.Figures() {
		figures += fmt.Sprintf("  %-11s %s\n", f.Name, f.Title)
	}
	fmt.Fprintf(out, help, figures)
}
