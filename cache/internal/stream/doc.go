// Package stream keeps streams: entries in the order of their IDs, in packed blocks
// that are the leaves of a tree, and consumer groups with what is pending in them.
// Everything is in nodes, reached from a root in an item's value.
//
// # Glossary
//
//	entry     an ID, and fields with values
//	block     a node of some dozens of entries, by default up to 100 or 4096 bytes
//	group     readers who share a stream: each entry goes to one of them
//	consumer  one of these readers, by its name
//	pending   delivered to a consumer and not yet acknowledged
//	record    a node with what there is to a group or to a consumer
//	doomed    taken away and not yet freed
//	leaving   of a consumer that was removed: some of its entries are still to be found
//
// # Root
//
//	byte   0        8         24       32       48          64       80       108
//	     +--------+---------+--------+--------+-----------+--------+--------+-----+ …
//	     | bytes  | blocks  | added  | last   | greatest  | first  | groups | #   |
//	     | of all | (tree)  | ever   | ID     | deleted   | ID     | (dir.) |     |
//	     | nodes  |         |        | given  | ID        |        |        |     |
//	     +--------+---------+--------+--------+-----------+--------+--------+-----+ …
//
//	       112      116       120
//	     +--------+---------+
//	     | doomed | leaving |
//	     +--------+---------+
//
// An ID is two numbers of 8 bytes, milliseconds first. All numbers are little endian.
// The first 8 bytes are kept by the engine. The tree counts entries, so its count is
// the stream's length; # is the number of blocks, doomed ones included.
//
// # Blocks
//
// A block's entries mostly have the same fields: it has the names of its first
// entry's once, and an entry with the same ones only its values.
//
//	byte   0      8       24    28     32      36     38     40     44
//	     +------+-------+-----+------+-------+------+------+------+--------+---------+
//	     | node | first | end | last | Redis | live | dead | body | fields | entries |
//	     +------+-------+-----+------+-------+------+------+------+--------+---------+
//
//	first   ID of the first entry it ever had, its key in the tree
//	end     offset behind the last entry
//	last    offset of the last entry
//	Redis   bytes it would take in Redis's format: see listpack.go
//	live    entries; dead: entries that were deleted
//	body    offset of the first entry
//	fields  their number, then each name with its length before it
//
// Numbers within fields and entries are varints of base 128.
//
//	     +-------+--------+-----------+----------------------+--------+
//	     | head  | seq    | number of | field (unless same), | length |
//	     | 1 … 10| 1 … 10 | fields *  | value, and so on     | 1 …    |
//	     +-------+--------+-----------+----------------------+--------+
//	                       * unless same
//
//	head    bit 7     6 5 4 3 2         1     0
//	        more   low bits of the ms  same  dead
//
// The milliseconds count from the block's first ID; more of them follow in a varint.
// The sequence number counts from the first ID's in the same millisecond, and is
// itself in others. The length is that of all before it, written to be read from its
// end, so that one can walk backwards: a search within a block does, since it need
// not look at fields and values then.
//
// What is deleted leaves nothing: the entries behind it move up, or body moves on.
// Only the last entry of a block leaves its head, marked dead, since an approximate
// trim asks how far a block reaches. An entry in a small block takes 3 to 5 bytes
// beside its strings.
//
// Blocks are cut where Redis cuts its own, by its count of entries, deleted ones
// included, and by its bytes: so approximate trims remove the same entries. Only what
// would be larger than BlockMost is cut earlier, but for a single large entry.
//
// # Groups
//
// Groups, and in each group its consumers, stand in a directory, by name and by
// number: see directory.go. Their records are
//
//	byte   0      8        12     16        32      48      56          84        88     92
//	     +------+--------+------+---------+-------+-------+-----------+---------+------+------+
//	     | node | number | name | pending | last  | read  | consumers | leaving | next | name |   group
//	     |      |        | len. | (tree)  | ID    | count | (dir.)    |         |      |      |
//	     +------+--------+------+---------+-------+-------+-----------+---------+------+------+
//
//	byte   0      8        12     16        32      40       48
//	     +------+--------+------+---------+-------+--------+------+
//	     | node | number | name | IDs     | seen  | active | name |   consumer
//	     |      |        | len. | (tree)  | ms    | ms     |      |
//	     +------+--------+------+---------+-------+--------+------+
//
// # Pending entries
//
// A group's tree of pending entries says of each whose it is, when it was delivered
// last and how often; a consumer's has its IDs, which are looked up in the group's.
// Their leaves are arrays:
//
//	byte   0      8        16      24
//	     +------+--------+-------+----+-----+-------+-------+----------+--------
//	     | node | ms     | time  | ms | seq | count | time  | consumer | next …
//	     |      | from   | from  | 4  | 2   | 2     | 4     | 2        |
//	     +------+--------+-------+----+-----+-------+-------+----------+--------
//	                              └───────────── 14 bytes ────────────┘
//
//	     +------+--------+----+-----+--------
//	     | node | ms     | ms | seq | next …     of a consumer: 6 bytes
//	     |      | from   | 4  | 2   |
//	     +------+--------+----+-----+--------
//
// Where an entry does not fit, because its neighbours are too far away in time or its
// counts are too large, the leaf gets wide entries, of 36 and 16 bytes (ms 8, seq 8,
// time 8, count 8, consumer 4). Byte 1 of a node's header tells the forms apart.
//
// # What is large goes bit by bit
//
// Trim, DestroyGroup and RemoveConsumer may take away millions of entries, and nobody is
// to wait for that. So they free about as many nodes as one may at once; what is left is
// only detached, which takes a few searches, and stays the stream's until Reclaim, which
// the engine calls now and then, has freed it.
//
// Blocks that were cut off, and all that hangs from a group's record, are doomed: they
// are on a stack, where a node that is freed leaves its children (doomed.go). A consumer
// that is removed leaves its group step by step, since its entries stand between those of
// others (leaving.go). To whoever asks they are gone: as there are few such consumers, and
// trees know ranks, entries that are gone are counted, and passed over however many
// there are, by a few dozen searches.
//
// # Invariants
//
//  1. IDs increase from entry to entry; a block's first ID is its key in the tree, and
//     its live entries are the tree's count. The root's first ID is that of the first
//     entry, or zero; its last ID is not below any.
//  2. Only a block's last entry can be dead. A block without live entries has one.
//  3. Each pending entry of a group is in the list of the consumer it names, which may
//     be leaving, and no list has others.
//  4. Names in a directory increase; a record has the number that leads to it. Only
//     those of consumers that are leaving have no name there.
//  5. A group is in the root's chain while consumers are leaving it, and they are in its
//     own.
//
// # Not goals
//
// Redis's nodes in memory: blocks have Redis's boundaries, not its bytes.
package stream
