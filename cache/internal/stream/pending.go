package stream

import (
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// Pending is an entry that was delivered to a consumer of a group and is not yet
// acknowledged.
type Pending struct {
	ID       ID
	Consumer uint32 // number
	Time     int64  // of the last delivery, unix ms
	Count    int64  // deliveries
}

// Forms of leaves, in byte 1 of their header. The narrow ones are for pending entries
// that are not far from each other in time, which are nearly all.
const (
	formPending     = 0
	formPendingWide = 1
	formIDs         = 2 // of one consumer: where to look in the group's
	formIDsWide     = 3
	formNames       = 4 // of a directory
)

const (
	leafMs   = nodes.HeaderSize // what the narrow milliseconds are counted from
	leafTime = leafMs + 8       // the same for the times of delivery; not with IDs alone

	pendingStride     = 14
	pendingWideStride = 36
	idsStride         = 6
	idsWideStride     = 16

	pendingMost = 71  // entries of a leaf
	idsMost     = 126 // the same of IDs
)

var _ [1024 - leafTime - 8 - pendingMost*pendingStride]struct{}
var _ [776 - leafMs - 8 - idsMost*idsStride]struct{}

// How far apart narrow entries may be, and the room that is left below the first of
// them for what may come to stand before it.
const (
	narrowMs   = math.MaxUint32
	marginMs   = 1 << 24 // 4.6 hours
	marginTime = 1 << 30 // 12 days
)

// list is a tree of pending entries, of a group, or of their IDs, of a consumer.
type list struct {
	s   *nodes.Store
	t   tree.Tree
	ids bool
}

// leaf is one leaf of it.
type leaf struct {
	b      []byte
	n      int
	first  int // offset of the first entry
	stride int
	wide   bool
	ids    bool
}

func openLeaf(b []byte, n int) leaf {
	v := leaf{b: b, n: n, ids: b[1] >= formIDs, wide: b[1]&1 != 0}
	v.first = leafTime + 8
	if v.ids {
		v.first = leafTime
	}
	v.stride = strideOf(v.ids, v.wide)
	return v
}

func strideOf(ids, wide bool) int {
	switch {
	case ids && wide:
		return idsWideStride
	case ids:
		return idsStride
	case wide:
		return pendingWideStride
	}
	return pendingStride
}

func (l *list) most() int {
	if l.ids {
		return idsMost
	}
	return pendingMost
}

// id is the ID of entry i.
func (v *leaf) id(i int) ID {
	at := v.first + i*v.stride
	if v.wide {
		return readID(v.b, at)
	}
	return ID{uint64(get64(v.b, leafMs)) + uint64(get32(v.b, at)), uint64(get16(v.b, at+4))}
}

// get is entry i.
func (v *leaf) get(i int) Pending {
	e, at := Pending{ID: v.id(i)}, v.first+i*v.stride
	switch {
	case v.ids:
	case v.wide:
		e.Time, e.Count, e.Consumer = get64(v.b, at+16), get64(v.b, at+24), uint32(get32(v.b, at+32))
	default:
		e.Count, e.Consumer = int64(get16(v.b, at+6)), uint32(get16(v.b, at+12))
		e.Time = get64(v.b, leafTime) + int64(get32(v.b, at+8))
	}
	return e
}

// fits tells whether an entry can be put here.
func (v *leaf) fits(e *Pending) bool {
	if v.wide {
		return true
	}
	if e.ID.Ms-uint64(get64(v.b, leafMs)) > narrowMs || e.ID.Seq > math.MaxUint16 {
		return false
	}
	return v.ids || uint64(e.Time-get64(v.b, leafTime)) <= narrowMs &&
		uint64(e.Count) <= math.MaxUint16 && e.Consumer <= math.MaxUint16
}

// put writes entry i, which must fit.
func (v *leaf) put(i int, e *Pending) {
	at := v.first + i*v.stride
	if v.wide {
		writeID(v.b, at, e.ID)
		if !v.ids {
			put64(v.b, at+16, e.Time)
			put64(v.b, at+24, e.Count)
			put32(v.b, at+32, int(e.Consumer))
		}
		return
	}
	put32(v.b, at, int(e.ID.Ms-uint64(get64(v.b, leafMs))))
	put16(v.b, at+4, int(e.ID.Seq))
	if !v.ids {
		put16(v.b, at+6, int(e.Count))
		put32(v.b, at+8, int(e.Time-get64(v.b, leafTime)))
		put16(v.b, at+12, int(e.Consumer))
	}
}

// search is the first entry not below id.
func (v *leaf) search(id ID) int {
	low, high := 0, v.n
	for low < high {
		i := int(uint(low+high) / 2)
		if v.id(i).Less(id) {
			low = i + 1
		} else {
			high = i
		}
	}
	return low
}

// find is the place of an ID, and whether it is there.
func (l *list) find(id ID) (p tree.Pos, i int, ok bool) {
	if l.t.Empty() {
		return p, 0, false
	}
	l.t.SeekKey(&p, id.key(), nil)
	v := openLeaf(l.s.Bytes(p.Leaf), p.Count)
	i = v.search(id)
	return p, i, i < v.n && v.id(i) == id
}

// at is the entry at a place.
func (l *list) at(p *tree.Pos, i int) Pending {
	v := openLeaf(l.s.Bytes(p.Leaf), p.Count)
	return v.get(i)
}

// from is the first entry not below id.
func (l *list) from(id ID) (Pending, bool) {
	p, i, _ := l.find(id)
	switch {
	case l.t.Empty():
		return Pending{}, false
	case i < p.Count:
		return l.at(&p, i), true
	case l.t.Next(&p):
		return l.at(&p, 0), true
	}
	return Pending{}, false
}

// last is the last entry of a list that is not empty.
func (l *list) last() Pending {
	p := l.t.Last()
	return l.at(&p, p.Count-1)
}

// set writes the entry at a place over.
func (l *list) set(p *tree.Pos, i int, e Pending) {
	v := openLeaf(l.s.Bytes(p.Leaf), p.Count)
	if v.fits(&e) {
		v.put(i, &e)
		return
	}
	var all buffer
	all.read(&v)
	all.e[i] = e
	all.write(l, p.Leaf)
}

// insert puts an entry at the place that find gave for it.
func (l *list) insert(p tree.Pos, i int, e Pending) {
	if l.t.Empty() {
		l.t.Add(l.newLeaf(e), 1, e.ID.key())
		return
	}
	if p.Count >= l.most() {
		if next := p; i == p.Count && !l.t.Next(&next) {
			l.t.InsertAfter(&p, l.newLeaf(e), 1, e.ID.key())
			return
		}
		l.split(p)
		p, i, _ = l.find(e.ID)
	}
	v := openLeaf(l.s.Bytes(p.Leaf), p.Count)
	if v.fits(&e) {
		l.grow(p.Leaf, &v)
		at, end := v.first+i*v.stride, v.first+v.n*v.stride
		copy(v.b[at+v.stride:end+v.stride], v.b[at:end])
		v.put(i, &e)
	} else {
		var all buffer
		all.read(&v)
		copy(all.e[i+1:], all.e[i:all.n])
		all.e[i] = e
		all.n++
		all.write(l, p.Leaf)
	}
	l.t.Changed(&p, 1)
	if i == 0 {
		l.t.SetKey(&p, e.ID.key())
	}
}

// newLeaf makes a leaf of one entry. Where there are others it will get full, most
// likely.
func (l *list) newLeaf(e Pending) nodes.Handle {
	h, _ := l.s.Alloc(nodes.StreamPEL, nodes.HeaderSize)
	all := buffer{n: 1}
	all.e[0] = e
	all.write(l, h)
	if !l.t.Empty() {
		v := openLeaf(l.s.Bytes(h), 1)
		l.s.Resize(h, v.first+l.most()*v.stride, v.first+v.stride)
	}
	return h
}

// grow gives a leaf the room for one more entry.
func (l *list) grow(h nodes.Handle, v *leaf) {
	if v.first+(v.n+1)*v.stride > len(v.b) {
		roomy := min(v.n+v.n/2+1, max(v.n+1, l.most()))
		v.b = l.s.Resize(h, v.first+roomy*v.stride, v.first+v.n*v.stride)
	}
}

// shrink takes from a leaf what it no longer needs, once that is most of it.
func (l *list) shrink(h nodes.Handle, v *leaf) {
	if need := v.first + v.n*v.stride; len(v.b) > 2*need+64 {
		l.s.Resize(h, need, need)
	}
}

// split moves the second half of a leaf to a leaf of its own. p is no longer good.
func (l *list) split(p tree.Pos) {
	v := openLeaf(l.s.Bytes(p.Leaf), p.Count)
	var all buffer
	all.read(&v)
	keep := all.n / 2
	right := all
	right.n = copy(right.e[:], all.e[keep:all.n])
	h, _ := l.s.Alloc(nodes.StreamPEL, nodes.HeaderSize)
	right.write(l, h)
	all.n = keep
	all.write(l, p.Leaf)
	l.t.Changed(&p, -right.n)
	l.t.InsertAfter(&p, h, right.n, right.e[0].ID.key())
}

// remove takes out the entry at a place.
func (l *list) remove(p tree.Pos, i int) {
	if p.Count == 1 {
		l.drop(&p)
		return
	}
	v := openLeaf(l.s.Bytes(p.Leaf), p.Count)
	at := v.first + i*v.stride
	copy(v.b[at:], v.b[at+v.stride:v.first+v.n*v.stride])
	l.t.Changed(&p, -1)
	v.n--
	l.tidy(&p, &v)
}

// tidy joins a leaf that has lost entries with a neighbour, or makes it smaller, where
// either is called for.
func (l *list) tidy(p *tree.Pos, v *leaf) {
	if v.n < l.most()/4 {
		if q := *p; l.t.Next(&q) && l.join(p, &q) {
			return
		}
		if q := *p; l.t.Prev(&q) && l.join(&q, p) {
			return
		}
	}
	l.shrink(p.Leaf, v)
}

// drop removes a leaf.
func (l *list) drop(p *tree.Pos) {
	h := p.Leaf
	l.t.Remove(p)
	l.s.Free(h)
}

// join moves the entries of q's leaf to p's, the one before, if they fill it no more
// than three quarters.
func (l *list) join(p, q *tree.Pos) bool {
	if p.Count+q.Count > l.most()*3/4 {
		return false
	}
	left, right := openLeaf(l.s.Bytes(p.Leaf), p.Count), openLeaf(l.s.Bytes(q.Leaf), q.Count)
	var all buffer
	all.read(&left)
	all.read(&right)
	all.write(l, p.Leaf)
	l.t.Changed(p, q.Count)
	l.drop(q)
	return true
}

// buffer is the entries of a leaf, taken out to be written anew.
type buffer struct {
	n int
	e [idsMost + 1]Pending
}

// read adds the entries of a leaf.
func (all *buffer) read(v *leaf) {
	for i := range v.n {
		all.e[all.n] = v.get(i)
		all.n++
	}
}

// write makes the node h a leaf of these entries, narrow if that can be.
func (all *buffer) write(l *list, h nodes.Handle) {
	ms, since := all.bases()
	form, first := byte(formPending), leafTime+8
	if l.ids {
		form, first = formIDs, leafTime
	}
	size := first + all.n*strideOf(l.ids, false)
	b := l.s.Resize(h, size, nodes.HeaderSize)
	b[1] = form
	put64(b, leafMs, int64(ms))
	if !l.ids {
		put64(b, leafTime, since)
	}
	v := openLeaf(b, all.n)
	for i := range all.n {
		if !v.fits(&all.e[i]) {
			size = first + all.n*strideOf(l.ids, true)
			b = l.s.Resize(h, size, v.first)
			b[1] = form | 1
			v = openLeaf(b, all.n)
			break
		}
	}
	for i := range all.n {
		v.put(i, &all.e[i])
	}
}

// bases are what narrow entries would be counted from.
func (all *buffer) bases() (ms uint64, since int64) {
	ms, since = all.e[0].ID.Ms, all.e[0].Time
	for i := range all.n {
		since = min(since, all.e[i].Time)
	}
	return ms - min(ms, marginMs), since - marginTime
}
