package index

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// A Glance is a lookup without the lock. All that it reads may change meanwhile, and so
// what it finds, or does not find, is only as good as its caller's proof that the
// table did not change from before the Glance began to its end.
type Glance struct {
	line  *bucket
	mask  uint32 // remaining matches in line
	meta  uint32 // of the home bucket; 0 when its guests elsewhere have been looked for
	leaf  leaf
	x     uint32 // position within the leaf
	table *Table
}

// Glance starts one.
func (t *Table) Glance(hash uint64) Glance {
	d := t.shared.Load()
	pos := spread(hash)
	l := leaf(atomic.LoadUint32((*uint32)(&d.leaves[pos>>(d.shift&63)])))
	if l.steps() == 0 {
		return Glance{meta: stashFlag}
	}
	x := l.within(pos)
	b := (*bucket)(unsafe.Pointer(t.pool.bucket(l.id(), l.home(x))))
	m := b.meta
	mask := b.match(uint8(x>>(m>>31))) & (m &^ (m >> displacedShift) & occupiedMask)
	return Glance{line: b, mask: mask, meta: m, leaf: l, x: x, table: t}
}

// Next is the next reference that may be the one, or 0 at the end.
func (g *Glance) Next() uint32 {
	for {
		if g.mask != 0 {
			i := bits.TrailingZeros32(g.mask)
			g.mask &= g.mask - 1
			return g.line.refs[i%slotsPerBucket]
		}
		if g.meta&overflowMask == 0 {
			return 0
		}
		g.meta &^= overflowMask
		home := g.leaf.home(g.x)
		g.line = g.table.bucket(g.leaf, other(home, g.x>>1&0x7f, g.leaf.buckets()))
		m := g.line.meta
		g.mask = g.line.match(uint8(g.x>>(m>>31))) & (m >> displacedShift) & occupiedMask
	}
}

// Unsure tells, at the end, whether what was looked for may be in the stash, which is
// not looked at.
func (g *Glance) Unsure() bool { return g.meta&stashFlag != 0 }
