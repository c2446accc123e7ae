// Package command describes commands as pure data: what COMMAND, COMMAND DOCS,
// ACL categories, key extraction and the README's compatibility table are
// made of. A row is written once, beside its handler (see
// protocol/internal/handlers), and everything else is derived from it.
package command

// Flags are the command flags that COMMAND INFO prints.
type Flags uint32

// The flags, with redis-server's names for them.
const (
	Write Flags = 1 << iota
	ReadOnly
	DenyOOM
	Admin
	PubSub
	NoScript
	Blocking
	Loading
	Stale
	SkipMonitor
	SkipSlowlog
	Asking
	Fast
	NoAuth
	MayReplicate // sent to replicas though it writes nothing (PUBLISH), or may write (EVAL); not printed
	MovableKeys
	AllowBusy
	NoAsyncLoading
	NoMulti
	NoMandatoryKeys
	// AllKeys marks a command that works on the whole keyspace (FLUSHALL, SWAPDB): it
	// runs with every shard locked. With KeyspaceWalk (KEYS, DBSIZE) it takes the locks
	// itself, shard by shard, unless it stands in a transaction. KeyspaceWalk alone
	// marks a command that takes locks, or waits for other loops, whatever there is
	// (INFO, CLIENT LIST): it never runs while any shard is locked. COMMAND INFO does
	// not print these two.
	AllKeys
	KeyspaceWalk
	// Immediate marks a command that is run, not queued, between MULTI and EXEC.
	Immediate
	// Protected marks a command that works only where the setting
	// enable-debug-command allows it. COMMAND INFO does not print it either.
	Protected
)

// Category is one ACL category, a bit each.
type Category uint32

// The ACL categories, in the order in which redis-server prints them.
const (
	CatKeyspace Category = 1 << iota
	CatRead
	CatWrite
	CatSet
	CatSortedSet
	CatList
	CatHash
	CatString
	CatBitmap
	CatHyperLogLog
	CatGeo
	CatStream
	CatPubSub
	CatAdmin
	CatFast
	CatSlow
	CatBlocking
	CatDangerous
	CatConnection
	CatTransaction
	CatScripting
)

// KeySpec says where a command's keys stand among its arguments, as Redis 7's
// key specifications do. Args[0] is the command's name.
type KeySpec struct {
	Notes string
	Flags []string // "RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "variable_flags", ...

	// Where the first key is found: at Index, or after the word Keyword (looked
	// for from StartFrom on; negative counts from the end).
	Index     int
	Keyword   string
	StartFrom int

	// How the keys go on from there: a range (LastKey counted from the first
	// key, negative from the end; Step; Limit), or a count of keys (KeyNumIdx,
	// FirstKey and Step, all relative to the first).
	LastKey, Step, Limit int
	KeyNum               bool
	KeyNumIdx, FirstKey  int

	// Unknown: begin_search and find_keys are "unknown" to clients. With a Keyword the
	// keys are found all the same (SORT's STORE).
	Unknown bool
}

// KeyAt is the key specification of the commonest kind: one key at args[index].
func KeyAt(index int, flags ...string) KeySpec {
	return KeySpec{Flags: flags, Index: index, Step: 1}
}

// KeyRange is every step-th argument from args[index] on; last counts from the
// first key, or from the last argument (-1) where negative.
func KeyRange(index, last, step int, flags ...string) KeySpec {
	return KeySpec{Flags: flags, Index: index, LastKey: last, Step: step}
}

// Arg is one argument in COMMAND DOCS.
type Arg struct {
	Name, Type    string // Type: "string", "integer", "key", "pattern", "unix-time", "pure-token", "oneof", "block", "double"
	Display       string // display_text; not printed if empty, as in Redis 7.0
	Token         string
	Summary       string
	Since         string
	Deprecated    string
	KeySpecIndex  int // for keys: 1 + the index into KeySpecs; 0 for none
	Optional      bool
	Multiple      bool
	MultipleToken bool
	Args          []Arg
}

// Change is one line of a command's history.
type Change struct{ Since, What string }

// Spec is a command's row without its handler.
type Spec struct {
	Name       string // lower case; a subcommand's own name, without its parent's
	Arity      int    // counts the name (and the parent's); negative: at least
	Flags      Flags
	Categories Category // beyond those that follow from Flags
	Keys       []KeySpec
	Tips       []string

	Summary, Since, Group, Complexity string
	Deprecated, ReplacedBy            string // deprecated_since, replaced_by
	SysCmd                            bool   // doc_flags has "syscmd"
	History                           []Change
	Args                              []Arg
}
