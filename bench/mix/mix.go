package mix

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// Config says in words, as a command line has them, what to send. The zero value of
// each field stands for the default that is given with it.
type Config struct {
	// Workload names one of Names: ycsb-a, a test of redis-benchmark such as set or
	// lrange_100, a type such as hash. Empty: Mix or Commands say it.
	Workload string
	// Mix is operations and their weights: "get=9,set=1,mget:10=1"; see Operations.
	// With neither this, Workload nor Commands it is get=9,set=1.
	Mix string
	// Commands are templates, such as "HSET __key__ f __data__", each with a weight:
	// "3*GET __key__". They are added to those of Mix.
	Commands []string
	// Script is a Lua script for the operation evalsha, with one key and one argument.
	Script string

	Keys       uint64 // how many there are; 0: 1,000,000
	Popularity string // see ParsePopularity; empty: the workload's own, or uniform
	Values     string // see ParseValues; empty: the workload's own, or 64
	TTL        string // see ParseTTL; empty: none
	Prefix     string // of keys; empty: "key:"
	Seed       uint64
	Threads    int // that Stream is called for, 0 to Threads-1; 0: 1
}

// Appender takes commands: it is told the number of words and then each of them, or
// one line to be sent as it is. *client.Conn is one.
type Appender interface {
	Head(n int)
	Bulk(word []byte)
	Inline(line []byte)
}

// Op says what was appended.
type Op struct {
	Command int  // its name is Commands()[Command]
	Read    bool // a reply of null is a miss, any other a hit
	Words   int
}

// Workload is what is sent, immutable and shared by all threads.
type Workload struct {
	// What it is called, and how keys, values and times to live are drawn, for reports.
	Name, Popularity, Values, TTL string
	// Keys is the number of keys that there are at first.
	Keys uint64

	seed     uint64
	threads  uint64
	prefix   string
	script   string
	popular  popularity
	sizes    dist.Sizes
	ttls     dist.Sizes // in milliseconds, 0: none
	payload  []byte     // where values are cut from
	names    []string
	ops      []operation
	total    uint64 // of the weights
	fills    []fill
	preload  uint64
	plain    string // why it is not plain reads and writes; empty if it is
	fillings sync.Pool
}

// operation is what is done to one key: one command, or several in turn.
type operation struct {
	upTo     uint64 // its weight and those before it
	insert   bool   // the key is a new one
	commands []command
}

// fill is commands that load something before.
type fill struct {
	command command
	count   uint64
}

// Commands are the names of the commands that may be sent.
func (w *Workload) Commands() []string { return w.names }

// Preload is the number of commands that must be sent before the load, by Fill.
func (w *Workload) Preload() uint64 { return w.preload }

// Fill appends command i of those, exactly one. The order is free, save that none
// depends on the goroutine: several may share the work.
func (w *Workload) Fill(i uint64, dst Appender) {
	s := w.fillings.Get().(*Stream)
	defer w.fillings.Put(s)
	for _, f := range w.fills {
		if i < f.count {
			s.pcg.Seed(w.seed, dist.Hash(i))
			s.use(i)
			s.emit(&f.command, dst)
			return
		}
		i -= f.count
	}
}

// Plain says why the workload is more than reads and writes of whole values, such as
// memcached has; nil if it is not, and then NextKV and FillKV work.
func (w *Workload) Plain() error {
	if w.plain == "" {
		return nil
	}
	return fmt.Errorf("the workload %s sends %s: it is not only reads and writes of whole values", w.Name, w.plain)
}

// AppendKey appends the text of key number n.
func (w *Workload) AppendKey(dst []byte, n uint64) []byte { return digits(append(dst, w.prefix...), n) }

// AppendValue appends the value that key number n has.
func (w *Workload) AppendValue(dst []byte, n uint64) []byte { return append(dst, w.value(n)...) }

// FillKV is item i of those to be stored first, 0 to Preload()-1, of a plain
// workload: the key is appended to dst, the value lies in shared memory.
func (w *Workload) FillKV(i uint64, dst []byte) (key, value []byte, ttl time.Duration) {
	return w.AppendKey(dst, i), w.value(i), w.ttl(i)
}

// value is key number n's: a piece of random bytes, of the length that belongs to n.
func (w *Workload) value(n uint64) []byte {
	at := int(dist.Hash(n) % payloadSlack)
	return w.payload[at : at+w.sizes.Of(n)]
}

// ttl is how long key number n lives; 0 stands for ever.
func (w *Workload) ttl(n uint64) time.Duration {
	if w.ttls == nil {
		return 0
	}
	return time.Duration(w.ttls.Of(n^ttlSalt)) * time.Millisecond
}

const (
	// payloadSlack is how many different places values begin at.
	payloadSlack = 4096
	// ttlSalt keeps a key's time to live apart from its size.
	ttlSalt = 0x77_6c
)

// newPayload is random bytes, which nothing can compress, for values up to longest.
func newPayload(longest int) []byte {
	p := make([]byte, longest+payloadSlack)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(p) // never fails
	return p
}

// intern is the index of a command's name.
func (w *Workload) intern(name string) int {
	i := slices.Index(w.names, name)
	if i < 0 {
		i = len(w.names)
		w.names = append(w.names, name)
	}
	return i
}
