package mix

import (
	"fmt"
	"slices"
	"strings"
)

// recipes are the workloads that have a name: YCSB's, the tests of redis-benchmark,
// and one for each type of value. A new one is a row here.
var recipes = slices.Concat(ycsb, redisTests, types)

// ycsb are the core workloads of the Yahoo! Cloud Serving Benchmark: Cooper and
// others, "Benchmarking cloud serving systems with YCSB" (SoCC 2010), with the
// parameters of its files workloada to workloadf. A record of ten fields of 100 bytes
// is one value of 1,000 bytes, as in its binding for memcached; those that end in
// -hash have a hash of ten fields and an index, as in its binding for Redis.
var ycsb = []recipe{
	{name: "ycsb-a", about: "half reads, half updates", mix: "get=50,set=50", popularity: "zipf:0.99", values: "1000"},
	{name: "ycsb-b", about: "reads, one update in twenty", mix: "get=95,set=5", popularity: "zipf:0.99", values: "1000"},
	{name: "ycsb-c", about: "reads only", mix: "get", popularity: "zipf:0.99", values: "1000"},
	{name: "ycsb-d", about: "reads of what is new, one insert in twenty", mix: "get=95,insert=5", popularity: "latest:0.99", values: "1000"},
	{name: "ycsb-e", about: "scans of up to 100 keys of an index, one insert in twenty", mix: "scan=95,insertindexed=5", popularity: "zipf:0.99", values: "1000"},
	{name: "ycsb-f", about: "half reads, half a read and then a write of the same key", mix: "get=50,rmw=50", popularity: "zipf:0.99", values: "1000"},
	{name: "ycsb-a-hash", about: "ycsb-a on hashes", mix: "hgetall=50,hset=50", popularity: "zipf:0.99", values: "100"},
	{name: "ycsb-b-hash", about: "ycsb-b on hashes", mix: "hgetall=95,hset=5", popularity: "zipf:0.99", values: "100"},
	{name: "ycsb-c-hash", about: "ycsb-c on hashes", mix: "hgetall", popularity: "zipf:0.99", values: "100"},
	{name: "ycsb-d-hash", about: "ycsb-d on hashes", mix: "hgetall=95,hinsert=5", popularity: "latest:0.99", values: "100"},
	{name: "ycsb-e-hash", about: "ycsb-e on hashes", mix: "scan=95,hinsert=5", popularity: "zipf:0.99", values: "100"},
	{name: "ycsb-f-hash", about: "ycsb-f on hashes", mix: "hgetall=50,hrmw=50", popularity: "zipf:0.99", values: "100"},
}

// redisTests are what redis-benchmark (7.0) sends for the names after -t, with the
// keys it uses. Unlike there, what a test reads or takes away is there before.
var redisTests = []recipe{
	{name: "ping_inline", about: "PING as a line", commands: []string{"__inline__ PING"}},
	{name: "ping_mbulk", about: "PING", commands: []string{"PING"}},
	{name: "set", about: "SET", commands: []string{fillStrings}},
	{name: "get", about: "GET", commands: []string{"GET __key__"}},
	{name: "incr", about: "INCR of a counter", commands: []string{"INCR counter:__id__"}},
	{name: "lpush", about: "LPUSH onto one list", commands: []string{"LPUSH mylist __data__"}},
	{name: "rpush", about: "RPUSH onto one list", commands: []string{"RPUSH mylist __data__"}},
	{name: "lpop", about: "LPOP from one list", commands: []string{"LPOP mylist"}, fill: "RPUSH mylist __data__"},
	{name: "rpop", about: "RPOP from one list", commands: []string{"RPOP mylist"}, fill: "RPUSH mylist __data__"},
	{name: "sadd", about: "SADD to one set", commands: []string{"SADD myset element:__id__"}},
	{name: "hset", about: "HSET of one hash", commands: []string{"HSET myhash element:__id__ __data__"}},
	{name: "spop", about: "SPOP from one set", commands: []string{"SPOP myset"}, fill: "SADD myset element:__id__"},
	{name: "zadd", about: "ZADD to one sorted set", commands: []string{"ZADD myzset __rand_int__ element:__id__"}},
	{name: "zpopmin", about: "ZPOPMIN from one sorted set", commands: []string{"ZPOPMIN myzset"}, fill: "ZADD myzset __rand_int__ element:__id__"},
	{name: "lrange_100", about: "the first 100 of a list", commands: []string{"LRANGE mylist 0 99"}, fill: "LPUSH mylist __data__", fillCount: 1000},
	{name: "lrange_300", about: "the first 300", commands: []string{"LRANGE mylist 0 299"}, fill: "LPUSH mylist __data__", fillCount: 1000},
	{name: "lrange_500", about: "the first 500", commands: []string{"LRANGE mylist 0 499"}, fill: "LPUSH mylist __data__", fillCount: 1000},
	{name: "lrange_600", about: "the first 600", commands: []string{"LRANGE mylist 0 599"}, fill: "LPUSH mylist __data__", fillCount: 1000},
	{name: "mset", about: "MSET of 10 keys", commands: []string{"MSET __repeat:10__ __key__ __data__"}},
}

