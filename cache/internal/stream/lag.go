package stream

// A group's counter of entries read is a guess that is right as long as nothing was
// deleted beyond what the group has read: what follows is Redis's reckoning, to the
// case.

// hasTombstones tells whether an entry was deleted by name from an ID on.
func (st *Stream) hasTombstones(from ID) bool {
	deleted := st.MaxDeleted()
	return st.Len() > 0 && !deleted.IsZero() && !deleted.Less(from)
}

// distance is how many entries had been added when the one with an ID was, itself
// included, or Unknown.
func (st *Stream) distance(id ID) int64 {
	last, deleted, first := st.Last(), st.MaxDeleted(), st.First()
	switch {
	case st.Added() == 0:
		return 0
	case st.Len() == 0 && !last.Less(id):
		return st.Added()
	case !id.IsZero() && id.Less(deleted):
		return Unknown
	case id == last:
		return st.Added()
	case last.Less(id):
		return Unknown // nobody knows what is to come
	}
	if deleted.IsZero() || deleted.Less(first) {
		// Nothing is missing between the first entry and the last.
		switch {
		case id.Less(first):
			return st.Added() - int64(st.Len())
		case id == first:
			return st.Added() - int64(st.Len()) + 1
		}
	}
	return Unknown
}

// Lag is the number of entries that a group has yet to read; ok is false if that
// cannot be told.
func (st *Stream) Lag(g Group) (lag int64, ok bool) {
	last, first, read := g.Last(), st.First(), g.Read()
	switch {
	case st.Added() == 0 || st.Len() == 0:
		return 0, true
	case last.Less(first) && st.MaxDeleted().Less(first):
		return int64(st.Len()), true // all that there is
	case read != Unknown && !st.hasTombstones(last):
		return st.Added() - read, true
	}
	if read = st.distance(last); read != Unknown {
		return st.Added() - read, true
	}
	return 0, false
}

// Advance moves a group to an entry that is being delivered to it, if it is not past
// that already.
func (st *Stream) Advance(g Group, id ID) {
	last := g.Last()
	if !last.Less(id) {
		return
	}
	if read := g.Read(); read != Unknown && !last.Less(st.First()) && !st.hasTombstones(last) {
		g.SetRead(read + 1)
	} else if st.Added() != 0 {
		g.SetRead(st.distance(id))
	}
	g.SetLast(id)
}
