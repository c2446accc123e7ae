// Package table is the hash table that large sets, large hashes and the member
// index of sorted sets are made of. It lives in nodes (internal/nodes) and grows and
// shrinks a bucket at a time: no operation costs more than a few microseconds,
// however many elements there are.
//
// # Shape
//
// A table is a trie over the bits of a 64-bit hash, from the top. Its inner nodes are
// directories of up to 2^10 slots, its leaves buckets of a few dozen elements:
//
//	root ─▶ directory, d = 3
//	        000 ─┐
//	        001 ─┴──▶ bucket, local 2: hashes 00…
//	        010 ────▶ bucket, local 3: hashes 010…
//	        011 ────▶ bucket, local 3: hashes 011…
//	        100 ─┐
//	        101 ─┤
//	        110 ─┼──▶ bucket, local 1: hashes 1…
//	        111 ─┘
//
// A bucket that is full is split by the next bit of its elements' hashes. If all bits
// of its directory are used up in telling it from its neighbours (local = d), the
// directory is doubled first; one that has 2^10 slots already keeps them, and a
// directory of its own takes the bucket's place in it. A table of ten million
// elements has two levels of directories.
//
// A bucket that has become sparse is merged with its buddy, the one that it was split
// from, if that one has not been split further; a directory whose last bit tells
// nothing apart is halved, and one with a single bucket left gives way to it. To be
// merged, two buckets must hold no more than half of what would have them split, so
// that adding and deleting one element again and again does not.
//
// Nodes point down only. A bucket has as many slots as 2^(d - local), next to each
// other, and no other reference.
//
// # Order
//
// To visit the slots from left to right is to visit hashes in ascending order, and
// neither splits nor merges change that. So a scan's cursor is a hash prefix: the
// bucket in which it lies is handed out whole, and the next cursor is the first hash
// behind that bucket. Whatever happens in between, an element that is there all the
// while has one hash, and the cursor passes it once: that is Redis's guarantee for
// SSCAN and HSCAN without its reversed bits. Buckets stand at a depth of 50 bits at
// most, so a cursor is below 2^50.
//
// # Directory (kind TableDir)
//
//	byte   0        1        2         8                  16        20
//	     +--------+--------+---------+------------------+---------+---------+----
//	     | nodes' | d      | nodes'  | due              | slot 0  | slot 1  | … 2^d slots
//	     | 1      | 1      | 6       | 8, LE            | 4, LE   | 4, LE   |
//	     +--------+--------+---------+------------------+---------+---------+----
//
//	d     1 … 10; only directories of d = 10 have directories below them
//	due   see Expiry; 0: nothing below expires
//
// # Bucket of elements with keys (kind TableBucket)
//
//	byte   0        1        2         8       10      12          12 or 18
//	     +--------+--------+---------+-------+-------+-----------+-------+-------+---
//	     | nodes' | flags, | nodes'  | n     | end   | due       | group | group | …
//	     | 1      | local  | 6       | 2, LE | 2, LE | 0 or 6, LE| 18    | 18    |
//	     +--------+--------+---------+-------+-------+-----------+-------+-------+---
//
//	byte 1     bit 7     6        5          4         3 … 0
//	               0     has due  has large  has pairs local
//
//	group, of 8 elements:
//	     +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+-------+
//	     | t | t | t | t | t | t | t | t | s | s | s | s | s | s | s | s | begin |
//	     +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+-------+
//
//	t       tag: the low 8 bits of an element's hash, which tell no buckets apart
//	s       size of its entry in bytes; FE: 4, the handle of a key in a node of its
//	        own; FF: the size stands before the entry, in 2 bytes, LE
//	begin   where the entries of this group begin, counted from the first one's
//
// Behind the groups, of which there are as many as n elements need, lie the entries,
// up to end. A look-up compares eight tags at once and finds the entry of one that
// matches by adding up the sizes before it in its group, eight at once too: it reads
// the cache lines of the tags and of the right entry, and one time in ten of a wrong
// one. A tag and a size are what an element costs besides its part of group and node.
//
// The entry of a set is the key. The entry of a pair:
//
//	+-----+------------+-------------------+
//	| len | key        | value             |   0 … 127: the key's length
//	+-----+------------+-------------------+
//	+----------+-----+-----------+---------+-------+
//	| 10E00hhh | low | expiry    | key     | value |   key's length hhh × 256 + low;
//	|          | 1   | 0 or 6, LE|         |       |   E: there is an expiry
//	+----------+-----+-----------+---------+-------+
//	+----------+-----------+---------+
//	| 11E00000 | expiry    | handle  |   key and value in a node of their own
//	|          | 0 or 6, LE| 4, LE   |
//	+----------+-----------+---------+
//
// An element of more than 512 bytes has a node of its own (kind Large):
//
//	byte   0         8            12             16
//	     +---------+------------+--------------+-----------+---------------+
//	     | nodes'  | key's len  | value's len  | key       | value         |
//	     | 8       | 4, LE      | 4, LE        |           |               |
//	     +---------+------------+--------------+-----------+---------------+
//
// # Bucket of fixed-size entries (kind TableFixed)
//
// A sorted set's index needs the leaf that a member is in, and has the member itself
// there. It keeps 32 bits of the hash and the leaf's handle, and leaves out the bits that follow from
// where the bucket stands: with w bytes kept below a directory that 10 × level bits
// lead to, w = 4, 3, 2, 1 for level 0, 1, 2, 3.
//
//	byte   0        1        2         8       10
//	     +--------+--------+---------+-------+-------------------------------+---
//	     | nodes' | local  | nodes'  | n     | group: 8 tags, 8 rows         | …
//	     | 1      | 1      | 6       | 2, LE |        8       8 × (4 + w - 1)|
//	     +--------+--------+---------+-------+-------------------------------+---
//	row: +---------------+------------------+
//	     | value         | known bits, LE   |   without the lowest
//	     | 4, LE         | w - 1            |   byte, which is the tag
//	     +---------------+------------------+
//
// Eight bytes an entry at most, of which four are the handle, whatever the member's
// length; six where there are many.
// Nothing is rehashed when a bucket is split: it knows the bits that it needs.
//
// # Expiry
//
// Each bucket and each directory knows when the first element below it expires, or an
// earlier time: what takes an expiry away does not look for the next. Expire goes
// through the table in the order of a scan, passes over what is not due, and puts the
// times right where it has been. So one field that expires among ten million costs
// a few hundred nodes looked at, a bounded number at each step.
//
// # Fairness
//
// A random element is to be each with the same probability, although buckets hold
// more or fewer of them and stand higher or lower. See RandomEntry.
//
// # Invariants
//
//  1. An element is in the bucket that its hash leads to.
//  2. A bucket of more than 32 elements (48, fixed-size) stands as deep as can be. The
//     keys' hash is keyed, so that does not happen; if it did, a bucket takes some
//     thousand elements that agree in 50 bits.
//  3. A directory's last bit tells some of its children apart.
//  4. The due of a node is no later than that of anything below it.
//  5. An empty table has no nodes.
//
// Check verifies them.
//
// # Not goals
//
// Order by key; a bound on a single element's size; to be shrunk by anything but
// deletions.
package table
