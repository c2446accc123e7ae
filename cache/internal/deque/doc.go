// Package deque keeps the elements of a long list: packed into leaves of 4 KiB under
// a counted tree (package tree), so that the ends are a few loads away, and any
// index a few more.
//
// # Layout
//
// The root is part of an item's value, 24 bytes, or 536 where the list is long; little
// endian:
//
//	byte   0            15   16              22   23     24         279   280        535
//	     +----------------+--------------------+------+----------------+----------------+
//	     | tree's root    | bytes of all       | mark | front end      | back end       |
//	     |                | entries            |      | of a long list | of a long list |
//	     +----------------+--------------------+------+----------------+----------------+
//
// How an end is laid out stands in ends.go.
//
// A leaf is one block: entries in packed's double form, one behind the other, with
// what is free before and behind them:
//
//	byte   0        7   8      11   12     15   16     start            end
//	     +------------+-----------+-----------+------+-----------------+------+
//	     | header     | start     | end       | free | entries         | free |
//	     +------------+-----------+-----------+------+-----------------+------+
//
// The number of entries stands in the tree. An entry too long for a leaf of 4 KiB
// gets a leaf that is as large as it needs.
//
// # Ends
//
// The free space of the first leaf is before its entries, that of the last behind:
// a push writes into it, and a pop moves start or end. In a list of one leaf it is
// on both sides, shared anew when one side has none left. A leaf at an end grows by
// half at a time up to 4 KiB, the only one of a list by an eighth; when the next one
// begins, it is cut to what it uses. So the leaves between the ends are full, and an
// entry of n bytes takes n+2 and its share of 28 bytes a leaf.
//
// A list that has come to 16 KiB of entries keeps its outermost elements in the root,
// until it is below 8 KiB again. Then a push or a pop touches the item alone, but for
// every seventh element or so, when half of an end goes to a leaf or comes from one.
// Whatever is about other places moves what is in the ends to the leaves first; to
// read, the three parts are gone through one after the other.
//
// # The middle
//
// A leaf that has no room for an insertion is cut in two at its middle. One that
// falls below a half is joined with a neighbour, if they fill no more than three
// quarters of a leaf together. Leaves at the ends may be as empty as they like; when
// little is left in all, the leaves become one.
//
// # Invariants
//
//  1. 16 <= start < end <= the block's length: no leaf is empty.
//  2. From start to end there are as many entries as the tree counts, no more and no
//     less, and both lengths of each agree.
//  3. The root's bytes are the sum of all leaves' end-start, and of what is in the ends.
//  4. A list that has ends has leaves as well.
//
// # Not goals
//
// Compression of the middle, which Redis has as list-compress-depth.
package deque
