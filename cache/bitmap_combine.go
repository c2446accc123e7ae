package cache

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// BitOperation says how BitOp makes one bitmap of several, bit by bit.
type BitOperation uint8

// The operations. The last four are Redis 8.2's: X is the first source, Y any of
// the others.
const (
	BitAnd   BitOperation = iota // set in all
	BitOr                        // set in any
	BitXor                       // set in an odd number
	BitNot                       // not set in the only one
	BitDiff                      // set in X and in no Y
	BitDiff1                     // set in some Y but not in X
	BitAndOr                     // set in X and in some Y
	BitOne                       // set in exactly one
)

// BitOp combines bitmaps into dst, which may be one of them, and returns the length
// of the result: that of the longest source. Shorter ones and those that are not
// there go on with zeros. The result replaces dst with its expiry, whatever its
// type; one of length 0 deletes it. BitNot takes one source; BitDiff, BitDiff1 and
// BitAndOr want two at least. Errors: ErrWrongType of a source; ErrOutOfMemory.
func (tx *Tx) BitOp(op BitOperation, dst []byte, sources ...[]byte) (int, error) {
	length, err := tx.longest(sources, true)
	if err != nil {
		return 0, err
	}
	if length == 0 {
		tx.Delete(dst)
		return 0, nil
	}
	if value := tx.overwrite(dst, length); value != nil {
		tx.combine(op, value, sources)
		return length, nil
	}
	return tx.combineInto(op, dst, length, sources)
}

// longest is the length of the longest of some strings. count: it is an access.
func (tx *Tx) longest(keys [][]byte, count bool) (int, error) {
	most := 0
	for _, key := range keys {
		var value []byte
		var err error
		if count {
			value, err = tx.bits(key)
		} else if value, err = tx.Peek(key); err == ErrNotFound {
			err = nil
		}
		if err != nil {
			return 0, err
		}
		most = max(most, len(value))
	}
	return most, nil
}

// overwrite gives the value of a string that has the length and the header that a
// result is to have, to be written over where it lies; nil if there is none.
func (tx *Tx) overwrite(key []byte, length int) []byte {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	if !ok || !isString(e.item.Kind()) || e.item.ValueLen() != length || e.item.Expires() {
		return nil
	}
	return s.resizeInPlace(tx.db, key, h, e, length, NoExpiry)
}

// combineInto is BitOp with a new block for dst. It is had before the sources are
// looked up for good, since making room may move or evict them; if that leaves a
// shorter result, it begins again as if they had gone before.
func (tx *Tx) combineInto(op BitOperation, dst []byte, length int, sources [][]byte) (int, error) {
	s, h := tx.route(dst)
	size := blockSize(len(dst), length, NoExpiry)
	ref, err := s.alloc(size)
	if err != nil {
		return 0, err
	}
	p := s.heap.At(ref)
	it := item.WriteHeader(p, item.StringRaw, 0, len(dst), length, NoExpiry)
	if now, _ := tx.longest(sources, false); now != length {
		s.heap.Free(ref)
		if now == 0 {
			tx.Delete(dst)
			return 0, nil
		}
		return tx.combineInto(op, dst, now, sources)
	}
	copy(it.Key(), dst)
	tx.combine(op, it.Value(), sources)

	var old entry
	found := s.find(&old, tx.db, dst, h)
	var state evict.State
	if found {
		state = s.policy.Update(evict.State(item.State(s.heap.At(old.ref))), h, size)
		old.probe.Replace(uint32(ref))
		s.shed(old.item)
	} else if err := s.table(tx.db).Insert(h, uint32(ref)); err != nil {
		s.heap.Free(ref)
		return 0, ErrOutOfMemory
	} else {
		state = s.policy.Insert(h, size)
	}
	item.SetState(p, uint32(state))
	s.release(tx.db, dst, old, NoExpiry)
	return length, nil
}

// combineChunk is how much of a result is worked on at once: it, and as much of a
// source, stay in the processor's nearest cache, and a source may be dst.
const combineChunk = 4096

// combine computes a result into value, which may be one of the sources' own.
func (tx *Tx) combine(op BitOperation, value []byte, keys [][]byte) {
	var room [8][]byte
	sources := room[:0]
	for _, key := range keys {
		b, _ := tx.Peek(key) // nil if it is not there
		sources = append(sources, b)
	}
	var result, twice [combineChunk]byte
	for at := 0; at < len(value); at += combineChunk {
		n := min(combineChunk, len(value)-at)
		combinePart(op, result[:n], twice[:n], sources, at)
		copy(value[at:], result[:n])
	}
}

