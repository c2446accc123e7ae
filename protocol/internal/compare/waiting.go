package compare

import (
	"math/rand/v2"
)

// What several connections wait in. There are no time-outs: in what order they
// fire is not the servers' to say.
//
// Redis 7.4 executes a command again when one of its keys is ready, and so may take
// from another one of them; 7.0 serves it from the key that is ready. The two can
// be told apart if several of a client's keys become ready at once: by a
// transaction, or by another client's BLMOVE. So in one sequence clients wait for
// one key each, and in another for several.
var (
	chainGrammar = []production{
		exact("( BLPOP | BRPOP ) <list> 0"), exact("BLPOP <list> 0"),
		exact("BLMOVE <list> <list> ( LEFT | RIGHT ) ( LEFT | RIGHT ) 0"),
		exact("BRPOPLPUSH <list> <list> 0"),
		exact("BLMPOP 0 1 <list> ( LEFT | RIGHT ) [ COUNT ( 2 | 3 ) ]"),
		scores("( BZPOPMIN | BZPOPMAX ) <zset> 0"),
		scores("BZMPOP 0 1 <zset> ( MIN | MAX ) [ COUNT 2 ]"),
		exact("XREAD BLOCK 0 STREAMS <stream> ( $ | $ | 5-0 )"),
		exact("XREADGROUP GROUP g1 <consumer> BLOCK 0 STREAMS <stream> >"),
	}
	severalGrammar = []production{
		exact("( BLPOP | BRPOP ) { <list> } 0"),
		exact("BLMPOP 0 2 <list> <list> ( LEFT | RIGHT ) [ COUNT ( 2 | 3 ) ]"),
		scores("( BZPOPMIN | BZPOPMAX ) { <zset> } 0"),
		scores("BZMPOP 0 2 <zset> <zset> ( MIN | MAX ) [ COUNT 2 ]"),
		exact("XREAD COUNT 1 BLOCK 0 STREAMS x1 x2 $ $"),
	}
)

// wakingGrammar is what another connection does meanwhile: all the ways in which a
// key can come to be, and some in which it goes before anybody had it. SWAPDB is not
// among them: which of several keys redis-server then serves first is chance. Nor is
// what changes a key's type: 7.4 executes a command again when one of its keys is
// ready, and so meets the wrong type of another; 7.0 does not look at that.
var wakingGrammar = []production{
	exact("( RPUSH | LPUSH ) <list> { <element> }"), exact("( RPUSH | LPUSH ) <list> { <element> }"), exact("LINSERT <list> BEFORE a b"),
	exact("( LPOP | RPOP ) <list>"), exact("( RPOPLPUSH <list> <list> | LMOVE <list> <list> LEFT RIGHT )"),
	exact("ZADD <zset> { <score> <member> }"), exact("ZADD <zset> { <score> <member> }"), scores("ZPOPMIN <zset>"), scores("ZINCRBY <zset> 1 a"),
	exact("ZUNIONSTORE <zset> 2 <zset> <set>"), exact("ZRANGESTORE <zset> <zset> 0 -1"), exact("GEOADD <zset> 13.361389 38.115556 a"),
	exact("XADD <stream> <nextid> f v"), exact("XADD <stream> <nextid> f v"), exact("XGROUP CREATE <stream> g1 ( $ | 0 ) MKSTREAM"),
	exact("SADD <set> { <integer> }"), exact("SORT <sortable> ALPHA STORE <list>"),
	exact("( RENAME | RENAMENX ) ( <list> <list> | <zset> <zset> | <stream> <stream> )"), exact("COPY ( <list> <list> | <zset> <zset> ) REPLACE"),
	exact("MOVE <any> 1"), exact("SELECT ( 0 | 0 | 1 )"), exact("DEL <any>"), exact("PEXPIREAT <any> <atms>"), exact("( FLUSHDB | FLUSHALL )"),
	exact("LRANGE <list> 0 -1"), scores("ZRANGE <zset> 0 -1 WITHSCORES"), exact("XLEN <stream>"),
}

// transactions are each about one key: only what is left of it in the end wakes
// anybody.
var transactions = [][]production{
	{exact("RPUSH l1 { <element> }"), exact("LPUSH l1 <element>"), exact("LPOP l1"), exact("DEL l1"), exact("LRANGE l1 0 -1")},
	{exact("ZADD z1 { <score> <member> }"), scores("ZPOPMAX z1"), exact("DEL z1"), scores("ZRANGE z1 0 -1 WITHSCORES")},
	{exact("XADD x1 <nextid> f v"), exact("XDEL x1 5-1"), exact("XLEN x1")},
}

// waiters are the connections that block; connection 1 wakes them.
var waiters = []string{"2", "3", "4", "5", "6"}

// WaitingCase is a sequence of n steps in which clients block, or another one does
// something; after each such thing the servers must agree on who still waits and
// on what the others got.
func WaitingCase(seed uint64, n int) *Case {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 4)), keys: []string{"l1", "l2", "z1", "z2", "s1", "x1", "x2"}, strict: true}
	c := &Case{File: "random", Crowd: true}
	blocking := severalGrammar
	if seed>>3&1 == 0 { // lower bits choose the protocol and the transport
		blocking = chainGrammar
	}
	draw := func(from []production) Step { return g.expand(from[g.rnd.IntN(len(from))]) }
	for range n {
		switch p := g.rnd.IntN(20); {
		case p < 8:
			s := draw(blocking)
			s.Do, s.Conn = actBlock, g.pick(waiters)
			withConsumer(&s)
			c.Steps = append(c.Steps, s)
		case p == 8:
			c.Steps = append(c.Steps, g.expand(exact("MULTI")))
			about := transactions[g.rnd.IntN(len(transactions))]
			for range 1 + g.rnd.IntN(4) {
				c.Steps = append(c.Steps, draw(about))
			}
			c.Steps = append(c.Steps, g.expand(scores("EXEC")), settleStep())
		default:
			c.Steps = append(c.Steps, draw(wakingGrammar), settleStep())
		}
	}
	c.Steps = append(c.Steps, typedState()...)
	for i := range c.Steps {
		c.Steps[i].Line = i + 1
	}
	return c
}

// settleStep compares what those who wait got; see newer.go for the errors.
func settleStep() Step {
	p := masked("", streamGone)
	p.how.Doubles = true
	return Step{Do: actSettle, How: p.how}
}

// busy says whether a generated step is about a connection that still waits: it is
// then left out, on both sides.
func (r *run) busy(s *Step) bool {
	return r.c.Crowd && s.Do == actBlock && (r.waiting[ashlar][s.Conn] > 0 || r.waiting[redis][s.Conn] > 0)
}
