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
// it lies, to be copied before the lock is released.
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
// # Lock order
//
// Shards are locked in ascending order, all that a transaction needs at once. A
// shard that finds no room of its own makes it in those that its own transaction
// holds, and only tries the locks of others. Inside a shard's lock nothing is locked
// but the mutex of its awaited keys, inside of which nothing is (await.go).
//
// # Invariants
//
//  1. A key is in one shard, by its hash; an item in one table; a block has one
//     reference. Cache.Check verifies it.
//  2. What may move or evict items (an allocation that makes room) does not take
//     the pinned one, and says so by the shard's epoch: references held across it
//     are looked up again.
//  3. An expired item is never seen, whether or not it has been removed.
//  4. Database n's expiry count is the number of its items with an expiry.
//
// # Not goals
//
// Durability and replication; ordered iteration over keys; values over 512 MiB.
package cache
