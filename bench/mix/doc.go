// Package mix says what a load sends: which commands in which proportions, to which
// keys, with which values and times to live. How fast they go out, over how many
// connections, and what is measured is not its business; see package loadgen.
//
// A Config has it in words, as a command line does. New compiles them to a Workload,
// which is immutable and shared. Each thread of a load has a Stream of its own, and
// takes one command after another from it:
//
//	w, err := mix.New(mix.Config{Workload: "ycsb-b", Keys: 1e6, Seed: 1, Threads: 2})
//	for i := range w.Preload() { w.Fill(i, conn) } // what must be there before
//	s := w.Stream(thread)
//	op := s.Next(conn) // appends one command; w.Commands()[op.Command] is its name
//
// # Reproducible
//
// A stream follows from the workload's words, the seed and the number of the thread,
// and from nothing else: not from replies, not from time, not from what other threads
// have sent. So a run can be repeated command by command, and all servers of a
// comparison get the same. Next allocates nothing and takes some 50 to 150 ns, so the
// generator is not what is measured.
//
// # Glossary
//
//	key         a number from 0; its text is the prefix and 12 digits, "key:000000000042"
//	operation   what is done to one key: a command, or several in turn (a read and then
//	            a write of what was read), which Next gives one by one
//	mix         operations with weights: get=9,set=1
//	template    a command with placeholders: HSET __key__ field __data__
//	recipe      a workload that has a name: a mix, and a popularity and sizes to go with it
//	fill        the commands that store what the operations expect to be there
//	insert      an operation whose key is a new one
//	plain       only GET and SET of whole values: what memcached has too (NextKV)
//
// # Which keys
//
// n is the number of keys, u a uniform number.
//
//	uniform         P(key) = 1/n
//	zipf:S          P(rank k) = k^-S / sum of i^-S, for S above 0, 1 included; the ranks lie
//	                anywhere among the keys, by a bijection (package dist tells why not a hash)
//	hotspot:K,R     the hot K n keys share R of the requests equally, the others the rest
//	latest:S        zipf by age: rank 1 is the key that was inserted last
//	sequential      0, 1, 2, ... and again; of several threads each takes its share
//	shifting:S,T    zipf, but after T requests the ranks move on by the golden section of
//	                n, so that each time other keys are the popular ones
//
// uniform, zipf, hotspot and latest are YCSB's request distributions; YCSB scrambles
// ranks by a hash modulo n, which makes some keys twice as popular and others never
// drawn, and reaches exponents of 1 and more by a formula that does not hold there.
// The keys that latest draws are exact for one thread. With several, each thread puts
// its own inserts first, because another's may not have arrived: what a thread reads
// has been sent, though not always answered, before.
//
// # How large, how long
//
// Both belong to the key, not to the request: key 42 has the same size and the same
// time to live whenever it is written, so nobody has to remember them and the payload
// that is stored is known. Sizes are fixed, uniform:LOW-HIGH, lognormal:MEAN,SIGMA, a
// histogram from a file, or a sum of these with weights, 9*64+1*4096. Times to live
// have the same forms, with none for keys that have no time. Values are pieces of one
// random text, which no server can compress.
//
// # Templates
//
//	__key__           the text of the operation's key
//	__id__            its number alone, 12 digits
//	__data__          the value that belongs to the key
//	__ttl__           two words, PX and milliseconds, or none for a key that lives for ever
//	__rand_int__      the number of any key, each alike likely
//	__int:LOW-HIGH__  a whole number, each alike likely
//	__repeat:N__      what follows stands N times, each time with another key
//
// The first three and __rand_int__ mean what they mean in memtier_benchmark and in
// redis-benchmark. A template whose command reads strings has strings filled in before;
// for others the user says what to fill.
//
// # Workloads by name
//
//	ycsb-a to ycsb-f  half updates; 5 % updates; reads only; reads of what is new; scans;
//	                  read, modify and write: zipf:0.99, values of 1,000 bytes
//	ycsb-a-hash ...   the same on hashes of ten fields, as YCSB's binding for Redis has it
//	set, get, incr, lpush, ..., lrange_600, mset
//	                  the tests of redis-benchmark
//	strings, hashes, lists, sets, zsets, streams, bitmaps, hyperloglogs, geo
//	                  mixes of the commands of each type
//	multikey, lua, publish
//
// A scan of ycsb-e is one ZRANGEBYLEX over an index of all keys, of 1 to 100 of them.
// YCSB's binding then reads each key that it was told, which would depend on replies;
// here those reads are left out, for all servers alike.
//
// # What it is not
//
// No client: it never sees a reply. So it cannot store what a read found missing; a
// look-aside cache is compared by package trace and the figure hitratio.
package mix
