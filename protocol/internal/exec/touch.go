package exec

// touchElements goes on where Prepare ends for commands that follow each other on
// single elements of the same collection: what they will read of a large one is
// touched for all of them at once.
func (x *Executor) touchElements(batch [][][]byte) {
	const most = 64
	var room [most][]byte
	for i := 0; i < len(batch); {
		elements, ranks := room[:0], false
		first := i
		for i < len(batch) && len(elements) < most && x.isElement(i, batch[i], x.prepared[first].hash) {
			c := x.prepared[i].command
			elements, ranks = append(elements, batch[i][c.Element]), ranks || c.Ranks
			i++
		}
		if len(elements) > 1 {
			p := &x.prepared[first]
			x.touched += x.server.Cache.TouchElements(x.db, batch[first][p.command.Key], p.hash, elements, ranks)
		}
		i = max(i, first+1)
	}
}

// isElement tells whether command i of the batch is on an element of the collection at
// the key with this hash.
func (x *Executor) isElement(i int, argv [][]byte, hash uint64) bool {
	p := &x.prepared[i]
	c := p.command
	return c != nil && c.Element != 0 && c.Key != 0 && len(argv) > max(c.Element, c.Key) && p.hash == hash
}
