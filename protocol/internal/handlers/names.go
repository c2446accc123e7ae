package handlers

import (
	"encoding/binary"
	"fmt"

	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// names is a small open-addressing table from lower-case names to commands. It
// is looked up once for every command a client sends, so a name is not walked
// byte by byte: its first and its last eight bytes are loaded as words, folded
// to lower case eight letters at a time, and compared as words. The two words
// and the length make up all of a name of up to sixteen bytes; longer ones are
// compared in full as well.
type names struct {
	slots []nameSlot // a power of two, at most a quarter full
	shift uint
}

type nameSlot struct {
	key     nameKey
	command *Command
}

// nameKey is a name's folded first and last eight bytes. Names shorter than
// eight have their bytes, some twice, in head alone.
type nameKey struct {
	head, tail uint64
	length     int
}

// newNames makes the index of some commands by name.
func newNames(commands []*Command) *names {
	n := &names{shift: 64}
	size := 1
	for ; size < 4*len(commands); size *= 2 {
		n.shift--
	}
	n.slots = make([]nameSlot, size)
	for _, c := range commands {
		if n.find([]byte(c.Name)) != nil {
			panic(fmt.Sprintf("handlers: two commands are called %q", c.FullName))
		}
		key := keyOf([]byte(c.Name))
		i := n.home(key)
		for n.slots[i].command != nil {
			i = (i + 1) & (len(n.slots) - 1)
		}
		n.slots[i] = nameSlot{key, c}
	}
	return n
}

// find gives the command of that name, in any case; nil if there is none.
func (n *names) find(name []byte) *Command {
	key := keyOf(name)
	for i := n.home(key); ; i = (i + 1) & (len(n.slots) - 1) {
		slot := &n.slots[i]
		if slot.command == nil {
			return nil
		}
		if slot.key == key && (len(name) <= 16 || args.Is(name, slot.command.Name)) {
			return slot.command
		}
	}
}

// home is the slot where the search for a key starts.
func (n *names) home(k nameKey) int {
	const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	return int((k.head ^ k.tail*3 ^ uint64(k.length)) * golden >> n.shift)
}

// keyOf loads a name without reading past its end: where it is shorter than a
// word, by halves that overlap, and below four bytes by its first, middle and last,
// which are all it has. Names of different length differ by that.
func keyOf(name []byte) nameKey {
	n := len(name)
	switch {
	case n >= 8:
		return nameKey{fold(binary.LittleEndian.Uint64(name)), fold(binary.LittleEndian.Uint64(name[n-8:])), n}
	case n >= 4:
		head := uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
		return nameKey{fold(head), 0, n}
	case n > 0:
		head := uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16
		return nameKey{fold(head), 0, n}
	}
	return nameKey{}
}

// fold turns the capitals among eight bytes into small letters. Adding to the
// low seven bits of each byte carries into its eighth where the byte is at least
// 'A', or more than 'Z'; the difference marks the capitals.
func fold(w uint64) uint64 {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	low := w &^ high
	capital := (low + (0x80-'A')*ones) &^ (low + (0x7f-'Z')*ones) &^ w & high
	return w | capital>>2
}
