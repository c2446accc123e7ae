// Package cache is an in-memory cache whose keys and values live outside the Go
// heap. It is the engine of the Ashlar server and stands on its own: it knows
// nothing of sockets or protocols.
//
//	c, err := cache.New(cache.Options{MaxMemory: 1 << 30, Policy: cache.AllKeysDensity})
//	err = c.Set([]byte("greeting"), []byte("hello"), time.Minute)
//	value, ok := c.Get(nil, []byte("greeting"))
//
// # What it promises
//
//   - The garbage collector scans nothing of the data: a cache of a hundred
//     million keys costs it what an empty one does.
//   - MaxMemory bounds what the operating system gives: items, index, holes,
//     tables. Pages that are no longer needed go back to it.
//   - No step is long. Tables grow by segments of 32 KiB; expiry, eviction,
//     compaction and flushing go a few dozen microseconds at a time.
//   - Get and Set of a key allocate nothing.
//
// # Glossary
//
//	shard     a part of the key space with a lock of its own: the top bits of a
//	          key's hash are its number
//	database  a key space by number, as Redis has 16; a table in every shard
//	table     hash to reference, for one database of one shard (internal/index)
//	item      header, key and value in one block of memory (internal/item)
//	block     a piece of memory of one of 140 sizes, or of whole pages
//	page      16, 64 or 128 KiB of blocks of one size (internal/slab)
//	Ref       a block's address: 32 bits, in units of 8 bytes; one holder each
//	state     24 bits in each item that the eviction policy keeps (internal/evict)
//	packed    entries behind their lengths in one piece: a small collection, whole,
//	          within its item (internal/packed)
//	node      a block that is part of a large collection (internal/nodes)
//	handle    a node's name, which stays when its block moves
//	root      the value of a large collection's item, from which its nodes hang
//
// # Life of a Set
//
//	key ── hash ──┬─ top bits ──▶ shard: lock
//	              ├─ next bits ─▶ directory ─▶ segment ─▶ bucket of 64 bytes
//	              └─ next 8 ────▶ tag, compared with the bucket's 12 at once
//	                                  │ found: Ref ─▶ item: same key?
//	                                  ▼
//	   same size of block?  yes: written over in place
//	                        no:  a block of the class, from the page last freed in
//	                             or a new page, within the bound
//	                                  │ bound reached
//	                                  ▼
//	   make room, the cheapest first: empty pages back to the system, flushed
//	   items, a page compacted where over 1/32 is holes, one item evicted
//	                                  │
//	                                  ▼
//	   header, key, value ─▶ table entry put right ─▶ old block freed ─▶ unlock
//
// A Get ends at the item: its state is renewed and its value is handed out where
// it lies, to be copied before the lock is released. Cache.Get goes there without the
// lock, where nobody writes meanwhile (glance.go).
//
// # Collections
//
// Hashes, lists, sets, sorted sets and streams are items like any other. A small one
// is a packed value; a large one is a root of some 16 to 64 bytes and nodes:
//
//	index ──▶ item: header, key, root ── handle ──▶ nodes of the same shard's slab
//
//	hash, set      a table: directories over buckets of elements (internal/table)
//	list           a tree by rank over two-ended leaves; the outermost elements of a
//	               long one lie in the root itself (internal/deque, internal/tree)
//	sorted set     a tree by score and member over leaves, and a table that finds a
//	               member's leaf
//	stream         a tree by ID over blocks of entries; groups and what is pending in
//	               them are nodes too (internal/stream)
//
// A write opens the collection (openWrite): it makes room within the bound first,
// then finds the key; from there to the end of the operation (done) nothing fails
// and nothing moves, so the structures have no error paths in the middle. What they
// are made of only points downward, which lets three short functions in families.go
// free, copy and verify any of them: what hangs from a key that is deleted, evicted,
// expired, flushed or overwritten is put on a list and freed some dozens of nodes at a
// time, and so is what a trim or the end of a consumer group takes away from a stream
// (stream_reclaim.go); a rename to another shard moves node by node.
//
// OBJECT ENCODING names what Redis would have made of a collection at the thresholds
// of Limits. How it is kept here follows its size, so that a threshold set very high
// makes no operation long.
//
// # Memory
//
// An item costs a header of 6 bytes (11 with an expiry), its entry in the table (6
// bytes over the table's whole life) and what its block is larger than it: at most 7
// bytes up to 512. There are no list pointers and no timers: eviction samples the
// tables, expiry walks pages whose earliest expiry has come.
//
// What the account counts is what may be resident: system pages that were
// touched, by purpose. It is held against MaxMemory less what the process uses
// otherwise (SetOverhead).
//
// The bound gives way in three places, by blocks of at most 32 KiB: for changes that
// had better not fail, an expiry for a key or a new name; for a write into a shard
// that has nothing left to evict while others hold the locks of all the rest; and,
// within a 32nd of the bound, for one that would have to evict very much at once.
//
// # Where the time goes
//
// In a server's profile of reads by 32-deep pipelines, half of the user time would go into
// waiting for memory: the index's line, the item's, the element's. Batches hide most of
// it by asking the processor ahead for all of them (TouchKeys, TouchElements; package
// prefetch), so that the waits overlap and what follows, find, Match and the copy of the
// value, finds its lines there. What was tried, in ns of the server for a GET and a SET of
// 16 bytes, 32 deep, with 60 million keys (and with 100 thousand):
//
//	loads of a byte of each line                                 640   (310), 20 million
//	prefetch instructions instead, among the other work          469   557   (263   290)
//	all addresses first, then all instructions, with nothing between;
//	  entries in alternate buckets too                           374   445   (260   285)
//	and the second line of the item, and the page's bookkeeping  327   361   (251   284)
//
// Loads retire in their order, a dozen at a time, and none passes an atomic instruction;
// an instruction that nothing waits for is better, but is not through either before its
// address has been translated.
//
// What is looked up is filled in place: find, openRead, openWrite, Probe and the trees'
// Seek take a pointer to what they fill in, and the methods of Item have pointer receivers.
// Returned by value, such a struct is written field by field and copied in pieces of 16
// bytes; the processor cannot forward two small stores to one wide load and waits for
// them to reach its cache, some 15 cycles each time. That was a third of a short
// operation on a collection.
//
// # Lock order
//
// Shards are locked in ascending order, all that a transaction needs at once. A
// shard that finds no room of its own makes it in those that its own transaction
// holds, and only tries the locks of others. Inside a shard's lock nothing is locked
// but the mutex of its awaited keys, inside of which nothing is (await.go).
//
// Whatever changes keys takes a shard's lock by shard.lock or tryLock and gives it back
// by unlock, which count the changes for readers without it; what only looks takes the
// mutex itself.
//
// # Invariants
//
//  1. A key is in one shard, by its hash; an item in one table; a block has one
//     reference. Cache.Check verifies it.
//  2. What may move or evict items (an allocation that makes room) does not take
//     the pinned one, and says so by the shard's epoch: references held across it
//     are looked up again.
//  3. An expired item is never seen, whether or not it has been removed.
//  4. A shard's count of changes, once it counts, is odd while keys may change.
//  5. Database n's expiry count is the number of its items with an expiry.
//
// # Not goals
//
// Durability and replication; ordered iteration over keys; values over 512 MiB.
package cache
