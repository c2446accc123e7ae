// Package index finds items by hash: a table maps 64-bit hashes to 32-bit
// references. It lies outside the Go heap, takes six bytes an entry at any size, and
// grows and shrinks by pages, so that no step is long.
//
// # Glossary
//
//	position  a hash after spread: what decides where an entry lies
//	entry     a reference with an eight-bit tag, part of its position
//	bucket    a cache line of twelve entries
//	segment   1 to 8 pages of 64 buckets each; all entries of an interval of positions
//	leaf      what the directory says of a segment
//	home      the bucket of a segment that an entry's position points to
//	guest     an entry in its alternate bucket, since its home was full
//	stash     where entries go that found no place: only floods of like hashes do
//
// # Design
//
// Extendible hashing: a directory, indexed by the leading bits of a position, names
// the segment. When a segment of 8 pages is full it is split in two, one bit deeper;
// only the directory, four bytes for some thousand entries, ever doubles.
//
//	position  0110 10110101 01101100 10…
//	          └┬─┘ └─────┬────────┘
//	   directory         x: 14 to 17 bits, home and tag
//	     ├ 0101          │
//	     ├ 0110 ─► leaf ─┼─► segment: n buckets, n = 64, 128, 192, … 512
//	     └ 0111          │     home = x·n / 2^width, the tag = the low 8 bits of x
//	                     │     alternate = (a number from 7 bits of the tag) − home, mod n
//
// Homes preserve order: a bucket is home to an interval of positions. A scan goes
// through the intervals, and its cursor, a position, means the same whatever becomes
// of buckets and segments meanwhile.
//
// Home and alternate are computed from each other and the tag, as in a cuckoo filter
// (Fan et al. 2014): when both are full, entries are moved to their other buckets to
// make room without a look at their keys. So segments grow only at 98 % load.
//
// Tags are quotients (Knuth 6.4, exercise 13): home and tag of an entry together are
// the first floor(log2 n)+8 bits of x, no more, no less. A rebuild with another number
// of buckets needs no more than that as long as n stays below the next power of two,
// nor does a split, a merge or making a segment smaller: they are done from the
// buckets alone, a few nanoseconds an entry. Only where n reaches a power of two is
// one bit missing, which must come from the keys, and reading the keys of 5000 items
// costs half a millisecond in cache misses. So then all buckets become stale, their
// tags keep one bit less, which is enough to be found (at a power of two the bit that
// the tag has too many is known from the home), and each insertion into the segment
// refreshes one bucket. All are fresh before the segment is full. Thus an item is
// read again once in each doubling of the table, in portions of twelve.
//
// Spread: were positions equally likely, all segments would be full at the same time;
// memory for an entry would go up and down by a fifth between two powers of two,
// and the rebuilds of a doubling would come in waves. So positions are made twice as dense
// at one end of the table as at the other, with all densities between: at any time
// segments are at all stages, as in spiral storage (Martin 1979).
//
// # Floods
//
// Correctness does not depend on hashes. If many are equal, or equal in their leading
// bits, the entries beyond two buckets go to the stash, a chained table on the Go heap
// by full hash, and a flag in the home bucket says so; other buckets never look there.
// The directory may have no more than 32 leaves for 4096 entries: a flood of hashes
// that differ late cannot make it grow by splitting. Those who insert a thousand equal
// hashes compare a thousand keys; nobody else does.
//
// # Invariants, verified by CheckInvariants
//
//  1. An entry is in its home bucket, or in its alternate as a guest, or in the stash.
//  2. A bucket's overflow is the number of guests elsewhere whose home it is.
//  3. A bucket that is home to stashed entries has its flag set.
//  4. Stale buckets are only in segments of a power of two buckets.
//  5. A free slot is zero.
//  6. A leaf of depth d is in all directory entries that share its d bits.
//  7. A table without entries has, once ShrinkStep is through, no segment.
//
// # Bits
//
// Tables use the leading 48 bits of a hash and the stash all of it. Who has used the
// leading bits already, to choose a shard, shifts them out: zeros at the end do no
// harm, up to 16 of them.
//
// # Figures
//
// One core of a virtual machine (Xeon, 2.6 GHz, 480 MiB L3), shared with other work:
//
//	go test -run - -bench . ./cache/internal/index
//
//	bytes an entry, growing, 1 to 4 million: mean 5.96, worst 6.01
//	  the same without spread: between 5.45 and 6.6
//	after deleting 10 % … 90 % at random and shrinking: 6.3 to 6.5
//	insertion into a growing table: 230 ns; items hashed again: 1.45
//	  were tags no quotients, it would be all that are rebuilt: 5.5
//	  (with steps of 8 KiB above 16 KiB: 2.8, and 6.54 bytes an entry)
//	delete one and insert one, table of a million: 170 ns
//	lookup, hit / miss: 17 / 17 ns (1000 entries), 28 / 41 ns (1 million), 53 / 77 ns (10 million)
//	rebuild, median: 5 to 6 pages 30 µs, 7 to 8 pages 48 µs, split of 8 pages 70 µs
//	scan: 375 ns for a bucket (10.8 entries); sample of 16: 80 ns
//	entries that are guests: 8.7 % when growing, 12.7 % after long churn
//
// Growing at 97 % load instead of 98 % costs 0.06 bytes an entry, at 99 % it saves as
// many; segments of up to 48 KiB save 0.18 bytes and their split takes 50 % longer.
//
// # Non-goals
//
// The index compares no keys, knows no databases or expiry, and has no locks of its
// own: what shares a pool shares a lock. Only GoAhead and what it
// begins may be called without it.
package index
