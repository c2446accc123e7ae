package compare

// This file is the grammar of the collections' commands, a family for each type.
// A sequence mixes a few families with the commands of the keyspace (typed.go).
//
// Replies that leave something to chance are drawn so that nothing is left to it:
// SPOP and the RAND commands ask for more than there is, or are compared by their
// shape; SCAN commands take all in one page (scan_test.go turns pages). What 7.4
// understands or refuses and 7.0.15 does not is not drawn.

// hashGrammar: hashes.
var hashGrammar = []production{
	exact("HSET <hash> { <field> <value> }"), exact("HSET <hash> { <field> <value> }"),
	exact("HSET <hash> <fields>"),
	exact("HMSET <hash> { <field> <value> }"),
	exact("HSETNX <hash> <field> <value>"),
	exact("HGET <hash> <field>"),
	exact("HMGET <hash> { <field> }"),
	exact("HDEL <hash> { <field> }"),
	exact("HDEL <hash> <bulkfields>"),
	exact("( HLEN <hash> | HEXISTS <hash> <field> | HSTRLEN <hash> <field> )"),
	exact("HINCRBY <hash> <field> <number>"),
	exact("HINCRBYFLOAT <hash> <field> ( <number> | <float> )"),
	packed(2, "HGETALL <hash>"),
	packed(1, "( HKEYS | HVALS ) <hash>"),
	typeOnly("HRANDFIELD <hash>"),
	whole(packed(1, "HRANDFIELD <hash> 100000")),
	whole(packed(2, "HRANDFIELD <hash> 100000 WITHVALUES")),
	shaped("HRANDFIELD <hash> ( -3 | 0 | x ) [ WITHVALUES ]"),
	scanned(2, "HSCAN <hash> ( 0 | 0 | x ) COUNT 100000 [ MATCH ( * | f* | ?? | [^a]* ) ]"),
}

// listGrammar: lists. A blocking command that finds nothing ends at once.
var listGrammar = []production{
	exact("( LPUSH | RPUSH | LPUSHX | RPUSHX ) <list> { <element> }"), exact("( LPUSH | RPUSH ) <list> { <element> }"),
	exact("( LPUSH | RPUSH ) <list> <elements>"),
	exact("( LPOP | RPOP ) <list> [ <count> ]"), exact("( LPOP | RPOP ) <list>"),
	exact("LLEN <list>"),
	exact("LINDEX <list> <index>"),
	exact("LRANGE <list> <index> <index>"), exact("LRANGE <list> 0 -1"),
	exact("LSET <list> <index> <element>"),
	exact("LINSERT <list> ( BEFORE | AFTER | after | x ) <element> <element>"),
	exact("LREM <list> ( 0 | 1 | -1 | 2 | -2 | x ) <element>"),
	exact("LTRIM <list> <index> <index>"),
	exact("LPOS <list> <element> [ RANK ( 1 | -1 | 2 | -2 | 0 | x ) ] [ COUNT ( 0 | 1 | 2 | -1 ) ] [ MAXLEN ( 0 | 1 | 5 | -1 ) ]"),
	exact("LMOVE <list> <list> ( LEFT | RIGHT ) ( LEFT | RIGHT | x )"),
	exact("RPOPLPUSH <list> <list>"),
	exact("LMPOP ( 1 <list> | 2 <list> <list> | 0 <list> ) ( LEFT | RIGHT ) [ COUNT ( 1 | 2 | 1000 | 0 ) ]"),
	exact("( BLPOP | BRPOP ) { <list> } ( 0.001 | 0.001 | -1 | x )"),
	exact("BLMOVE <list> <list> ( LEFT | RIGHT ) ( LEFT | RIGHT ) 0.001"),
	exact("BRPOPLPUSH <list> <list> 0.001"),
	exact("BLMPOP 0.001 2 <list> <list> ( LEFT | RIGHT ) [ COUNT 2 ]"),
}

