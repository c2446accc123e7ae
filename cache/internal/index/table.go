package index

import (
	"sync/atomic"
	"unsafe"
)

// A Table maps hashes to references. All methods but Touch and Peek want the
// lock of the shard whose pool the table uses.
type Table struct {
	dir    []leaf // 2^n of them, n ≥ 1
	shift  uint32 // 64-n: the bits of a position that are not for the directory
	count  int    // entries in segments
	pool   *Pool
	rehash func(ref uint32) uint64
	stash  stash

	deepest   int    // leaves as deep as the directory
	sweep     uint64 // ShrinkStep: the position where it goes on
	inRound   bool   // ShrinkStep: sweep is amid a round
	improved  bool   // ShrinkStep: this round changed something
	deletions bool   // entries have gone since the last round began
	drained   uint64 // Drain: there is nothing before this position

	shared atomic.Pointer[directory] // the same directory, for Touch
}

// directory is what Touch, which holds no lock, sees of a table. Its leaves change
// in place, atomically; when there are more or fewer, it is replaced.
type directory struct {
	shift  uint32
	leaves []leaf
}

// NewTable makes an empty table in a pool; rehash gives the hash under which a
// reference was inserted, and must not use the table. There are no segments until
// the first insertion.
func NewTable(p *Pool, rehash func(ref uint32) uint64) *Table {
	t := &Table{pool: p, rehash: rehash}
	t.setDirectory(make([]leaf, 2))
	return t
}

// Len is the number of entries.
func (t *Table) Len() int { return t.count + t.stash.len() }

// Resident is the number of bytes that the table takes: pages of its segments,
// directory and stash.
func (t *Table) Resident() int64 {
	n := int64(len(t.dir))*int64(unsafe.Sizeof(leaf(0))) + t.stash.resident()
	t.leaves(func(_ uint64, l leaf) { n += int64(l.steps()) * stepBytes })
	return n
}

// at is the leaf that pos lies in.
func (t *Table) at(pos uint64) leaf { return t.dir[pos>>(t.shift&63)] }

// dirBits is the number of leading bits of a position that index the directory.
func (t *Table) dirBits() uint32 { return 64 - t.shift }

// setLeaf makes l the leaf of all directory entries in its interval, which is the
// one with l's depth around pos.
func (t *Table) setLeaf(pos uint64, l leaf) {
	n := uint64(1) << (t.dirBits() - l.depth())
	first := l.start(pos) >> t.shift
	for i := first; i < first+n; i++ {
		atomic.StoreUint32((*uint32)(&t.dir[i]), uint32(l))
	}
}

func (t *Table) setDirectory(leaves []leaf) {
	shift := uint32(64)
	for n := len(leaves); n > 1; n >>= 1 {
		shift--
	}
	t.dir, t.shift = leaves, shift
	t.shared.Store(&directory{shift: shift, leaves: leaves})
}

// mayDouble bounds the directory by the number of entries: 128 bytes for 4096 of
// them, some ten times of what hashes that are any good lead to.
func (t *Table) mayDouble() bool {
	return t.dirBits() < maxDepth-1 && 2*len(t.dir) <= 32*(t.Len()/4096+1)
}

// doubleDirectory makes room for leaves one bit deeper.
func (t *Table) doubleDirectory() {
	leaves := make([]leaf, 2*len(t.dir))
	for i, l := range t.dir {
		leaves[2*i], leaves[2*i+1] = l, l
	}
	t.setDirectory(leaves)
	t.deepest = 0
}

// halveDirectory drops the last bit while no leaf needs it.
func (t *Table) halveDirectory() {
	for t.deepest == 0 && len(t.dir) > 2 {
		leaves := make([]leaf, len(t.dir)/2)
		for i := range leaves {
			leaves[i] = t.dir[2*i]
			if leaves[i].depth() == t.dirBits()-1 {
				t.deepest++
			}
		}
		t.setDirectory(leaves)
	}
}

// leaves calls f for each leaf with the start of its interval.
func (t *Table) leaves(f func(start uint64, l leaf)) {
	for pos := uint64(0); ; {
		l := t.at(pos)
		f(pos, l)
		if pos = l.end(pos); pos == 0 {
			return
		}
	}
}

// seg is the pool's record of a leaf's segment.
func (t *Table) seg(l leaf) *segment { return &t.pool.segs[l.id()] }

// bucket is bucket b of a leaf's segment.
func (t *Table) bucket(l leaf, b uint32) *bucket { return t.pool.bucket(l.id(), b) }
