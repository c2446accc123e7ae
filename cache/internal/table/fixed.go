package table

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// Fixed is a table that maps 64-bit hashes to 32-bit values and keeps no keys. It
// knows a hash by 32 of its bits, so that to look one up gives candidates: with ten
// million elements there is a wrong one among them in one of 400 look-ups. As a
// Table, it is opened for one operation over the bytes of its root.
type Fixed struct{ trie }

// OpenFixed opens a table of fixed-size values.
func OpenFixed(s *nodes.Store, root []byte) Fixed {
	return Fixed{trie{s, root[:RootSize:RootSize]}}
}

const (
	fixedHeader = nodes.HeaderSize + 2
	valueSize   = 4
	knownBits   = 32 // of a hash; so deep may a bucket of fixed-size entries stand

	// A bucket that would have more entries is split; two that have been one are made
	// one again when they have half as many together.
	maxFixed   = 48
	mergeFixed = maxFixed / 2
)

// fixed is the bytes of a node of fixed-size entries; doc.go draws it. Of the 32
// known bits of a hash those that follow from where the bucket stands are left out,
// in whole bytes: width bytes are kept, the lowest of them as the tag.
type fixed struct {
	b     []byte
	width int
}

// widthAt is the number of bytes of a hash that are kept below a directory that
// base bits lead to.
func widthAt(base int) int { return (knownBits - base + 7) / 8 }

func known(hash uint64) uint32 { return uint32(hash >> (64 - knownBits)) }

func (f fixed) len() int     { return int(binary.LittleEndian.Uint16(f.b[nodes.HeaderSize:])) }
func (f fixed) setLen(n int) { binary.LittleEndian.PutUint16(f.b[nodes.HeaderSize:], uint16(n)) }

// row is the number of bytes of an entry without its tag.
func (f fixed) row() int { return valueSize + f.width - 1 }

func (f fixed) group(g int) int { return fixedHeader + g*groupLen*(f.row()+1) }

// at is where entry i's row begins.
func (f fixed) at(i int) int { return f.group(i/groupLen) + groupLen + i%groupLen*f.row() }

// size is the number of bytes of a bucket of n entries.
func (f fixed) size(n int) int {
	if n%groupLen == 0 {
		return f.group(n / groupLen)
	}
	return f.at(n)
}

// value reads the value of the row at pos.
func (f fixed) value(pos int) uint32 { return binary.LittleEndian.Uint32(f.b[pos:]) }

// same tells whether the row at pos has these known bits; its tag has.
func (f fixed) same(pos int, known uint32) bool {
	for i := 1; i < f.width; i++ {
		if f.b[pos+valueSize+i-1] != byte(known>>(8*i)) {
			return false
		}
	}
	return true
}

// known puts the known bits of entry i's hash together; above says those that
// follow from where the bucket stands.
func (f fixed) known(i int, above uint32) uint32 {
	mask := uint32(1)<<(8*f.width) - 1 // all ones where the width is four
	k := above&^mask | uint32(f.b[f.group(i/groupLen)+i%groupLen])
	pos := f.at(i) + valueSize
	for j := 1; j < f.width; j++ {
		k |= uint32(f.b[pos+j-1]) << (8 * j)
	}
	return k
}

func (f fixed) set(i int, known, value uint32) {
	f.b[f.group(i/groupLen)+i%groupLen] = byte(known)
	pos := f.at(i)
	binary.LittleEndian.PutUint32(f.b[pos:], value)
	for j := 1; j < f.width; j++ {
		f.b[pos+valueSize+j-1] = byte(known >> (8 * j))
	}
}

// each calls visit for the number and the row of each entry with these known bits,
// until it returns true, and tells whether it did.
func (f fixed) each(known uint32, visit func(i, pos int) bool) bool {
	n := f.len()
	for i := 0; i < n; i += groupLen {
		marks := matches(binary.LittleEndian.Uint64(f.b[f.group(i/groupLen):]), byte(known)) & live(n-i)
		for ; marks != 0; marks &= marks - 1 {
			j := i + first(marks)
			if f.b[f.group(i/groupLen)+j-i] != byte(known) {
				continue
			}
			if pos := f.at(j); f.same(pos, known) && visit(j, pos) {
				return true
			}
		}
	}
	return false
}

func (t *Fixed) view(p *place) fixed { return fixed{p.bucket, widthAt(p.base)} }

// Len is the number of elements.
func (t *Fixed) Len() int { return rootLen(t.root) }

// Candidates calls f for each value whose hash may be this one until f returns
// true, and tells whether it did. f must not change the table.
func (t *Fixed) Candidates(hash uint64, f func(value uint32) bool) bool {
	if rootNode(t.root) == 0 {
		return false
	}
	p := t.descend(hash)
	v := t.view(&p)
	return v.each(known(hash), func(_, pos int) bool { return f(v.value(pos)) })
}

// Replace changes the value of one element with this hash and value, and tells
// whether there was one.
func (t *Fixed) Replace(hash uint64, old, new uint32) bool {
	if rootNode(t.root) == 0 {
		return false
	}
	p := t.descend(hash)
	v := t.view(&p)
	return v.each(known(hash), func(_, pos int) bool {
		if v.value(pos) != old {
			return false
		}
		binary.LittleEndian.PutUint32(v.b[pos:], new)
		return true
	})
}