// setGrammar: sets.
var setGrammar = []production{
	exact("SADD <set> { <member> }"), exact("SADD <set> { <integer> }"), exact("SADD <set> <members>"), exact("SADD <set> <integers>"),
	exact("SREM <set> { <member> }"), exact("SREM <set> { <integer> }"), exact("SREM <set> <members>"),
	exact("SISMEMBER <set> ( <member> | <integer> )"),
	exact("SMISMEMBER <set> { <member> <integer> }"),
	exact("SCARD <set>"),
	unordered("SMEMBERS <set>"),
	unordered("( SINTER | SUNION | SDIFF ) { <set> }"),
	exact("( SINTERSTORE | SUNIONSTORE | SDIFFSTORE ) <set> { <set> }"),
	exact("SINTERCARD ( 1 <set> | 2 <set> <set> | 0 <set> ) [ LIMIT ( 0 | 1 | 2 | -1 ) ]"),
	exact("SMOVE <set> <set> ( <member> | <integer> )"),
	whole(unordered("SPOP <set> 100000")),
	whole(exact("SPOP <set> ( 0 | -1 | x )")),
	typeOnly("SRANDMEMBER <set>"),
	whole(unordered("SRANDMEMBER <set> 100000")),
	shaped("SRANDMEMBER <set> ( -3 | 0 | x )"),
	scanned(1, "SSCAN <set> ( 0 | 0 | x ) COUNT 100000 [ MATCH ( * | a* | ?? | [^a]* ) ]"),
}

// zsetGrammar: sorted sets. Ranges by member are asked of keys whose scores are
// all the same, since without that they have no meaning.
var zsetGrammar = []production{
	scores("ZADD <zset> [ NX | XX ] [ GT | LT ] [ CH ] { <score> <member> }"),
	scores("ZADD <zset> { <score> <member> }"), scores("ZADD <zset> <scored>"), exact("ZADD <lexset> <alike>"),
	scores("ZADD <zset> [ NX | XX | GT | LT ] INCR <score> <member>"),
	scores("ZINCRBY <zset> <score> <member>"),
	exact("ZREM <zset> { <member> }"), exact("ZREM <zset> <members>"),
	scores("ZSCORE <zset> <member>"), scores("ZMSCORE <zset> { <member> }"),
	exact("ZCARD <zset>"),
	exact("ZCOUNT <zset> <min> <max>"),
	whole(exact("( ZRANK | ZREVRANK ) <zset> <member>")),
	scores("( ZRANGE | ZREVRANGE ) <zset> <index> <index> [ WITHSCORES ]"), scores("ZRANGE <zset> 0 -1 WITHSCORES"),
	scores("ZRANGE <zset> <index> <index> [ REV ] [ WITHSCORES ]"),
	scores("ZRANGE <zset> <min> <max> BYSCORE [ REV ] [ LIMIT <offset> <count> ] [ WITHSCORES ]"),
	scores("( ZRANGEBYSCORE | ZREVRANGEBYSCORE ) <zset> <min> <max> [ WITHSCORES ] [ LIMIT <offset> <count> ]"),
	exact("ZRANGE <lexset> <lexmin> <lexmax> BYLEX [ REV ] [ LIMIT <offset> <count> ]"),
	exact("( ZRANGEBYLEX | ZREVRANGEBYLEX ) <lexset> <lexmin> <lexmax> [ LIMIT <offset> <count> ]"),
	exact("( ZLEXCOUNT | ZREMRANGEBYLEX ) <lexset> <lexmin> <lexmax>"),
	exact("ZRANGESTORE <zset> <zset> ( <index> <index> | <min> <max> BYSCORE ) [ REV ] [ LIMIT <offset> <count> ]"),
	exact("ZRANGESTORE <zset> <lexset> <lexmin> <lexmax> BYLEX [ REV ]"),
	exact("( ZREMRANGEBYRANK <zset> <index> <index> | ZREMRANGEBYSCORE <zset> <min> <max> )"),
	scores("( ZPOPMIN | ZPOPMAX ) <zset> [ <count> ]"),
	scores("ZMPOP ( 1 <zset> | 2 <zset> <zset> | 0 <zset> ) ( MIN | MAX ) [ COUNT ( 1 | 2 | 1000 | 0 ) ]"),
	scores("( BZPOPMIN | BZPOPMAX ) { <zset> } 0.001"),
	scores("BZMPOP 0.001 2 <zset> <zset> ( MIN | MAX ) [ COUNT 2 ]"),
	scores("( ZUNION | ZINTER ) 2 <summand> <summand> [ WEIGHTS <weight> <weight> ] [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ]"),
	exact("( ZUNIONSTORE | ZINTERSTORE ) <zset> 2 <summand> <summand> [ WEIGHTS <weight> <weight> ] [ AGGREGATE ( SUM | MIN | MAX ) ]"),
	scores("ZDIFF 2 <summand> <summand> [ WITHSCORES ]"), exact("ZDIFFSTORE <zset> 2 <summand> <summand>"),
	exact("ZINTERCARD 2 <summand> <summand> [ LIMIT ( 0 | 1 | -1 ) ]"),
	typeOnly("ZRANDMEMBER <zset>"),
	shaped("ZRANDMEMBER <zset> ( -3 | 0 | x ) [ WITHSCORES ]"),
	whole(anyOrder(2, scores("ZRANDMEMBER <zset> 100000 WITHSCORES"))),
	anyOrder(2, within2(scores("ZSCAN <zset> 0 COUNT 100000 [ MATCH ( * | a* | ?? ) ]"))),
}

