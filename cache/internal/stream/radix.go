package stream

import (
	"encoding/binary"
	"math/bits"
)

// radixExact is the number of blocks up to which RadixNodes looks at each.
const radixExact = 1000

// RadixNodes is the number of nodes that Redis's radix tree would have for these
// blocks, whose keys are the 16 bytes of their first IDs: one for each key, one for
// each place where keys part, and one for each run of bytes between them. Of streams
// of more than radixExact blocks the last are counted, and the rest taken to be like
// them.
func (st *Stream) RadixNodes() int {
	n := st.Blocks()
	if n == 0 {
		return 1
	}
	r := radix{}
	p := st.blocks.Last()
	looked := 0
	for more := true; more && looked < radixExact; looked++ {
		r.add(readID(st.s.Bytes(p.Leaf), blockFirst))
		more = st.blocks.Prev(&p)
	}
	r.end()
	return r.nodes * n / looked
}

// radix counts the nodes of a tree as its keys come by, in order. It keeps, of the
// path to the last key, where other keys have parted from it.
type radix struct {
	last  [16]byte
	parts uint32 // bit i: keys part behind i bytes
	any   bool
	nodes int
}

func (r *radix) add(id ID) {
	var key [16]byte
	binary.BigEndian.PutUint64(key[:], id.Ms)
	binary.BigEndian.PutUint64(key[8:], id.Seq)
	if r.any {
		common := 0
		for key[common] == r.last[common] {
			common++
		}
		r.parts |= 1 << common
		r.close(common)
		r.parts &= 1<<(common+1) - 1
	}
	r.last, r.any = key, true
	r.nodes++ // of the key itself
}

// end counts what is left of the path to the last key.
func (r *radix) end() { r.close(-1) }

// close counts the nodes on the path to the last key that no further key shares:
// those behind the first depth bytes and the one byte in which keys part there.
func (r *radix) close(depth int) {
	end := 16
	for end > depth {
		// The next place above where keys part; its node takes one byte.
		at := bits.Len32(r.parts&(1<<end-1)) - 1
		if end > at+1 {
			r.nodes++ // the run of bytes between
		}
		if at < 0 || at <= depth {
			return
		}
		r.nodes++
		end = at
	}
}
