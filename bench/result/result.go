// Package result is what load runs leave behind: the plain data that the load
// generator writes and every view of it (text, CSV, benchstat lines, the HTML page,
// pictures) reads. It is saved as JSON, one File for each command that was run, so
// that results can be kept, and shown or compared later.
//
// All times are in nanoseconds, all sizes in bytes, all shares between 0 and 1,
// unless a name says otherwise.
package result

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Format is the version of the form that Files are saved in.
const Format = 1

// File is all that one command measured.
type File struct {
	Format  int       `json:"format"`
	Title   string    `json:"title"`
	Command []string  `json:"command"` // as typed, secrets left out
	When    time.Time `json:"when"`
	System  string    `json:"system"` // system, processor, number of processors
	Seed    uint64    `json:"seed"`
	Runs    []Run     `json:"runs"`
	// Absent are the servers that were asked for and are not installed.
	Absent []string `json:"absent,omitempty"`
	// Failures are what went wrong; the runs before it are kept.
	Failures []string `json:"failures,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

// Run is one load on one server: a round of a comparison, or a point of a sweep.
type Run struct {
	Server  string        `json:"server"`  // its name in reports
	Version string        `json:"version"` // what it calls itself, if it says
	Load    Load          `json:"load"`
	Round   int           `json:"round"` // from 0, in comparisons that take turns
	Took    time.Duration `json:"took"`

	Ops    int64   `json:"ops"`    // answered, errors among them
	Errors int64   `json:"errors"` // error replies
	Rate   float64 `json:"rate"`   // ops a second
	// FirstError is the text of the first error reply or the end of the run.
	FirstError string `json:"first_error,omitempty"`
	Hits       int64  `json:"hits"` // of reads
	Misses     int64  `json:"misses"`
	// The bytes of the values that these reads were for, where that is known: of a
	// trace or a look-aside cache.
	HitBytes  int64 `json:"hit_bytes,omitempty"`
	MissBytes int64 `json:"miss_bytes,omitempty"`
	BytesIn   int64 `json:"bytes_in"` // replies
	BytesOut  int64 `json:"bytes_out"`
	Closed    int64 `json:"closed"` // connections that the server ended
	// Lost are commands whose connection ended before their reply came. Behind are those
	// that were due or sent, and not answered when the run ended; they are in the
	// latencies with the time that they had waited. Undelivered are messages that the
	// server counted and no subscriber received.
	Lost        int64 `json:"lost,omitempty"`
	Behind      int64 `json:"behind,omitempty"`
	Undelivered int64 `json:"undelivered,omitempty"`
	// Faults are the texts of error replies, the most frequent first.
	Faults []Fault `json:"faults,omitempty"`

	Latency Latency `json:"latency"`
	// Net is Latency less the time in which the machine itself stood still while a
	// command was under way, as the hypervisor and interrupts make it: moments in which
	// not even a real-time thread on an idle processor could run. It is nil in a closed
	// loop, and where such moments cannot be told. Stalled is how long they were in all.
	Net      *Latency      `json:"net,omitempty"`
	Stalled  time.Duration `json:"stalled,omitempty"`
	Commands []Command     `json:"commands,omitempty"`
	Timeline []Second      `json:"timeline,omitempty"`
	Usage    Usage         `json:"usage"`  // of the server
	Client   Client        `json:"client"` // of the generator itself
	// Within tells, in a sweep, whether this point met the bound on latency.
	Within *bool `json:"within,omitempty"`
}

// Fault is a text that error replies had, and how many had it.
type Fault struct {
	Text  string `json:"text"`
	Count int64  `json:"count"`
}

// Load says what was sent.
type Load struct {
	Workload    string        `json:"workload"`
	Connections int           `json:"connections"`
	Depth       int           `json:"depth"`           // commands in flight on each connection
	Burst       int           `json:"burst,omitempty"` // commands that became due together; 0: each by itself
	Threads     int           `json:"threads"`         // of the generator
	OpenRate    float64       `json:"open_rate"`       // commands a second; 0: closed loop
	Duration    time.Duration `json:"duration"`        // asked for; 0: a number of commands
	Requests    int64         `json:"requests"`        // asked for; 0: a duration
	Keys        uint64        `json:"keys"`
	Popularity  string        `json:"popularity"`
	Values      string        `json:"values"` // sizes
	TTL         string        `json:"ttl,omitempty"`
	SLO         string        `json:"slo,omitempty"` // such as p99.9=1ms, in a sweep
}

// Latency is a distribution. In an open loop each is counted from the moment at which
// the command was due, so a stall is in all commands that it held up.
type Latency struct {
	Count int64         `json:"count"`
	Min   time.Duration `json:"min"`
	Mean  time.Duration `json:"mean"`
	P50   time.Duration `json:"p50"`
	P90   time.Duration `json:"p90"`
	P99   time.Duration `json:"p99"`
	P999  time.Duration `json:"p99.9"`
	P9999 time.Duration `json:"p99.99"`
	Max   time.Duration `json:"max"`
	// Curve is the distribution for plots: for rising shares of the commands, how long
	// they took at most.
	Curve []Point `json:"curve,omitempty"`
	// HDR is the whole histogram in HdrHistogram's V2 compressed form, base64.
	HDR string `json:"hdr,omitempty"`
}

// Point is one of a curve: this share of the commands took at most so long.
type Point struct {
	Share float64       `json:"share"`
	At    time.Duration `json:"at"`
}

// Command is the part of one command in a mix.
type Command struct {
	Name    string  `json:"name"`
	Ops     int64   `json:"ops"`
	Errors  int64   `json:"errors"`
	Latency Latency `json:"latency"`
}

// Second is one of the time line.
type Second struct {
	At       int           `json:"at"` // the second, from 0
	Ops      int64         `json:"ops"`
	Errors   int64         `json:"errors"`
	P50      time.Duration `json:"p50"`
	P99      time.Duration `json:"p99"`
	P999     time.Duration `json:"p99.9"`
	Max      time.Duration `json:"max"`
	CPU      time.Duration `json:"cpu"`      // the server's, in that second
	Resident int64         `json:"resident"` // the server's
}

// Usage is what the server took of the machine, as the kernel counts it.
type Usage struct {
	Known       bool          `json:"known"` // it runs on this machine
	CPU         time.Duration `json:"cpu"`
	CPUPerOp    float64       `json:"cpu_per_op"` // nanoseconds
	Before      int64         `json:"resident_before"`
	After       int64         `json:"resident_after"`
	Peak        int64         `json:"resident_peak"`
	Voluntary   int64         `json:"switches_voluntary"`
	Involuntary int64         `json:"switches_involuntary"`
	GC          *Collector    `json:"gc,omitempty"` // of a server written in Go that tells
}

// Collector is what a Go server's collector did meanwhile.
type Collector struct {
	Cycles   int64         `json:"cycles"`
	CPU      time.Duration `json:"cpu"`
	MaxPause time.Duration `json:"max_pause"`
	Heap     int64         `json:"heap"`
}

// Client is what the generator took, and how well it kept its times.
type Client struct {
	CPU  time.Duration `json:"cpu"`
	Late time.Duration `json:"late"` // p99 of its own lateness, in an open loop
	// Bottleneck says, in words, why the generator and not the server may have set the
	// limit; empty if it did not.
	Bottleneck string `json:"bottleneck,omitempty"`
}

// Write saves a file.
func (f *File) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(f)
}

// Read reads one that was saved.
func Read(r io.Reader) (*File, error) {
	f := new(File)
	if err := json.NewDecoder(r).Decode(f); err != nil {
		return nil, fmt.Errorf("not a result of ashlar-bench: %w", err)
	}
	if f.Format != Format {
		return nil, fmt.Errorf("a result of format %d; this program reads format %d", f.Format, Format)
	}
	return f, nil
}
