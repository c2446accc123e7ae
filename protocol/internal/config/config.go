package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Value is what one setting is now. Its methods may be called from any
// goroutine, cost an atomic load and allocate nothing unless they say so.
type Value struct {
	num   atomic.Int64
	words atomic.Pointer[[]string]
}

// Int is the value of a number: bytes, seconds or plain, as the setting has it;
// for an enumeration, the place in its row's list.
func (v *Value) Int() int64 { return v.num.Load() }

// Bool is the value of a yes-or-no setting.
func (v *Value) Bool() bool { return v.num.Load() != 0 }

// Text is the value in words, canonical: a size in bytes, a percentage as it
// was given, an enumeration's name in its own case. It allocates if the setting
// has several words.
func (v *Value) Text() string {
	words := *v.words.Load()
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words, " ")
}

// Words are the words of a setting that has several; they must not be changed.
func (v *Value) Words() []string { return *v.words.Load() }

func (v *Value) load() parsed { return parsed{num: v.Int(), words: v.Words()} }

func (v *Value) store(p parsed) {
	v.num.Store(p.num)
	v.words.Store(&p.words)
}

// parsed is a checked value before it is stored.
type parsed struct {
	num   int64
	words []string
}

// Config holds every setting. Make one with New or Parse; it must not be
// copied. Fields are the settings the server obeys, in the units of
// redis.conf: bytes, seconds.
type Config struct {
	// The network.
	Port, Bind, UnixSocket, UnixSocketPerm       Value
	Timeout, TCPKeepalive, TCPBacklog            Value
	MaxClients, RequirePass, ProtectedMode       Value
	ProtoMaxBulkLen, QueryBufferLimit, IOThreads Value
	OutputBufferLimit                            Value // see OutputLimit
	BusyReplyThreshold                           Value // milliseconds

	// Encrypted connections.
	TLSPort, TLSCertFile, TLSKeyFile, TLSKeyFilePass Value
	TLSCACertFile, TLSCACertDir, TLSAuthClients      Value
	TLSProtocols, TLSCiphers, TLSCipherSuites        Value
	TLSSessionCaching                                Value

	// The keyspace and its memory.
	Databases                         Value
	MaxMemory                         Value // bytes, never a percentage; 0: no bound
	MaxMemoryPolicy, MaxMemorySamples Value // the policy's name is Text
	MaxMemoryClients                  Value // bytes; negative: percent of MaxMemory; 0: no bound

	// Up to where a collection is packed.
	HashMaxPackedEntries, HashMaxPackedValue           Value
	SetMaxInts, SetMaxPackedEntries, SetMaxPackedValue Value
	ZSetMaxPackedEntries, ZSetMaxPackedValue           Value
	ListMaxPackedSize                                  Value // negative: a size in bytes, see collectionRows
	StreamNodeMaxBytes, StreamNodeMaxEntries           Value
	HLLSparseMaxBytes                                  Value

	// The process.
	Hz                                          Value
	LogLevel, LogFile, PidFile, Dir, Supervised Value
	EnableDebug, EnableProtected                Value // "no", "local" or "yes"

	// Users are the lines that define users, unchecked; RewriteUsers, if it is set, tells
	// Rewrite what to do about them: see users.go.
	Users        []UserLine
	RewriteUsers func(old []UserLine) (lines []string, keep bool)

	// File is the absolute path of the file that was read; empty if there was none.
	File string
	// Warnings are remarks on what was read, a line each, for the start-up log.
	Warnings []string

	others   map[string]*Value // the values of rows without a field, by name
	limits   atomic.Pointer[[3]OutputLimit]
	memory   machine
	startDir string // where the process was started: relative paths start there

	mu       sync.Mutex // serialises Set, Rewrite and OnChange
	onChange map[*Row][]*hook
}

// hook is a component's wish to be told; its identity tells hooks apart, so
// that one which watches several settings runs once for a Set of all of them.
type hook struct{ apply func() error }

// New returns the defaults.
func New() *Config { return newConfig(detectMemory(os.DirFS("/")), workingDirectory()) }

func newConfig(m machine, startDir string) *Config {
	c := &Config{
		others:   make(map[string]*Value),
		onChange: make(map[*Row][]*hook),
		memory:   m,
		startDir: startDir,
	}
	for _, r := range rows {
		if r.at == nil {
			c.others[r.Name] = new(Value)
		}
		c.put(r, r.mustDefault(c))
	}
	return c
}

// value finds where a row's value is kept.
func (c *Config) value(r *Row) *Value {
	if r.at != nil {
		return r.at(c)
	}
	return c.others[r.Name]
}

// Lookup gives a setting by any of its names, in any case; nil if there is none.
func (c *Config) Lookup(name string) *Value {
	r, ok := byName[strings.ToLower(name)]
	if !ok {
		return nil
	}
	return c.value(r)
}

// OnChange has apply called after any of the named settings was changed by
// Set, once for a Set that changes several. An error, whose text goes to the
// client, undoes the whole Set; apply is then called again with the old values
// in place. It must not call Set or Rewrite. It panics on an unknown name.
func (c *Config) OnChange(apply func() error, names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &hook{apply: apply}
	for _, name := range names {
		r, ok := byName[name]
		if !ok {
			panic(fmt.Sprintf("config: OnChange of unknown setting %q", name))
		}
		c.onChange[r] = append(c.onChange[r], h)
	}
}

// Class is a kind of client to client-output-buffer-limit.
type Class int

// The classes, in the order in which CONFIG GET shows them.
const (
	Normal Class = iota
	Replica
	PubSub
)

// OutputLimit bounds the output that waits for one client: more than Hard
// bytes, or more than Soft bytes for Seconds on end, and it is disconnected. 0
// is no bound.
type OutputLimit struct {
	Hard, Soft int64
	Seconds    int64
}

// OutputLimit is the bound for a class of clients.
func (c *Config) OutputLimit(class Class) OutputLimit { return c.limits.Load()[class] }

// MemoryIsDefault says whether maxmemory was left to its default, a share of
// what the machine or control group has.
func (c *Config) MemoryIsDefault() bool { return c.isDefault(byName["maxmemory"]) }

// MemoryTotal is what the machine or control group has, in bytes (0 if that
// could not be found out), and which of the two it is.
func (c *Config) MemoryTotal() (bytes int64, source string) {
	return c.memory.total, c.memory.source
}

// isDefault says whether a setting is what it would be if nobody set it.
func (c *Config) isDefault(r *Row) bool {
	return slices.Equal(c.value(r).Words(), r.mustDefault(c).words)
}

func workingDirectory() string {
	dir, err := os.Getwd()
	if err != nil {
		return "/" // the directory was removed under the process
	}
	return dir
}

// absolute makes a path absolute, seen from where the process was started.
func (c *Config) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(c.startDir, path)
}
