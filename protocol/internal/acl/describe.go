package acl

import (
	"encoding/hex"
	"strings"
)

// Describe is the user in the form of a line of a file, without "user" and the name.
func (u *User) Describe() string {
	words := u.Flags()
	for _, password := range u.Passwords() {
		words = append(words, "#"+password)
	}
	words = append(words, u.selectors[0].words()...)
	for _, s := range u.selectors[1:] {
		inner := s.words()
		for i, word := range inner {
			inner[i] = quoteWord(word)
		}
		words = append(words, "("+strings.Join(inner, " ")+")")
	}
	return strings.Join(words, " ")
}

// quoteWord quotes a word within brackets where it could not be read back else:
// splitWords takes quotes for what they are, and mergeSelectors a bracket at the end.
func quoteWord(word string) string {
	if !strings.ContainsAny(word, `"'\`) && !strings.HasSuffix(word, ")") {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// Flags are the user's flags by name, in redis-server's order.
func (u *User) Flags() []string {
	flags := []string{"off"}
	if u.enabled {
		flags[0] = "on"
	}
	if u.noPass {
		flags = append(flags, "nopass")
	}
	if u.skipSanitize {
		return append(flags, "skip-sanitize-payload")
	}
	return append(flags, "sanitize-payload")
}

// Passwords are the digests of the passwords, in hexadecimal.
func (u *User) Passwords() []string {
	list := make([]string, len(u.passwords))
	for i := range u.passwords {
		list[i] = hex.EncodeToString(u.passwords[i][:])
	}
	return list
}

// Permissions is a selector as ACL GETUSER shows it.
type Permissions struct{ Commands, Keys, Channels string }

// Selectors are the user's own permissions and then those of the selectors.
func (u *User) Selectors() []Permissions {
	list := make([]Permissions, len(u.selectors))
	for i, s := range u.selectors {
		list[i] = Permissions{
			Commands: strings.Join(s.commandWords(), " "),
			Keys:     strings.Join(s.keyWords(), " "), Channels: strings.Join(s.channelWords(), " "),
		}
	}
	return list
}

// words are the modifiers that make such a selector of a new one.
func (s *selector) words() []string {
	words := s.keyWords()
	if !s.allChannels {
		words = append(words, "resetchannels")
	}
	words = append(words, s.channelWords()...)
	return append(words, s.commandWords()...)
}

// commandWords always begin with what the rules start from, so that they can be applied
// to any user.
func (s *selector) commandWords() []string {
	base := "-@all"
	if s.byDefault {
		base = "+@all"
	}
	return append([]string{base}, s.rules...)
}

func (s *selector) keyWords() []string {
	if s.allKeys {
		return []string{"~*"}
	}
	words := make([]string, len(s.keys))
	for i, p := range s.keys {
		words[i] = p.String()
	}
	return words
}

func (s *selector) channelWords() []string {
	if s.allChannels {
		return []string{"&*"}
	}
	words := make([]string, len(s.channels))
	for i, pattern := range s.channels {
		words[i] = "&" + pattern
	}
	return words
}
