package cache

// sparse is a HyperLogLog in the sparse encoding that is being changed, header and
// all, in memory of its own: the first n bytes of room, which is never exchanged, so
// that it may lie on the stack.
type sparse struct {
	room  []byte
	n     int
	limit int // hll-sparse-max-bytes
	// start is where the walk to a register begins. Who raises registers in ascending
	// order need not reset it: all that is in front of it is settled.
	start opcodeAt
}

// hllScratch is room for a sparse HyperLogLog of the usual limit.
type hllScratch [3072]byte

// newSparse copies a value into room, or elsewhere if that is too small for it.
func newSparse(value, room []byte, limit int) sparse {
	// At the worst each register takes an XZERO of its own.
	if most := max(len(value), min(limit, hllHeader+2*hllRegisters)); most > len(room) {
		room = make([]byte, most)
	}
	return sparse{room: room, n: copy(room, value), limit: min(limit, len(room)), start: sparseHead}
}

// bytes is the value as it is now.
func (s *sparse) bytes() []byte { return s.room[:s.n] }

// opcodeAt is where an opcode begins, and with which register.
type opcodeAt struct{ at, register int }

// sparseHead is the first opcode of any sparse HyperLogLog.
var sparseHead = opcodeAt{at: hllHeader}

// sparseRun decodes the opcode at p: so many registers have this value. next is the
// offset behind it. Of an opcode cut off by the end the missing byte counts as 0,
// as redis-server reads the byte that ends its strings.
func sparseRun(b []byte, p int) (length int, value uint8, next int) {
	c := b[p]
	switch {
	case c&0x80 != 0:
		return int(c&3) + 1, c>>2&31 + 1, p + 1
	case c&0x40 == 0:
		return int(c) + 1, 0, p + 1
	}
	length = int(c&0x3F) << 8
	if p+1 < len(b) {
		length |= int(b[p+1])
	}
	return length + 1, 0, p + 2
}

// The longest runs that an opcode can hold, and the largest value.
const (
	sparseZeroMax  = 1 << 6
	sparseRunMax   = 1 << 2
	sparseValueMax = 1 << 5
)

// appendVal appends the opcode for up to four registers of a value.
func appendVal(b []byte, value uint8, length int) []byte {
	return append(b, 0x80|(value-1)<<2|byte(length-1))
}

// appendRun appends an opcode for registers of a value that may be 0; none for none.
func appendRun(b []byte, value uint8, length int) []byte {
	switch {
	case length == 0:
		return b
	case value != 0:
		return appendVal(b, value, length)
	case length <= sparseZeroMax:
		return append(b, byte(length-1))
	}
	return append(b, 0x40|byte((length-1)>>8), byte(length-1))
}

// raising is what came of an attempt to raise a register.
type raising uint8

const (
	unraised raising = iota
	raised
	tooDense // only the dense encoding can hold it
	corrupt
)

// raise sets a register to count unless it is as large already. Where it ends up
// with other opcodes than redis-server's hllSparseSet, the value is another: it
// follows that function step by step.
func (s *sparse) raise(register int, count uint8) raising {
	if count > sparseValueMax {
		return tooDense
	}
	b := s.bytes()
	p := s.start
	before, earlier := opcodeAt{at: -1}, opcodeAt{at: -1}
	length, value, next := 0, uint8(0), 0
	for {
		p, before, earlier = skipOpcodes(b, register, p, before, earlier)
		if p.at >= len(b) {
			break
		}
		if length, value, next = sparseRun(b, p.at); register < p.register+length {
			break
		}
		earlier, before, p = before, p, opcodeAt{next, p.register + length}
	}
	if p.at >= len(b) || next > len(b) {
		return corrupt
	}
	if earlier.at >= 0 {
		s.start = earlier // what is changed and merged below begins at before
	}
	if value >= count {
		return unraised
	}
	// The registers in front of the one, itself, and those behind it. An opcode for it
	// alone makes just another.
	var opcodes [5]byte
	seq := appendRun(opcodes[:0], value, register-p.register)
	seq = appendVal(seq, count, 1)
	seq = appendRun(seq, value, p.register+length-1-register)
	if !s.splice(p.at, next, seq) {
		return tooDense
	}
	if before.at < 0 {
		before = p
	}
	s.merge(before.at)
	return raised
}

