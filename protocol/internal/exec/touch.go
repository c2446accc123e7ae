package exec

import "github.com/ashlar-cache/ashlar/cache"

// touchMost is how many commands' elements are touched at once.
const touchMost = 64

// touchElements goes on where Prepare ends for commands on single elements of
// collections: of a sorted set, whose look-ups are long ways, or several that follow each
// other on the same collection.
func (x *Executor) touchElements(batch [][][]byte) {
	list := x.ahead[:0]
	for i := range batch {
		if !x.isElement(i, batch) {
			continue
		}
		p := &x.prepared[i]
		c := p.command
		if !c.Scored && !(i > 0 && x.prepared[i-1].hash == p.hash) && !(i+1 < len(batch) && x.prepared[i+1].hash == p.hash) {
			continue
		}
		list = append(list, cache.ElementTouch{Key: batch[i][c.Key], Element: batch[i][c.Element], Hash: p.hash, Ranks: c.Ranks})
		if len(list) == touchMost {
			x.server.Cache.TouchElements(x.db, list)
			clear(list)
			list = list[:0]
		}
	}
	if len(list) > 1 {
		x.server.Cache.TouchElements(x.db, list)
	}
	clear(list) // it names what is in the connection's buffer
}

// isElement tells whether command i of the batch is on an element of a collection.
func (x *Executor) isElement(i int, batch [][][]byte) bool {
	c := x.prepared[i].command
	return c != nil && c.Element != 0 && c.Key != 0 && len(batch[i]) > max(c.Element, c.Key)
}
