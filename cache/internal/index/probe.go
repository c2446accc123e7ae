package index

import "math/bits"

// A Probe goes through the entries that may have a hash. It is valid until the
// table changes by other means than this probe.
//
//	p := t.Probe(hash)
//	for ref := p.Next(); ref != 0; ref = p.Next() {
//		if keyOf(ref) == key { ... p.Replace(moved) or p.Delete() ... }
//	}
type Probe struct {
	t     *Table
	line  *bucket // where current and remaining matches are; nil: in the stash
	first *bucket // the home bucket
	hash  uint64
	mask  uint32 // remaining matches in line
	at    uint32 // the current entry: slot of line, or node of the stash (0: none)
	prev  uint32 // in the stash: the node before at,
	next  uint32 // and the one behind it
	stage probeStage
}

type probeStage uint8

const (
	inHome probeStage = iota
	inOther
	inStash
)

// Probe starts a lookup.
func (t *Table) Probe(hash uint64) (p Probe) {
	t.Start(&p, hash)
	return p
}

// Start is Probe in place: nothing is copied.
func (t *Table) Start(p *Probe, hash uint64) {
	pos := spread(hash)
	l := t.dir[pos>>(t.shift&63)]
	if l.steps() == 0 {
		*p = Probe{stage: inStash}
		return
	}
	x := l.within(pos)
	b := t.pool.bucket(l.id(), l.home(x))
	m := b.meta
	// Entries whose home this is, with the tag.
	*p = Probe{t: t, line: b, first: b, hash: hash, mask: b.match(uint8(x>>(m>>31))) & b.natives()}
}

// Next moves to the next entry and returns its reference, or 0 at the end.
func (p *Probe) Next() uint32 {
	if p.mask != 0 {
		p.at = uint32(bits.TrailingZeros32(p.mask))
		p.mask &= p.mask - 1
		return p.line.refs[p.at%slotsPerBucket]
	}
	return p.further()
}

// further is Next where the current bucket has no more matches.
func (p *Probe) further() uint32 {
	if p.stage == inHome {
		m := p.first.meta
		if m&(overflowMask|stashFlag) == 0 {
			return 0
		}
		p.stage = inOther
		if m&overflowMask != 0 {
			p.toOther()
			if p.mask != 0 {
				return p.Next()
			}
		}
	}
	if p.stage == inOther {
		p.stage, p.line, p.at = inStash, nil, 0
		if p.first.meta&stashFlag != 0 {
			p.next = p.t.stash.first(p.hash)
		}
	}
	if p.at != 0 {
		p.prev = p.at
	}
	if p.at = p.next; p.at == 0 {
		return 0
	}
	node := &p.t.stash.nodes[p.at]
	p.next = node.next
	return node.ref
}

// toOther goes to the alternate bucket.
func (p *Probe) toOther() {
	pos := spread(p.hash)
	l := p.t.at(pos)
	x := l.within(pos)
	p.line = p.t.bucket(l, other(l.home(x), x>>1&0x7f, l.buckets()))
	m := p.line.meta
	p.mask = p.line.match(uint8(x>>(m>>31))) & (m >> displacedShift) & occupiedMask
}

// FindRef finds the entry that was inserted with this hash and has this reference.
// No item is read, so that it may have moved already; ok tells whether there is
// such an entry, which is then the probe's current one.
func (t *Table) FindRef(hash uint64, ref uint32) (p Probe, ok bool) {
	p = t.Probe(hash)
	for r := p.Next(); r != 0; r = p.Next() {
		if r == ref {
			return p, true
		}
	}
	return p, false
}

// Replace gives the current entry another reference, not 0.
func (p *Probe) Replace(ref uint32) {
	if p.line == nil {
		p.t.stash.nodes[p.at].ref = ref
		return
	}
	p.line.refs[p.at%slotsPerBucket] = ref
}

// Delete removes the current entry. Next goes on behind it.
func (p *Probe) Delete() {
	t := p.t
	t.deletions = true
	l := t.at(spread(p.hash))
	if p.line == nil {
		t.stash.remove(p.at, p.prev)
		p.at = 0
		t.seg(l).stashed--
		return
	}
	p.line.clear(p.at % slotsPerBucket)
	if p.stage == inOther {
		p.first.addOverflow(-1)
	}
	t.seg(l).count--
	t.count--
}
