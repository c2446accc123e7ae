package compare

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// deepGrammar is for long sequences that make few collections large: trees grow by
// levels and shrink again, tables split, long elements get places of their own,
// and what is deleted leaves holes to be closed. Each key keeps to its type.
var deepGrammar = []production{
	exact("HSET <deep-hash> <fields>"), exact("HSET <deep-hash> <fields>"), exact("HSET <deep-hash> <deep-element> <bulk>"),
	exact("HDEL <deep-hash> <bulkfields>"), exact("HMGET <deep-hash> <bulkfields>"), exact("HINCRBY <deep-hash> <deep-element> 7"),
	exact("( RPUSH | LPUSH ) <deep-list> <elements>"), exact("( RPUSH | LPUSH ) <deep-list> <elements>"), exact("( RPUSH | LPUSH ) <deep-list> { <bulk> }"),
	exact("( LPOP | RPOP ) <deep-list> <deep-number>"), exact("LRANGE <deep-list> <deep-number> <deep-number>"), exact("LINDEX <deep-list> <deep-number>"),
	exact("LSET <deep-list> <deep-number> <bulk>"), exact("LINSERT <deep-list> ( BEFORE | AFTER ) <deep-element> <bulk>"),
	exact("LREM <deep-list> ( 0 | 3 | -3 ) <deep-element>"), exact("LTRIM <deep-list> <deep-number> -1"), exact("LPOS <deep-list> <deep-element> COUNT 0"),
	exact("LMOVE <deep-list> <deep-list> LEFT RIGHT"),
	exact("SADD <deep-set> <members>"), exact("SADD <deep-set> <integers>"), exact("SADD <deep-set> { <bulk> }"),
	exact("SREM <deep-set> <members>"), exact("SREM <deep-set> <integers>"), exact("SMISMEMBER <deep-set> <members>"), exact("SMOVE <deep-set> <deep-set> <deep-element>"),
	exact("( SUNIONSTORE | SDIFFSTORE | SINTERSTORE ) <deep-set> <deep-set> <deep-set>"),
	exact("ZADD <deep-zset> <scored>"), exact("ZADD <deep-zset> <scored>"), exact("ZADD <deep-zset> <deep-number> <bulk>"), exact("ZINCRBY <deep-zset> 5 <deep-element>"),
	exact("ZREM <deep-zset> <members>"), exact("ZREMRANGEBYRANK <deep-zset> <deep-number> <deep-number>"), exact("ZREMRANGEBYSCORE <deep-zset> ( 3 | 10 ) ( 4 | 12 )"),
	exact("ZRANGE <deep-zset> <deep-number> <deep-number> WITHSCORES"), exact("( ZRANK | ZREVRANK | ZSCORE ) <deep-zset> <deep-element>"),
	exact("( ZPOPMIN | ZPOPMAX ) <deep-zset> <deep-number>"), exact("ZCOUNT <deep-zset> 3 20"), exact("ZUNIONSTORE <deep-zset> 2 <deep-zset> <deep-zset> AGGREGATE MAX"),
	exact("XADD <deep-stream> <nextid> <fields>"), exact("XADD <deep-stream> <nextid> f <bulk>"), exact("XADD <deep-stream> <nextid> f v"), exact("XADD <deep-stream> <nextid> f v"),
	exact("XTRIM <deep-stream> MAXLEN [ ~ ] <deep-number>"), exact("XRANGE <deep-stream> <deep-number> + COUNT 20"), exact("XREVRANGE <deep-stream> + - COUNT 5"),
	exact("( HLEN <deep-hash> | LLEN <deep-list> | SCARD <deep-set> | ZCARD <deep-zset> | XLEN <deep-stream> )"),
	exact("( COPY | RENAME ) ( <deep-hash> <deep-hash> | <deep-list> <deep-list> | <deep-set> <deep-set> | <deep-zset> <deep-zset> | <deep-stream> <deep-stream> )"),
	exact("( DEL | UNLINK ) ( <deep-hash> | <deep-list> | <deep-set> | <deep-zset> | <deep-stream> )"),
}

// deepReads compare a whole collection, by the type that its key is for.
var deepReads = map[string]production{
	"<deep-hash>": anyOrder(2, exact("HGETALL")), "<deep-list>": exact("LRANGE 0 -1"), "<deep-set>": unordered("SMEMBERS"),
	"<deep-zset>": exact("ZRANGE 0 -1 WITHSCORES"), "<deep-stream>": exact("XRANGE - +"),
}

// deepKeys is how many keys of a type there are; the first are drawn most often.
const deepKeys = 4

func deepKey(kind string, i int) string { return fmt.Sprintf("%s:%d", kind[1:len(kind)-1], i) }

// DeepCase is a sequence of n commands on large collections, followed by commands
// that read all of them.
func DeepCase(seed uint64, n int) *Case {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 5)), grammar: deepGrammar, strict: true}
	c := &Case{File: "random"}
	for range n {
		c.Steps = append(c.Steps, g.command())
	}
	for _, kind := range sortedKeys(deepReads) {
		for i := range deepKeys {
			key, words := deepKey(kind, i), texts()
			read := g.expand(deepReads[kind])
			words = append(append(append(words, read.Words[0]), texts(key)...), read.Words[1:]...)
			c.Steps = append(c.Steps, Step{Words: words, How: read.How}, g.expand(encoding("OBJECT ENCODING "+key)))
		}
	}
	for i := range c.Steps {
		c.Steps[i].Line = i + 1
	}
	return c
}

// deep draws what the names of this file stand for; nil for others.
func (g *generator) deep(t string) []word {
	if _, ok := deepReads[t]; ok {
		return texts(deepKey(t, min(g.rnd.IntN(deepKeys), g.rnd.IntN(deepKeys))))
	}
	switch t {
	case "<deep-number>":
		return texts(strconv.Itoa(g.rnd.IntN(1 + g.rnd.IntN(3000))))
	case "<deep-element>":
		return texts("m" + strconv.Itoa(g.rnd.IntN(900)))
	}
	return nil
}
