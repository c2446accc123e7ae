package compare

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Case is a run of steps that starts from an empty server.
type Case struct {
	File    string
	Line    int // of its first line that is no comment
	Steps   []Step
	Only    int  // 2 or 3: the protocol version it is for; 0 for both
	Batch   bool // all commands are sent before the first reply is read; random sequences only
	Crowd   bool // @block on a connection that still waits is left out; random sequences only
	Several bool // it has several connections, so it is no batch; random sequences only
	NoHello bool // connections are not greeted, and it runs once
}

// action says what a step does.
type action uint8

const (
	actCommand action = iota // send words to both, compare the replies
	actRaw                   // send bytes to both, compare the replies
	actRedis                 // send words to redis-server alone
	actAshlar                // send words to Ashlar alone
	actBlock                 // send words to both on a connection, and read no reply yet
	actAwait                 // read the reply that a connection still owes, and compare
	actPushed                // read all that a connection was sent unasked, and compare
	actPush                  // read a message that a connection is sent unasked, and compare
	actBlocked
	actSettle
	actConn
	actClose
	actEOF
	actSleep
	actConfig
	actLet
)

// Step is one line that does something, with the directives about it.
type Step struct {
	Line  int
	Do    action
	Words []word   // a command's arguments; a directive's otherwise
	N     int      // @sleep's milliseconds, @let's repetitions
	First [][]word // commands that go before, whose replies nobody looks at; random sequences only
	Conn  string   // the connection that @on, @block, @await and @blocked name; "" for the current one
	How   How
}

// sends says whether the step's words are a command.
func (s *Step) sends() bool { return s.Do == actCommand || s.Do == actBlock }

// How says in which way two replies must agree. The zero value: in every byte.
type How struct {
	IgnoreOrder int      // sort the elements in groups of this many; 0: don't
	Within      bool     // sort those of the innermost arrays
	PackedOrder bool     // the order counts while redis-server keeps the key as a listpack or intset
	Encoding    bool     // see newerEncodings
	Doubles     bool     // numbers that are the same double agree, whatever their text
	Without     []string // fields that are left out of both replies, with their values
	Approx      int64
	TypeOnly    bool
	ErrorsOnly  bool // errors must agree in every byte, other replies may differ; random sequences only
	Shape       bool
	Fields      bool
	Masks       []*regexp.Regexp
	Drops       []*regexp.Regexp // like Masks, for what one side has and the other lacks
	Replies     int              // 1 unless @replies was given
	// Expect, where not empty, holds the texts that stand for redis-server's
	// reply (RESP2, RESP3), and Match patterns instead.
	Expect   []string
	Match    []*regexp.Regexp
	SaveAs   string
	SaveElem int // -1: the reply itself
}

// ownOnly says whether the command goes to Ashlar alone.
func (h *How) ownOnly() bool { return h.Expect != nil || h.Match != nil }

// sides is how many of the two get the command, Ashlar first.
func (h *How) sides() int {
	if h.ownOnly() {
		return 1
	}
	return 2
}

// parser turns lines into cases.
type parser struct {
	file    string
	line    int
	cases   []Case
	current Case
	how     How  // what directives so far say of the next command
	pending bool // a directive waits for its command
}

// ParseScript reads a script. Errors name the file and the line.
func ParseScript(file, text string) ([]Case, error) {
	p := parser{file: file, how: newHow()}
	for _, line := range strings.Split(text, "\n") {
		p.line++
		if err := p.take(strings.TrimRight(line, " \t\r")); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, p.line, err)
		}
	}
	if err := p.endCase(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, p.line, err)
	}
	return p.cases, nil
}

func newHow() How { return How{Replies: 1, SaveElem: -1} }

func (p *parser) take(line string) error {
	switch {
	case line == "":
		return p.endCase()
	case line[0] == '#':
		return nil
	}
	if p.current.Line == 0 {
		p.current.Line, p.current.File = p.line, p.file
	}
	if line[0] == '@' {
		return p.directive(line)
	}
	words, err := splitWords(line)
	if err != nil {
		return err
	}
	p.addCommand(Step{Do: actCommand, Words: words})
	return nil
}

// addCommand is add for a command, whose reply may depend on the clock.
func (p *parser) addCommand(s Step) {
	if p.how.Approx == 0 {
		p.how.Approx = ticking[strings.ToUpper(s.Words[0].text)]
	}
	p.add(s)
}

// ticking are the commands whose replies depend on when they are asked, and by
// how much two servers may differ that are asked one after the other.
var ticking = map[string]int64{"TTL": 1, "EXPIRETIME": 1, "PTTL": 1000, "PEXPIRETIME": 1000}

// add appends a step with the directives that were waiting for it.
func (p *parser) add(s Step) {
	s.Line, s.How = p.line, p.how
	p.current.Steps = append(p.current.Steps, s)
	p.how, p.pending = newHow(), false
}

func (p *parser) endCase() error {
	if p.pending {
		return fmt.Errorf("a directive without a command after it")
	}
	if len(p.current.Steps) > 0 {
		p.cases = append(p.cases, p.current)
	}
	p.current = Case{}
	return nil
}

// directive takes a line that starts with "@".
func (p *parser) directive(line string) error {
	words, err := splitWords(line)
	if err != nil {
		return err
	}
	name, args := words[0].text, words[1:]
	rule, ok := directives[name]
	if !ok {
		return fmt.Errorf("unknown directive %s", name)
	}
	if len(args) < rule.min || len(args) > rule.max {
		return fmt.Errorf("%s takes %d to %d arguments", name, rule.min, rule.max)
	}
	if rule.about {
		p.pending = true
	}
	return rule.take(p, args)
}

