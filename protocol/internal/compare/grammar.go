package compare

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// production is a form of command that random sequences may hold. In text,
//
//	<key> <value> ...   stand for something from pools
//	[ a | b c ]         for nothing, or one of the alternatives
//	( a | b )           for one of the alternatives
//	{ a b }             for one to three times what is inside
//
// with blanks around every bracket; how says how to compare the replies.
type production struct {
	text string
	how  How
	// whole ones are never spoiled: without an argument, their reply is left to
	// chance or takes long to come.
	whole bool
}

// grammar holds the command families that random sequences exercise. DBSIZE is
// not among them: redis-server counts keys that have expired until it comes
// across them, so its reply depends on chance.
var grammar = []production{
	exact("SET <key> <value> [ NX | XX ] [ GET ] [ EX <seconds> | PX <millis> | EXAT <at> | PXAT <atms> | KEEPTTL ]"),
	exact("SET <key> <value>"),
	exact("SET <key> <number>"),
	exact("SET <key> <value> EX <seconds>"),
	exact("SETNX <key> <value>"),
	exact("SETEX <key> <seconds> <value>"),
	exact("PSETEX <key> <millis> <value>"),
	exact("GET <key>"),
	exact("GETSET <key> <value>"),
	exact("GETDEL <key>"),
	exact("GETEX <key> [ EX <seconds> | PX <millis> | EXAT <at> | PXAT <atms> | PERSIST ]"),
	exact("MGET { <key> }"),
	exact("MSET { <key> <value> }"),
	exact("MSETNX { <key> <value> }"),
	exact("INCR <key>"),
	exact("DECR <key>"),
	exact("INCRBY <key> <number>"),
	exact("DECRBY <key> <number>"),
	exact("INCRBYFLOAT <key> ( <number> | <float> )"),
	exact("APPEND <key> <value>"),
	exact("STRLEN <key>"),
	exact("( GETRANGE | SUBSTR ) <key> <offset> <offset>"),
	exact("SETRANGE <key> <offset> <value>"),
	exact("LCS <key> <key> [ LEN | IDX ] [ MINMATCHLEN <offset> ] [ WITHMATCHLEN ]"),

	exact("( DEL | UNLINK | EXISTS | TOUCH ) { <key> }"),
	exact("TYPE <key>"),
	exact("( RENAME | RENAMENX ) <key> <key>"),
	exact("COPY <key> <key> [ DB <db> ] [ REPLACE ]"),
	exact("MOVE <key> <db>"),
	exact("SELECT <db>"),
	exact("SWAPDB <db> <db>"),
	exact("OBJECT ENCODING <key>"),
	unordered("KEYS ( * | k* | k[1-2] | ?? | \\k1 | k[^1] )"),

	exact("EXPIRE <key> <seconds> [ NX | XX | GT | LT ] [ NX | XX | GT | LT ]"),
	exact("PEXPIRE <key> <millis> [ NX | XX | GT | LT ]"),
	exact("EXPIREAT <key> <at> [ NX | XX | GT | LT ]"),
	exact("PEXPIREAT <key> <atms> [ NX | XX | GT | LT ]"),
	exact("PERSIST <key>"),
	within(2, "( TTL | EXPIRETIME ) <key>"),
	within(3000, "( PTTL | PEXPIRETIME ) <key>"),
}

func exact(text string) production { return production{text: text, how: newHow()} }

func unordered(text string) production {
	p := exact(text)
	p.how.IgnoreOrder = 1
	return p
}

func within(by int64, text string) production {
	p := exact(text)
	p.how.Approx = by
	return p
}

// pools are what <name> may stand for. Times are in the past or far away, so
// that no reply depends on when it is asked for; "far" is another time whenever
// it is drawn, since whether a new time of the same length is greater than the
// old one (EXPIRE GT) would depend on the millisecond.
var pools = map[string][]string{
	"<key>":     {"k1", "k2", "k3", "k4", "k5", ""},
	"<db>":      {"0", "0", "1", "15", "16", "-1", "x"},
	"<offset>":  {"0", "1", "2", "3", "5", "-1", "-2", "-100", "100", "44", "45", "x", "9223372036854775807"},
	"<float>":   {"1.5", "-0.25", "3.0e3", "1e-5", "0.1", "inf", "nan", "1e400", " 1", "0x10"},
	"<seconds>": {"far", "far", "far", "0", "-1", "9223372036854775807", "9223372036854775", "x", "1.5"},
	"<millis>":  {"far", "far", "far", "0", "-1", "9223372036854775807", "x"},
	"<at>":      {"far", "far", "$unix-100", "0", "-1", "9223372036854775807", "x"},
	"<atms>":    {"far", "far", "$unixms-100000", "0", "-1", "x"},
	"<number>": {"0", "1", "-1", "10", "100", "9223372036854775807", "-9223372036854775808",
		"9223372036854775808", "007", "+5", "", "12345678901234567890"},
	"<value>": {"", "a", "ab", "hello world", "7", "-12", "3.25", "1e5", "\x00\xff\r\n", "10 ", "axbxcxd", "abcd",
		strings.Repeat("e", 44), strings.Repeat("f", 45), strings.Repeat("long ", 100)},
}