// types are mixes of the commands of each type of value.
var types = []recipe{
	{name: "strings", about: "commands on strings", mix: "get=40,set=20,getrange=5,setrange=5,strlen=5,exists=5,getex=5,getdel=1,setnx=2,incr=5,ttl=5,expire=2"},
	{name: "hashes", about: "hashes of ten fields", mix: "hget=40,hset=20,hmget=10,hgetall=10,hexists=5,hincrby=5,hdel=5,hlen=5"},
	{name: "lists", about: "lists of about ten elements", mix: "lpush=15,rpush=15,lpop=15,rpop=15,lrange=20,lindex=10,llen=10"},
	{name: "sets", about: "sets of up to 100 members", mix: "sadd=20,srem=20,sismember=40,scard=10,smembers=5,srandmember=5"},
	{name: "zsets", about: "sorted sets of up to 100 members", mix: "zadd=20,zrem=10,zscore=20,zrank=10,zrange=15,zrangebyscore=10,zincrby=10,zcard=5"},
	{name: "streams", about: "streams of about 100 entries", mix: "xadd=50,xrange=30,xrevrange=10,xlen=10"},
	{name: "bitmaps", about: "bitmaps of 1 KiB", mix: "setbit=40,getbit=40,bitcount=10,bitpos=10"},
	{name: "hyperloglogs", about: "HyperLogLogs", mix: "pfadd=70,pfcount=30"},
	{name: "geo", about: "sets of places", mix: "geoadd=30,geopos=20,geodist=20,geosearch=30"},
	{name: "multikey", about: "MGET and MSET of 10 keys", mix: "mget:10=80,mset:10=20"},
	{name: "lua", about: "a script by its digest: get a value and set another", mix: "evalsha"},
	{name: "publish", about: "messages to channels that are named as keys are", mix: "publish"},
}

// Names are those of all workloads.
func Names() (names []string) {
	for _, r := range recipes {
		names = append(names, r.name)
	}
	return names
}

// About is a line on a workload that has a name.
func About(name string) string {
	for _, r := range recipes {
		if r.name == name {
			return r.about
		}
	}
	return ""
}

// Tests resolves what redis-benchmark's -t takes: names with commas between them,
// "ping" for both forms of PING, "lrange" for all four; empty: all of them.
func Tests(list string) (names []string, err error) {
	for _, want := range strings.Split(strings.ToLower(list), ",") {
		want, found := strings.TrimSpace(want), false
		for _, r := range redisTests {
			group, _, grouped := strings.Cut(r.name, "_")
			if list == "" || want == r.name || grouped && want == group {
				names, found = append(names, r.name), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no test %q", want)
		}
	}
	return names, nil
}
