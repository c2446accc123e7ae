package cache

import "encoding/binary"

// BitFieldAction is what an operation on a bit field does.
type BitFieldAction uint8

// The actions.
const (
	FieldGet    BitFieldAction = iota // the result is the value
	FieldSet                          // stores Value; the result is the old one
	FieldIncrBy                       // adds Value; the result is the sum
)

// Overflow says what becomes of a value that does not fit its field.
type Overflow uint8

// What there is to choose from.
const (
	OverflowWrap Overflow = iota // the bits that fit are kept
	OverflowSat                  // the nearest value that fits
	OverflowFail                 // nothing is written
)

// BitFieldOp is one operation on an integer of 1 to 64 bits (63 where it has no
// sign) that begins at a bit of a bitmap, most significant bit first.
//
//	Offset 5, Bits 6:   … 0 0 0 0 0 b5 b4 b3 | b2 b1 b0 0 …
type BitFieldOp struct {
	Action   BitFieldAction
	Signed   bool
	Bits     uint8
	Overflow Overflow
	Offset   int64 // in bits
	Value    int64 // FieldSet, FieldIncrBy

	// Result and Done are filled in. Done is false, and nothing written, where the
	// value did not fit under OverflowFail.
	Result int64
	Done   bool
}

// BitField runs operations on the integers within a bitmap, in order, and fills in
// the result of each. If any of them writes, the string is made, or filled up with
// zeros, as far as the last of those needs it, even where it then fails for an
// overflow. What lies behind the end reads as 0. Errors, and then nothing has been
// done: ErrWrongType, ErrTooLarge, ErrOutOfMemory.
func (tx *Tx) BitField(key []byte, ops []BitFieldOp) error {
	last := int64(-1)
	for i := range ops {
		op := &ops[i]
		if op.Offset < 0 || op.Action != FieldGet && op.Offset >= maxBits {
			return ErrTooLarge
		}
		if op.Action != FieldGet {
			last = max(last, op.Offset+int64(op.Bits)-1)
		}
	}
	if last < 0 {
		value, err := tx.bits(key)
		if err != nil {
			return err
		}
		for i := range ops {
			ops[i].run(value)
		}
		return nil
	}
	r, err := tx.openRaw(key, int(last>>3)+1)
	if err != nil {
		return err
	}
	changed := false
	for i := range ops {
		changed = ops[i].run(r.value) || changed
	}
	r.done(changed)
	return nil
}

// run does one operation and tells whether the bitmap changed.
func (op *BitFieldOp) run(value []byte) (changed bool) {
	old := loadField(value, op.Offset, uint(op.Bits))
	if op.Signed {
		old = signExtend(old, uint(op.Bits))
	}
	op.Result, op.Done = int64(old), true
	if op.Action == FieldGet {
		return false
	}
	base, add := int64(old), op.Value
	if op.Action == FieldSet {
		base, add = op.Value, 0
	}
	next, fits := op.sum(base, add)
	if !fits && op.Overflow == OverflowFail {
		op.Result, op.Done = 0, false
		return false
	}
	storeField(value, op.Offset, uint(op.Bits), uint64(next))
	if op.Action == FieldIncrBy {
		op.Result = next
	}
	return next != int64(old)
}

// sum adds two numbers as the field's type and overflow rule say. base is a value
// of the field or, with add 0, any that is to be stored in it.
func (op *BitFieldOp) sum(base, add int64) (sum int64, fits bool) {
	width := uint(op.Bits)
	var above, below bool
	var most, least int64
	if op.Signed {
		most = int64(1)<<(width-1) - 1 // of 64 bits, too: wraps round to the largest
		least = -most - 1
		above = base > most || base >= 0 && add > most-base || base < 0 && width < 64 && add > most-base
		below = base < least || base < 0 && add < least-base || base >= 0 && width < 64 && add < least-base
	} else {
		most = int64(1)<<width - 1
		// As unsigned, so that a negative number to be stored is one too large.
		above = uint64(base) > uint64(most) || add > 0 && add > most-base
		below = add < 0 && add < -base
	}
	switch {
	case !above && !below:
		return base + add, true
	case op.Overflow == OverflowWrap:
		wrapped := uint64(base+add) & (1<<width - 1)
		if op.Signed {
			wrapped = signExtend(wrapped, width)
		}
		return int64(wrapped), false
	case above:
		return most, false
	}
	return least, false
}

// signExtend makes a number of width bits one of 64.
func signExtend(v uint64, width uint) uint64 {
	return uint64(int64(v<<(64-width)) >> (64 - width))
}

// loadField reads a field of up to 64 bits; what lies behind the end is 0. It spans
// nine bytes at most.
func loadField(b []byte, offset int64, width uint) uint64 {
	var nine [9]byte
	if at := offset >> 3; at < int64(len(b)) {
		copy(nine[:], b[at:])
	}
	shift := uint(offset & 7)
	v := binary.BigEndian.Uint64(nine[:8])<<shift | uint64(nine[8])>>(8-shift)
	return v >> (64 - width)
}

// storeField writes a field that lies within b.
func storeField(b []byte, offset int64, width uint, v uint64) {
	b = b[offset>>3:]
	var nine [9]byte
	n := copy(nine[:], b)
	shift := uint(offset & 7)
	mask := ^uint64(0) << (64 - width)
	v <<= 64 - width
	head := binary.BigEndian.Uint64(nine[:8])&^(mask>>shift) | v>>shift
	binary.BigEndian.PutUint64(nine[:8], head)
	nine[8] = nine[8]&^byte(mask<<(8-shift)) | byte(v<<(8-shift))
	copy(b[:n], nine[:])
}
