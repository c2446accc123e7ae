package index

// mergeSteps is the largest segment that a merge makes, so that it takes more than
// a few insertions to split it again.
const mergeSteps = maxSteps - 1

// ShrinkStep does a bounded piece of giving memory back: it looks at one segment,
// and frees it, makes it smaller or merges it with its buddy where its entries fit
// comfortably. more is false when a round through the table found nothing to do;
// without deletions the next round costs nothing.
func (t *Table) ShrinkStep() (more bool) {
	if !t.inRound {
		if !t.deletions {
			return false
		}
		t.inRound, t.improved, t.deletions, t.sweep = true, false, false, 0
	}
	l := t.at(t.sweep)
	if t.tighten(l.start(t.sweep), l) {
		t.improved = true
		l = t.at(t.sweep) // what was merged is not looked at again in this round
	}
	if t.sweep = l.end(t.sweep); t.sweep != 0 {
		return true
	}
	t.inRound = false
	if t.improved {
		t.deletions = true // there may be more to merge: have another round
	}
	return t.improved
}

// tighten does what can be done for one leaf, which begins at pos.
func (t *Table) tighten(pos uint64, l leaf) bool {
	if n := t.entries(l); l.steps() > 0 {
		if n == 0 && t.seg(l).stashed == 0 {
			t.pool.release(l.id(), l.steps())
			l = makeLeaf(0, l.depth(), 0)
			t.setLeaf(pos, l)
			t.mergeWithBuddy(pos, l)
			return true
		}
		// The margin keeps a segment from growing and shrinking in turn.
		if want := stepsFor(n + n/16); want < l.steps() {
			return t.resize(pos, l, want) == nil
		}
		if t.seg(l).stashed > 0 && n < limitOf(l.steps()) {
			t.unstash()
		}
	}
	return t.mergeWithBuddy(pos, l)
}

// entries is the number of entries in a leaf's segment.
func (t *Table) entries(l leaf) uint32 {
	if l.steps() == 0 {
		return 0
	}
	return uint32(t.seg(l).count)
}

// mergeWithBuddy merges a leaf with the other half of its parent if both are small
// and about equally full.
func (t *Table) mergeWithBuddy(pos uint64, l leaf) bool {
	if l.depth() == 0 {
		return false
	}
	bit := uint64(1) << (64 - l.depth())
	halves := [2]leaf{t.at(pos &^ bit), t.at(pos | bit)}
	if halves[0].depth() != halves[1].depth() {
		return false
	}
	have := halves[0].steps() + halves[1].steps()
	if have == 0 {
		return t.merge(pos, halves, 0) == nil
	}
	n0, n1 := t.entries(halves[0]), t.entries(halves[1])
	// The halves of the new segment can take half of the entries each.
	n := 2 * max(n0, n1)
	want := stepsFor(n + n/8)
	if want > mergeSteps || want > have || have > maxSteps {
		return false
	}
	return t.merge(pos, halves, want) == nil
}

// unstash tries to find places for a few entries of the stash.
func (t *Table) unstash() {
	const few = 16
	for range few {
		if t.stash.len() == 0 {
			return
		}
		i := t.stash.visit%uint32(len(t.stash.nodes)-1) + 1
		t.stash.visit = i
		node := t.stash.nodes[i]
		if node.ref == 0 {
			continue
		}
		pos := spread(node.hash)
		l := t.at(pos)
		s := t.seg(l)
		if uint32(s.count) < limitOf(l.steps()) && t.placeSimply(l, l.within(pos), node.ref) {
			t.stash.take(i)
			s.stashed--
		}
	}
}
