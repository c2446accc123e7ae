package acl

import (
	"slices"

	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
)

// Reason is why something is denied. Of several the greatest is told.
type Reason uint8

// The reasons, in redis-server's order.
const (
	Allowed Reason = iota
	Command
	Key
	Auth
	Channel
)

// String is the reason as ACL LOG names it.
func (r Reason) String() string {
	return [...]string{Allowed: "allowed", Command: "command", Key: "key", Auth: "auth", Channel: "channel"}[r]
}

// Denial is why a command may not run; its zero value says that it may.
type Denial struct {
	Reason Reason
	Arg    int // the key or channel among the arguments
}

// keyRoom is for how many keys Check has room of its own.
const keyRoom = 8

// Check tells whether the user may run a command, of this index in the table, with
// these arguments, of which there are enough. One selector has to allow it whole. If none does, the denial of the
// one that came furthest is told.
func (u *User) Check(index int, argv [][]byte) (worst Denial) {
	worst.Reason = Command
	if u == nil {
		return worst
	}
	in := &u.commands.list[index]
	var room [keyRoom]keyUse
	var keys []keyUse
	for _, s := range u.selectors {
		if !s.allKeys && keys == nil && in.keys != nil {
			keys = in.findKeys(argv, room[:0])
		}
		d := s.check(in, index, argv, keys)
		if d.Reason == Allowed {
			return Denial{}
		}
		if d.Reason > worst.Reason || d.Reason == worst.Reason && d.Arg > worst.Arg {
			worst = d
		}
	}
	return worst
}

func (s *selector) check(in *info, index int, argv [][]byte, keys []keyUse) Denial {
	if !s.allCommands && !in.always && !s.allowed.has(index) && !s.allowsFirst(index, argv) {
		return Denial{Reason: Command}
	}
	if !s.allKeys {
		for _, k := range keys {
			if !s.allowsKey(argv[k.at], k.need) {
				return Denial{Key, k.at}
			}
		}
	}
	if !s.allChannels && in.channels != noChannels {
		return s.checkChannels(in, argv)
	}
	return Denial{}
}

// allowsFirst tells whether a command is allowed for its first argument.
func (s *selector) allowsFirst(index int, argv [][]byte) bool {
	if s.firstArgs == nil || len(argv) < 2 {
		return false
	}
	for _, arg := range s.firstArgs[index] {
		if args.Is(argv[1], arg) {
			return true
		}
	}
	return false
}

func (s *selector) allowsKey(key []byte, need access) bool {
	for i := range s.keys {
		p := &s.keys[i]
		if p.access&need == need && match(p.pattern, key) {
			return true
		}
	}
	return false
}

// match is a function of its own so that the pattern's bytes need no memory: the
// compiler sees that Match keeps none of them.
func match(pattern string, s []byte) bool { return glob.Match([]byte(pattern), s, false) }

func (s *selector) checkChannels(in *info, argv [][]byte) Denial {
	end := len(argv)
	if in.channels == oneChannel {
		end = min(2, end)
	}
	for i := 1; i < end; i++ {
		if !permitsChannel(s.channels, argv[i], in.channels == literalNames) {
			return Denial{Channel, i}
		}
	}
	return Denial{}
}

// permitsChannel tells whether one of patterns matches a channel, or equals a pattern:
// whether all that one pattern matches is matched by another cannot be told.
func permitsChannel(patterns []string, name []byte, isPattern bool) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if isPattern {
			return p == string(name)
		}
		return match(p, name)
	})
}

// ReadsAllKeys tells whether the user may run a command and read any key whatever with
// it: SORT reads keys whose names are made of elements.
func (u *User) ReadsAllKeys(index int, argv [][]byte) bool {
	if u == nil {
		return false
	}
	in := &u.commands.list[index]
	keys := in.findKeys(argv, nil)
	return slices.ContainsFunc(u.selectors, func(s *selector) bool {
		all := s.allKeys || slices.ContainsFunc(s.keys, func(p keyPattern) bool {
			return p.access&read != 0 && p.pattern == "*"
		})
		return all && s.check(in, index, argv, keys).Reason == Allowed
	})
}

// Message says what the user was denied, with the key's or channel's name where
// verbose: in an error that would tell a name to whoever reads the log.
func (d Denial) Message(user, commandName string, argv [][]byte, verbose bool) string {
	kind := "key"
	switch d.Reason {
	case Command:
		return "User " + user + " has no permissions to run the '" + commandName + "' command"
	case Channel:
		kind = "channel"
	}
	if verbose {
		return "User " + user + " has no permissions to access the '" + string(argv[d.Arg]) + "' " + kind
	}
	return "No permissions to access a " + kind
}
