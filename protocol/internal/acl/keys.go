package acl

import (
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// keyUse is a key among a command's arguments, and what will be done to it.
type keyUse struct {
	at   int
	need access
}

// special names a way to find keys beyond the key specifications.
type special uint8

const (
	plain special = iota
	keysOfSet
	keysOfBitfield
	keysOfSort
	keysOfMigrate
	keysOfRadius
)

var specials = map[string]special{
	"set": keysOfSet, "bitfield": keysOfBitfield, "sort": keysOfSort, "migrate": keysOfMigrate,
	"georadius": keysOfRadius, "georadiusbymember": keysOfRadius,
}

// findKeys appends the keys of a command. Where the arguments contradict the
// specifications there are none: the handler finds the same fault.
func (in *info) findKeys(argv [][]byte, dst []keyUse) []keyUse {
	switch in.special {
	case keysOfSet:
		return setKeys(argv, dst)
	case keysOfBitfield:
		return bitfieldKeys(argv, dst)
	case keysOfSort:
		return sortKeys(argv, dst)
	case keysOfMigrate:
		return migrateKeys(argv, dst)
	}
	var room [8]command.KeyRef
	refs, _ := in.spec.FindKeys(argv, room[:0])
	for _, ref := range refs {
		if need := in.keys[ref.Spec]; need&noKey == 0 {
			dst = append(dst, keyUse{ref.Index, need})
		}
	}
	if in.special == keysOfRadius {
		return radiusKeys(argv, dst)
	}
	return dst
}

// setKeys: SET reads only with GET.
func setKeys(argv [][]byte, dst []keyUse) []keyUse {
	need := write
	for _, arg := range argv[min(3, len(argv)):] {
		if args.Is(arg, "get") {
			need |= read
		}
	}
	return append(dst, keyUse{1, need})
}

// bitfieldKeys: BITFIELD writes unless all that it does is GET.
func bitfieldKeys(argv [][]byte, dst []keyUse) []keyUse {
	need := read
	for i := 2; i < len(argv); i++ {
		switch left := len(argv) - i - 1; {
		case args.Is(argv[i], "get") && left >= 2:
			i += 2
		case args.Is(argv[i], "overflow") && left >= 1:
			i++
		default: // SET, INCRBY, or a fault
			return append(dst, keyUse{1, read | write})
		}
	}
	return append(dst, keyUse{1, need})
}

// sortKeys: of several STOREs the last one counts. Where BY and GET lead depends on
// the elements: see User.ReadsAllKeys.
func sortKeys(argv [][]byte, dst []keyUse) []keyUse {
	dst = append(dst, keyUse{1, read})
	store := 0
	for i := 2; i < len(argv); i++ {
		switch {
		case args.Is(argv[i], "limit"):
			i += 2
		case args.Is(argv[i], "get") || args.Is(argv[i], "by"):
			i++
		case args.Is(argv[i], "store") && i+1 < len(argv):
			store = i + 1
		}
	}
	if store > 0 {
		dst = append(dst, keyUse{store, write})
	}
	return dst
}

// migrateKeys: one key, or, where that is empty, all behind KEYS.
func migrateKeys(argv [][]byte, dst []keyUse) []keyUse {
	const need = read | write
	for i := 6; i < len(argv); i++ {
		switch {
		case args.Is(argv[i], "auth"):
			i++
		case args.Is(argv[i], "auth2"):
			i += 2
		case args.Is(argv[i], "keys") && i+1 < len(argv):
			if len(argv[3]) > 0 {
				return dst // not allowed, as the handler will find
			}
			for i++; i < len(argv); i++ {
				dst = append(dst, keyUse{i, need})
			}
			return dst
		}
	}
	return append(dst, keyUse{3, need})
}

// radiusKeys: of several STOREs and STOREDISTs the last one counts, but a specification
// finds the first of each.
func radiusKeys(argv [][]byte, dst []keyUse) []keyUse {
	store := 0
	for i := 5; i+1 < len(argv); i++ {
		if args.Is(argv[i], "store") || args.Is(argv[i], "storedist") {
			i++
			store = i
		}
	}
	if store > 0 {
		dst = append(dst, keyUse{store, write})
	}
	return dst
}
