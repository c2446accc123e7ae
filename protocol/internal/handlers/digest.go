package handlers

import (
	"github.com/zeebo/xxh3"

	"github.com/ashlar-cache/ashlar/protocol/command"
)

// A digest, in DIGEST and the conditions IFDEQ and IFDNE of Redis 8.4, is the
// 64-bit XXH3 of the value, without a seed, in 16 lower-case hexadecimal
// digits. It lets a client compare and set a large value without sending it.

// digestRows is DIGEST.
var digestRows = []Row{
	{
		Spec: command.Spec{
			Name: "digest", Arity: 2, Summary: "Returns the XXH3 hash of a string value.",
			Flags: command.ReadOnly | command.Fast, Categories: command.CatString,
			Since: "8.4.0", Group: "string", Complexity: "O(N) where N is the length of the string value.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
			},
		},
		Run:    runDigest,
		Beyond: "8.4",
	},
}

const (
	digestLen    = 16
	errBadDigest = "ERR must be exactly 16 hexadecimal characters"
)

// runDigest is DIGEST key: null if there is none.
func runDigest(ctx *Context) {
	value, err := ctx.Tx.Get(ctx.Args[1])
	if err != nil {
		ctx.valueOr(nil, err)
		return
	}
	var digest [digestLen]byte
	ctx.Bulk(appendDigest(digest[:0], value))
}

// appendDigest appends the digest of value.
func appendDigest(dst, value []byte) []byte {
	const hex = "0123456789abcdef"
	sum := xxh3.Hash(value)
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, hex[sum>>shift&15])
	}
	return dst
}
