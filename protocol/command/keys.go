package command

import (
	"math"
	"slices"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// KeyRef is one key among a command's arguments: where it is, and which of the
// row's key specifications found it.
type KeyRef struct{ Index, Spec int }

// SingleKey returns the index of the only key of a command whose rows say that
// it always has exactly one, at a fixed place; 0 for every other command.
func (s *Spec) SingleKey() int {
	if len(s.Keys) != 1 {
		return 0
	}
	if k := &s.Keys[0]; k.Keyword == "" && !k.Unknown && !k.KeyNum && k.LastKey == 0 && k.Limit == 0 {
		return k.Index
	}
	return 0
}

// FindKeys appends the keys among argv (argv[0] is the name) to dst, by the same
// rules as redis-server's getKeysUsingKeySpecs:
//
//	MSET k v k v               Index 1, LastKey -1, Step 2
//	MSETEX 2 k v k v EX 9      Index 1, KeyNum: the count at 1+0, keys from 1+1 on, Step 2
//	XREAD STREAMS k k id id    Keyword STREAMS, LastKey -1, Step 1, Limit 2: the first half
//
// ok is
// false, and nothing is appended, where the arguments contradict a
// specification: a count of keys that is no number or larger than what follows.
// Specifications that are unknown, or whose keyword is missing, find nothing.
func (s *Spec) FindKeys(argv [][]byte, dst []KeyRef) (keys []KeyRef, ok bool) {
	keys = dst
	for i := range s.Keys {
		k := &s.Keys[i]
		first := k.begin(argv)
		if first == 0 {
			continue
		}
		var last int
		first, last, ok = k.extent(argv, first)
		if ok && !k.KeyNum && last == first-1 && i > 0 {
			continue // a range of keys that may be left out, as PFMERGE's sources
		}
		if !ok || last >= len(argv) || last < first {
			return dst, false
		}
		if n := len(dst); k.Keyword != "" && len(keys) == n+1 && len(argv[keys[n].Index]) == 0 && slices.Contains(k.Flags, "incomplete") {
			keys = keys[:n] // MIGRATE's KEYS come in place of its one key, an empty string
		}
		for at := first; at <= last; at += max(k.Step, 1) {
			keys = append(keys, KeyRef{at, i})
		}
	}
	return keys, true
}

// begin is where the specification starts to look for keys; 0 if nowhere.
func (k *KeySpec) begin(argv [][]byte) int {
	if k.Keyword == "" {
		if k.Unknown {
			return 0
		}
		return k.Index
	}
	if k.StartFrom > 0 {
		found := 0
		for i := k.StartFrom; i < len(argv)-1; i++ {
			if !strings.EqualFold(string(argv[i]), k.Keyword) {
				continue
			}
			i++
			if found = i; !slices.Contains(k.Flags, "OW") {
				break
			}
			// Of a destination that is named again the last one counts (GEORADIUS).
		}
		return found
	}
	for i := min(len(argv)+k.StartFrom, len(argv)-1); i > 1; i-- {
		if strings.EqualFold(string(argv[i]), k.Keyword) {
			return i + 1
		}
	}
	return 0
}

// extent is the first and the last key of a specification that begins at first.
func (k *KeySpec) extent(argv [][]byte, begin int) (first, last int, ok bool) {
	if k.KeyNum {
		at := begin + k.KeyNumIdx
		if at >= len(argv) {
			return 0, 0, false
		}
		n, ok := args.Int(argv[at])
		if !ok || n < 0 || n > int64(len(argv)) {
			return 0, 0, false
		}
		first = begin + k.FirstKey
		return first, first + (int(n)-1)*k.Step, true
	}
	switch {
	case k.LastKey >= 0:
		last = begin + k.LastKey
	case k.Limit == 0:
		last = len(argv) + k.LastKey
	default:
		last = begin + (len(argv)-begin)/k.Limit + k.LastKey
	}
	return begin, last, true
}

// LegacyRange is the first key, last key and step that COMMAND INFO prints for
// clients older than key specifications: the union of the plain ranges, or
// zeros where there are none.
func (s *Spec) LegacyRange() (first, last, step int) {
	if len(s.Keys) == 1 && s.Keys[0].plain() {
		k := &s.Keys[0]
		return k.Index, k.absoluteLast(), k.Step
	}
	first, previous := math.MaxInt, 0
	for i := range s.Keys {
		k := &s.Keys[i]
		if !k.plain() || k.Step != 1 || (previous != 0 && previous != k.Index-1) {
			continue
		}
		first = min(first, k.Index)
		// Negative places, which count from the end, are later than positive ones.
		if uint(k.absoluteLast()) > uint(last) {
			last = k.absoluteLast()
		}
		previous = last
	}
	if first == math.MaxInt {
		return 0, 0, 0
	}
	return first, last, 1
}

// plain: the keys are a range that starts at a fixed place.
func (k *KeySpec) plain() bool { return !k.Unknown && k.Keyword == "" && !k.KeyNum }

// absoluteLast is LastKey counted from the command's start (or end, if negative).
func (k *KeySpec) absoluteLast() int {
	if k.LastKey < 0 {
		return k.LastKey
	}
	return k.Index + k.LastKey
}
