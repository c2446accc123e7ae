package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// task is what a process of its own is asked to measure.
type task struct {
	Part     string
	Store    string
	Seed     uint64
	Entries  int
	Value    int     // bytes of a value
	Threads  []int   // throughput
	Mixes    []int   // of reads in 100, throughput
	Seconds  float64 // for each measurement
	Workload string  // hit ratio
	Requests int
	Budget   int64 // bytes, as workloads see it
	Capacity int64 // bytes, as the store is told
}

// outcome is what it answers.
type outcome struct {
	Speeds []speed `json:",omitempty"`
	Heap   *heap   `json:",omitempty"`
	Hits   *hits   `json:",omitempty"`
}

// Serve is the other side of Run: it reads a task, measures it and writes the
// outcome. Config.Program must lead to it.
func Serve(in io.Reader, out io.Writer) error {
	var t task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return fmt.Errorf("embedded: the task: %w", err)
	}
	m, ok := find(t.Store)
	if !ok {
		return fmt.Errorf("embedded: unknown store %q", t.Store)
	}
	var o outcome
	var err error
	switch t.Part {
	case partThroughput:
		o.Speeds, err = t.throughput(m)
	case partHeap:
		o.Heap, err = t.heap(m)
	case partHits:
		o.Hits, err = t.replay(m)
	default:
		err = fmt.Errorf("unknown part %q", t.Part)
	}
	if err != nil {
		return fmt.Errorf("embedded: %s: %w", t.Store, err)
	}
	return json.NewEncoder(out).Encode(o)
}

// do has a fresh process measure a task.
func (c *Config) do(ctx context.Context, t task) (o outcome, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return o, err
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Program[0], c.Program[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &out, &errs
	cmd.Env = append(os.Environ(), "GOGC=100", "GOMEMLIMIT=off") // alike for all
	if err := cmd.Run(); err != nil {
		return o, fmt.Errorf("%s, %s: %w\n%s", t.Part, t.Store, err, strings.TrimSpace(errs.String()))
	}
	return o, json.Unmarshal(out.Bytes(), &o)
}
