package cache

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
)

// A HyperLogLog is a string in the format of Redis, to the byte: what GET reads of
// one can be SET in the other, and the same elements in the same order make the
// same string.
//
//	byte   0        4          5          8                    16
//	     +--------+----------+----------+--------------------+-------------
//	     | "HYLL" | encoding | not used | cached cardinality | registers …
//	     | 4      | 1        | 3        | 8, little endian   |
//	     +--------+----------+----------+--------------------+-------------
//
// The highest bit of byte 15 says that the cached cardinality is out of date. There
// are 16384 registers of values up to 63.
//
//	dense    6 bits each, the lowest first: register 0 is bits 0 … 5 of byte 16,
//	         register 1 bits 6 … 7 and 0 … 3 of the next; 12304 bytes in all
//	sparse   runs of registers, by opcodes:
//	         00xxxxxx            ZERO   x+1 of value 0, up to 64
//	         01xxxxxx yyyyyyyy   XZERO  xy+1 of value 0, up to 16384
//	         1vvvvvxx            VAL    x+1 of value v+1, up to 4 of up to 32
//
// A sparse one becomes dense where it would grow beyond Limits.HLLSparseMaxBytes, or
// a register beyond 32.
const (
	hllIndexBits    = 14
	hllRegisters    = 1 << hllIndexBits
	hllRunBits      = 64 - hllIndexBits // a register's largest value is one more
	hllRegisterBits = 6
	hllRegisterMax  = 1<<hllRegisterBits - 1

	hllHeader     = 16
	hllEncodingAt = 4
	hllCardAt     = 8
	hllStaleAt    = 15
	hllStale      = 0x80
	hllDenseSize  = hllHeader + hllRegisters*hllRegisterBits/8

	hllMagic  = "HYLL"
	hllDense  = 0
	hllSparse = 1
)

// Redis's value of the size, which the diagram above comes to.
var _ [12304]byte = [hllDenseSize]byte{}

// checkHLL tells whether a string looks like a HyperLogLog.
func checkHLL(b []byte) error {
	if len(b) < hllHeader || string(b[:len(hllMagic)]) != hllMagic || b[hllEncodingAt] > hllSparse ||
		b[hllEncodingAt] == hllDense && len(b) != hllDenseSize {
		return ErrNotHLL
	}
	return nil
}

func isDense(b []byte) bool { return b[hllEncodingAt] == hllDense }

// hll opens a HyperLogLog to be changed; there is false if there is no such key.
func (tx *Tx) hll(key []byte) (r rawString, there bool, err error) {
	s, h := tx.route(key)
	var e entry
	ok := s.find(&e, tx.db, key, h)
	r = rawString{tx: tx, s: s, key: key, hash: h, e: e}
	if !ok {
		return r, false, nil
	}
	if !isString(e.item.Kind()) {
		return r, true, ErrWrongType
	}
	r.value = e.item.Value()
	return r, true, checkHLL(r.value)
}

// store gives a HyperLogLog another value, which must not lie in the cache.
func (r *rawString) store(value []byte) error {
	return r.s.put(r.tx.db, r.key, r.hash, item.StringRaw, value, KeepTTL)
}

// hllEmpty is a new sparse HyperLogLog: one XZERO.
var hllEmpty = []byte(hllMagic + "\x01\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x7f\xff")

// orEmpty is the value, or that of a new HyperLogLog.
func (r *rawString) orEmpty(there bool) []byte {
	if there {
		return r.value
	}
	return hllEmpty
}

// PFAdd adds elements to a HyperLogLog, which is made if it is not there, and tells
// whether that changed it: if not, all were most likely there. Errors: ErrWrongType,
// ErrNotHLL, ErrCorruptHLL, ErrOutOfMemory.
func (tx *Tx) PFAdd(key []byte, elements ...[]byte) (changed bool, err error) {
	r, there, err := tx.hll(key)
	if err != nil {
		return false, err
	}
	if !there || !isDense(r.value) {
		return r.addSparse(there, elements)
	}
	for _, e := range elements {
		i, count := hllPlace(e)
		changed = denseRaise(r.value[hllHeader:], i, count) || changed
	}
	if changed {
		r.value[hllStaleAt] |= hllStale
	}
	r.done(changed)
	return changed, nil
}

// addSparse adds to a sparse HyperLogLog, or a new one. It is changed in a copy on
// the stack, and stored once.
func (r *rawString) addSparse(there bool, elements [][]byte) (changed bool, err error) {
	var room hllScratch
	changed = !there
	sp := newSparse(r.orEmpty(there), room[:], r.tx.Limits().HLLSparseMaxBytes)
	for i, e := range elements {
		register, count := hllPlace(e)
		sp.start = sparseHead
		switch sp.raise(register, count) {
		case raised:
			changed = true
		case tooDense:
			if done, err := r.addPromoted(sp.bytes(), elements[i:]); done {
				return err == nil, err
			}
			err = ErrCorruptHLL
		case corrupt:
			err = ErrCorruptHLL
		}
		if err != nil {
			break
		}
	}
	if !changed {
		r.touch()
		return false, err
	}
	sp.room[hllStaleAt] |= hllStale
	if failure := r.store(sp.bytes()); failure != nil {
		return false, failure
	}
	return true, err
}