// Insert puts a value in, also where there is one with the same hash.
func (t *Fixed) Insert(hash uint64, value uint32) {
	if rootNode(t.root) == 0 {
		h, b := t.store.Alloc(nodes.TableFixed, fixed{nil, widthAt(0)}.size(1))
		fixed{b, widthAt(0)}.setLen(0)
		setRootNode(t.root, h)
	}
	p := t.descend(hash)
	for t.view(&p).len() >= maxFixed && p.depth() < knownBits {
		t.split(&p, hash)
		p = t.descend(hash)
	}
	n := t.view(&p).len()
	t.resize(&p, n+1, n)
	v := t.view(&p)
	v.set(n, known(hash), value)
	v.setLen(n + 1)
	addLen(t.root, 1)
}

// fixedStep is how many entries a bucket's block grows by.
const fixedStep = 2

// resize makes a bucket's block hold n entries, of which keep are there already.
func (t *Fixed) resize(p *place, n, keep int) {
	v := t.view(p)
	if n > maxFixedCount {
		panic("table: too many elements whose hashes agree in 32 bits")
	}
	if v.size(n) > len(v.b) {
		p.bucket = t.store.Resize(p.handle, v.size(n+fixedStep-1), v.size(keep))
	} else if v.size(n+3*fixedStep) < len(v.b) {
		p.bucket = t.store.Resize(p.handle, v.size(n), v.size(keep))
	}
}

// maxFixedCount is how much the count of a bucket that cannot be split may say.
const maxFixedCount = 1<<16 - 1

// element is an entry while it moves between buckets of different widths.
type element struct {
	known, value uint32
}

// gather reads a bucket's entries; above are the known bits of any hash in it.
func (f fixed) gather(into []element, above uint32) []element {
	for i := range f.len() {
		into = append(into, element{f.known(i, above), f.value(f.at(i))})
	}
	return into
}

// fill writes entries over what a bucket holds.
func (t *Fixed) fill(p *place, list []element) {
	v := t.view(p)
	p.bucket = t.store.Resize(p.handle, v.size(len(list)), fixedHeader)
	v = t.view(p)
	for i, e := range list {
		v.set(i, e.known, e.value)
	}
	v.setLen(len(list))
}

// split divides a place's bucket by the next bit of its entries' hashes.
func (t *Fixed) split(p *place, hash uint64) {
	var room [maxFixed]element
	var halves [2][maxFixed]element
	all := t.view(p).gather(room[:0], known(hash))
	local := p.local()
	base, newLocal := p.forked()
	bit := knownBits - (base + newLocal)
	left, right := halves[0][:0], halves[1][:0]
	for _, e := range all {
		if e.known>>bit&1 == 0 {
			left = append(left, e)
		} else {
			right = append(right, e)
		}
	}
	h, b := t.store.Alloc(nodes.TableFixed, fixedHeader)
	q := place{handle: h, bucket: b, base: base}
	t.fill(&q, right)
	setLocal(q.bucket, newLocal)
	old := p.base
	p.base = base
	t.fill(p, left)
	setLocal(p.bucket, newLocal)
	p.base = old
	t.fork(p, local, h, 0)
}

// Delete removes one element with this hash and value, and tells whether there was
// one.
func (t *Fixed) Delete(hash uint64, value uint32) bool {
	if rootNode(t.root) == 0 {
		return false
	}
	p := t.descend(hash)
	v := t.view(&p)
	found := v.each(known(hash), func(i, pos int) bool {
		if v.value(pos) != value {
			return false
		}
		last := v.len() - 1
		v.set(i, v.known(last, 0), v.value(v.at(last)))
		v.setLen(last)
		return true
	})
	if found {
		addLen(t.root, -1)
		t.tidy(&p, hash)
	}
	return found
}

// tidy merges a bucket with its buddy for as long as there is little in both, and
// gives back what its block has too much.
func (t *Fixed) tidy(p *place, hash uint64) {
	for {
		h, b := t.buddy(p)
		if h == 0 || t.view(p).len()+(fixed{b, 0}).len() > mergeFixed {
			break
		}
		var room [mergeFixed]element
		all := t.view(p).gather(room[:0], known(hash))
		all = fixed{b, widthAt(p.base)}.gather(all, known(hash))
		if !t.join(p, hash, h) && len(all) == t.view(p).len() {
			continue // the buddy was empty
		}
		t.fill(p, all) // which may stand elsewhere now, and know less of its hashes
	}
	n := t.view(p).len()
	if p.parent == 0 && n == 0 {
		t.store.Free(p.handle)
		setRootNode(t.root, 0)
		return
	}
	t.resize(p, n, n)
}

// Check verifies the whole table.
func (t *Fixed) Check() error {
	c := checker{trie: &t.trie, kind: nodes.TableFixed}
	c.bucket = func(p place, prefix uint64) error { return t.checkBucket(p, prefix, &c.count) }
	return c.run()
}