// spans are the lengths of runs by the first byte of their opcode: what a walk adds
// up, as almost all are of one byte. An XZERO is longer than all there may be.
var spans = func() (t [256]uint16) {
	for c := range t {
		length, _, next := sparseRun([]byte{byte(c)}, 0)
		if t[c] = uint16(length); next != 1 {
			t[c] = 2 * hllRegisters
		}
	}
	return t
}()

// skipOpcodes goes on from p by four opcodes at a time, for as long as they are of one
// byte and lie in front of a register. With p it returns the two opcodes before it.
func skipOpcodes(b []byte, register int, p, before, earlier opcodeAt) (_, _, _ opcodeAt) {
	at, first := p.at, p.register
	var third, fourth int // runs of the last four
	for at+4 <= len(b) {
		four := b[at : at+4 : at+4]
		head := int(spans[four[0]]) + int(spans[four[1]])
		x, y := int(spans[four[2]]), int(spans[four[3]])
		if register < first+head+x+y {
			break
		}
		third, fourth = x, y
		first += head + x + y
		at += 4
	}
	if at == p.at {
		return p, before, earlier
	}
	return opcodeAt{at, first}, opcodeAt{at - 1, first - fourth}, opcodeAt{at - 2, first - fourth - third}
}

// splice puts seq in place of the bytes from p to next; false if that were too long.
func (s *sparse) splice(p, next int, seq []byte) bool {
	n := s.n + len(seq) - (next - p)
	if n > s.n && n > s.limit {
		return false
	}
	copy(s.room[p+len(seq):n], s.room[next:s.n])
	copy(s.room[p:], seq)
	s.n = n
	return true
}

// merge joins neighbours of the same value among the five opcodes from p on, where
// one opcode can hold them.
func (s *sparse) merge(p int) {
	for range 5 {
		b := s.bytes()
		if p >= len(b) {
			return
		}
		length, value, next := sparseRun(b, p)
		if value == 0 || next >= len(b) || b[next]&0x80 == 0 {
			p = next
			continue
		}
		more, other, behind := sparseRun(b, next)
		if other != value || length+more > sparseRunMax {
			p = next
			continue
		}
		// The joined opcode may go on to be joined with the next.
		appendVal(b[:p], value, length+more)
		s.n = next + copy(b[next:], b[behind:])
	}
}

// sparseWalk calls f for each run of registers that are not 0. It returns false if
// the runs do not come to the number of registers that there are.
func sparseWalk(b []byte, f func(register, length int, value uint8)) bool {
	register := 0
	for p := hllHeader; p < len(b); {
		length, value, next := sparseRun(b, p)
		if register+length > hllRegisters {
			return false
		}
		if value != 0 {
			f(register, length, value)
		}
		register += length
		p = next
	}
	return register == hllRegisters
}

// sparseMax raises the registers in most to those of a sparse HyperLogLog; false if
// it is corrupt.
func sparseMax(most *[hllRegisters]uint8, b []byte) bool {
	return sparseWalk(b, func(register, length int, value uint8) {
		for i := register; i < register+length; i++ {
			most[i] = max(most[i], value)
		}
	})
}

// ofSparse counts the registers of a sparse HyperLogLog; false if it is corrupt.
func (h *histogram) ofSparse(b []byte) bool {
	set := 0
	ok := sparseWalk(b, func(_, length int, value uint8) {
		h[value] += length
		set += length
	})
	h[0] += hllRegisters - set
	return ok
}

// appendDense appends the dense form of a sparse HyperLogLog, with its header; false
// if it is corrupt.
func appendDense(dst, b []byte) ([]byte, bool) {
	var regs [hllRegisters]uint8
	if !sparseMax(&regs, b) {
		return dst, false
	}
	at := len(dst)
	dst = append(dst, b[:hllHeader]...)
	dst[at+hllEncodingAt] = hllDense
	var packed [hllDenseSize - hllHeader]byte
	densePack(packed[:], &regs)
	return append(dst, packed[:]...), true
}
