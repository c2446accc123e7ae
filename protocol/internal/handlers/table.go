package handlers

import (
	"fmt"
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/command"
)

// Command is a row made ready to run: what the executor needs to know about it
// is worked out once, when the table is built.
type Command struct {
	command.Entry
	Run Handler
	// Index numbers all commands and subcommands, densely; it is where
	// metrics.Metrics counts this one.
	Index int
	// Key is the index of the one key of a command that has exactly one at a
	// fixed place, 0 for any other.
	Key int
	// Element and Ranks are the row's; Scored commands' elements are those of a sorted set.
	Element       int
	Ranks, Scored bool
	// Narrow is the row's.
	Narrow func(argv [][]byte) bool
	// Lines is how many lines of memory of the key's item a call reads, about.
	Lines int
	// Steady commands take about the same time at each call: single-key ones and
	// those flagged fast. Their time is sampled.
	Steady bool
	// Subs are a container's subcommands, in alphabetical order.
	Subs []*Command

	bySub *names
}

// Keyed tells whether a command's locks come from its key specifications.
func (c *Command) Keyed() bool {
	return len(c.Keys) > 0 && c.Flags&(command.AllKeys|command.KeyspaceWalk|command.PubSub) == 0
}

// KeyedBy tells the same of one call, and Everything whether it locks all shards.
func (c *Command) KeyedBy(argv [][]byte) bool {
	return c.Keyed() || c.Narrow != nil && c.Narrow(argv)
}

// Everything tells whether a call concerns all keys.
func (c *Command) Everything(argv [][]byte) bool {
	return c.Flags&command.AllKeys != 0 && (c.Narrow == nil || !c.Narrow(argv))
}

// Table finds commands by name. It does not change once built, so any number of
// goroutines may use it.
type Table struct {
	all     []*Command // by Index
	top     []*Command // without subcommands
	entries []*command.Entry
	byName  *names
}

// NewTable joins the rows of all families. This is the one place that knows
// which there are.
func NewTable() *Table {
	return BuildTable(slices.Concat(
		connectionRows, transactionRows, clientRows, pubsubRows, aclRows, commandRows, configRows, serverRows, replicationRows, persistenceRows, clusterRows, moduleRows, slowlogRows, latencyRows, monitorRows, keyspaceRows, stringRows,
		listRows, listReadRows, listEditRows, listBlockRows,
		hashRows, hashWalkRows, hashExpireRows, hashFieldRows,
		setRows, sortRows,
		zsetRows, zsetRangeRows, zsetCountRows, zsetPopRows, zsetAlgebraRows, zsetScanRows,
		streamRows,
		geoRows, geoSearchRows, geoRadiusRows,
		dumpRows, migrateRows, evalRows, scriptRows, functionRows,
		bitmapRows, bitfieldRows, hyperloglogRows,
	))
}

// BuildTable makes a table of rows, which it keeps. It panics where two rows
// have one name or a row has nothing to run: the rows are part of the program.
func BuildTable(rows []Row) *Table {
	t := &Table{}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, byRowName)
	for i := range rows {
		c := t.compile(&rows[i], nil)
		t.top = append(t.top, c)
		t.entries = append(t.entries, &c.Entry)
	}
	t.byName = newNames(t.top)
	return t
}

// compile makes a command of a row, and commands of its subcommands.
func (t *Table) compile(r *Row, parent *Command) *Command {
	c := &Command{
		Entry: command.Entry{Spec: &r.Spec, FullName: r.Name, Beyond: r.Beyond},
		Run:   r.Run, Index: len(t.all), Key: r.SingleKey(), Element: r.Element, Ranks: r.Ranks, Scored: r.Group == "sorted-set", Narrow: r.Narrow,
	}
	if parent != nil {
		c.FullName = parent.FullName + "|" + r.Name
	}
	c.Steady = (r.Flags&command.Fast != 0 || c.Key != 0 && r.Group == "string") && r.Flags&command.Blocking == 0
	if c.Flags&command.PubSub != 0 {
		c.Key = 0 // it is a channel
	}
	c.Lines = linesOf(r.Group)
	if c.Flags&(command.AllKeys|command.KeyspaceWalk) != 0 {
		c.Key, c.Steady = 0, false
	}
	t.all = append(t.all, c)
	subs := slices.Clone(r.Subs)
	slices.SortStableFunc(subs, byRowName)
	for i := range subs {
		sub := t.compile(&subs[i], c)
		c.Subs = append(c.Subs, sub)
		c.Entry.Subs = append(c.Entry.Subs, &sub.Entry)
	}
	if c.Run == nil && c.Subs == nil {
		panic(fmt.Sprintf("handlers: nothing runs %q", c.FullName))
	}
	if c.Subs != nil {
		c.bySub = newNames(c.Subs)
	}
	return c
}

// linesOf guesses how many lines of a key's item the commands of a group read: of a
// small collection, most of it.
func linesOf(group string) int {
	switch group {
	case "list", "hash", "set", "sorted-set":
		return 5
	}
	return 2
}

// byRowName orders rows by their names.
func byRowName(a, b Row) int {
	switch {
	case a.Name < b.Name:
		return -1
	case a.Name > b.Name:
		return 1
	}
	return 0
}

// Find gives the command that args ask for, or nil: the subcommand where args[0]
// is a container and more follows, the container itself where nothing follows.
func (t *Table) Find(args [][]byte) *Command {
	c := t.byName.find(args[0])
	if c == nil || c.bySub == nil || len(args) == 1 {
		return c
	}
	return c.bySub.find(args[1])
}

// Top gives a command by its own name, containers included, or nil.
func (t *Table) Top(name []byte) *Command { return t.byName.find(name) }

// Named finds a command by its full name ("get", "client|list"), in any case.
func (t *Table) Named(full string) *Command {
	for i := range len(full) {
		if full[i] != '|' {
			continue
		}
		c := t.byName.find([]byte(full[:i]))
		if c == nil || c.bySub == nil {
			return nil
		}
		return c.bySub.find([]byte(full[i+1:]))
	}
	return t.byName.find([]byte(full))
}

// Commands are the commands without their subcommands, in alphabetical order.
// The slice must not be changed.
func (t *Table) Commands() []*Command { return t.top }

// Entries are the same as data, for descriptions.
func (t *Table) Entries() []*command.Entry { return t.entries }

// Names are the full names of all commands and subcommands, by Index.
func (t *Table) Names() []string {
	list := make([]string, len(t.all))
	for i, c := range t.all {
		list[i] = c.FullName
	}
	return list
}
