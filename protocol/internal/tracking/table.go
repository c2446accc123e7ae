package tracking

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// stripes is in how many parts the table is, each with a lock of its own: loops that
// read different keys seldom meet, and none waits for long while one part is swept.
const stripes = 256

// table remembers which clients have read which keys.
type table struct {
	keys, items atomic.Int64
	most        atomic.Int64  // keys; 0 for no bound
	dead        atomic.Int64  // items of clients that have left, about
	next        atomic.Uint32 // the stripe that gives up a key next
	sweeping    atomic.Bool

	parts [stripes]stripe
}

type stripe struct {
	mu   sync.Mutex
	rows map[string][]*Client
}

func (t *table) init() {
	for i := range t.parts {
		t.parts[i].rows = map[string][]*Client{}
	}
}

func (t *table) part(key []byte) *stripe {
	return &t.parts[maphash.Bytes(maphashSeed, key)%stripes]
}

// add puts a client in a key's row; false if it stood there.
func (t *table) add(c *Client, key []byte) bool {
	p := t.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	row, had := p.rows[string(key)]
	if slices.Contains(row, c) {
		return false
	}
	p.rows[string(key)] = append(row, c)
	if !had {
		t.keys.Add(1)
	}
	t.items.Add(1)
	c.items.Add(1)
	return true
}

// take takes a key's row out.
func (t *table) take(key []byte) []*Client {
	if t.keys.Load() == 0 {
		return nil
	}
	p := t.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	row, ok := p.rows[string(key)]
	if ok {
		delete(p.rows, string(key))
		t.uncount(row)
	}
	return row
}

// uncount accounts for a row that was taken out.
func (t *table) uncount(row []*Client) {
	t.keys.Add(-1)
	t.items.Add(-int64(len(row)))
	for _, c := range row {
		c.items.Add(-1)
		if c.gone.Load() {
			t.dead.Add(-1)
		}
	}
}

// over tells whether there are more keys than there may be.
func (t *table) over() bool {
	most := t.most.Load()
	return most > 0 && t.keys.Load() > most
}

// any takes out the row of some key.
func (t *table) any() (string, []*Client) {
	for range stripes {
		p := &t.parts[t.next.Add(1)%stripes]
		p.mu.Lock()
		for key, row := range p.rows { // Go begins anywhere
			delete(p.rows, key)
			t.uncount(row)
			p.mu.Unlock()
			return key, row
		}
		p.mu.Unlock()
	}
	return "", nil
}

// clear empties the table.
func (t *table) clear() {
	for i := range t.parts {
		p := &t.parts[i]
		p.mu.Lock()
		var rows map[string][]*Client
		if len(p.rows) > 0 {
			rows, p.rows = p.rows, map[string][]*Client{}
		}
		p.mu.Unlock()
		for _, row := range rows {
			t.uncount(row)
		}
	}
}

// left is told that a client has left. Its items are swept out with those of others,
// when there are as many of them as of clients that are still there.
func (t *table) left(c *Client) {
	const few = 4096
	if dead := t.dead.Add(c.items.Load()); dead < few || dead < t.items.Load()/2 {
		return
	}
	if t.sweeping.CompareAndSwap(false, true) {
		go t.sweep()
	}
}

// sweep takes clients that have left out of all rows.
func (t *table) sweep() {
	defer t.sweeping.Store(false)
	gone := func(c *Client) bool { return c.gone.Load() }
	for i := range t.parts {
		p := &t.parts[i]
		p.mu.Lock()
		for key, row := range p.rows {
			was := len(row)
			if row = slices.DeleteFunc(row, gone); len(row) == was {
				continue
			}
			t.items.Add(int64(len(row) - was))
			t.dead.Add(int64(len(row) - was))
			if p.rows[key] = row; len(row) == 0 {
				delete(p.rows, key)
				t.keys.Add(-1)
			}
		}
		p.mu.Unlock()
	}
}
