package mix

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// operationText is a named operation, as a mix has them.
type operationText struct {
	name     string
	commands string // templates, " ; " between them; {n} is the number behind the name
	fill     string // what is to be there before
	insert   bool   // the key is a new one
}

// What operations need to be there. Each is sent once for each key, but for the script.
// The collections of a key are small, of some ten elements: large ones are what the
// tests of redis-benchmark have.
const (
	fillStrings  = "SET __key__ __data__ __ttl__"
	fillCounters = "SET counter:__id__ 0"
	fillLists    = "RPUSH list:__id__ __repeat:10__ __data__"
	fillSets     = "SADD set:__id__ m0 m10 m20 m30 m40 m50 m60 m70 m80 m90"
	fillZsets    = "ZADD zset:__id__ 0 m0 100 m10 200 m20 300 m30 400 m40 500 m50 600 m60 700 m70 800 m80 900 m90"
	fillStreams  = "XADD stream:__id__ * field __data__"
	fillBitmaps  = "SETBIT bits:__id__ 8191 1"
	fillSketches = "PFADD hll:__id__ m0 m1 m2 m3 m4 m5 m6 m7 m8 m9"
	fillPlaces   = "GEOADD geo:__id__ 13.361389 38.115556 m0 15.087269 37.502669 m1 2.349014 48.864716 m2"
	fillIndex    = "ZADD index 0 __key__"
	fillScript   = "SCRIPT LOAD"
	fillHashes   = "HSET hash:__id__ field0 __data__ field1 __data__ field2 __data__ field3 __data__ field4 __data__ " +
		"field5 __data__ field6 __data__ field7 __data__ field8 __data__ field9 __data__"
)

