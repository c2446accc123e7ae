package pubsub

import "strings"

// Class is a set of the classes that notify-keyspace-events chooses from.
type Class uint32

// The classes, each with its letter. The first two say on which channels events are
// published, the others which events.
const (
	Keyspace Class = 1 << iota // K: __keyspace@DB__:KEY, the message is the event
	Keyevent                   // E: __keyevent@DB__:EVENT, the message is the key
	Generic                    // g: of keys of any type: del, expire, rename_from ...
	String                     // $
	List                       // l
	Set                        // s
	Hash                       // h
	ZSet                       // z
	Expired                    // x
	Evicted                    // e
	Stream                     // t
	Module                     // d: never happens here
	NewKey                     // n: a key that was not there before
	Miss                       // m: a key that was to be read and is not there
)

// letters are the classes' letters, in the order of their bits.
const letters = "KEg$lshzxetdnm"

// all is what A stands for.
const all = Generic | String | List | Set | Hash | ZSet | Expired | Evicted | Stream | Module

// ParseClasses reads the setting; false where it has a letter that is no class.
func ParseClasses(text string) (c Class, ok bool) {
	for i := range len(text) {
		if text[i] == 'A' {
			c |= all
			continue
		}
		at := strings.IndexByte(letters, text[i])
		if at < 0 {
			return 0, false
		}
		c |= 1 << at
	}
	return c, true
}
