package mix

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// command is a template of a command, ready to be filled in.
type command struct {
	name       int // among the workload's
	read       bool
	plain      bool // a read or write of a whole value
	stringRead bool // it wants strings to be there
	inline     []byte
	words      []word
	repeated   int // the words from here on stand times times
	times      int
	fixed      int // words before that, a time to live not counted
	ttl        bool
}

// kind is what a word, or a part of it, stands for.
type kind uint8

const (
	literal  kind = iota
	theKey        // __key__
	theData       // __data__
	theID         // __id__: the key's number alone
	theTTL        // __ttl__: PX and a time, or nothing
	randomID      // __rand_int__
	between       // __int:LOW-HIGH__
	composed      // several parts
)

// word is one of a command.
type word struct {
	kind  kind
	text  []byte
	parts []part
}

// part is a piece of a word.
type part struct {
	kind      kind
	text      []byte
	low, span uint64
}

// mark is what placeholders begin and end with.
const mark = "__"

// compile reads a template.
func (w *Workload) compile(text string) (command, error) {
	if line, ok := strings.CutPrefix(text, inlinePrefix); ok {
		return command{name: w.intern(strings.TrimSpace(line) + "_INLINE"), inline: []byte(line + "\r\n")}, nil
	}
	texts, err := split(text)
	if err != nil {
		return command{}, fmt.Errorf("command %q: %w", text, err)
	}
	if len(texts) == 0 {
		return command{}, fmt.Errorf("an empty command")
	}
	name := strings.ToUpper(texts[0])
	c := command{name: w.intern(name), read: slices.Contains(reads, name), repeated: -1, times: 0}
	for _, t := range texts {
		if times, ok := strings.CutPrefix(t, mark+"repeat:"); ok && c.repeated < 0 {
			n, err := strconv.Atoi(strings.TrimSuffix(times, mark))
			if err != nil || n < 1 || n > maxRepeat {
				return c, fmt.Errorf("command %q: %s is not __repeat:N__ with N from 1 to %d", text, t, maxRepeat)
			}
			c.repeated, c.times = len(c.words), n
			continue
		}
		word, err := compileWord(t)
		if err != nil {
			return c, fmt.Errorf("command %q: %w", text, err)
		}
		c.ttl = c.ttl || word.kind == theTTL
		c.words = append(c.words, word)
	}
	if c.repeated < 0 {
		c.repeated = len(c.words)
	}
	c.fixed = c.repeated
	if c.ttl {
		if slices.ContainsFunc(c.words[c.repeated:], func(w word) bool { return w.kind == theTTL }) {
			return c, fmt.Errorf("command %q: __ttl__ cannot be repeated", text)
		}
		c.fixed--
	}
	c.plain = isPlain(name, c)
	c.stringRead = slices.Contains(stringReads, name)
	return c, nil
}

// maxRepeat bounds how many keys a command may have.
const maxRepeat = 100_000

// inlinePrefix begins a template that is sent as a line, not as words.
const inlinePrefix = "__inline__ "

// isPlain says whether memcached could do it.
func isPlain(name string, c command) bool {
	if c.times > 0 || len(c.words) < 2 || c.words[1].kind != theKey {
		return false
	}
	switch name {
	case "GET":
		return len(c.words) == 2
	case "SET":
		return len(c.words) >= 3 && c.words[2].kind == theData && (len(c.words) == 3 || len(c.words) == 4 && c.ttl)
	}
	return false
}

// split cuts a line into words at blanks; quotes of both kinds hold one together.
func split(line string) (words []string, err error) {
	var b strings.Builder
	quote, open := byte(0), false
	for i := range len(line) {
		switch c := line[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(c)
		case c == '"' || c == '\'':
			quote, open = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if open || b.Len() > 0 {
				words = append(words, b.String())
			}
			b.Reset()
			open = false
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote %c is not closed", quote)
	}
	if open || b.Len() > 0 {
		words = append(words, b.String())
	}
	return words, nil
}

// compileWord cuts a word at its placeholders.
func compileWord(text string) (word, error) {
	var parts []part
	for rest := text; rest != ""; {
		before, behind, found := strings.Cut(rest, mark)
		name, after, closed := strings.Cut(behind, mark)
		p, known, err := placeholder(name)
		if err != nil {
			return word{}, err
		}
		if !found || !closed || !known {
			// Other underscores are what they are.
			if found && closed {
				return word{}, fmt.Errorf("__%s__ is no placeholder: there are %s", name, placeholders)
			}
			parts = append(parts, part{kind: literal, text: []byte(rest)})
			break
		}
		if before != "" {
			parts = append(parts, part{kind: literal, text: []byte(before)})
		}
		parts, rest = append(parts, p), after
	}
	if len(parts) == 0 {
		return word{kind: literal}, nil
	}
	first := parts[0]
	switch {
	case len(parts) == 1 && (first.kind == literal || first.kind == theKey || first.kind == theData || first.kind == theTTL):
		return word{kind: first.kind, text: first.text}, nil
	case slices.ContainsFunc(parts, func(p part) bool { return p.kind == theTTL }):
		return word{}, fmt.Errorf("__ttl__ must be a word of its own")
	}
	return word{kind: composed, parts: parts}, nil
}

const placeholders = "__key__, __data__, __id__, __ttl__, __rand_int__, __int:LOW-HIGH__ and __repeat:N__"

// placeholder is what stands between two marks.
func placeholder(name string) (p part, known bool, err error) {
	if limits, ok := strings.CutPrefix(name, "int:"); ok {
		low, high, ok := strings.Cut(limits, "-")
		from, err1 := strconv.ParseUint(low, 10, 63)
		to, err2 := strconv.ParseUint(high, 10, 63)
		if !ok || err1 != nil || err2 != nil || to < from {
			return p, false, fmt.Errorf("__%s__ is not __int:LOW-HIGH__", name)
		}
		return part{kind: between, low: from, span: to - from + 1}, true, nil
	}
	k, known := map[string]kind{"key": theKey, "data": theData, "id": theID, "ttl": theTTL, "rand_int": randomID}[name]
	return part{kind: k}, known, nil
}
