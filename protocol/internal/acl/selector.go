package acl

import (
	"slices"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/command"
)

// selector is one set of permissions.
type selector struct {
	allCommands bool // every one: no rule has taken any away
	allKeys     bool
	allChannels bool
	byDefault   bool // the rules begin with +@all rather than -@all

	allowed   bitmap
	firstArgs map[int][]string // of commands that are not allowed but with these
	rules     []string         // what led to these two, without the first
	keys      []keyPattern
	channels  []string
}

// keyPattern is a pattern of keys, and what may be done to those.
type keyPattern struct {
	pattern string
	access  access
}

func (p keyPattern) String() string {
	switch p.access {
	case read:
		return "%R~" + p.pattern
	case write:
		return "%W~" + p.pattern
	}
	return "~" + p.pattern
}

// newSelector allows nothing; channels are allowed where acl-pubsub-default says so.
func newSelector(c *Commands, allChannels bool) *selector {
	return &selector{allowed: newBitmap(len(c.list)), allChannels: allChannels}
}

func (s *selector) clone() *selector {
	t := *s
	t.allowed = slices.Clone(s.allowed)
	t.rules, t.keys, t.channels = slices.Clone(s.rules), slices.Clone(s.keys), slices.Clone(s.channels)
	if s.firstArgs != nil {
		t.firstArgs = make(map[int][]string, len(s.firstArgs))
		for i, list := range s.firstArgs {
			t.firstArgs[i] = slices.Clone(list)
		}
	}
	return &t
}

// apply applies a modifier.
func (s *selector) apply(c *Commands, op string) error {
	switch lower(op) {
	case "allkeys", "~*":
		s.allKeys, s.keys = true, nil
	case "resetkeys":
		s.allKeys, s.keys = false, nil
	case "allchannels", "&*":
		s.allChannels, s.channels = true, nil
	case "resetchannels":
		s.allChannels, s.channels = false, nil
	case "allcommands", "+@all":
		s.base(true)
	case "nocommands", "-@all":
		s.base(false)
	case "":
		return errSyntax
	default:
		switch op[0] {
		case '~', '%':
			return s.addKeys(op)
		case '&':
			return s.addChannel(op[1:])
		case '+', '-':
			return s.addRule(c, op[1:], op[0] == '+')
		}
		return errSyntax
	}
	return nil
}

// base sets what rules start from.
func (s *selector) base(all bool) {
	s.allCommands, s.byDefault = all, all
	s.allowed.fill(all)
	s.rules, s.firstArgs = nil, nil
}

// addKeys adds a pattern of keys: ~pattern, or %RW~pattern for some access. One that
// is there already may get more access.
func (s *selector) addKeys(op string) error {
	if s.allKeys {
		return errAllKeys
	}
	need, rest := read|write, op[1:]
	if op[0] == '%' {
		need = 0
		for len(rest) > 0 && rest[0] != '~' {
			bit := access(0)
			switch rest[0] {
			case 'r', 'R':
				bit = read
			case 'w', 'W':
				bit = write
			}
			if bit == 0 || need&bit != 0 {
				return errSyntax
			}
			need, rest = need|bit, rest[1:]
		}
		if need == 0 {
			return errSyntax
		}
		rest = strings.TrimPrefix(rest, "~")
	}
	if hasSpaces(rest) {
		return errSyntax
	}
	for i := range s.keys {
		if s.keys[i].pattern == rest {
			s.keys[i].access |= need
			return nil
		}
	}
	s.keys = append(s.keys, keyPattern{rest, need})
	return nil
}

// addChannel adds a pattern of channels.
func (s *selector) addChannel(pattern string) error {
	switch {
	case s.allChannels:
		return errAllChannels
	case hasSpaces(pattern):
		return errSyntax
	case !slices.Contains(s.channels, pattern):
		s.channels = append(s.channels, pattern)
	}
	return nil
}

// addRule applies a rule about commands: a category, a command, a subcommand, or a
// command with one first argument.
func (s *selector) addRule(c *Commands, name string, allow bool) error {
	if strings.HasPrefix(name, "@") {
		category, ok := command.ParseCategory(lower(name[1:]))
		if !ok {
			return errUnknown
		}
		for i := range c.list {
			if c.list[i].categories&category != 0 {
				s.change(c, i, allow)
			}
		}
		s.note(name, allow)
		return nil
	}
	index, ok := c.find(name)
	if !ok {
		if allow && strings.Contains(name, "|") {
			return s.allowFirstArg(c, name)
		}
		return errUnknown
	}
	s.change(c, index, allow)
	s.note(name, allow)
	return nil
}

// allowFirstArg allows a command for one first argument: "select|0". A container's
// subcommands have bits of their own, so that is not for them.
func (s *selector) allowFirstArg(c *Commands, rule string) error {
	cut := strings.LastIndexByte(rule, '|')
	index, ok := c.find(rule[:cut])
	switch {
	case !ok:
		return errUnknown
	case c.list[index].isSub:
		return errFirstArg
	case cut+1 == len(rule) || hasSpaces(rule):
		return errSyntax
	case c.list[index].subs != nil:
		return errUnknown
	}
	arg := lower(rule[cut+1:])
	if s.firstArgs == nil {
		s.firstArgs = map[int][]string{}
	}
	if !slices.Contains(s.firstArgs[index], arg) {
		s.firstArgs[index] = append(s.firstArgs[index], arg)
	}
	s.note(rule, true)
	return nil
}

// change allows a command with its subcommands, or takes them away.
func (s *selector) change(c *Commands, index int, allow bool) {
	s.allowed.set(index, allow)
	delete(s.firstArgs, index)
	for _, sub := range c.list[index].subs {
		s.allowed.set(sub, allow)
	}
	s.allCommands = s.allCommands && allow
}

// note keeps a rule in place of those that it overrides.
func (s *selector) note(name string, allow bool) {
	name = lower(name)
	s.rules = slices.DeleteFunc(s.rules, func(old string) bool {
		rest, ok := strings.CutPrefix(old[1:], name)
		return ok && (rest == "" || rest[0] == '|')
	})
	sign := "-"
	if allow {
		sign = "+"
	}
	s.rules = append(s.rules, sign+name)
}

// hasSpaces tells whether text has white space or NUL in it, which would not survive
// a line of a file.
func hasSpaces(text string) bool { return strings.ContainsAny(text, " \t\n\v\f\r\x00") }
