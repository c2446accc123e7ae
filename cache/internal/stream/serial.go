package stream

import "github.com/ashlar-cache/ashlar/cache/internal/nodes"

// What those who write a stream out, and read one in, need beside the rest.

// Block tells blocks apart: it changes as the cursor moves on to another. It is good
// after a Next that has found an entry.
func (c *Cursor) Block() nodes.Handle { return c.p.Leaf }

// Distance is how many entries had been added when the one with an ID was, itself
// included, or Unknown: what a group that was there has read is taken to be that where
// nothing says it.
func (st *Stream) Distance(id ID) int64 { return st.distance(id) }
