package deque

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/packed"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// leaf is the block of a leaf.
type leaf []byte

func (l *List) leaf(h nodes.Handle) leaf { return l.store.Bytes(h) }

// alloc makes a leaf with room for n bytes of entries and some spare ones.
func (l *List) alloc(n, spare int) (nodes.Handle, leaf) {
	return l.store.Alloc(nodes.ListLeaf, leafHead+n+spare)
}

// span is where the entries start and end in the block.
func (b leaf) span() (start, end int) {
	return int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:]))
}

func (b leaf) setStart(start int) { binary.LittleEndian.PutUint32(b[8:], uint32(start)) }
func (b leaf) setEnd(end int)     { binary.LittleEndian.PutUint32(b[12:], uint32(end)) }

// set says that n bytes of entries start at start.
func (b leaf) set(start, n int) {
	b.setStart(start)
	b.setEnd(start + n)
}

// data is the entries.
func (b leaf) data() []byte {
	start, end := b.span()
	return b[start:end]
}

// free is the number of bytes free at a side.
func (b leaf) free(front bool) int {
	start, end := b.span()
	if front {
		return start - leafHead
	}
	return len(b) - end
}

// take makes n free bytes at a side part of the entries and returns them.
func (b leaf) take(n int, front bool) []byte {
	start, end := b.span()
	if front {
		b.setStart(start - n)
		return b[start-n : start]
	}
	b.setEnd(end + n)
	return b[end : end+n]
}

// drop takes n bytes of entries away at a side.
func (b leaf) drop(n int, front bool) {
	if start, end := b.span(); front {
		b.setStart(start + n)
	} else {
		b.setEnd(end - n)
	}
}

// move moves the entries.
func (b leaf) move(start int) {
	data := b.data()
	copy(b[start:], data)
	b.set(start, len(data))
}

// cut takes n bytes of entries out at off; of what is on either side of them, the
// shorter part moves.
func (b leaf) cut(off, n int) {
	start, end := b.span()
	if off < end-start-off-n {
		copy(b[start+n:], b[start:start+off])
		b.setStart(start + n)
		return
	}
	copy(b[start+off:], b[start+off+n:end])
	b.setEnd(end - n)
}

// gap opens n undefined bytes among the entries at off, for which there must be
// room in the block, and returns them. Where one side has room, the shorter part
// moves; else both do.
func (b leaf) gap(off, n int) []byte {
	start, end := b.span()
	left := max(0, n-(len(b)-end)) // bytes by which the front part moves
	if off < (end-start)/2 {
		left = min(n, start-leafHead)
	}
	right := n - left
	copy(b[start-left:], b[start:start+off])
	copy(b[start+off+right:end+right], b[start+off:end])
	b.setStart(start - left)
	b.setEnd(end + right)
	at := start - left + off
	return b[at : at+n]
}

// trim gives back what the block of a leaf is larger than it need be.
func (l *List) trim(h nodes.Handle) {
	b := l.leaf(h)
	if n := leafHead + len(b.data()); l.store.Rounded(n) < len(b) {
		b.move(leafHead)
		l.store.Resize(h, n, n)
	}
}

// shrink gives back half of the block of a leaf that is mostly empty.
func (l *List) shrink(h nodes.Handle) {
	b := l.leaf(h)
	n := len(b.data())
	if len(b) <= smallest || leafHead+n > len(b)/4 {
		return
	}
	b.move(leafHead)
	size := max(leafHead+2*n, smallest)
	b = l.store.Resize(h, size, leafHead+n)
	b.move(leafHead + (len(b)-leafHead-n)/2)
}

// open is gap in a leaf of the list, which is resized if need be; nil if it should
// have no more.
func (l *List) open(h nodes.Handle, off, n int) []byte {
	b := l.leaf(h)
	used := len(b.data())
	if leafHead+used+n > len(b) {
		if used+n > room {
			return nil
		}
		b.move(leafHead)
		b = l.store.Resize(h, min(leafSize, leafHead+used+n+used/16), leafHead+used)
	}
	return b.gap(off, n)
}

// join moves the entries of the leaf after p's to p's if there is one and both fill
// no more than three quarters of a leaf, or the whole list is little. If it did, p is
// no longer good.
func (l *List) join(p *tree.Pos) bool {
	next := *p
	if !l.tree.Next(&next) {
		return false
	}
	from := l.leaf(next.Leaf).data()
	used := len(l.leaf(p.Leaf).data())
	if used+len(from) > room*3/4 {
		return false
	}
	copy(l.open(p.Leaf, used, len(from)), from)
	l.tree.Changed(p, next.Count)
	l.tree.Remove(&next)
	l.store.Free(next.Leaf)
	return true
}

// tidy follows a removal from the middle of p's leaf, which is not empty: the leaf
// gives back what is far too much, and is joined with a neighbour. p is no longer
// good.
func (l *List) tidy(p *tree.Pos) {
	b := l.leaf(p.Leaf)
	n := len(b.data())
	if leafHead+n < len(b)/2 {
		l.trim(p.Leaf)
	}
	if n < room/2 && !l.join(p) {
		if prev := *p; l.tree.Prev(&prev) {
			l.join(&prev)
		}
	}
}

// Offset is where entry k of n entries in packed's double form is, sought from the
// nearer end; the end for n.
func Offset(data []byte, k, n int) int {
	if k > n/2 {
		return back(data, n-k)
	}
	off := 0
	for ; k > 0; k-- {
		// Short entries, which nearly all are, are passed without a call.
		if size := int(data[off]); size < 0x80 {
			off += size + 2
		} else {
			_, off, _ = packed.DoubleNext(data, off)
		}
	}
	return off
}

// back is the offset of the k-th entry from the end.
func back(data []byte, k int) int {
	off := len(data)
	for ; k > 0; k-- {
		if size := int(data[off-1]); size < 0x80 {
			off -= size + 2
		} else {
			_, off, _ = packed.DoublePrev(data, off)
		}
	}
	return off
}