// idle are the clocks in replies about pending entries, and what 7.0 lacks.
var idle = []string{`\*4\r\n\$\d+\r\n\d+-\d+\r\n\$\d+\r\n[^\r]*\r\n:(?P<only>\d+)`, `:(?P<only>1\d{12})\r\n`}

// streamGrammar: streams. IDs are given: those of the clock differ.
var streamGrammar = []production{
	exact("XADD <stream> <nextid> { <field> <value> }"), exact("XADD <stream> <nextid> { <field> <value> }"), exact("XADD <stream> <nextid> <fields>"),
	exact("XADD <stream> [ NOMKSTREAM ] [ MAXLEN [ = ] <count> | MINID [ = ] <id> | ( MAXLEN ~ <count> | MINID ~ <id> ) [ LIMIT <count> ] ] ( <id> | <nextid> ) { <field> <value> }"),
	exact("XLEN <stream>"),
	exact("( XRANGE | XREVRANGE ) <stream> <from> <from> [ COUNT <count> ]"), exact("XRANGE <stream> - +"), exact("XREVRANGE <stream> + -"),
	exact("XDEL <stream> { <id> }"),
	exact("XTRIM <stream> ( MAXLEN | MINID ) [ = ] <count>"), exact("XTRIM <stream> MINID <id>"), exact("XTRIM <stream> ( MAXLEN | MINID ) ~ <count> [ LIMIT <count> ]"),
	whole(exact("XREAD [ COUNT <count> ] [ BLOCK 1 ] STREAMS ( <stream> ( <id> | $ ) | <stream> <stream> <id> <id> )")),
	exact("XSETID <stream> ( x | 18446744073709551615-18446744073709551615 )"), // 7.4 minds the deleted ones too
	exact("XGROUP CREATE <stream> <group> ( <id> | $ ) [ MKSTREAM ]"), exact("XGROUP CREATE <stream> <group> 0 MKSTREAM"),
	exact("XGROUP SETID <stream> <group> ( <id> | $ )"),
	exact("XGROUP ( DESTROY <stream> <group> | CREATECONSUMER <stream> <group> <consumer> | DELCONSUMER <stream> <group> <consumer> )"),
	whole(exact("XREADGROUP GROUP <group> <consumer> [ COUNT <count> ] [ NOACK ] STREAMS <stream> ( > | > | > | <id> )")),
	whole(exact("XREADGROUP GROUP <group> <consumer> STREAMS <stream> <stream> > >")),
	exact("XACK <stream> <group> { <id> }"),
	exact("XPENDING <stream> <group>"),
	masked("XPENDING <stream> <group> [ IDLE 0 ] <from> <from> ( 10 | <count> ) [ <consumer> ]", idle...),
	exact("XCLAIM <stream> <group> <consumer> 0 { <id> } [ JUSTID ] [ FORCE ] [ RETRYCOUNT 3 ] [ LASTID <id> ]"),
	exact("XAUTOCLAIM <stream> <group> <consumer> 0 <id> [ COUNT ( 1 | 3 | 100 | 0 ) ] [ JUSTID ]"),
	masked("XINFO STREAM <stream>", idle...).without("radix-tree-keys", "radix-tree-nodes"),
	masked("XINFO STREAM <stream> FULL [ COUNT ( 0 | 1 | 100 ) ]", idle...).without("radix-tree-keys", "radix-tree-nodes", "seen-time").without(newerFields...),
	exact("XINFO GROUPS <stream>").without(newerFields...),
	exact("XINFO CONSUMERS <stream> <group>").without("idle").without(newerFields...),
}

