package table

import (
	"encoding/binary"
	"fmt"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// Children visits the handles in a node of one of the table's kinds: f is called
// for each child, and its result takes the handle's place. A directory's slots that
// hold the same child get the same result.
func Children(kind nodes.Kind, node []byte, f func(nodes.Handle) nodes.Handle) {
	switch kind {
	case nodes.TableDir:
		var last, result nodes.Handle
		for i := range slots(node) {
			if h := slotAt(node, i); h != last {
				last, result = h, f(h)
			}
			setSlot(node, i, result)
		}
	case nodes.TableBucket:
		if node[1]&hasLarge == 0 {
			return
		}
		b := bucket(node)
		pos := b.start()
		for i := range b.len() {
			e := b.entry(i, pos)
			if pos = e.next; e.large != 0 {
				binary.LittleEndian.PutUint32(b[e.largeAt:], uint32(f(e.large)))
			}
		}
	}
}

// checker walks a whole table.
type checker struct {
	*trie
	bucket func(p place, prefix uint64) error // checks a bucket that stands at prefix
	kind   nodes.Kind
	count  int
}

// Check verifies the whole table.
func (t *Table) Check() error {
	c := checker{trie: &t.trie, kind: nodes.TableBucket}
	c.bucket = func(p place, prefix uint64) error { return t.checkBucket(p, prefix, &c.count) }
	return c.run()
}

func (c *checker) run() error {
	top := rootNode(c.root)
	if top != 0 {
		if err := c.node(place{handle: top, bucket: c.store.Bytes(top)}, 0, 0); err != nil {
			return err
		}
	}
	if n := rootLen(c.root); n != c.count || (n == 0) != (top == 0) {
		return fmt.Errorf("table: %d elements counted, the root says %d", c.count, n)
	}
	return nil
}

// node checks what a slot or the root leads to. used is the number of bits of
// prefix that are known.
func (c *checker) node(p place, prefix uint64, used int) error {
	if kindOf(p.bucket) != nodes.TableDir {
		if got := kindOf(p.bucket); got != c.kind {
			return fmt.Errorf("table: node %d is of kind %d", p.handle, got)
		}
		if p.parent == 0 && p.local() != 0 {
			return fmt.Errorf("table: the only bucket stands for %d bits", p.local())
		}
		return c.bucket(p, prefix)
	}
	dir := p.bucket
	bits := int(dir[1])
	if bits == 0 || bits > dirBits || p.parent != 0 && p.dir[1] != dirBits {
		return fmt.Errorf("table: directory %d has %d bits", p.handle, bits)
	}
	if halvable(dir) {
		return fmt.Errorf("table: directory %d has a bit too many", p.handle)
	}
	for i := 0; i < slots(dir); {
		h := slotAt(dir, i)
		child := c.store.Bytes(h)
		span := 1
		if kindOf(child) != nodes.TableDir {
			span = slots(dir) >> (child[1] & depthMask)
		}
		if span == 0 || i%span != 0 {
			return fmt.Errorf("table: bucket %d at slot %d of directory %d stands for %d slots", h, i, p.handle, span)
		}
		for j := i; j < i+span; j++ {
			if slotAt(dir, j) != h {
				return fmt.Errorf("table: slot %d of directory %d is not bucket %d's", j, p.handle, h)
			}
		}
		next := place{handle: h, bucket: child, parent: p.handle, dir: dir, slot: i, base: used}
		if err := c.node(next, prefix|uint64(i)<<(64-used-bits), used+bits); err != nil {
			return err
		}
		i += span
	}
	return nil
}

// checkBucket verifies a bucket of elements with keys.
func (t *Table) checkBucket(p place, prefix uint64, count *int) error {
	b := bucket(p.bucket)
	fail := func(format string, args ...any) error {
		return fmt.Errorf("table: bucket %d: "+format, append([]any{p.handle}, args...)...)
	}
	if b.pairs() != t.pairs {
		return fail("pairs: %v", b.pairs())
	}
	if b.len() == 0 && p.parent == 0 || b.len() > maxEntries && p.depth() < maxDepth {
		return fail("%d elements at depth %d", b.len(), p.depth())
	}
	due := b.due()
	pos := b.start()
	for i := range b.len() {
		if i%groupLen == 0 && b.start()+b.groupStart(i/groupLen) != pos {
			return fail("group %d begins at %d, not %d", i/groupLen, b.start()+b.groupStart(i/groupLen), pos)
		}
		e := b.entry(i, pos)
		if b.at(i) != pos || e.next > b.end() {
			return fail("entry %d at %d, or %d, ends at %d; the bucket at %d", i, pos, b.at(i), e.next, b.end())
		}
		if e.large != 0 && b[1]&hasLarge == 0 {
			return fail("entry %d is large", i)
		}
		t.resolve(&e)
		hash := t.hasher.Hash(e.key)
		if depth := p.depth(); depth > 0 && (hash^prefix)>>(64-depth) != 0 {
			return fail("element %q with hash %x does not belong here", e.key, hash)
		}
		if b.tag(i) != tagOf(hash) {
			return fail("entry %d has tag %x, its hash is %x", i, b.tag(i), hash)
		}
		if e.due != 0 && (due == 0 || due > e.due) || t.dirsDue(hash) > e.due && e.due != 0 {
			return fail("entry %d is due at %d, the bucket at %d", i, e.due, due)
		}
		if j, _ := t.find(b, hash, e.key); j != i {
			return fail("entry %d is found at %d", i, j)
		}
		pos = e.next
	}
	if pos != b.end() || pos > len(b) {
		return fail("%d bytes of %d", pos, b.end())
	}
	*count += b.len()
	return nil
}

// checkBucket verifies a bucket of fixed-size entries.
func (t *Fixed) checkBucket(p place, prefix uint64, count *int) error {
	v := t.view(&p)
	n, depth := v.len(), p.depth()
	if n == 0 && p.parent == 0 || n > maxFixed && depth < knownBits || v.size(n) > len(v.b) {
		return fmt.Errorf("table: bucket %d of %d bytes has %d entries at depth %d", p.handle, len(v.b), n, depth)
	}
	for i := range n {
		if k := v.known(i, known(prefix)); depth > 0 && (k^known(prefix))>>(knownBits-depth) != 0 {
			return fmt.Errorf("table: entry %d of bucket %d has hash %x, the bucket stands at %x", i, p.handle, k, prefix)
		}
	}
	*count += n
	return nil
}
