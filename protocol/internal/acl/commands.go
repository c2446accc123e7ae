package acl

import (
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/command"
)

// Commands is the command table as rules see it. It does not change once made.
type Commands struct {
	list   []info
	byName map[string]int // full names, in lower case
}

// info is a command as rules see it.
type info struct {
	name       string // in full: "client|list"
	spec       *command.Spec
	subs       []int
	isSub      bool
	categories command.Category
	always     bool     // anybody may run it: AUTH, HELLO, QUIT, RESET
	keys       []access // of each key specification
	special    special  // keys that the specifications do not tell of
	channels   channels
}

// access is what a command does to a key.
type access uint8

const (
	read access = 1 << iota
	write
	noKey // what the specification finds is a channel
)

// channels is how a command names channels among its arguments.
type channels uint8

const (
	noChannels   channels = iota
	oneChannel            // the first argument
	allChannels           // every argument
	literalNames          // every argument is a pattern, which one of the user's must equal
)

// channelCommands are the commands that a user needs a channel for.
var channelCommands = map[string]channels{
	"publish": oneChannel, "spublish": oneChannel,
	"subscribe": allChannels, "ssubscribe": allChannels, "psubscribe": literalNames,
}

// NewCommands takes the commands and subcommands of a table. Check knows them by
// their place in the list.
func NewCommands(entries []*command.Entry) *Commands {
	c := &Commands{list: make([]info, len(entries)), byName: make(map[string]int, len(entries))}
	for i, e := range entries {
		c.list[i] = describe(e)
		c.byName[e.FullName] = i
	}
	for i, e := range entries {
		if parent, _, isSub := strings.Cut(e.FullName, "|"); isSub {
			c.list[i].isSub = true
			p := &c.list[c.byName[parent]]
			p.subs = append(p.subs, i)
		}
	}
	return c
}

func describe(e *command.Entry) info {
	in := info{
		name: e.FullName, spec: e.Spec, categories: e.AllCategories(),
		always: e.Flags&command.NoAuth != 0, special: specials[e.FullName],
		channels: channelCommands[e.FullName],
	}
	for i := range e.Keys {
		in.keys = append(in.keys, accessOf(e.Keys[i].Flags))
	}
	return in
}

// accessOf is what the flags of a key specification say is done to the key.
func accessOf(flags []string) (a access) {
	for _, flag := range flags {
		switch flag {
		case "access":
			a |= read
		case "insert", "update", "delete":
			a |= write
		case "not_key":
			a |= noKey
		}
	}
	return a
}

// find gives the command of a full name, in any case.
func (c *Commands) find(name string) (index int, ok bool) {
	index, ok = c.byName[lower(name)]
	return index, ok
}

// In gives the full names of the commands of a category, in the table's order.
func (c *Commands) In(category command.Category) []string {
	var names []string
	for i := range c.list {
		if c.list[i].categories&category != 0 {
			names = append(names, c.list[i].name)
		}
	}
	return names
}

// lower folds ASCII letters, as C does: no other character equals one of them.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if c := b[j]; 'A' <= c && c <= 'Z' {
					b[j] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// bitmap is a set of commands by their index.
type bitmap []uint64

func newBitmap(commands int) bitmap { return make(bitmap, (commands+63)/64) }

func (b bitmap) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }

func (b bitmap) set(i int, on bool) {
	if on {
		b[i/64] |= 1 << (i % 64)
	} else {
		b[i/64] &^= 1 << (i % 64)
	}
}

func (b bitmap) fill(on bool) {
	for i := range b {
		b[i] = 0
		if on {
			b[i] = ^uint64(0)
		}
	}
}
