package config

import (
	"fmt"
	"slices"
	"strings"
)

// Pair is a setting's name and value, as text.
type Pair struct{ Name, Value string }

// names are all names of settings, older ones too, in alphabetical order.
var names = sortedNames(byName)

func sortedNames(index map[string]*Row) []string {
	list := make([]string, 0, len(index))
	for name := range index {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// Find gives the setting with this name, which is looked for in any case and
// given back as it is.
func (c *Config) Find(name string) (Pair, bool) {
	r, ok := byName[strings.ToLower(name)]
	if !ok {
		return Pair{}, false
	}
	return Pair{name, r.text(c)}, true
}

// Match gives the settings whose name match likes, in alphabetical order, each
// under every name it has; hidden ones are for those who know them. Names given to
// match are in lower case.
func (c *Config) Match(match func(name string) bool) []Pair {
	var found []Pair
	for _, name := range names {
		if !byName[name].Hidden && match(name) {
			found = append(found, Pair{name, byName[name].text(c)})
		}
	}
	return found
}

// Allowed says whether one of the enable- settings ("yes", "no", "local") lets a
// client do what it guards; local is whether the client is on this machine.
func Allowed(v *Value, local bool) bool {
	switch v.Text() {
	case "yes":
		return true
	case "local":
		return local
	}
	return false
}

// change is one setting of a Set.
type change struct {
	row      *Row
	name     string // as the client wrote it, in lower case
	old, new parsed
}

// Set changes all of pairs or none. protected says whether the client may
// change protected settings. The error's text is what the client is to get,
// without the code ERR.
func (c *Config) Set(pairs []Pair, protected bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	changes, err := resolve(pairs, protected)
	if err != nil {
		return err
	}
	// Each value is checked with those before it in place, as redis-server does:
	// client-output-buffer-limit builds on what it was.
	for i := range changes {
		ch := &changes[i]
		v := c.value(ch.row)
		ch.old = v.load()
		if ch.new, err = ch.row.parse(c, ch.row.split(pairs[i].Value)); err != nil {
			c.restore(changes[:i])
			return setError(ch.name, err)
		}
		c.put(ch.row, ch.new)
	}
	return c.announce(changes)
}

// resolve finds the rows of pairs and checks that they may be set.
func resolve(pairs []Pair, protected bool) ([]change, error) {
	changes := make([]change, 0, len(pairs))
	for _, p := range pairs {
		name := strings.ToLower(p.Name)
		r, ok := byName[name]
		switch {
		case !ok:
			return nil, message("Unknown option or number of arguments for CONFIG SET - '" + p.Name + "'")
		case r.Immutable:
			return nil, setError(p.Name, message("can't set immutable config"))
		case r.Protected && !protected:
			return nil, setError(p.Name, message("can't set protected config"))
		case slices.ContainsFunc(changes, func(ch change) bool { return ch.name == name }):
			return nil, setError(p.Name, message("duplicate parameter"))
		}
		changes = append(changes, change{row: r, name: name})
	}
	return changes, nil
}

func setError(name string, err error) error {
	return message(fmt.Sprintf("CONFIG SET failed (possibly related to argument '%s') - %s", name, err))
}

// split makes a value into arguments the way CONFIG SET does: by single spaces,
// without quotes.
func (r *Row) split(value string) []string {
	switch {
	case !r.several():
		return []string{value}
	case value == "":
		return nil
	}
	return strings.Split(value, " ")
}

func (c *Config) put(r *Row, p parsed) {
	c.value(r).store(p)
	if r.derive != nil {
		r.derive(c)
	}
}

// restore puts the old values back, the last first: two names may be one setting's.
func (c *Config) restore(changes []change) {
	for _, ch := range slices.Backward(changes) {
		c.put(ch.row, ch.old)
	}
}

// announce tells the components; the first refusal undoes everything.
func (c *Config) announce(changes []change) error {
	var told []*hook
	for _, ch := range changes {
		if slices.Equal(ch.old.words, ch.new.words) && !ch.row.Volatile {
			continue
		}
		for _, h := range c.onChange[ch.row] {
			if slices.Contains(told, h) {
				continue
			}
			told = append(told, h)
			if err := h.apply(); err != nil {
				c.restore(changes)
				for _, h := range told {
					// What was in force a moment ago can be in force again; if not, the
					// first error is the one to report.
					_ = h.apply()
				}
				return setError(ch.row.Name, err)
			}
		}
	}
	return nil
}