// farForms write a number of seconds as each pool of times has it.
var farForms = map[string]string{
	"<seconds>": "%d", "<millis>": "%d000", "<at>": "$unix+%d", "<atms>": "$unixms+%d000",
}

// generator makes random commands. Its output depends on the seed alone.
type generator struct {
	rnd     *rand.Rand
	grammar []production
	tokens  []string
	times   int      // how many far times were drawn
	serial  int      // of the last stream ID that was drawn
	keys    []string // of typed sequences
	strict  bool     // each command gets keys of its own type, and none is spoiled
}

// RandomCase is a sequence of n random commands, followed by commands that
// compare the whole state.
func RandomCase(seed uint64, n int) *Case {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 1)), grammar: grammar}
	c := &Case{File: "random"}
	for range n {
		c.Steps = append(c.Steps, g.command())
	}
	c.Steps = append(c.Steps, stateSteps()...)
	for i := range c.Steps {
		c.Steps[i].Line = i + 1
	}
	return c
}

// stateSteps ask for all that can be seen of the keys.
func stateSteps() []Step {
	var steps []Step
	for _, db := range []string{"0", "1", "15"} {
		forms := []production{exact("SELECT " + db), unordered("KEYS *")}
		for _, key := range pools["<key>"] {
			if key == "" {
				continue
			}
			forms = append(forms, exact("GET "+key), exact("OBJECT ENCODING "+key), within(3000, "PTTL "+key))
		}
		for _, f := range forms {
			words, _ := splitWords(f.text)
			steps = append(steps, Step{Words: words, How: f.how})
		}
	}
	return steps
}

// command makes one command, now and then a wrong one.
func (g *generator) command() Step {
	p := g.grammar[g.rnd.IntN(len(g.grammar))]
	s := g.expand(p)
	if g.rnd.IntN(40) == 0 && !p.whole && !g.strict {
		s.Words = g.spoil(s.Words)
	}
	uniqueMembers(&s)
	withConsumer(&s)
	return s
}

// expand makes a command of one form.
func (g *generator) expand(p production) Step {
	g.tokens = strings.Fields(p.text)
	return Step{Words: g.sequence(true), How: p.how}
}

// sequence expands tokens up to a closing bracket or a bar. Not emitting, it
// only moves past them.
func (g *generator) sequence(emit bool) []word {
	var out []word
	for len(g.tokens) > 0 {
		t := g.tokens[0]
		switch t {
		case "]", ")", "}", "|":
			return out
		}
		g.tokens = g.tokens[1:]
		switch t {
		case "[":
			out = append(out, g.alternatives("]", emit && g.rnd.IntN(3) == 0)...)
		case "(":
			out = append(out, g.alternatives(")", emit)...)
		case "{":
			out = append(out, g.repeated(emit)...)
		default:
			if !emit {
				continue
			}
			if own := g.own(t); own != nil {
				out = append(out, own...)
			} else {
				out = append(out, g.terminal(t))
			}
		}
	}
	return out
}

// alternatives expands one of the branches up to the closing bracket.
func (g *generator) alternatives(closing string, emit bool) []word {
	var branches [][]word
	for {
		branches = append(branches, g.sequence(emit))
		t := g.tokens[0]
		g.tokens = g.tokens[1:]
		if t == closing {
			return branches[g.rnd.IntN(len(branches))]
		}
	}
}

func (g *generator) repeated(emit bool) []word {
	var out []word
	body := g.tokens
	for range 1 + g.rnd.IntN(3) {
		g.tokens = body
		out = append(out, g.sequence(emit)...)
	}
	g.tokens = g.tokens[1:]
	return out
}

// terminal draws from the pool that a token names; other tokens stand for themselves.
func (g *generator) terminal(t string) word {
	switch t {
	case "<wide>":
		return word{text: wideKey(g.rnd.IntN(wideKeys))}
	case "<bulk>":
		return word{text: g.bulk()}
	case "<soon>": // long enough for the test, and not compared
		return word{text: "100000"}
	}
	pool, ok := pools[t]
	if !ok {
		return word{text: t, bare: true}
	}
	text := pool[g.rnd.IntN(len(pool))]
	if text == "far" {
		// No two within 20 seconds, in no order: a walk over the residues of a prime.
		g.times++
		text = fmt.Sprintf(farForms[t], 100+20*(g.times*7919%10007))
	}
	return word{text: text, bare: strings.HasPrefix(text, "$")}
}

// spoil drops, doubles or swaps an argument.
func (g *generator) spoil(words []word) []word {
	at := g.rnd.IntN(len(words))
	switch g.rnd.IntN(3) {
	case 0:
		if at > 0 {
			return append(words[:at:at], words[at+1:]...)
		}
	case 1:
		return append(words[:at+1:at+1], words[at:]...)
	}
	other := g.rnd.IntN(len(words))
	if at > 0 && other > 0 {
		words[at], words[other] = words[other], words[at]
	}
	return words
}