// combinePart computes what the result holds from an offset on into out. others is
// room for as much.
func combinePart(op BitOperation, out, others []byte, sources [][]byte, at int) {
	clear(out[copy(out, behind(sources[0], at)):])
	switch op {
	case BitNot:
		flipBits(out)
	case BitDiff, BitDiff1, BitAndOr:
		clear(others)
		for _, b := range sources[1:] {
			fold(BitOr, others, behind(b, at))
		}
		combineFirst(op, out, others)
	case BitOne:
		clear(others)
		for _, b := range sources[1:] {
			addOnce(out, others, behind(b, at))
		}
	default:
		for _, b := range sources[1:] {
			fold(op, out, behind(b, at))
		}
	}
}

// behind is what a source holds from an offset on.
func behind(b []byte, at int) []byte { return b[min(at, len(b)):] }

// fold brings one more source into a result. The source may be shorter.
func fold(op BitOperation, out, src []byte) {
	n := min(len(out), len(src))
	rest := out[n:]
	out, src = out[:n], src[:n]
	switch op {
	case BitAnd:
		clear(rest)
		for len(out) >= 32 && len(src) >= 32 {
			x, y := (*[32]byte)(out), (*[32]byte)(src)
			binary.LittleEndian.PutUint64(x[0:], binary.LittleEndian.Uint64(x[0:])&binary.LittleEndian.Uint64(y[0:]))
			binary.LittleEndian.PutUint64(x[8:], binary.LittleEndian.Uint64(x[8:])&binary.LittleEndian.Uint64(y[8:]))
			binary.LittleEndian.PutUint64(x[16:], binary.LittleEndian.Uint64(x[16:])&binary.LittleEndian.Uint64(y[16:]))
			binary.LittleEndian.PutUint64(x[24:], binary.LittleEndian.Uint64(x[24:])&binary.LittleEndian.Uint64(y[24:]))
			out, src = out[32:], src[32:]
		}
		for i := range out {
			out[i] &= src[i]
		}
	case BitOr:
		for len(out) >= 32 && len(src) >= 32 {
			x, y := (*[32]byte)(out), (*[32]byte)(src)
			binary.LittleEndian.PutUint64(x[0:], binary.LittleEndian.Uint64(x[0:])|binary.LittleEndian.Uint64(y[0:]))
			binary.LittleEndian.PutUint64(x[8:], binary.LittleEndian.Uint64(x[8:])|binary.LittleEndian.Uint64(y[8:]))
			binary.LittleEndian.PutUint64(x[16:], binary.LittleEndian.Uint64(x[16:])|binary.LittleEndian.Uint64(y[16:]))
			binary.LittleEndian.PutUint64(x[24:], binary.LittleEndian.Uint64(x[24:])|binary.LittleEndian.Uint64(y[24:]))
			out, src = out[32:], src[32:]
		}
		for i := range out {
			out[i] |= src[i]
		}
	case BitXor:
		subtle.XORBytes(out, out, src)
	}
}

// flipBits is NOT.
func flipBits(out []byte) {
	for ; len(out) >= 8; out = out[8:] {
		binary.LittleEndian.PutUint64(out, ^binary.LittleEndian.Uint64(out))
	}
	for i := range out {
		out[i] = ^out[i]
	}
}

// combineFirst is the operations on the first source (in out) and the union of the
// others, which is as long and may be changed.
func combineFirst(op BitOperation, out, others []byte) {
	switch op {
	case BitDiff:
		flipBits(others)
	case BitDiff1:
		flipBits(out)
	}
	fold(BitAnd, out, others)
}

// addOnce brings one more source into the bits set in exactly one: once holds them,
// twice those seen in more.
func addOnce(once, twice, src []byte) {
	n := min(len(once), len(src))
	once, twice, src = once[:n], twice[:n], src[:n]
	whole := n &^ 7
	for i := 0; i < whole; i += 8 {
		x, y, z := (*[8]byte)(once[i:]), (*[8]byte)(twice[i:]), binary.LittleEndian.Uint64(src[i:])
		o := binary.LittleEndian.Uint64(x[:])
		t := binary.LittleEndian.Uint64(y[:]) | o&z
		binary.LittleEndian.PutUint64(x[:], (o^z)&^t)
		binary.LittleEndian.PutUint64(y[:], t)
	}
	once, twice, src = once[whole:], twice[whole:], src[whole:]
	for i, z := range src {
		twice[i] |= once[i] & z
		once[i] = (once[i] ^ z) &^ twice[i]
	}
}
