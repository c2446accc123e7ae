package compare

import (
	"math/rand/v2"
	"slices"
)

// Sequences of several connections, none of which waits: two work on the same keys,
// with transactions, watched keys and scripts among the plain commands; one listens
// to keyspace notifications; and in RESP3 one reads, and is told by CLIENT TRACKING
// what has changed since. After each command all that the last two were sent is
// compared.

// workers are the connections that write.
var workers = []string{"1", "2"}

const (
	listener = "events"
	tracker  = "tracker"
)

// eventClasses are values of notify-keyspace-events.
var eventClasses = []string{"KEA", "KEA", "KA", "EA", "KEg$l", "Eshz", "KEtd", "AE"}

// trackingModes are the ways to be told. After OPTIN nothing is remembered unless
// CLIENT CACHING asks for it.
var trackingModes = []string{"", "", "BCAST", "BCAST PREFIX h PREFIX l PREFIX z", "NOLOOP", "OPTOUT"}

// wrappers are scripts that call the command in their arguments.
var wrappers = []string{
	"return redis.pcall(unpack(ARGV))",
	"return {redis.pcall(unpack(ARGV)), 1}",
	"redis.pcall('PING') return redis.pcall(unpack(ARGV))",
	"redis.replicate_commands() return redis.pcall(unpack(ARGV))",
}

// sessionsGrammar is what the collections' own grammars lack, because there a
// sequence has only one connection.
var sessionsGrammar = []production{
	exact("SELECT ( 0 | 0 | 0 | 1 )"), exact("( FLUSHDB | FLUSHALL ) [ ASYNC | SYNC ]"), exact("SWAPDB 0 1"),
	exact("UNWATCH"), exact("WATCH { <any> }"), exact("WATCH { <any> }"),
	exact("SORT <any> BY nosort STORE <any>"), exact("SET <any> <number>"), exact("INCRBY <any> <number>"),
	exact("GETEX <any> PERSIST"), exact("GETDEL <any>"), exact("MSETNX { <any> <value> }"), exact("SETRANGE <any> 2 <value>"),
	exact("RENAME <any> <any>"), exact("COPY <any> <any> DB 1 REPLACE"), exact("MOVE <any> 0"),
	exact("EXPIRE <any> -1"), exact("EXPIRE <any> <seconds>"), exact("PERSIST <any>"), exact("INCRBYFLOAT <any> 1.5"),
}

// sessions makes the steps of such a sequence.
type sessions struct {
	*generator
	steps []Step
	multi map[string]bool // connections that are within a transaction
}

// SessionsCase is a sequence of n commands of several connections.
func SessionsCase(seed uint64, n int) *Case {
	g := sessions{
		generator: &generator{rnd: rand.New(rand.NewPCG(seed, 6)), keys: []string{"h1"}},
		multi:     make(map[string]bool),
	}
	g.steps = append(g.steps, configure("hz", "500"), configure("notify-keyspace-events", g.pick(eventClasses)))
	for range 2 {
		name := g.pick([]string{"hash", "list", "set", "zset", "stream", "bits", "geo", "sort", "hll"})
		g.grammar = append(g.grammar, families[name]...)
		g.keys = append(g.keys, familyKeys[name]...)
	}
	for len(g.grammar) > 3*(len(keyspaceGrammar)+len(sessionsGrammar)) {
		g.grammar = slices.Delete(g.grammar, 0, 1)
	}
	g.grammar = slices.Concat(g.grammar, keyspaceGrammar, sessionsGrammar)
	g.say(listener, "PSUBSCRIBE __key*")
	if seed&1 == 1 { // RESP3
		g.say(tracker, "CLIENT TRACKING ON "+g.pick(trackingModes))
	}
	for range n {
		g.work(seed&1 == 1)
	}
	for _, conn := range workers {
		g.say(conn, "DISCARD")
	}
	c := &Case{File: "random", Several: true, Steps: append(g.steps, typedState()...)}
	for i := range c.Steps {
		c.Steps[i].Line = i + 1
	}
	return c
}

// say adds a command of one connection.
func (g *sessions) say(conn, text string) {
	s := g.expand(exact(text))
	s.Conn = conn
	g.steps = append(g.steps, s)
}

// listen compares what a connection was sent. In what order the keys of one command
// are invalid is nobody's concern.
func (g *sessions) listen(conn string) {
	s := Step{Do: actPushed, Conn: conn, How: newHow()}
	if conn == tracker {
		s.How.IgnoreOrder = 1
	}
	g.steps = append(g.steps, s)
}

// work adds a command of one of the workers, and what the others learn of it.
func (g *sessions) work(tracking bool) {
	conn := g.pick(workers)
	switch p := g.rnd.IntN(24); {
	case g.multi[conn] && p < 5:
		g.say(conn, "( EXEC | EXEC | EXEC | EXEC | DISCARD )")
		g.multi[conn] = false
	case !g.multi[conn] && p < 2:
		if p == 0 {
			g.say(conn, "WATCH { <any> }")
		}
		g.say(conn, "MULTI")
		g.multi[conn] = true
	case p < 8:
		g.steps = append(g.steps, g.wrapped(conn))
	default:
		s := g.visible()
		s.Conn = conn
		g.steps = append(g.steps, s)
	}
	g.listen(listener)
	if !tracking {
		return
	}
	g.listen(tracker)
	if g.rnd.IntN(3) == 0 {
		g.say(tracker, "( GET <any> | MGET { <any> } | TYPE <any> | LLEN <any> | SCARD <any> | ZCARD <any> | HLEN <any> | XLEN <any> | EXISTS { <any> } )")
		g.listen(tracker)
	}
}

// wrapped makes a command that a script calls.
func (g *sessions) wrapped(conn string) Step {
	s := g.visible()
	script := g.pick(wrappers)
	if !s.How.plain() {
		script = wrappers[0] // the reply as it is
	}
	s.Words = append(texts("EVAL", script, "0"), s.Words...)
	s.How.PackedOrder, s.Conn = false, conn // a script is not about one key
	return s
}

// visible makes a command whose changes redis-server tells of. Not so those of
// PFDEBUG, and a string that BITFIELD has made longer before it failed.
func (g *sessions) visible() Step {
	for {
		s := g.command()
		failing := slices.ContainsFunc(s.Words, func(w word) bool { return w.text == "FAIL" })
		if s.Words[0].text != "PFDEBUG" && !failing {
			return s
		}
	}
}
