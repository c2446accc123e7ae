// Package tree is a counted B+tree over leaves that it knows nothing of: it finds
// the leaf that holds the i-th element, or the one where a key belongs, and keeps
// counts and separators right as leaves come, go and change. What is in a leaf is
// its owner's to know: the elements of a list or a sorted set, the entries of a
// stream.
//
// # Three forms
//
// A Ranked tree finds leaves by rank alone. A Keyed one has a separator of 16 bytes
// for each child beside its count, so that leaves are found by key as well; where
// 16 bytes do not tell keys apart, the owner is asked (SeekKey). In a Linked one each
// node, leaves included, also has the handle of the node above it: who comes to a leaf
// by another way, as a sorted set does from its index, can tell its rank from there
// (Climb), which reads less than a search by key, and can be read ahead.
//
// # Layout
//
// The root is part of an item's value, 16 bytes, little endian:
//
//	byte   0     3   4        5      6  7   8                      15
//	     +---------+--------+------+------+-------------------------+
//	     | handle  | height | form | 0  0 | elements                |
//	     +---------+--------+------+------+-------------------------+
//
//	handle    the topmost node; the one leaf where height is 0; 0 if there is none
//	height    levels of inner nodes
//	form      0 ranked, 1 keyed, 2 linked
//
// An inner node has up to 126 children in a ranked tree (1024 bytes), 64 in one with
// keys (1552 bytes). The keys stand in columns behind the rest, so that a search reads
// half of the lines that it would with whole entries side by side, and the sum of counts
// a third (ZRANK in ten million elements is mostly such waits):
//
//	byte   0              7   8     11 12 15   16       19  20     23       16 + 8c     16 + 16c
//	     +--------+---+------+--------+------+------------+-------------+---+-----------+-----------+
//	     | header | n |      | above  |      | child      | elements    | … | keys, Hi  | keys, Lo  |
//	     +--------+---+------+--------+------+------------+-------------+---+-----------+-----------+
//	               byte 1      linked          └─────── c times ────────┘    └───── not ranked ─────┘
//
// n is the number of entries, c of those that the block has room for. It grows with
// them, by a quarter at a time: a tree of three leaves pays for three entries.
//
// # Shape
//
// All leaves are at the same depth. A node that is full is cut in half, but for one
// at the left or right edge that grows outwards: there a new node begins, and the
// full one stays full. So a list or a stream that grows at an end has full nodes. A
// node that falls below a quarter is joined with a neighbour if the two fill no more
// than three quarters of one; else it takes half of what the neighbour has too
// many, unless it is at an edge: those may have as few entries as they like.
//
// # Bounds
//
// Counts below an inner node's child are 32 bits: a tree holds at most MaxLen
// elements, and its owner refuses what would be beyond it. Every operation but
// CheckInvariants is O(log n) and touches at most a few nodes a level.
//
// # Invariants
//
//  1. An entry's count is the number of elements in its leaf, or the sum of the
//     counts in its node; the root's is the sum of all.
//  2. An entry's key is that of its leaf, or of its node's first entry. Keys do not
//     decrease from left to right. The owner's part: a leaf's key is not above any
//     of its elements, nor below any element of the leaves before it.
//  3. In a linked tree, a node's bytes 8 to 11 are the handle of the one above it; the
//     topmost one's are 0.
//  4. Nodes that are not at an edge are at least a quarter full; the root has two
//     entries or more, or one where a keyed tree has one leaf.
//
// # Not goals
//
// Sibling handles, and handles of what is above where they are not needed: a collection
// can be copied and freed node by node, whatever it is made of (Relink is what a linked
// tree needs after it). Keeping a Pos right while the tree's shape changes.
package tree
