package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxIncludes bounds how deep files may include one another, so that one which
// includes itself is an error rather than a hang.
const maxIncludes = 16

// refused are directives of redis-server that ask for what this server does not do.
var refused = map[string]string{
	"rename-command": "commands keep their names",
	"loadmodule":     "there are no modules",
	"sentinel":       "there is no sentinel mode",
}

// Parse reads the settings that a command line asks for: [FILE] [--name value
// ...] [-], the dash for settings on stdin. args does not include the program's
// name. An error holds every mistake, each a line of its own that names the
// file and line, or "command line".
func Parse(args []string, stdin io.Reader) (*Config, error) {
	l := newLoader(New())
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		l.file(args[0], 0)
		l.c.File = l.c.absolute(args[0])
		args = args[1:]
	}
	if n := len(args); n > 0 && args[n-1] == "-" {
		args = args[:n-1]
		text, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("stdin: %w", err)
		}
		l.text("stdin", string(text), 0)
	}
	l.options(args)
	if err := l.result(); err != nil {
		return nil, err
	}
	l.c.warnForeign()
	return l.c, nil
}

// loader gathers what several sources say into one Config.
type loader struct {
	c     *Config
	errs  []error
	fixed map[*Row]error // refusals of fixed settings, by row: a later line may put them right

	included map[*Row]bool // the settings that included files mention
}

func newLoader(c *Config) *loader {
	return &loader{c: c, fixed: make(map[*Row]error), included: make(map[*Row]bool)}
}

// fail notes a mistake; where is "file:line" or another place.
func (l *loader) fail(where, format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

func (l *loader) result() error {
	for _, r := range rows {
		if err := l.fixed[r]; err != nil {
			l.errs = append(l.errs, err)
		}
	}
	return errors.Join(l.errs...)
}

// file reads one file; depth counts the includes around it.
func (l *loader) file(name string, depth int) {
	text, err := os.ReadFile(l.c.absolute(name))
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("%s: %w", name, reason(err)))
		return
	}
	l.text(name, string(text), depth)
}

// reason strips the operation and path off a file error: the line names the file.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

func (l *loader) text(name, text string, depth int) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		l.line(fmt.Sprintf("%s:%d", name, number), line, depth)
	}
}

func (l *loader) line(where, line string, depth int) {
	line = strings.Trim(line, " \t\r\n")
	if line == "" || line[0] == '#' {
		return
	}
	words, err := splitArgs(line)
	if err != nil {
		l.fail(where, "%v", err)
		return
	}
	if len(words) == 0 {
		return
	}
	switch strings.ToLower(words[0]) {
	case "include":
		l.include(where, words[1:], depth)
		return
	case "user":
		l.c.Users = append(l.c.Users, UserLine{where, words[1:]})
		return
	}
	l.set(where, words[0], words[1:])
	if r, ok := byName[strings.ToLower(words[0])]; ok && depth > 0 {
		l.included[r] = true
	}
}

// include reads the files that a pattern matches, in alphabetical order. A
// pattern without wildcards names a file that must exist.
func (l *loader) include(where string, args []string, depth int) {
	if len(args) != 1 {
		l.fail(where, "include: %v", errArgCount)
		return
	}
	if depth == maxIncludes {
		l.fail(where, "include %s: files include one another more than %d deep", args[0], maxIncludes)
		return
	}
	if !strings.ContainsAny(args[0], "*?[") {
		l.file(args[0], depth+1)
		return
	}
	names, err := filepath.Glob(l.c.absolute(args[0]))
	if err != nil {
		l.fail(where, "include %s: %v", args[0], err)
	}
	for _, name := range names {
		l.file(name, depth+1)
	}
}

// set gives one setting its value.
func (l *loader) set(where, name string, args []string) {
	lower := strings.ToLower(name)
	r, ok := byName[lower]
	switch {
	case !ok && refused[lower] != "":
		l.fail(where, "setting %q is not supported: %s", lower, refused[lower])
		return
	case !ok:
		l.fail(where, "unknown setting %q", name)
		return
	}
	p, err := r.parse(l.c, args)
	if err != nil && r.lenient != nil {
		if q, warning, ok := r.lenient(args); ok {
			p, err = q, nil
			l.warn(where, warning)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", where, strings.TrimSpace(lower+" "+joinSecret(r, args)), err)
		if errors.As(err, new(fixedError)) {
			l.fixed[r] = err
		} else {
			l.errs = append(l.errs, err)
		}
		return
	}
	delete(l.fixed, r)
	l.c.put(r, p)
}

// joinSecret is the arguments as they are shown in an error.
func joinSecret(r *Row, args []string) string {
	if r.Secret {
		return "..."
	}
	return joinArgs(args)
}

func (l *loader) warn(where, text string) {
	if line := where + ": " + text; !slices.Contains(l.c.Warnings, line) {
		l.c.Warnings = append(l.c.Warnings, line)
	}
}

// options reads --name value pairs. A name goes up to the next argument with
// two dashes, but for the first after it, which is its value whatever it looks
// like: --requirepass --secret sets that password. "--name value" may also be
// one argument, and --save alone means an empty value, as in redis-server.
func (l *loader) options(args []string) {
	const where = "command line"
	for i := 0; i < len(args); {
		option, ok := strings.CutPrefix(args[i], "--")
		if !ok {
			l.fail(where, "unexpected argument %q", args[i])
			return
		}
		words, err := splitArgs(option)
		if err != nil || len(words) == 0 {
			l.fail(where, "bad option %q", args[i])
			return
		}
		i++
		isSave := strings.EqualFold(option, "save")
		switch more := i < len(args); {
		case len(words) > 1: // its value came with it
		case isSave && (!more || strings.HasPrefix(args[i], "--")):
			words = append(words, "")
		case more:
			words = append(words, args[i])
			i++
		}
		for i < len(args) && !strings.HasPrefix(args[i], "--") {
			words = append(words, args[i])
			i++
		}
		switch strings.ToLower(words[0]) {
		case "include":
			l.include(where, words[1:], 0)
			continue
		case "user":
			l.c.Users = append(l.c.Users, UserLine{where, words[1:]})
			continue
		}
		l.set(where, words[0], words[1:])
	}
}

// warnForeign says in one line which settings were given values that have no
// effect here.
func (c *Config) warnForeign() {
	var names []string
	for _, r := range foreignRows {
		if !c.isDefault(r) {
			names = append(names, r.Name)
		}
	}
	if len(names) > 0 {
		c.Warnings = append(c.Warnings, "settings without effect in this server: "+strings.Join(names, " "))
	}
}
