package stream

import "github.com/ashlar-cache/ashlar/cache/internal/tree"

// A consumer that is removed takes its entries out of the group's list, where they
// stand between those of all others. It may have millions, so it leaves step by step:
// its name is gone at once; its record with its list stays until Reclaim has taken the
// last of its entries out of the group's. Those that are still there count as gone:
// they are passed over, and can be given to others.
//
// The consumers that are leaving a group are chained from its record, the groups that
// some are leaving from the root, by their numbers (1 + number, 0 at the end):
//
//	root ─ leaving ─▶ group ─ next ─▶ group …
//	                    └ leaving ─▶ consumer ─ next ─▶ consumer …

// leavingNext is where a consumer that is leaving has the next one.
const leavingNext = consumerSeen

// RemoveConsumer removes a consumer of a group and what is pending for it, and tells
// how much that was; ok is false if there is no such consumer.
func (st *Stream) RemoveConsumer(g Group, name []byte) (pending int, ok bool) {
	d := g.consumers()
	_, p, i, ok := d.find(name)
	if !ok {
		return 0, false
	}
	number := d.take(&p, i)
	d.save(g.b[groupConsumers:])
	who := d.record(number)
	pending = tree.LenOf(who[recordPending:])
	who[1] = formLeaving
	put32(who, leavingNext, get32(g.b, groupLeaving))
	if get32(g.b, groupLeaving) == 0 {
		put32(g.b, groupNext, get32(st.root, rootLeaving))
		put32(st.root, rootLeaving, get32(g.b, recordNumber)+1)
	}
	put32(g.b, groupLeaving, int(number)+1)
	st.Reclaim(freedAtOnce)
	return pending, true
}

// An entry's leaf is found, emptied of a consumer's entries and perhaps joined with the
// next in the time that it takes to free some nodes.
const (
	leafNodes  = 8 // so many, about
	leavesOnce = 8 // leaves that leave looks for at most
)

// leave takes some entries of a consumer that is leaving out of its group's list, and
// tells about how many nodes could have been freed instead.
func (st *Stream) leave() (cost int) {
	groups := st.groups()
	g := Group{st.s, groups.record(uint32(get32(st.root, rootLeaving) - 1))}
	d := g.consumers()
	number := uint32(get32(g.b, groupLeaving) - 1)
	who := Consumer{g.s, d.record(number)}
	all, own := g.list(), who.list()
	switch {
	case own.t.Empty():
	case own.t.Len() == all.t.Len():
		// Nothing in the group's list is anybody else's.
		own.t.Clear(st.doom)
		all.t.Clear(st.doom)
	default:
		p := own.t.First()
		v := openLeaf(st.s.Bytes(p.Leaf), p.Count)
		n, leaves := all.takeOut(&v, number)
		own.behead(&p, &v, n)
		cost = leaves * leafNodes
	}
	all.t.Save(g.b[recordPending:])
	own.t.Save(who.b[recordPending:])
	if own.t.Empty() {
		st.left(g, &d, number)
	}
	return cost + 1
}

// left ends that the first consumer in a group's chain is leaving.
func (st *Stream) left(g Group, d *directory, number uint32) {
	put32(g.b, groupLeaving, get32(d.record(number), leavingNext))
	st.s.Free(d.freeSlot(number))
	if g.leaving() == 0 {
		put32(st.root, rootLeaving, get32(g.b, groupNext))
		d.clear()
	}
	d.save(g.b[groupConsumers:])
}

// forgetLeaving takes a group that is destroyed out of the chain, if it is there.
func (st *Stream) forgetLeaving(g Group) {
	if g.leaving() == 0 {
		return
	}
	groups := st.groups()
	link, at := st.root, rootLeaving
	for get32(link, at)-1 != get32(g.b, recordNumber) {
		link, at = groups.record(uint32(get32(link, at)-1)), groupNext
	}
	put32(link, at, get32(g.b, groupNext))
}

// takeOut removes the entries of a consumer that belong to the first of a leaf's IDs, and
// tells how many these were, and in how many leaves.
func (l *list) takeOut(ids *leaf, consumer uint32) (n, leaves int) {
	last := ids.id(ids.n - 1)
	for ; n < ids.n && leaves < leavesOnce; leaves++ {
		p, i, _ := l.find(ids.id(n))
		v := openLeaf(l.s.Bytes(p.Leaf), p.Count)
		through := v.id(v.n - 1)
		l.filter(p, &v, i, consumer, last)
		for n < ids.n && !through.Less(ids.id(n)) {
			n++
		}
	}
	return n, leaves
}

// behead removes the first n entries of a leaf.
func (l *list) behead(p *tree.Pos, v *leaf, n int) {
	if n == v.n {
		l.drop(p)
		return
	}
	copy(v.b[v.first:], v.b[v.first+n*v.stride:v.first+v.n*v.stride])
	l.t.Changed(p, -n)
}

// filter removes a consumer's entries up to an ID from a leaf, from entry i on.
func (l *list) filter(p tree.Pos, v *leaf, i int, consumer uint32, last ID) {
	keep := i
	for ; i < v.n; i++ {
		if e := v.get(i); e.Consumer == consumer && !last.Less(e.ID) {
			continue
		}
		from, to := v.first+i*v.stride, v.first+keep*v.stride
		copy(v.b[to:to+v.stride], v.b[from:from+v.stride])
		keep++
	}
	if keep == 0 {
		l.drop(&p)
		return
	}
	l.t.Changed(&p, keep-v.n)
	v.n = keep
	l.tidy(&p, v)
}

// leaving is 1 + the number of the first consumer that is leaving, 0 if none is.
func (g Group) leaving() int { return get32(g.b, groupLeaving) }

// gone tells whether a pending entry is that of a consumer that is leaving.
func (g Group) gone(e *Pending) bool {
	return g.leaving() != 0 && g.Numbered(e.Consumer).b[1] == formLeaving
}

// goneUpTo counts the entries in the group's list, up to an ID, that count as gone.
func (g Group) goneUpTo(id ID) (n int) {
	d := g.consumers()
	for next := g.leaving(); next != 0; {
		who := Consumer{g.s, d.record(uint32(next - 1))}
		l := who.list()
		n += l.upTo(id)
		next = get32(who.b, leavingNext)
	}
	return n
}

// stay finds the n-th entry, from 0 on, of those that do not count as gone. However
// many do, it takes no more than a few dozen searches.
func (g Group) stay(l *list, n int) (Pending, bool) {
	gone := g.goneUpTo(MaxID)
	if n >= l.t.Len()-gone {
		return Pending{}, false
	}
	low, high := n, n+gone
	for low < high {
		mid := int(uint(low+high) / 2)
		if mid+1-g.goneUpTo(l.nth(mid).ID) <= n {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return l.nth(low), true
}

// upTo counts the entries up to an ID, itself included.
func (l *list) upTo(id ID) int {
	if l.t.Empty() {
		return 0
	}
	p, i, there := l.find(id)
	if there {
		i++
	}
	return l.t.Rank(&p) + i
}

// nth is the n-th entry of all, from 0 on.
func (l *list) nth(n int) Pending {
	var p tree.Pos
	i := l.t.SeekRank(&p, n)
	return l.at(&p, i)
}
