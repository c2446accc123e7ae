package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// wideGrammar is for sequences over many keys with values of all sizes: what
// they try is how the engine grows, moves and gives back memory, not the
// options of commands. Productions stand here as often as they should come.
var wideGrammar = []production{
	exact("SET <wide> <bulk>"), exact("SET <wide> <bulk>"), exact("SET <wide> <bulk>"), exact("SET <wide> <bulk>"),
	exact("SET <wide> <bulk>"), exact("SET <wide> <bulk>"), exact("SET <wide> <bulk>"), exact("SET <wide> <bulk>"),
	exact("SET <wide> <bulk> EX <soon>"), exact("SET <wide> <bulk> KEEPTTL"), exact("SET <wide> <number>"),
	exact("MSET { <wide> <bulk> }"),
	exact("APPEND <wide> <bulk>"), exact("APPEND <wide> <bulk>"),
	exact("SETRANGE <wide> ( 0 | 1 | 100 | 5000 ) <bulk>"),
	exact("INCR <wide>"),
	exact("GET <wide>"), exact("GET <wide>"),
	exact("MGET { <wide> }"),
	exact("GETRANGE <wide> <offset> <offset>"),
	exact("GETDEL <wide>"),
	exact("GETSET <wide> <bulk>"),
	exact("( DEL | UNLINK ) { <wide> }"), exact("DEL { <wide> }"), exact("DEL { <wide> }"),
	exact("( STRLEN | EXISTS | TYPE ) <wide>"),
	exact("( RENAME | RENAMENX ) <wide> <wide>"),
	exact("COPY <wide> <wide> REPLACE"),
	exact("COPY <wide> <wide> DB ( 0 | 1 )"),
	exact("MOVE <wide> ( 0 | 1 )"),
	exact("( PERSIST | TTL ) <wide>"),
	exact("DBSIZE"),
}

// wideKeys is how many keys such a sequence works on.
const wideKeys = 1500

func wideKey(i int) string { return fmt.Sprintf("key:%0*d", 1+i%24, i) }

// WideCase is a sequence of n commands over many keys, followed by commands
// that read all of them.
func WideCase(seed uint64, n int) *Case {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 2)), grammar: wideGrammar}
	c := &Case{File: "random"}
	for i := range n {
		if i%500 == 250 { // now and then the other database, or all of one gone
			c.Steps = append(c.Steps, g.expand(exact("( SELECT 0 | SELECT 1 | SWAPDB 0 1 | FLUSHDB )")))
		}
		c.Steps = append(c.Steps, g.command())
	}
	for _, db := range []string{"0", "1"} {
		for _, p := range []production{exact("SELECT " + db), unordered("KEYS *"), exact("DBSIZE")} {
			c.Steps = append(c.Steps, g.expand(p))
		}
		for i := range wideKeys {
			c.Steps = append(c.Steps, Step{Words: []word{{text: "GET"}, {text: wideKey(i)}}, How: newHow()})
		}
	}
	for i := range c.Steps {
		c.Steps[i].Line = i + 1
	}
	return c
}

// bulk makes a value: lognormal sizes, most of some hundred bytes, few of more
// than 100 KB. Its text differs from that of others, so that a value at the wrong
// place is noticed.
func (g *generator) bulk() string {
	size := int(min(math.Exp(5.5+1.7*g.rnd.NormFloat64()), 300_000))
	text := make([]byte, size)
	a, b := byte(g.rnd.IntN(26)), byte(g.rnd.IntN(25)+1)
	for i := range text {
		text[i] = 'a' + (a+byte(i%251)*b)%26
	}
	return string(text)
}