// addPromoted makes a sparse HyperLogLog a dense one and adds elements, the first of
// which is known to change it. done is false if it is corrupt.
func (r *rawString) addPromoted(b []byte, elements [][]byte) (done bool, err error) {
	var room [hllDenseSize]byte
	dense, ok := appendDense(room[:0], b)
	if !ok {
		return false, nil
	}
	for _, e := range elements {
		i, count := hllPlace(e)
		denseRaise(dense[hllHeader:], i, count)
	}
	dense[hllStaleAt] |= hllStale
	return true, r.store(dense)
}

// PFCount estimates how many different elements were added to some HyperLogLogs
// together; the standard error is 0.81 %. Keys that are not there count as empty. For
// a single one the result is kept in its value until it changes. Errors:
// ErrWrongType, ErrNotHLL, ErrCorruptHLL.
func (tx *Tx) PFCount(keys ...[]byte) (uint64, error) {
	if len(keys) == 1 {
		return tx.countOne(keys[0])
	}
	var regs [hllRegisters]uint8
	for _, key := range keys {
		if _, err := tx.merge(&regs, key); err != nil {
			return 0, err
		}
	}
	var h histogram
	h.ofRegisters(&regs)
	return h.cardinality(), nil
}

// countOne is PFCount of one key. Redis's own counts as a read, and so as an access,
// although it writes.
func (tx *Tx) countOne(key []byte) (uint64, error) {
	r, there, err := tx.hll(key)
	if !there {
		r.s.counts.misses++
		return 0, nil
	}
	r.s.counts.hits++
	if err != nil {
		return 0, err
	}
	r.touch()
	b := r.value
	if b[hllStaleAt]&hllStale == 0 {
		return binary.LittleEndian.Uint64(b[hllCardAt:]), nil
	}
	var h histogram
	if isDense(b) {
		h.ofDense(b[hllHeader:])
	} else if !h.ofSparse(b) {
		return 0, ErrCorruptHLL
	}
	n := h.cardinality()
	binary.LittleEndian.PutUint64(b[hllCardAt:], n)
	r.s.changed(tx.db, key, Written)
	return n, nil
}

// merge raises the registers in most to those of the HyperLogLog under a key, if
// there is one.
func (tx *Tx) merge(most *[hllRegisters]uint8, key []byte) (dense bool, err error) {
	b, err := tx.Get(key)
	if err == ErrNotFound {
		return false, nil
	}
	if err == nil {
		err = checkHLL(b)
	}
	if err != nil {
		return false, err
	}
	if isDense(b) {
		denseMax(most, b[hllHeader:])
		return true, nil
	}
	if !sparseMax(most, b) {
		return false, ErrCorruptHLL
	}
	return false, nil
}

// PFMerge makes dst the union of itself, if it is there, and some other
// HyperLogLogs. It is dense if one of them is. Errors: ErrWrongType, ErrNotHLL,
// ErrCorruptHLL, ErrOutOfMemory.
func (tx *Tx) PFMerge(dst []byte, sources ...[]byte) error {
	var regs [hllRegisters]uint8
	dense, err := tx.merge(&regs, dst)
	for i := 0; i < len(sources) && err == nil; i++ {
		var d bool
		d, err = tx.merge(&regs, sources[i])
		dense = dense || d
	}
	if err != nil {
		return err
	}
	r, there, err := tx.hll(dst)
	if err != nil {
		return err
	}
	if there && isDense(r.value) {
		densePack(r.value[hllHeader:], &regs)
		r.value[hllStaleAt] |= hllStale
		r.done(true)
		return nil
	}
	if !dense {
		stored, err := r.mergeSparse(there, &regs)
		if stored || err != nil {
			return err
		}
	}
	return r.mergeDense(there, &regs)
}

// mergeSparse stores registers in the sparse encoding, one after another as
// redis-server does; false if they do not fit there.
func (r *rawString) mergeSparse(there bool, regs *[hllRegisters]uint8) (stored bool, err error) {
	var room hllScratch
	sp := newSparse(r.orEmpty(there), room[:], r.tx.Limits().HLLSparseMaxBytes)
	for i, v := range regs {
		if v == 0 {
			continue
		}
		if sp.raise(i, v) == tooDense {
			return false, nil
		}
	}
	sp.room[hllStaleAt] |= hllStale
	return true, r.store(sp.bytes())
}

// mergeDense stores registers in the dense encoding under the header there is.
func (r *rawString) mergeDense(there bool, regs *[hllRegisters]uint8) error {
	var dense [hllDenseSize]byte
	copy(dense[:], hllEmpty[:hllHeader])
	if there {
		copy(dense[:hllHeader], r.value)
	}
	dense[hllEncodingAt] = hllDense
	dense[hllStaleAt] |= hllStale
	densePack(dense[hllHeader:], regs)
	return r.store(dense[:])
}