// operations are those that a mix can name. A new one is a row here.
var operations = []operationText{
	{name: "get", commands: "GET __key__", fill: fillStrings},
	{name: "set", commands: fillStrings, fill: fillStrings},
	{name: "insert", commands: fillStrings, fill: fillStrings, insert: true},
	{name: "rmw", commands: "GET __key__ ; " + fillStrings, fill: fillStrings},
	{name: "mget", commands: "MGET __repeat:{n}__ __key__", fill: fillStrings},
	{name: "mset", commands: "MSET __repeat:{n}__ __key__ __data__", fill: fillStrings},
	{name: "del", commands: "DEL __key__", fill: fillStrings},
	{name: "exists", commands: "EXISTS __key__", fill: fillStrings},
	{name: "expire", commands: "EXPIRE __key__ 3600", fill: fillStrings},
	{name: "ttl", commands: "TTL __key__", fill: fillStrings},
	{name: "strlen", commands: "STRLEN __key__", fill: fillStrings},
	{name: "getrange", commands: "GETRANGE __key__ 0 31", fill: fillStrings},
	{name: "setrange", commands: "SETRANGE __key__ 0 0123456789abcdef", fill: fillStrings},
	{name: "getex", commands: "GETEX __key__ PERSIST", fill: fillStrings},
	{name: "getdel", commands: "GETDEL __key__", fill: fillStrings},
	{name: "setnx", commands: "SETNX __key__ __data__", fill: fillStrings},
	{name: "incr", commands: "INCR counter:__id__", fill: fillCounters},

	{name: "hget", commands: "HGET hash:__id__ field__int:0-9__", fill: fillHashes},
	{name: "hset", commands: "HSET hash:__id__ field__int:0-9__ __data__", fill: fillHashes},
	{name: "hmget", commands: "HMGET hash:__id__ field__int:0-4__ field__int:5-9__", fill: fillHashes},
	{name: "hgetall", commands: "HGETALL hash:__id__", fill: fillHashes},
	{name: "hexists", commands: "HEXISTS hash:__id__ field__int:0-9__", fill: fillHashes},
	{name: "hincrby", commands: "HINCRBY hash:__id__ count 1", fill: fillHashes},
	{name: "hdel", commands: "HDEL hash:__id__ field__int:0-9__", fill: fillHashes},
	{name: "hlen", commands: "HLEN hash:__id__", fill: fillHashes},
	{name: "hinsert", commands: fillHashes + " ; " + fillIndex, fill: fillHashes, insert: true},
	{name: "hrmw", commands: "HGETALL hash:__id__ ; HSET hash:__id__ field__int:0-9__ __data__", fill: fillHashes},

	{name: "lpush", commands: "LPUSH list:__id__ __data__", fill: fillLists},
	{name: "rpush", commands: "RPUSH list:__id__ __data__", fill: fillLists},
	{name: "lpop", commands: "LPOP list:__id__", fill: fillLists},
	{name: "rpop", commands: "RPOP list:__id__", fill: fillLists},
	{name: "lrange", commands: "LRANGE list:__id__ 0 9", fill: fillLists},
	{name: "lindex", commands: "LINDEX list:__id__ __int:0-9__", fill: fillLists},
	{name: "llen", commands: "LLEN list:__id__", fill: fillLists},

	{name: "sadd", commands: "SADD set:__id__ m__int:0-99__", fill: fillSets},
	{name: "srem", commands: "SREM set:__id__ m__int:0-99__", fill: fillSets},
	{name: "sismember", commands: "SISMEMBER set:__id__ m__int:0-99__", fill: fillSets},
	{name: "smembers", commands: "SMEMBERS set:__id__", fill: fillSets},
	{name: "srandmember", commands: "SRANDMEMBER set:__id__", fill: fillSets},
	{name: "scard", commands: "SCARD set:__id__", fill: fillSets},

	{name: "zadd", commands: "ZADD zset:__id__ __int:0-999__ m__int:0-99__", fill: fillZsets},
	{name: "zrem", commands: "ZREM zset:__id__ m__int:0-99__", fill: fillZsets},
	{name: "zscore", commands: "ZSCORE zset:__id__ m__int:0-99__", fill: fillZsets},
	{name: "zrank", commands: "ZRANK zset:__id__ m__int:0-99__", fill: fillZsets},
	{name: "zrange", commands: "ZRANGE zset:__id__ 0 9", fill: fillZsets},
	{name: "zrangebyscore", commands: "ZRANGEBYSCORE zset:__id__ __int:0-999__ +inf LIMIT 0 10", fill: fillZsets},
	{name: "zincrby", commands: "ZINCRBY zset:__id__ 1 m__int:0-99__", fill: fillZsets},
	{name: "zcard", commands: "ZCARD zset:__id__", fill: fillZsets},
	{name: "scan", commands: "ZRANGEBYLEX index [__key__ + LIMIT 0 __int:1-100__", fill: fillIndex},
	{name: "insertindexed", commands: fillStrings + " ; " + fillIndex, fill: fillStrings, insert: true},

	{name: "xadd", commands: "XADD stream:__id__ MAXLEN ~ 100 * field __data__", fill: fillStreams},
	{name: "xrange", commands: "XRANGE stream:__id__ - + COUNT 10", fill: fillStreams},
	{name: "xrevrange", commands: "XREVRANGE stream:__id__ + - COUNT 10", fill: fillStreams},
	{name: "xlen", commands: "XLEN stream:__id__", fill: fillStreams},

	{name: "setbit", commands: "SETBIT bits:__id__ __int:0-8191__ __int:0-1__", fill: fillBitmaps},
	{name: "getbit", commands: "GETBIT bits:__id__ __int:0-8191__", fill: fillBitmaps},
	{name: "bitcount", commands: "BITCOUNT bits:__id__", fill: fillBitmaps},
	{name: "bitpos", commands: "BITPOS bits:__id__ 1", fill: fillBitmaps},
	{name: "pfadd", commands: "PFADD hll:__id__ m__rand_int__", fill: fillSketches},
	{name: "pfcount", commands: "PFCOUNT hll:__id__", fill: fillSketches},
	{name: "geoadd", commands: "GEOADD geo:__id__ __int:2-15__.__int:100000-999999__ __int:37-48__.__int:100000-999999__ m__int:0-99__", fill: fillPlaces},
	{name: "geopos", commands: "GEOPOS geo:__id__ m__int:0-2__", fill: fillPlaces},
	{name: "geodist", commands: "GEODIST geo:__id__ m0 m1 km", fill: fillPlaces},
	{name: "geosearch", commands: "GEOSEARCH geo:__id__ FROMMEMBER m0 BYRADIUS 200 km", fill: fillPlaces},

	{name: "evalsha", commands: "EVALSHA {sha} 1 __key__ __data__", fill: fillScript},
	{name: "publish", commands: "PUBLISH __key__ __data__"},
	{name: "ping", commands: "PING"},
}

// reads are the commands that answer null when nothing was there: of the others a
// reply does not tell a hit from a miss.
var reads = strings.Fields("GET GETDEL GETEX HGET LINDEX LPOP RPOP SPOP SRANDMEMBER ZSCORE ZRANK ZREVRANK GEODIST")

// stringReads are commands that want strings to be there, if nobody says what does.
var stringReads = strings.Fields("GET MGET STRLEN GETRANGE GETEX GETDEL SUBSTR")

// operationNames are those that a mix can have.
func operationNames() string {
	var names []string
	for _, o := range operations {
		names = append(names, o.name)
	}
	return strings.Join(names, ", ")
}

// digest is what a server calls the workload's script.
func (w *Workload) digest() string {
	sum := sha1.Sum([]byte(w.script))
	return hex.EncodeToString(sum[:])
}
