package acl

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
)

// User is a set of rules. It is not changed once it is in an Account.
type User struct {
	Name string

	enabled      bool
	noPass       bool // any password is good
	skipSanitize bool
	passwords    []digest
	selectors    []*selector // the first is the user's own; those in brackets follow

	commands *Commands
}

type digest = [sha256.Size]byte

// newUser may not log in and do nothing.
func newUser(name string, c *Commands, allChannels bool) *User {
	return &User{Name: name, commands: c, selectors: []*selector{newSelector(c, allChannels)}}
}

func (u *User) clone() *User {
	v := *u
	v.passwords = slices.Clone(u.passwords)
	v.selectors = make([]*selector, len(u.selectors))
	for i, s := range u.selectors {
		v.selectors[i] = s.clone()
	}
	return &v
}

// Enabled tells whether the user may log in.
func (u *User) Enabled() bool { return u.enabled }

// NoPass tells whether any password is good.
func (u *User) NoPass() bool { return u.noPass }

// Unrestricted tells whether the user may do everything.
func (u *User) Unrestricted() bool {
	return slices.ContainsFunc(u.selectors, func(s *selector) bool {
		return s.allCommands && s.allKeys && s.allChannels
	})
}

// accepts tells whether a password, by its digest, is one of the user's. It takes as
// long whichever it is.
func (u *User) accepts(given digest) bool {
	good := 0
	for i := range u.passwords {
		good |= subtle.ConstantTimeCompare(u.passwords[i][:], given[:])
	}
	return good == 1 || u.noPass
}

// modifierError says what is wrong with a modifier, in redis-server's words.
type modifierError string

func (e modifierError) Error() string { return string(e) }

const (
	errUnknown     = modifierError("Unknown command or category name in ACL")
	errSyntax      = modifierError("Syntax error")
	errNoPassword  = modifierError("The password you are trying to remove from the user does not exist")
	errBadHash     = modifierError("The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters")
	errFirstArg    = modifierError("Allowing first-arg of a subcommand is not supported")
	errDuplicate   = modifierError("Duplicate user found. A user can only be defined once in config files")
	errAllKeys     = modifierError("Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns")
	errAllChannels = modifierError("Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels")
)

// apply applies a modifier. allChannels is what acl-pubsub-default says.
func (u *User) apply(op string, allChannels bool) error {
	switch lower(op) {
	case "":
	case "on":
		u.enabled = true
	case "off":
		u.enabled = false
	case "nopass":
		u.noPass, u.passwords = true, nil
	case "resetpass":
		u.noPass, u.passwords = false, nil
	case "skip-sanitize-payload":
		u.skipSanitize = true
	case "sanitize-payload":
		u.skipSanitize = false
	case "clearselectors":
		u.selectors = u.selectors[:1]
	case "reset":
		*u = *newUser(u.Name, u.commands, allChannels)
	default:
		return u.applyMore(op, allChannels)
	}
	return nil
}

// applyMore applies a modifier that is not a mere word.
func (u *User) applyMore(op string, allChannels bool) error {
	switch {
	case strings.IndexByte("><#!", op[0]) >= 0:
		return u.applyPassword(op)
	case op[0] == '(' && op[len(op)-1] == ')':
		s := newSelector(u.commands, allChannels)
		for _, word := range splitWords(op[1 : len(op)-1]) {
			if err := s.apply(u.commands, word); err != nil {
				return err
			}
		}
		u.selectors = append(u.selectors, s)
		return nil
	}
	return u.selectors[0].apply(u.commands, op)
}

// applyPassword adds (>, #) or removes (<, !) a password, given in clear or as the
// digest in hexadecimal.
func (u *User) applyPassword(op string) error {
	var d digest
	switch kind, text := op[0], op[1:]; {
	case kind == '>' || kind == '<':
		d = sha256.Sum256([]byte(text))
	case len(text) != 2*len(d) || strings.Trim(text, "0123456789abcdef") != "":
		return errBadHash
	default:
		_, _ = hex.Decode(d[:], []byte(text)) // what it may complain of was just ruled out
	}
	at := slices.Index(u.passwords, d)
	if op[0] == '>' || op[0] == '#' {
		if at < 0 {
			u.passwords = append(u.passwords, d)
		}
		u.noPass = false
		return nil
	}
	if at < 0 {
		return errNoPassword
	}
	u.passwords = slices.Delete(u.passwords, at, at+1)
	return nil
}
