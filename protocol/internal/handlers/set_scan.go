package handlers

import (
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/glob"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// runSScan is SSCAN key cursor [MATCH pattern] [COUNT count]. The cursor is looked at
// before the key, and the options only where there is such a set.
func runSScan(ctx *Context) {
	cursor, fault := args.ScanCursor(ctx.Args[2])
	if fault != "" {
		ctx.Error(fault)
		return
	}
	if members, err := ctx.Tx.SMembers(ctx.Args[1]); err != nil {
		ctx.fail(err)
		return
	} else if members.Len() == 0 {
		ctx.scanHead(0, 0)
		return
	}
	options, fault := setScanOptions(ctx.Args)
	if fault != "" {
		ctx.Error(fault)
		return
	}
	start, found := len(ctx.B), 0
	next, err := ctx.Tx.SScan(ctx.Args[1], cursor, options, func(member []byte) {
		ctx.Bulk(member)
		found++
	})
	if err != nil {
		ctx.fail(err)
		return
	}
	ctx.insert(start, func(w *resp.Writer) { scanHead(w, next, found) })
}

// scanHead writes what comes before the elements that a scan has found.
func (ctx *Context) scanHead(cursor uint64, found int) { scanHead(&ctx.Writer, cursor, found) }

// scanHead writes what stands before the elements of a page: the cursor to go on with
// and how many there are.
func scanHead(w *resp.Writer, cursor uint64, found int) {
	var digits [20]byte
	w.Array(2)
	w.Bulk(strconv.AppendUint(digits[:0], cursor, 10))
	w.Array(found)
}

// setScanOptions reads what follows SSCAN's cursor. COUNT says how many members to look
// at, about: a small set comes whole, whatever it says. Of several MATCHes the last
// one counts.
func setScanOptions(list [][]byte) (o cache.ScanOptions, err string) {
	for opt := args.From(list, 3); opt.More(); {
		switch {
		case opt.Option("count", 1):
			count, err := opt.Int()
			switch {
			case err != "":
				return o, err
			case count < 1:
				return o, args.ErrSyntax
			}
			o.Count = int(min(count, maxScanCount))
		case opt.Option("match", 1):
			pattern := opt.Next()
			if o.Match = nil; !glob.All(pattern) {
				o.Match = glob.Pattern(pattern)
			}
		case opt.Word("novalues"):
			return o, "ERR NOVALUES option can only be used in HSCAN"
		default:
			return o, args.ErrSyntax
		}
	}
	return o, ""
}
