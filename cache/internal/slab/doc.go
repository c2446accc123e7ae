// Package slab is the allocator under the keyspace: blocks of memory outside
// the Go heap, reached by 32-bit references, that can be moved.
//
// # References
//
// A Ref counts units of 8 bytes from the start of the heap's region, so 32 bits
// reach 32 GiB. Zero is no block. Exactly one place holds a block's Ref (the
// index entry of its key), which is what makes moving a block cheap: copy, tell
// the owner, done.
//
// # Pages
//
// Addresses are dealt out in chunks of 64 KiB. A chunk is four pages of 16 KiB,
// or one page of 64 KiB, or half a page of 128 KiB, or part of a run of chunks
// for one large block. A page holds blocks of one size class, side by side, with
// nothing between them; what there is to know about the page stands in a table
// beside the data (32 bytes for each 16 KiB):
//
//	page   | block | block | free | block | never used ..............|
//	                          |                ^ bump
//	                          first byte 0; bytes 2-3: next free slot
//
// A block's first byte is its owner's and is never zero while it lives; the
// allocator zeroes it when the block is freed. So a page can be walked.
//
// Memory is counted by system pages of 4 KiB as the bump mark first crosses
// them, not by slab pages: a page that was just begun costs 4 KiB, whatever its
// size, and a heap of a hundred half-begun classes costs little.
//
// # Free memory
//
// A page that becomes empty goes to a short list of pages kept for the next
// need (dirty: still resident), from which the maintenance and any shortage of
// memory give it back to the system (clean: addresses only). Within a class,
// blocks are taken from the page that most recently had a block freed, which is
// nearly full, so that emptiness gathers in other pages.
//
// Compaction picks the emptiest page of the class with most free room, moves its
// blocks into the holes of its siblings and frees the page: at most one page of
// at most 128 KiB is moved in a step.
//
// # Expiry
//
// Each page knows the earliest expiry time among its blocks (a lower bound), and
// each group of 64 units the earliest of its pages. Finding what is due is a walk
// over the groups, then over the pages of those that are due, then over the
// blocks of those pages. It costs an item nothing at all, where a timer wheel
// would cost a reference for each item, and it visits memory in order.
//
// # Invariants
//
//  1. A block's Ref is known to one owner; the heap knows none.
//  2. used ≤ bump ≤ slots of the class; the free list holds bump-used slots.
//  3. A page is on its class's list if and only if it has room (used < slots).
//  4. The account's Items bytes are the sum of the pages' touched bytes.
//  5. A page's minExpire is at most every expiry time in it.
package slab
