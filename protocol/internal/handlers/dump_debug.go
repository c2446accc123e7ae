package handlers

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// DEBUG's subcommands about the data set as a whole.

// debugReload is DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]: every value makes the way
// through its serialised form and back. Redis empties itself and loads a file; here
// the keys go one by one, so others are served meanwhile, and what the options are
// about, what there was beside the file, does not arise.
func (ctx *Context) debugReload() {
	for _, arg := range ctx.Args[2:] {
		if !args.Is(arg, "merge") && !args.Is(arg, "noflush") && !args.Is(arg, "nosave") {
			ctx.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
			return
		}
	}
	var payload []byte
	var failed error
	ctx.everyKey(func(tx *cache.Tx, key []byte) {
		at, ok := tx.ExpireAt(key)
		if !ok || failed != nil {
			return
		}
		var err error
		if payload, err = tx.Dump(payload[:0], key, cache.DumpExact); err != nil {
			return // its last field has expired just now
		}
		failed = tx.Restore(key, payload, at)
	})
	if failed != nil {
		ctx.Error("ERR Error trying to load the RDB dump, check server logs.")
		return
	}
	ctx.OK()
}

// everyKey calls f for each key of each database, with the key locked. A key that is
// there from the beginning to the end comes at least once.
func (ctx *Context) everyKey(f func(tx *cache.Tx, key []byte)) {
	const step = 256
	store := ctx.Server.Cache
	var names []byte
	var ends []int
	var tx cache.Tx
	tx.SetNoTouch(true)
	for db := range store.Databases() {
		for cursor := uint64(0); ; {
			names, ends = names[:0], ends[:0]
			cursor = store.Scan(db, cursor, cache.ScanOptions{Count: step}, func(key []byte, _ cache.Type) {
				names = append(names, key...)
				ends = append(ends, len(names))
			})
			from := 0
			for _, end := range ends {
				key := names[from:end:end]
				store.BeginKey(&tx, db, key)
				f(&tx, key)
				tx.End()
				from = end
			}
			if cursor == 0 {
				break
			}
		}
	}
}

// digest is what DEBUG DIGEST makes of values: SHA-1 sums, put together by exclusive
// or where order does not count, and by a sum of sums where it does.
type digest [sha1.Size]byte

// xor puts b in, whatever else has been or will be.
func (d *digest) xor(b []byte) {
	for i, c := range sha1.Sum(b) {
		d[i] ^= c
	}
}

// mix puts b in, behind what has been.
func (d *digest) mix(b []byte) {
	d.xor(b)
	*d = sha1.Sum(d[:])
}

// mixNumber mixes in a number, its highest byte first, as Redis has it.
func (d *digest) mixNumber(n uint32) { d.mix(binary.BigEndian.AppendUint32(nil, n)) }

// objectTypes are the numbers that Redis has for types.
var objectTypes = [...]uint32{cache.String: 0, cache.List: 1, cache.Set: 2, cache.ZSet: 3, cache.Hash: 4, cache.Stream: 6}

// value puts in a key's value and that it expires, in the way of redis-server's
// xorObjectDigest.
func (d *digest) value(tx *cache.Tx, key []byte) {
	at, ok := tx.ExpireAt(key)
	if !ok {
		return
	}
	typ := tx.Type(key)
	d.mixNumber(objectTypes[typ])
	switch typ {
	case cache.String:
		text, _ := tx.Peek(key)
		d.mix(text)
	case cache.List:
		list, _ := tx.LRange(key, 0, -1)
		for e := range list.All() {
			d.mix(e)
		}
	case cache.Set:
		set, _ := tx.SMembers(key)
		set.Each(func(member []byte) bool {
			d.xor(member)
			return true
		})
	case cache.ZSet:
		d.zset(tx, key)
	case cache.Hash:
		d.hash(tx, key)
	case cache.Stream:
		d.stream(tx, key)
	}
	if at != cache.NoExpiry {
		d.xor([]byte("!!expire!!"))
	}
}

// zset mixes in members with their scores, in any order.
func (d *digest) zset(tx *cache.Tx, key []byte) {
	span, _ := tx.ZRange(key, cache.ZRange{Stop: -1})
	for member, score := range span.All() {
		var element digest
		element.mix(member)
		element.mix(appendG17(nil, score))
		d.xor(element[:])
	}
}

// hash mixes in fields with their values, in any order.
func (d *digest) hash(tx *cache.Tx, key []byte) {
	view, err := tx.HView(key)
	if err != nil {
		return
	}
	view.Each(func(field, value []byte) bool {
		var element digest
		element.mix(field)
		element.mix(value)
		if at, _ := view.ExpireAt(field); at != cache.NoExpiry {
			element.xor([]byte("!!hexpire!!"))
		}
		d.xor(element[:])
		return true
	})
}

// stream mixes in entries one after another.
func (d *digest) stream(tx *cache.Tx, key []byte) {
	entries, _ := tx.XRange(key, cache.StreamID{}, cache.MaxStreamID)
	var id []byte
	for entries.Next() {
		id = strconv.AppendUint(id[:0], entries.ID().Ms, 10)
		id = strconv.AppendUint(append(id, '.'), entries.ID().Seq, 10)
		d.mix(id)
		for range entries.Len() {
			field, value := entries.Pair()
			d.mix(field)
			d.mix(value)
		}
	}
}

// appendG17 writes a double as C's %.17g does.
func appendG17(dst []byte, f float64) []byte {
	text := strconv.AppendFloat(nil, f, 'g', 17, 64)
	switch string(text) {
	case "+Inf":
		return append(dst, "inf"...)
	case "-Inf":
		return append(dst, "-inf"...)
	}
	return append(dst, text...)
}

// debugDigest is DEBUG DIGEST: of all that there is. It is put together key by key, so
// it means something only while nobody writes.
func (ctx *Context) debugDigest() {
	var all digest
	var last = -1
	ctx.everyKey(func(tx *cache.Tx, key []byte) {
		if tx.Type(key) == cache.None {
			return
		}
		if tx.DB() != last {
			last = tx.DB()
			all.mixNumber(uint32(last))
		}
		var d digest
		d.mix(key)
		d.value(tx, key)
		all.xor(d[:])
	})
	ctx.Simple(hex.EncodeToString(all[:]))
}

// debugDigestValue is DEBUG DIGEST-VALUE key [key ...].
func (ctx *Context) debugDigestValue() {
	keys := ctx.Args[2:]
	ctx.Array(len(keys))
	var tx cache.Tx
	tx.SetNoTouch(true)
	for _, key := range keys {
		var d digest
		ctx.Server.Cache.BeginKey(&tx, ctx.Session.DB, key)
		d.value(&tx, key)
		tx.End()
		ctx.Simple(hex.EncodeToString(d[:]))
	}
}
