package conn

// A buffer is memory for the bytes of one connection that cannot be dealt with
// at once: the beginning of a command, or replies that the socket did not
// take. An idle connection has none.
//
// Small ones are slices that the loop keeps for the next connection; big ones
// are mapped, so that a value of 512 MB costs pages only as it arrives, grows
// without being copied and goes back to the system when it is done with.
type buffer struct {
	b       []byte  // the bytes; cap(b) is the room there is
	off     int     // of b, already sent (output)
	since   uint32  // Server.clock when it came to be over the soft limit, 0 if it is not (output)
	scan    scanner // how far its first command is understood (input)
	mapped  bool
	counted int // what pool.held counts for it
}

// smallClasses are the capacities of small buffers.
var smallClasses = [...]int{256, 1 << 10, 4 << 10, 16 << 10}

const (
	smallMax = 16 << 10
	// bigStep rounds big buffers, so that they grow in few steps.
	bigStep = 64 << 10
	// keepEach bounds the buffers of each class that a pool keeps.
	keepEach = 32
	// spareMax bounds the big buffer that a pool keeps for a second.
	spareMax = 1 << 20
	// bigArg is from how many missing bytes on an argument is read straight into
	// the connection's own buffer.
	bigArg = 32 << 10
)

// pool hands out buffers. It belongs to one loop, so it needs no lock.
type pool struct {
	free  [len(smallClasses)][]*buffer
	spare *buffer // a big one, let go if a tick finds it unused
	idle  bool    // spare was there at the last tick
	held  int64   // bytes of the buffers in use and kept
}

// get returns an empty buffer with room for n bytes.
func (p *pool) get(n int) *buffer {
	if n > smallMax {
		return p.getBig(n)
	}
	class := 0
	for smallClasses[class] < n {
		class++
	}
	if have := p.free[class]; len(have) > 0 {
		b := have[len(have)-1]
		p.free[class] = have[:len(have)-1]
		return b
	}
	b := &buffer{b: make([]byte, 0, smallClasses[class])}
	p.count(b)
	return b
}

func (p *pool) getBig(n int) *buffer {
	if s := p.spare; s != nil && cap(s.b) >= n {
		p.spare, p.idle = nil, false
		return s
	}
	b := &buffer{}
	b.b, b.mapped = mapBytes(roundUp(n, bigStep))
	p.count(b)
	return b
}

// put takes back a buffer that nobody uses any more.
func (p *pool) put(b *buffer) {
	b.b, b.off, b.since, b.scan = b.b[:0], 0, 0, scanner{}
	if cap(b.b) <= smallMax {
		for class, size := range smallClasses {
			if size == cap(b.b) && len(p.free[class]) < keepEach {
				p.free[class] = append(p.free[class], b)
				return
			}
		}
	} else if cap(b.b) <= spareMax && p.spare == nil {
		p.spare, p.idle = b, false
		return
	}
	p.drop(b)
}

// drop lets a buffer's memory go.
func (p *pool) drop(b *buffer) {
	p.held -= int64(b.counted)
	if b.mapped {
		unmapBytes(b.b)
	}
	*b = buffer{}
}

// grow gives b room for n bytes in all, keeping what it holds.
func (p *pool) grow(b *buffer, n int) {
	switch {
	case n <= cap(b.b):
		return
	case b.mapped:
		b.b, b.mapped = remapBytes(b.b, roundUp(n, bigStep))
	default:
		next := p.get(n)
		next.b = append(next.b, b.b...)
		next.off = b.off
		*b, *next = *next, *b
		p.put(next)
	}
	p.count(b)
}

// count brings held up to date after b has changed. Pages of a mapping that
// nothing was written to yet do not exist, so they do not count.
func (p *pool) count(b *buffer) {
	now := cap(b.b)
	if b.mapped {
		now = max(len(b.b), b.counted)
	}
	p.held += int64(now - b.counted)
	b.counted = now
}

// tick is called about once a second: what was not needed since the last one
// is let go.
func (p *pool) tick() {
	if p.spare != nil && p.idle {
		p.drop(p.spare)
		p.spare = nil
	}
	p.idle = p.spare != nil
	for class := range p.free {
		// Halving lets a burst's buffers go within seconds.
		for keep := len(p.free[class]) / 2; len(p.free[class]) > keep; {
			last := len(p.free[class]) - 1
			p.drop(p.free[class][last])
			p.free[class][last] = nil
			p.free[class] = p.free[class][:last]
		}
	}
}

// close lets everything go that is kept.
func (p *pool) close() {
	if p.spare != nil {
		p.drop(p.spare)
		p.spare = nil
	}
	for class := range p.free {
		for _, b := range p.free[class] {
			p.drop(b)
		}
		p.free[class] = nil
	}
}

func roundUp(n, step int) int { return (n + step - 1) / step * step }
