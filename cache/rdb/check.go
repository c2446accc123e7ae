package rdb

import "hash/maphash"

// Summary is what Check finds out about an object.
type Summary struct {
	Count   int // elements; of a stream entries
	Bytes   int // of all strings in it
	Longest int // bytes of the longest
	Records int // of a stream: groups, consumers and pending entries

	// Of lists. Nodes is the number of nodes that are not empty, 0 where the elements
	// came one by one; Plain tells that one of them is an element by itself.
	Nodes int
	Plain bool
	// Listpack is the size of a listpack of all elements. Peak is the most that Redis
	// would have taken it for while it adds them to one, one by one.
	Listpack int
	Peak     int
}

// peakMargin is what Redis takes an element of a list to need besides its bytes.
const peakMargin = 8

// add counts a string.
func (s *Summary) add(e []byte) {
	s.Bytes += len(e)
	s.Longest = max(s.Longest, len(e))
}

// Check verifies the whole object. Error: ErrFormat.
func (o *Object) Check() (s Summary, err error) {
	switch o.Kind {
	case String:
		text, err := o.Text()
		s.add(text)
		s.Count = 1
		return s, err
	case Stream:
		sink := checkSink{s: &s}
		err = o.Stream(&sink)
		return s, err
	case List:
		err = o.checkList(&s)
	default:
		err = o.checkDistinct(&s)
	}
	if err == nil && s.Count == 0 {
		err = ErrFormat // nothing is ever empty, but streams
	}
	return s, err
}

func (o *Object) checkList(s *Summary) error {
	s.Listpack = ListpackEmpty
	return o.elements(func(e []byte) error {
		s.add(e)
		if s.Count > 0 {
			s.Peak = max(s.Peak, s.Listpack+len(e)+peakMargin)
		}
		s.Count++
		s.Listpack += ListpackSize(e)
		return nil
	}, func(plain bool) {
		s.Nodes++
		s.Plain = s.Plain || plain
	})
}

// checkDistinct checks what must not have the same element twice.
func (o *Object) checkDistinct(s *Summary) error {
	var seen distinct
	one := func(e []byte) error {
		s.add(e)
		s.Count++
		if !seen.add(e) {
			return ErrFormat
		}
		return nil
	}
	switch o.Kind {
	case Set:
		return o.Elements(one)
	case ZSet:
		return o.Scores(func(member []byte, _ float64) error { return one(member) })
	}
	return o.Fields(func(field, value []byte, _ int64) error {
		s.add(value)
		return one(field)
	})
}

// checkSink is where Check sends a stream.
type checkSink struct {
	s         *Summary
	groups    distinct
	consumers distinct // of the last group
}

func (c *checkSink) Node() error { return nil }

func (c *checkSink) EndNode(int, int) error { return nil }

func (c *checkSink) Entry(_ ID, pairs [][]byte) error {
	c.s.Count++
	for _, e := range pairs {
		c.s.add(e)
	}
	return nil
}

func (c *checkSink) State(StreamState) error { return nil }

func (c *checkSink) Group(name []byte, _ ID, _ int64, _ bool) error {
	c.s.Records++
	c.s.add(name)
	c.consumers = distinct{}
	if !c.groups.add(name) {
		return ErrFormat
	}
	return nil
}

func (c *checkSink) Consumer(name []byte, _, _ int64) error {
	c.s.Records++
	c.s.add(name)
	if !c.consumers.add(name) {
		return ErrFormat
	}
	return nil
}

func (c *checkSink) Pending(ID, int64, int64) error {
	c.s.Records++
	return nil
}

// distinct tells whether a string has come before. It keeps 128 bits of hash of
// each, with seeds of its own, rather than the strings.
type distinct struct {
	slots [][2]uint64 // 0, 0: free
	n     int
}

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// add takes a string in, and tells whether it is new.
func (d *distinct) add(s []byte) bool {
	if 4*d.n >= 3*len(d.slots) {
		d.grow()
	}
	h := [2]uint64{maphash.Bytes(seeds[0], s) | 1, maphash.Bytes(seeds[1], s)}
	slot := d.find(h)
	if *slot == h {
		return false
	}
	*slot = h
	d.n++
	return true
}

// find is the slot of a hash, or where it belongs.
func (d *distinct) find(h [2]uint64) *[2]uint64 {
	mask := uint64(len(d.slots) - 1)
	for i := h[1] & mask; ; i = (i + 1) & mask {
		if slot := &d.slots[i]; *slot == h || slot[0] == 0 {
			return slot
		}
	}
}

func (d *distinct) grow() {
	old := d.slots
	d.slots = make([][2]uint64, max(16, 2*len(old)))
	for _, h := range old {
		if h[0] != 0 {
			*d.find(h) = h
		}
	}
}
