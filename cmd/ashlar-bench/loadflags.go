package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/loadgen"
	"github.com/ashlar-cache/ashlar/bench/mix"
	"github.com/ashlar-cache/ashlar/bench/pace"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// loadFlags are what run, compare and fill can be told. Names that redis-benchmark or
// memtier_benchmark have mean here what they mean there.
type loadFlags struct {
	set *flag.FlagSet

	// Where the server is, and what it wants before it lets a client in.
	host, socket, user, password string
	port                         int
	tls, insecure                bool // insecure: whoever the server says it is
	sni, caCert, cert, key       string
	memcached, resp3             bool // what it speaks, if not RESP2

	// What is sent.
	mix    mix.Config
	tests  string // of redis-benchmark: a load for each
	size   int    // of values; mix.Values in the form that -d has
	pubsub bool   // messages, which package mix knows nothing of

	// How it is sent. Fields that no option sets are left to package loadgen.
	load    loadgen.Config
	seconds float64
	slo     string // as written
	bound   bench.Bound
	fill    bool // store first what will be asked for

	// Servers that are started for it.
	servers   string // names
	ashlar    string // path of the program; empty: look for it
	rounds    int    // turns of each in a comparison
	maxMemory string // the setting of that name
	pin       bool   // servers and the generator's threads on processors of their own
	on        []int  // those of the servers then

	// What becomes of the results.
	csv        bool   // in place of text
	json, html string // files; "-" for standard output, in place of text
	silent     bool   // no progress
}

// defaultSeconds is how long a load lasts if nothing says so; a point of a search is
// half of that.
const defaultSeconds = 10

// newLoadFlags defines the options that all of the verbs have.
func newLoadFlags(verb string) *loadFlags {
	o := &loadFlags{set: flag.NewFlagSet(verb, flag.ContinueOnError)}
	f := o.set
	f.SetOutput(io.Discard) // the help is one page, written by hand
	// The server.
	f.StringVar(&o.host, "h", "127.0.0.1", "")
	f.IntVar(&o.port, "p", 6379, "")
	f.StringVar(&o.socket, "s", "", "")
	// On the command line everybody on the machine sees it; redis-cli has this way, too.
	f.StringVar(&o.password, "a", os.Getenv("REDISCLI_AUTH"), "")
	f.StringVar(&o.user, "user", "", "")
	f.IntVar(&o.load.DB, "dbnum", 0, "")
	f.BoolVar(&o.resp3, "3", false, "")
	f.BoolVar(&o.memcached, "memcached", false, "")
	f.BoolVar(&o.tls, "tls", false, "")
	f.BoolVar(&o.insecure, "insecure", false, "")
	f.StringVar(&o.sni, "sni", "", "")
	f.StringVar(&o.caCert, "cacert", "", "")
	f.StringVar(&o.cert, "cert", "", "")
	f.StringVar(&o.key, "key", "", "")

	// How it is loaded.
	f.IntVar(&o.load.Connections, "c", 50, "")
	f.IntVar(&o.load.Depth, "P", 1, "")
	f.IntVar(&o.load.Threads, "threads", 0, "")
	// With what: see package mix for the forms.
	f.Uint64Var(&o.mix.Keys, "r", 0, "")
	f.IntVar(&o.size, "d", 0, "")
	f.StringVar(&o.mix.Values, "values", "", "")
	f.StringVar(&o.mix.TTL, "ttl", "", "")
	f.StringVar(&o.mix.Prefix, "prefix", "", "")
	f.StringVar(&o.mix.Workload, "workload", "", "")
	f.StringVar(&o.mix.Mix, "mix", "", "")
	f.StringVar(&o.tests, "t", "", "")
	f.Func("command", "", func(text string) error { o.mix.Commands = append(o.mix.Commands, text); return nil })
	f.StringVar(&o.mix.Popularity, "keys", "", "")
	f.Uint64Var(&o.mix.Seed, "seed", 1, "")
	// What is told of it.
	f.BoolVar(&o.silent, "silent", false, "")
	f.BoolVar(&o.pin, "pin", false, "")
	f.StringVar(&o.json, "json", "", "")
	f.StringVar(&o.html, "html", "", "")
	f.BoolVar(&o.csv, "csv", false, "")
	return o
}

// measuring defines what only loads that are measured have.
func (o *loadFlags) measuring() {
	f := o.set
	f.Int64Var(&o.load.Requests, "n", 0, "")
	f.Float64Var(&o.seconds, "seconds", 0, "")
	f.Float64Var(&o.load.Rate, "rate", 0, "")
	f.BoolVar(&o.load.Poisson, "poisson", false, "")
	f.IntVar(&o.load.Burst, "burst", 0, "")
	f.Int64Var(&o.load.Reconnect, "reconnect", 0, "")
	f.IntVar(&o.load.Subscribers, "subscribers", 0, "")
	f.IntVar(&o.load.Channels, "channels", 1, "")
	f.StringVar(&o.slo, "slo", "", "")
	f.StringVar(&o.ashlar, "ashlar", "", "")
	f.StringVar(&o.maxMemory, "maxmemory", "", "")
	f.Func("script", "", func(path string) error {
		text, err := os.ReadFile(path)
		o.mix.Script = string(text)
		return err
	})
}

// parse reads the options and returns what stands among them, such as names of servers.
func (o *loadFlags) parse(args []string) (names []string, err error) {
	// Package flag stops at the first name, so names are taken out in between.
	for len(args) > 0 {
		if !strings.HasPrefix(args[0], "-") {
			names, args = append(names, args[0]), args[1:]
			continue
		}
		if err := o.set.Parse(args); err != nil {
			return nil, err
		}
		args = o.set.Args()
	}
	return names, o.settle()
}

