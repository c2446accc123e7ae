// Package nodes hands out the blocks that large collections are made of: the
// directories and buckets of hash tables, the inner nodes and leaves of trees.
//
// # Handles
//
// A block of the shard's slab has exactly one reference to it, so that compaction
// can move it. The reference to a node stands in the handle table, and a
// collection's own structure is made of handles, which stay the same for the
// node's life. So no structure knows of compaction, and to move a node costs one
// store, whatever it is part of.
//
//	collection's root ── handle ──▶ table of Refs ── Ref ──▶ block
//	                                    ▲                      │
//	                                    └───── own handle ─────┘
//
// A handle costs 4 bytes in the table, a node 8 bytes of header:
//
//	byte   0            1        2      3        4      5      6      7
//	     +------------+--------+---------------+-----------------------------+-----
//	     | kind       | owner's| length / 8    | handle                      | owner's …
//	     | hi 4, 1111 | 1      | 2, LE         | 4, LE                       |
//	     +------------+--------+---------------+-----------------------------+-----
//
// The low four bits of the first byte are 15, which is no kind of item: that is
// how whoever walks the slab tells nodes from items. The length is that of the
// block, rounding included; 65535 stands for a block whose length the slab knows.
//
// # Memory
//
// To allocate a node never fails and never moves another: an operation on a
// collection makes room before it begins (which may evict, compact and expire),
// and may then go beyond the memory bound by what it needs itself. So structures
// have no error paths in the middle of a change, and may hold the bytes of one
// node while they allocate another. Where the system itself has no memory left,
// which the shard checks as it makes room, Alloc panics.
//
// # Ownership
//
// A Store belongs to a shard and needs its lock. The bytes of a node are borrowed:
// valid until the node is resized or freed, or the operation ends.
//
// # Invariants
//
//  1. For each handle in use the table holds the Ref of a block whose header names
//     the handle; the others form a list from free, through the table.
//  2. A node is the child of one parent, or a root in one item's value.
package nodes