// rule is how a directive is read.
type rule struct {
	min, max int
	about    bool // about the next command
	take     func(p *parser, args []word) error
}

const many = 1 << 20

// directives by name. The package documentation explains them.
var directives = map[string]rule{
	"@ignore-order": {0, 1, true, func(p *parser, a []word) error { return intOr(&p.how.IgnoreOrder, a, 1) }},
	"@ignore-order-within": {0, 1, true, func(p *parser, a []word) error {
		p.how.Within = true
		return intOr(&p.how.IgnoreOrder, a, 1)
	}},
	"@packed-order": {0, 1, true, func(p *parser, a []word) error {
		p.how.PackedOrder = true
		return intOr(&p.how.IgnoreOrder, a, 1)
	}},
	"@encoding": {0, 0, true, func(p *parser, _ []word) error { p.how.Encoding = true; return nil }},
	"@doubles":  {0, 0, true, func(p *parser, _ []word) error { p.how.Doubles = true; return nil }},
	"@without": {1, many, true, func(p *parser, a []word) error {
		for _, w := range a {
			p.how.Without = append(p.how.Without, w.text)
		}
		return nil
	}},
	"@approx": {1, 1, true, func(p *parser, a []word) error {
		n, err := strconv.ParseInt(a[0].text, 10, 64)
		p.how.Approx = n
		return err
	}},
	"@skip-reply": {0, 0, true, func(p *parser, _ []word) error { p.how.TypeOnly = true; return nil }},
	"@shape":      {0, 0, true, func(p *parser, _ []word) error { p.how.Shape = true; return nil }},
	"@fields":     {0, 0, true, func(p *parser, _ []word) error { p.how.Fields = true; return nil }},
	"@mask":       {1, 1, true, func(p *parser, a []word) error { return addPatterns(&p.how.Masks, a) }},
	"@drop":       {1, 1, true, func(p *parser, a []word) error { return addPatterns(&p.how.Drops, a) }},
	"@match":      {1, 2, true, func(p *parser, a []word) error { return addPatterns(&p.how.Match, a) }},
	"@replies":    {1, 1, true, func(p *parser, a []word) error { return intOr(&p.how.Replies, a, 1) }},
	"@expect": {1, 2, true, func(p *parser, a []word) error {
		for _, w := range a {
			p.how.Expect = append(p.how.Expect, w.text)
		}
		return nil
	}},
	"@save": {1, 2, true, func(p *parser, a []word) error {
		p.how.SaveAs = a[0].text
		return intOr(&p.how.SaveElem, a[1:], -1)
	}},

	"@on":      {2, many, false, onConnection(actCommand)},
	"@block":   {2, many, false, onConnection(actBlock)},
	"@await":   {1, 1, false, onConnection(actAwait)},
	"@blocked": {1, 1, false, onConnection(actBlocked)},
	"@pushed":  {1, 1, false, onConnection(actPushed)},
	"@push":    {1, 1, false, onConnection(actPush)},
	"@settle":  {0, 0, false, acting(actSettle)},

	"@redis":  {1, many, false, acting(actRedis)},
	"@ashlar": {1, many, false, acting(actAshlar)},
	"@raw":    {1, 1, false, acting(actRaw)},
	"@close":  {0, 0, false, acting(actClose)},
	"@eof":    {0, 0, false, acting(actEOF)},
	"@config": {2, 2, false, acting(actConfig)},
	"@conn":   {1, 1, false, numbered(actConn, 0)},
	"@sleep":  {1, 1, false, numbered(actSleep, 0)},
	"@let":    {2, 3, false, numbered(actLet, 2)},

	"@no-hello": {0, 0, false, func(p *parser, _ []word) error { p.current.NoHello = true; return nil }},
	"@only": {1, 1, false, func(p *parser, a []word) error {
		version, ok := map[string]int{"resp2": 2, "resp3": 3}[a[0].text]
		if !ok {
			return fmt.Errorf("@only resp2 or @only resp3")
		}
		p.current.Only = version
		return nil
	}},
}

// acting makes a step of the directive's arguments.
func acting(do action) func(*parser, []word) error {
	return func(p *parser, args []word) error {
		p.add(Step{Do: do, Words: args})
		return nil
	}
}

// onConnection makes a step about the connection that the first argument names.
func onConnection(do action) func(*parser, []word) error {
	return func(p *parser, args []word) error {
		s := Step{Do: do, Conn: args[0].text, Words: args[1:]}
		if len(s.Words) > 0 {
			p.addCommand(s)
		} else {
			p.add(s)
		}
		return nil
	}
}

// numbered is acting with a number at args[at], 1 if it is left out.
func numbered(do action, at int) func(*parser, []word) error {
	return func(p *parser, args []word) error {
		s := Step{Do: do, Words: args}
		if err := intOr(&s.N, args[min(at, len(args)):], 1); err != nil {
			return err
		}
		p.add(s)
		return nil
	}
}

func intOr(to *int, args []word, otherwise int) (err error) {
	*to = otherwise
	if len(args) > 0 {
		*to, err = strconv.Atoi(args[0].text)
	}
	return err
}

func addPatterns(to *[]*regexp.Regexp, args []word) error {
	for _, w := range args {
		re, err := regexp.Compile("(?s)" + w.text)
		if err != nil {
			return err
		}
		*to = append(*to, re)
	}
	return nil
}
