package index

import "math/bits"

// split parts a segment in two, one bit deeper. ok is false if the directory may
// not grow for it, or if err says that there is no memory.
func (t *Table) split(pos uint64, l leaf) (ok bool, err error) {
	if l.depth() == t.dirBits() && !t.mayDouble() {
		return false, nil
	}
	halves, err := t.allocHalves(l)
	if err != nil {
		return false, err
	}
	if l.depth() == t.dirBits() {
		t.doubleDirectory()
	}
	if halves[0].depth() == t.dirBits() {
		t.deepest += 2
	}
	sc := scratches.Get().(*scratch)
	old := sc.buckets[:l.buckets()]
	copy(old, t.pool.buckets(l.id(), l.buckets()))
	stashed := t.empty(l, halves[0].steps())
	if halves[0].steps() == 0 {
		t.pool.release(l.id(), l.steps())
	} else {
		t.pool.resize(l.id(), l.steps(), halves[0].steps())
	}
	start := l.start(pos)
	for side, half := range halves {
		t.setLeaf(start, half)
		if half.steps() > 0 {
			from := source{buckets: old, leaf: l, more: -1, side: uint32(side)}
			t.settle(half, sc, t.pour(from, half, sc, 0))
			if stashed {
				t.restash(start, half)
			}
		}
		start = half.end(start)
	}
	scratches.Put(sc)
	return true, nil
}

// allocHalves returns the leaves into which l will be split. The left one has l's
// slot, not yet resized. A half without entries gets no segment, unless entries in
// the stash may need one to be found.
func (t *Table) allocHalves(l leaf) (halves [2]leaf, err error) {
	all := t.pool.buckets(l.id(), l.buckets())
	ids := [2]uint32{l.id()}
	for side := range halves {
		n := uint32(0)
		for i := range all[:len(all)/2] {
			b := &all[side*len(all)/2+i]
			n += uint32(bits.OnesCount32(b.natives())) + b.overflow()
		}
		// With exactly as many steps as needed it would soon grow again.
		steps := stepsFor(n + n/32)
		if n == 0 && t.seg(l).stashed == 0 {
			steps = 0
		}
		if side == 1 && steps > 0 {
			if ids[1], err = t.pool.alloc(steps); err != nil {
				return halves, err
			}
		}
		halves[side] = makeLeaf(ids[side], l.depth()+1, steps)
	}
	return halves, nil
}

// merge puts the two halves of an interval, both of one depth, into one segment of
// so many steps. It may fail for want of memory, and nothing has changed then.
func (t *Table) merge(pos uint64, halves [2]leaf, steps uint32) error {
	keep := halves[0]
	if keep.steps() == 0 {
		keep = halves[1]
	}
	if steps > keep.steps() {
		if err := t.pool.resize(keep.id(), keep.steps(), steps); err != nil {
			return err
		}
	}
	sc, used, stashed := scratches.Get().(*scratch), uint32(0), false
	var from [2]source
	for side, half := range halves {
		n := half.buckets()
		from[side] = source{buckets: sc.buckets[used : used+n], leaf: half, more: 1, side: uint32(side)}
		used += n
		if n > 0 {
			copy(from[side].buckets, t.pool.buckets(half.id(), n))
			stashed = t.empty(half, min(n/stepBuckets, steps)) || stashed
			if half != keep {
				t.pool.release(half.id(), half.steps())
			}
		}
	}
	if steps < keep.steps() {
		t.pool.resize(keep.id(), keep.steps(), steps)
	}
	whole := makeLeaf(keep.id(), keep.depth()-1, steps)
	if halves[0].depth() == t.dirBits() {
		t.deepest -= 2
	}
	t.setLeaf(pos, whole)
	if steps > 0 {
		n := 0
		for _, s := range from {
			n = t.pour(s, whole, sc, n)
		}
		t.settle(whole, sc, n)
		if stashed {
			t.restash(pos, whole)
		}
	}
	scratches.Put(sc)
	t.halveDirectory()
	return nil
}
