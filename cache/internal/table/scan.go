package table

import "math/bits"

// cursorBits is the size of a scan's cursor: as many bits of the hash as can tell
// buckets apart. It is below 2^53, which clients without 64-bit integers can hold.
const cursorBits = maxDepth

// Entry is an element as it is handed out: the bytes are borrowed.
type Entry struct {
	Key, Value []byte
	Due        int64 // unix ms; 0: never expires
}

// Scan calls f for the elements of one bucket, a few dozen at most, and returns the
// cursor to go on at: 0 begins, and 0 comes back at the end. A cursor is below 2^50
// and stays good whatever happens to the table: what is in it from the first call
// to the last is handed out. f must not change the table. Of a table of keys value
// is nil.
func (t *Table) Scan(cursor uint64, f func(key, value []byte)) (next uint64) {
	return t.ScanEntries(cursor, func(e Entry) { f(e.Key, e.Value) })
}

// ScanEntries is Scan that hands out expiries too.
func (t *Table) ScanEntries(cursor uint64, f func(Entry)) (next uint64) {
	if rootNode(t.root) == 0 {
		return 0
	}
	hash := cursor << (64 - cursorBits)
	p := t.descend(hash)
	b := bucket(p.bucket)
	pos := b.start()
	for i := range b.len() {
		e := b.entry(i, pos)
		pos = e.next
		t.resolve(&e)
		f(Entry{e.key, e.value, e.due})
	}
	return p.after(hash) >> (64 - cursorBits)
}

// Each calls f for every element, each once and in the order of Scan, until f
// returns false. f must not change the table.
func (t *Table) Each(f func(key, value []byte) bool) {
	t.EachEntry(func(e Entry) bool { return f(e.Key, e.Value) })
}

// EachEntry is Each that hands out expiries too.
func (t *Table) EachEntry(f func(Entry) bool) {
	if rootNode(t.root) == 0 {
		return
	}
	for hash := uint64(0); ; {
		p := t.descend(hash)
		b := bucket(p.bucket)
		pos := b.start()
		for i := range b.len() {
			e := b.entry(i, pos)
			pos = e.next
			t.resolve(&e)
			if !f(Entry{e.key, e.value, e.due}) {
				return
			}
		}
		if hash = p.after(hash); hash == 0 {
			return
		}
	}
}

const (
	// density is how many times more elements than the average a part of the hash's
	// range may hold for Random to be exactly fair. A bucket that is four times too
	// full for its depth would have been split.
	density = 4

	// randomTries bounds the search. That all tries fail has a probability of 1e-16.
	randomTries = 128
)

// Random picks an element, each with the same probability; the table must not be
// empty. next gives 64 random bits.
func (t *Table) Random(next func() uint64) (key, value []byte) {
	e := t.RandomEntry(next)
	return e.Key, e.Value
}

// RandomEntry is Random that hands out the expiry too.
//
// A random hash leads to a bucket with a probability that goes down with its depth
// and takes no notice of how much is in it. So it is taken only with a probability
// that makes up for both, its number of elements times two to the depth.
func (t *Table) RandomEntry(next func() uint64) Entry {
	total := uint64(t.Len())
	for try := 1; ; try++ {
		hash := next()
		p := t.descend(hash)
		n := uint64(bucket(p.bucket).len())
		if p.depth() > 0 && n<<p.depth() <= scale(next(), density*total) && try < randomTries {
			continue
		}
		for n == 0 { // only where chance, or the hash, is very bad
			hash = p.after(hash)
			p = t.descend(hash)
			n = uint64(bucket(p.bucket).len())
		}
		b := bucket(p.bucket)
		i := int(scale(next(), n))
		e := b.entry(i, b.at(i))
		t.resolve(&e)
		return Entry{e.key, e.value, e.due}
	}
}

// scale turns 64 random bits into a number below n.
func scale(random, n uint64) uint64 {
	high, _ := bits.Mul64(random, n)
	return high
}
