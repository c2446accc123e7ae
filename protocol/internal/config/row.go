package config

import (
	"fmt"
	"strings"
)

// Kind is the form of a setting's value.
type Kind uint8

// The kinds.
const (
	Bool    Kind = iota // yes, no
	Integer             // decimal, between Min and Max
	Octal               // file permissions
	Memory              // bytes with an optional unit: 100mb, 2gb, 1k (1000), 1kb (1024)
	Percent             // Memory, or a percentage: 5%
	Enum                // one of Values
	Text                // one word, anything
	List                // any number of words
)

// Row describes one setting.
type Row struct {
	Name    string // as in redis.conf, lower case
	Alias   string // an older name for the same, or ""
	Kind    Kind
	Default string // as in redis.conf; a List's words are separated by spaces
	Min     int64  // of Integer, Octal and Memory: both bounds are allowed values
	Max     int64
	Values  []string // of Enum

	Immutable bool   // cannot be set at run time
	Protected bool   // only where enable-protected-configs allows it
	Secret    bool   // never shown in errors
	Hidden    bool   // given by its name alone, not by a pattern
	Volatile  bool   // to set it to what it is is a change: what it names may have changed
	Fixed     string // why no other value than Default is accepted, or ""

	// at finds the value's place in a Config; nil for a row that nothing obeys,
	// whose value is kept by name.
	at func(*Config) *Value
	// check replaces the parser of the row's Kind.
	check func(c *Config, args []string) (parsed, error)
	// adjust moves a valid value to where it can be obeyed, as hz 1000 becomes 500.
	adjust func(int64) int64
	// derive brings what is computed from the value up to date after it was stored.
	derive func(*Config)
	// show gives the value for CONFIG GET where that is not its words.
	show func(*Config, parsed) string
	// lines gives the arguments of the lines that stand for the value in a file,
	// where that is not one line with its words.
	lines func(*Config, parsed) [][]string
	// lenient may take a value at start that check has refused, with a warning.
	lenient func(args []string) (p parsed, warning string, ok bool)
}

// several says whether the setting's value is made of several words.
func (r *Row) several() bool { return r.Kind == List }

// defaultArgs are the default as arguments.
func (r *Row) defaultArgs() []string {
	if r.several() {
		return strings.Fields(r.Default)
	}
	return []string{r.Default}
}

// mustDefault parses the default. A row whose default is not valid is a
// programming error that the package's tests find.
func (r *Row) mustDefault(c *Config) parsed {
	p, err := r.parse(c, r.defaultArgs())
	if err != nil {
		panic(fmt.Sprintf("config: default of %s: %v", r.Name, err))
	}
	return p
}

// parse checks a value's arguments. Error texts are redis-server's.
func (r *Row) parse(c *Config, args []string) (parsed, error) {
	if !r.several() && len(args) != 1 {
		return parsed{}, errArgCount
	}
	p, err := r.parseKind(c, args)
	if err != nil {
		return parsed{}, err
	}
	if r.Fixed != "" && strings.Join(p.words, " ") != r.Default {
		return parsed{}, fixedError(fmt.Sprintf("%s; only '%s' is accepted", r.Fixed, r.Default))
	}
	return p, nil
}

func (r *Row) parseKind(c *Config, args []string) (parsed, error) {
	if r.check != nil {
		return r.check(c, args)
	}
	switch r.Kind {
	case Bool:
		return parseBool(args[0])
	case Integer:
		return r.parseInteger(args[0])
	case Octal:
		return r.parseOctal(args[0])
	case Memory:
		return r.parseMemory(args[0])
	case Percent:
		return r.parsePercent(args[0])
	case Enum:
		return r.parseEnum(args[0])
	}
	return parsed{words: args}, nil
}

// fixedError refuses a valid value of a setting that must keep its default.
type fixedError string

func (e fixedError) Error() string { return string(e) }

// text is the value as CONFIG GET shows it.
func (r *Row) text(c *Config) string {
	p := c.value(r).load()
	if r.show != nil {
		return r.show(c, p)
	}
	return strings.Join(p.words, " ")
}

// byName finds a row by any of its names.
var byName = indexRows(rows)

func indexRows(rows []*Row) map[string]*Row {
	index := make(map[string]*Row, len(rows)*5/4)
	for _, r := range rows {
		index[r.Name] = r
		if r.Alias != "" {
			index[r.Alias] = r
		}
	}
	return index
}
