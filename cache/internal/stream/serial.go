package stream

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// What those who write a stream out, and read one in, need beside the rest.

// Block tells blocks apart: it changes as the cursor moves on to another. It is good
// after a Next that has found an entry.
func (c *Cursor) Block() nodes.Handle { return c.p.Leaf }

// Distance is how many entries had been added when the one with an ID was, itself
// included, or Unknown: what a group that was there has read is taken to be that where
// nothing says it.
func (st *Stream) Distance(id ID) int64 { return st.distance(id) }

// SetPacked tells the last block, which there must be, how many entries were deleted
// from it before it came here, and the bytes that it takes in Redis: when it is full
// depends on both.
func (st *Stream) SetPacked(dead, bytes int) {
	b := st.s.Bytes(st.blocks.Last().Leaf)
	put16(b, blockDead, min(dead, math.MaxUint16-get16(b, blockLive)))
	counters := packedSize(b) - get32(b, blockPacked)
	put32(b, blockPacked, max(bytes-counters, packedEmpty))
}
