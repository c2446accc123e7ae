package table

// Scan calls f for the values of one bucket and returns the cursor to go on at, as
// Table.Scan does: 0 begins, and 0 comes back at the end. The bucket has the values of
// all hashes whose upper CursorBits bits are from cursor up to, but not, the one
// returned (or to the end). f must not change the table.
func (t *Fixed) Scan(cursor uint64, f func(value uint32)) (next uint64) {
	if rootNode(t.root) == 0 {
		return 0
	}
	hash := cursor << (64 - cursorBits)
	p := t.descend(hash)
	v := t.view(&p)
	for i := range v.len() {
		f(v.value(v.at(i)))
	}
	return p.after(hash) >> (64 - cursorBits)
}

// CursorBits is how many of a hash's bits the cursors of a scan are made of.
const CursorBits = cursorBits