// settle puts the options together.
func (o *loadFlags) settle() error {
	if o.size > 0 {
		if o.mix.Values != "" {
			return errors.New("-d and --values both say how large values are")
		}
		o.mix.Values = strconv.Itoa(o.size)
	}
	if o.resp3 {
		o.load.Protocol = loadgen.RESP3
	}
	if o.slo != "" {
		bound, err := bench.ParseBound(o.slo)
		if err != nil {
			return err
		}
		if o.load.Rate > 0 || o.load.Requests > 0 {
			return errors.New("--slo searches for the rate itself: leave out --rate and -n, and give --seconds for each point")
		}
		o.bound = bound
	}
	if o.load.Burst > 1 && o.load.Rate == 0 && o.slo == "" {
		return errors.New("--burst belongs to --rate and --slo: without them -P commands are sent at a time")
	}
	if o.pin {
		// The generator has the last ones, and the servers the rest.
		all := pace.Processors()
		o.load.Threads = o.threads()
		o.on = all[:max(len(all)-o.load.Threads, 0)]
		if len(o.on) == 0 {
			return fmt.Errorf("--pin needs more processors than the generator has threads, %d; this machine has %d", o.load.Threads, len(all))
		}
		o.load.On = all[len(o.on):]
	}
	// Without -n a load has a length of time, and with both whichever ends first.
	switch {
	case o.seconds > 0:
		o.load.Duration = time.Duration(o.seconds * float64(time.Second))
	case o.load.Requests == 0 && o.slo != "":
		o.load.Duration = defaultSeconds / 2 * time.Second
	case o.load.Requests == 0:
		o.load.Duration = defaultSeconds * time.Second
	}
	o.load.Seed = o.mix.Seed
	o.pubsub = o.mix.Workload == "pubsub"
	if o.load.Subscribers > 0 && !o.pubsub {
		return errors.New("--subscribers belongs to --workload pubsub")
	}
	if o.pubsub && o.load.Subscribers == 0 {
		o.load.Subscribers = 1
	}
	return nil
}

// threads is how many streams of commands there will be.
func (o *loadFlags) threads() int {
	n := o.load.Threads
	if n == 0 {
		n = max(loadgen.DefaultThreads(0), loadgen.DefaultThreads(o.load.Rate))
	}
	return max(min(n, o.load.Connections), 1)
}

// loads are what is to be measured: one load, or one for each test of -t.
func (o *loadFlags) loads() ([]bench.Load, error) {
	if o.pubsub {
		l := bench.Load{Name: "pubsub", Config: o.load}
		l.Workload = loadgen.Publications{Channels: o.load.Channels, Size: max(o.size, 64)}
		return []bench.Load{l}, nil
	}
	// Each workload is made once, and shared by all servers and rounds.
	configs := []mix.Config{o.mix}
	if o.tests != "" {
		tests, err := mix.Tests(o.tests)
		if err != nil {
			return nil, err
		}
		configs = nil
		for _, test := range tests {
			c := o.mix
			c.Workload = test
			configs = append(configs, c)
		}
	}
	var loads []bench.Load
	for _, c := range configs {
		c.Threads = o.threads()
		w, err := mix.New(c)
		if err != nil {
			return nil, err
		}
		loads = append(loads, bench.Load{Mix: w, Config: o.load})
	}
	return loads, nil
}

// spec is the server that -h, -p and -s say.
func (o *loadFlags) spec() target.Spec {
	s := target.Spec{Name: o.socket, Addr: o.socket, Memcached: o.memcached}
	if o.socket == "" {
		s.Addr = fmt.Sprintf("%s:%d", o.host, o.port)
		if strings.Contains(o.host, ":") { // an address of IPv6
			s.Addr = fmt.Sprintf("[%s]:%d", o.host, o.port)
		}
		s.Name = s.Addr
	}
	return s
}

// access is what the server wants before it lets a client in.
func (o *loadFlags) access() (target.Access, error) {
	a := target.Access{User: o.user, Password: o.password}
	if !o.tls {
		return a, nil
	}
	a.TLS = &tls.Config{ServerName: o.sni, InsecureSkipVerify: o.insecure}
	// What stands in its certificate is the host's name, unless --sni says another one.
	if a.TLS.ServerName == "" {
		a.TLS.ServerName = o.host
	}
	if o.caCert != "" {
		text, err := os.ReadFile(o.caCert)
		if err != nil {
			return a, err
		}
		a.TLS.RootCAs = x509.NewCertPool()
		if !a.TLS.RootCAs.AppendCertsFromPEM(text) {
			return a, fmt.Errorf("%s holds no certificate", o.caCert)
		}
	}
	// Servers that want to know who asks get the client's own certificate.
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return a, err
		}
		a.TLS.Certificates = []tls.Certificate{pair}
	}
	return a, nil
}

// plainTyped is the command line as it may be kept: without passwords.
func plainTyped(verb string, args []string) []string {
	out := append([]string{"ashlar-bench", verb}, args...)
	for i, a := range out {
		name, _, hasValue := strings.Cut(a, "=")
		if !slices.Contains([]string{"-a", "--a"}, name) {
			continue
		}
		if hasValue {
			out[i] = name + "=..."
		} else if i+1 < len(out) {
			out[i+1] = "..."
		}
	}
	return out
}