// bitGrammar: bits of strings.
var bitGrammar = []production{
	exact("SETBIT <bits> <bit> ( 0 | 1 | 2 )"), exact("SETBIT <bits> <bit> 1"),
	exact("GETBIT <bits> <bit>"),
	whole(exact("BITCOUNT <bits> [ <range> <range> [ BIT | BYTE ] ]")),
	whole(exact("BITPOS <bits> ( 0 | 1 | 2 ) [ <range> [ <range> [ BIT | BYTE ] ] ]")),
	exact("BITOP ( AND | OR | XOR ) <bits> { <bits> }"), exact("BITOP NOT <bits> <bits>"),
	exact("BITFIELD <bits> { [ OVERFLOW ( WRAP | SAT | FAIL ) ] ( GET <width> <place> | SET <width> <place> <number> | INCRBY <width> <place> <number> ) }"),
	exact("BITFIELD_RO <bits> { GET <width> <place> }"),
	exact("( SET <bits> <value> | APPEND <bits> <value> | SETRANGE <bits> ( 0 | 5 | 100 ) <value> )"), exact("GET <bits>"),
}

// hllGrammar: HyperLogLogs. GET shows every byte of their encoding. Only headers are
// spoilt: with an opcode that the end cuts off, redis-server works on what it finds
// behind the string (bits_test.go has other garbage).
var hllGrammar = []production{
	exact("PFADD <hll> { <member> }"), exact("PFADD <hll> <members>"), exact("PFADD <hll> <integers>"), exact("PFADD <hll>"),
	exact("PFCOUNT { <hll> }"), exact("PFCOUNT <hll>"),
	exact("PFMERGE <hll> { <hll> }"),
	exact("PFDEBUG ENCODING <hll>"), exact("PFDEBUG TODENSE <hll>"),
	exact("GET <hll>"), exact("GET <hll>"), exact("( STRLEN <hll> | SETRANGE <hll> ( 0 | 4 | 12 | 15 ) ( H | 1 ) )"),
}

