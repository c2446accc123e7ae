package acl

import (
	"fmt"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// Line is a line "user NAME MODIFIER ..." of a configuration, and where it stands.
type Line struct {
	Where string
	Words []string // from the name on
}

// Load makes the users those of an ACL file's text. The error's text is redis-server's
// and tells of all mistakes; then nothing has changed. changes and gone are about those
// who are logged in.
func (us *Users) Load(file, text string) (changes []Change, gone []*session.Account, err error) {
	var faults strings.Builder
	var list []*User
	seen := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " \t\r\n")
		if line == "" {
			continue
		}
		words, where := strings.Split(line, " "), fmt.Sprintf("%s:%d", file, i+1)
		switch {
		case words[0] != "user" || len(words) < 2:
			fmt.Fprintf(&faults, "%s should start with user keyword followed by the username. ", where)
			continue
		case hasSpaces(words[1]):
			fmt.Fprintf(&faults, "'%s: username '%s' contains invalid characters. ", where, words[1])
			continue
		case seen[words[1]]:
			fmt.Fprintf(&faults, "WARNING: Duplicate user '%s' found on line %d. ", words[1], i+1)
			continue
		}
		seen[words[1]] = true
		list = append(list, us.parse(where, words, &faults))
	}
	if faults.Len() > 0 {
		faults.WriteString("WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
		return nil, nil, modifierError(faults.String())
	}
	changes, gone = us.replace(list)
	return changes, gone, nil
}

// parse makes a user of a file's line. Of faults that may show a password only the
// first is told, and not the word that it is about.
func (us *Users) parse(where string, words []string, faults *strings.Builder) *User {
	all := us.allChannels.Load()
	u := newUser(words[1], us.commands, all)
	merged, open := mergeSelectors(words[2:])
	if open >= 0 {
		fmt.Fprintf(faults, "%s: Unmatched parenthesis in selector definition.", where)
		return u
	}
	told := false
	for _, op := range merged {
		op = strings.Trim(op, "\t\r\n")
		switch err := u.apply(op, all); {
		case err == nil:
		case err == errUnknown:
			fmt.Fprintf(faults, "%s: Error in applying operation '%s': %s. ", where, op, err)
		case !told:
			fmt.Fprintf(faults, "%s: %s. ", where, err)
			told = true
		}
	}
	return u
}

// Configure adds the users of a configuration's lines. A line about the default user
// begins with nothing allowed, as that of any other. The error names every mistake, a
// line each. off are the users that nobody has switched on, perhaps by mistake.
func (us *Users) Configure(lines []Line) (off []string, err error) {
	var faults []string
	seen := map[string]bool{}
	for _, line := range lines {
		u, fault := us.configured(line.Words)
		if fault == "" && seen[line.Words[0]] {
			fault = "'" + line.Words[0] + "': " + errDuplicate.Error()
		}
		if fault != "" {
			faults = append(faults, line.Where+": Error in user declaration "+fault)
			continue
		}
		seen[u.Name] = true
		if !u.enabled {
			off = append(off, u.Name)
		}
		us.mu.Lock()
		if a := us.Find([]byte(u.Name)); a != nil {
			us.put(a, u)
		} else {
			us.insert(&session.Account{Name: u.Name}, u)
		}
		us.mu.Unlock()
	}
	if faults != nil {
		return nil, modifierError(strings.Join(faults, "\n"))
	}
	return off, nil
}

// configured makes a user of a name and modifiers.
func (us *Users) configured(words []string) (u *User, fault string) {
	if len(words) == 0 {
		return nil, "'': the name is missing"
	}
	if hasSpaces(words[0]) {
		return nil, "'" + words[0] + "': Spaces not allowed in ACL usernames"
	}
	u = newUser(words[0], us.commands, us.allChannels.Load())
	merged, open := mergeSelectors(words[1:])
	if open >= 0 {
		return nil, "'" + words[1+open] + "': Unmatched parenthesis in selector definition."
	}
	for _, op := range merged {
		if err := u.apply(op, us.allChannels.Load()); err != nil {
			return nil, "'" + op + "': " + err.Error()
		}
	}
	return u, ""
}

// Text is all users as an ACL file.
func (us *Users) Text() string { return strings.Join(us.Lines(), "\n") + "\n" }

// SameAs tells whether the users are what the lines of a configuration, and requirepass,
// would make of them.
func (us *Users) SameAs(lines []Line, requirePass string) bool {
	other := New(us.commands)
	other.SetChannelsDefault(us.allChannels.Load())
	other.SetDefaultPassword(requirePass)
	_, err := other.Configure(lines)
	return err == nil && other.Text() == us.Text()
}

// mergeSelectors joins the words from one that opens a bracket up to one that closes it.
// open is where a bracket opens that none closes, or -1.
func mergeSelectors(words []string) (merged []string, open int) {
	open = -1
	inside := ""
	for i, word := range words {
		closes := strings.HasSuffix(word, ")")
		switch {
		case open >= 0:
			inside += " " + word
			if closes {
				merged = append(merged, inside)
				open = -1
			}
		case strings.HasPrefix(word, "(") && !closes:
			inside, open = word, i
		default:
			merged = append(merged, word)
		}
	}
	return merged, open
}

// splitWords splits what is inside of a selector's brackets at white space. "Double"
// quotes understand \n \r \t \b \a \xHH and take any other escaped character as itself,
// 'single' quotes know \' only. Where a quote is never closed there are no words at all,
// as in redis-server; a NUL ends the text.
func splitWords(text string) (words []string) {
	text, _, _ = strings.Cut(text, "\x00")
	for {
		text = strings.TrimLeft(text, " \t\n\v\f\r")
		if text == "" {
			return words
		}
		word, rest, ok := cutWord(text)
		if !ok {
			return nil
		}
		words, text = append(words, word), rest
	}
}

// cutWord takes the first word off.
func cutWord(text string) (word, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case hasSpaces(text[i : i+1]):
			return b.String(), text[i:], true
		case c == '"' || c == '\'':
			n, ok := quoted(&b, text[i+1:], c)
			rest = text[min(i+1+n, len(text)):]
			return b.String(), rest, ok && (rest == "" || hasSpaces(rest[:1]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", true
}

// quoted appends what stands before the closing quote; n is where it ends.
func quoted(b *strings.Builder, text string, quote byte) (n int, ok bool) {
	const from, to = "nrtba", "\n\r\t\b\a"
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == quote:
			return i + 1, true
		case c != '\\' || i+1 == len(text) || quote == '\'' && text[i+1] != '\'':
			b.WriteByte(c)
			continue
		case quote == '"' && text[i+1] == 'x' && i+3 < len(text) && isHex(text[i+2]) && isHex(text[i+3]):
			b.WriteByte(hexDigit(text[i+2])<<4 | hexDigit(text[i+3]))
			i += 3
			continue
		}
		i++
		c = text[i]
		if at := strings.IndexByte(from, c); at >= 0 && quote == '"' {
			c = to[at]
		}
		b.WriteByte(c)
	}
	return len(text), false
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func hexDigit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
