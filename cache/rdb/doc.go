// Package rdb reads and writes values in Redis's own serialisation: what DUMP
// gives and RESTORE takes, and what the body of an RDB file is made of. It is a
// pure codec, which knows nothing of keys, memory or types of this module.
//
// # A payload
//
//	+------+--------------------+-----------+--------------+
//	| type | object             | version   | checksum     |
//	| 1    | by its type        | 2, LE     | 8, LE        |
//	+------+--------------------+-----------+--------------+
//
// The checksum is CRC-64 with Jones's polynomial over all that is before it. The
// version is that of the RDB format; a Redis refuses one that is above its own.
//
// # Lengths and strings
//
//	00nnnnnn                        a length up to 63
//	01nnnnnn +1                     14 bits, most significant byte first
//	10000000 +4, 10000001 +8        32 and 64 bits, the same
//	11000000 +1                     instead of a length: an integer of 8 bits, LE,
//	11000001 +2, 11000010 +4        16, 32; its text in decimal is the string
//	11000011 len len bytes          compressed by LZF: length before, length after
//
// A string is a length and as many bytes, or one of the last two forms.
//
// # Objects
//
//	 0 string      a string
//	 1 list        number, strings
//	 2 set         number, strings
//	 3 zset        number, member and score as text (1 byte of length), in turn
//	 4 hash        number, field and value in turn
//	 5 zset 2      as 3, scores as 8 bytes of a double, LE
//	 9 zipmap      a hash; one string, as all the following up to 13
//	10 ziplist     a list
//	11 intset      a set
//	12 ziplist     a sorted set: member and score in turn
//	13 ziplist     a hash: field and value in turn
//	14 quicklist   a list: number, ziplists
//	15 stream      see stream.go; 19 and 21 are its successors
//	16 listpack    a hash
//	17 listpack    a sorted set
//	18 quicklist 2 a list: number, and for each a mark: 1 one element, 2 a listpack
//	20 listpack    a set
//	22 hash        number; expiry (0: none), field and value in turn
//	24 hash        the least expiry (8 bytes), then as 22 with the others' distance + 1
//	23 listpack    a hash: field, value and expiry in turn
//	25 listpack    the same after the least expiry
//
// Modules' values (6, 7) are not read.
//
// # What is written
//
// The oldest form that can hold the value, with the version in which Redis got it,
// so that it can be read wherever that is possible at all: strings, lists, sets and
// hashes as Redis 2.6 had them (version 6), sorted sets as 4.0 (8), streams as 5.0
// (9) or, with what they know of the past, 7.0 (10), hashes with fields that expire
// as 7.4 (12). Only RELOAD's own round trip uses 7.2's form of streams (11), which
// has when a consumer was last active.
//
// # What is read
//
// All of the above, up to version 12, and nothing is taken on trust: Check walks
// over the whole object, looks at each length before it is used, at each number that
// is said twice, at the order of what has one, and for elements that come twice.
// What it refuses is refused as Redis does with sanitize-dump-payload on; besides,
// scores that are no numbers and streams whose entries are out of order, about which
// Redis does not care. It allocates in proportion to the elements that are there,
// not to numbers that are claimed; nothing recurs.
//
// What walks hand out lies in the payload or in scratch space, and is valid until
// the function that it is handed to returns.
package rdb