// geoGrammar: places. Within a radius and without an order, replies come in that
// of the area's cells, which is not part of what is promised.
var geoGrammar = []production{
	exact("GEOADD <geo> [ NX | XX ] [ CH ] { <place1> }"), exact("GEOADD <geo> { <place1> }"),
	exact("GEODIST <geo> <town> <town> [ m | km | ft | mi | x ]"),
	exact("GEOHASH <geo> { <town> }"), exact("GEOPOS <geo> { <town> }"),
	unordered("GEOSEARCH <geo> ( FROMMEMBER <town> | FROMLONLAT <where> ) ( BYRADIUS <radius> | BYBOX <box> ) <unit> [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]"),
	exact("GEOSEARCH <geo> ( FROMMEMBER <town> | FROMLONLAT <where> ) ( BYRADIUS <radius> | BYBOX <box> ) <unit> ( ASC | DESC ) [ COUNT ( 1 | 2 | 100 | 0 ) ] [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]"),
	exact("GEOSEARCHSTORE <geo> <geo> ( FROMMEMBER <town> | FROMLONLAT <where> ) ( BYRADIUS <radius> | BYBOX <box> ) <unit> [ ASC COUNT 2 ] [ STOREDIST ]"),
	exact("( GEORADIUS | GEORADIUS_RO ) <geo> <where> <radius> <unit> ( ASC | DESC ) [ COUNT 2 ] [ WITHDIST ]"),
	exact("( GEORADIUSBYMEMBER | GEORADIUSBYMEMBER_RO ) <geo> <town> <radius> <unit> ASC [ WITHCOORD ]"),
	exact("GEORADIUSBYMEMBER <geo> <town> <radius> <unit> ( STORE | STOREDIST ) <geo>"),
	scores("ZRANGE <geo> 0 -1 WITHSCORES"), exact("ZREM <geo> <town>"),
}

// sortGrammar: SORT over lists, sets and sorted sets. By weights that may be equal
// and are texts, redis-server's order is that of its sorting algorithm.
var sortGrammar = []production{
	exact("RPUSH <list> <numbers>"), exact("SADD <set> <integers>"), exact("ZADD <zset> <scored>"),
	exact("MSET { <weight-key> <number> }"), exact("HSET <weight-hash> { f <number> }"),
	exact("( SORT | SORT_RO ) <sortable> [ LIMIT <index> <count> ] [ ASC | DESC ] [ ALPHA ]"), exact("SORT <sortable> ALPHA"),
	whole(exact("SORT <sortable> BY ( w_* | h_*->f | missing_* ) [ LIMIT 0 <count> ] [ DESC ] [ GET # ] [ GET w_* ] [ GET h_*->f ]")),
	exact("RPUSH ord1 <numbers>"), exact("ZADD lex1 <alike>"), // unlike a set's, their order is theirs
	whole(exact("SORT ( ord1 | lex1 ) BY nosort [ LIMIT <index> <count> ] [ DESC ] [ GET # ]")),
	exact("SORT <sortable> ALPHA [ DESC ] STORE <list>"), whole(exact("SORT <sortable> BY w_* GET # GET w_* STORE <list>")),
	exact("LRANGE <list> 0 -1"),
}

// keyspaceGrammar: what treats keys of all types alike.
var keyspaceGrammar = []production{
	exact("( DEL | UNLINK | EXISTS | TOUCH ) { <any> }"), exact("DEL <any>"), exact("TYPE <any>"),
	exact("( RENAME | RENAMENX ) <any> <any>"), exact("RENAME <any> <any>"),
	exact("COPY <any> <any> [ DB ( 0 | 1 ) ] [ REPLACE ]"), exact("COPY <any> <any> REPLACE"),
	exact("MOVE <any> 1"), exact("SWAPDB 0 1"),
	encoding("OBJECT ENCODING <any>"), encoding("OBJECT ENCODING <any>"), encoding("OBJECT ENCODING <any>"),
	exact("EXPIRE <any> <seconds> [ NX | XX | GT | LT ]"), exact("PEXPIREAT <any> <atms>"), exact("PERSIST <any>"),
	within(3000, "PTTL <any>"),
	exact("SET <any> <value> [ KEEPTTL | GET ]"), exact("GET <any>"), exact("( APPEND | GETSET ) <any> <value>"),
	unordered("KEYS *"),
	saved("dump", "DUMP <any>"), exact("RESTORE <any> ( 0 | 0 | -1 ) $dump [ REPLACE ] [ IDLETIME 5 ]"), exact("RESTORE <any> 0 $dump REPLACE"),
}
