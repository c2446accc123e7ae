package sim

import "math"

// links are doubly linked lists over key numbers: heads lie behind the keys. A
// head's next is the newest of its list, its prev the oldest.
type links struct{ next, prev []uint32 }

func newLinks(ids, heads int) *links {
	l := &links{make([]uint32, ids+heads), make([]uint32, ids+heads)}
	for h := ids; h < ids+heads; h++ {
		l.next[h], l.prev[h] = uint32(h), uint32(h)
	}
	return l
}

// push puts id in as the newest.
func (l *links) push(head, id uint32) {
	n := l.next[head]
	l.next[head], l.prev[id], l.next[id], l.prev[n] = id, head, n, id
}

func (l *links) drop(id uint32) {
	l.next[l.prev[id]], l.prev[l.next[id]] = l.next[id], l.prev[id]
}

// last is the oldest of a list; not ok if the list is empty.
func (l *links) last(head uint32) (uint32, bool) { return l.prev[head], l.prev[head] != head }

// base is what the exact baselines share. Unlike Ashlar and Redis they see the
// whole order of their items, and the links or heap that this takes are not
// charged to them: they are what sampling is measured against.
type base struct {
	*links
	heads    uint32
	size     []int32 // bytes with the overhead
	exp      []int64 // number of the request, 0: never
	in       []uint8 // 0: not resident; else the number of its list
	freq     []uint8 // accesses that the policy remembers, up to its own maximum
	bytes    int
	budget   int
	overhead int
}

func newBase(ids, heads, budget, overhead int) base {
	return base{newLinks(ids, heads), uint32(ids), make([]int32, ids), make([]int64, ids),
		make([]uint8, ids), make([]uint8, ids), 0, budget, overhead}
}

// head is list k's; lists count from 1.
func (b *base) head(k uint8) uint32 { return b.heads + uint32(k) - 1 }
func (b *base) Bytes() int          { return b.bytes }

func (b *base) insert(k uint8, id uint32, size int, exp int64) {
	b.size[id], b.exp[id], b.in[id] = int32(size+b.overhead), exp, k
	b.bytes += size + b.overhead
	b.push(b.head(k), id)
}

func (b *base) remove(id uint32) {
	b.bytes -= int(b.size[id])
	b.drop(id)
	b.in[id] = 0
}

func (b *base) resize(id uint32, size int, exp int64) {
	b.bytes += size + b.overhead - int(b.size[id])
	b.size[id], b.exp[id] = int32(size+b.overhead), exp
}

// Expire removes; a key set again since then has another time.
func (b *base) Expire(id uint32, at int64) {
	if b.in[id] != 0 && b.exp[id] == at {
		b.remove(id)
	}
}

// LRU is exact least recently used.
type LRU struct{ base }

// NewLRU makes one.
func NewLRU(ids, budget, overhead int) *LRU { return &LRU{newBase(ids, 1, budget, overhead)} }

// Get counts an access.
func (c *LRU) Get(id uint32, _ int64) bool {
	if c.in[id] == 0 {
		return false
	}
	c.drop(id)
	c.push(c.head(1), id)
	return true
}

// Set stores.
func (c *LRU) Set(id uint32, size int, exp, _ int64) {
	if c.in[id] != 0 {
		c.remove(id)
	}
	for c.bytes+size+c.overhead > c.budget {
		v, _ := c.last(c.head(1))
		c.remove(v)
	}
	c.insert(1, id, size, exp)
}

// SIEVE keeps insertion order and a hand that spares what was visited: Zhang et
// al., SIEVE is Simpler than LRU, NSDI 2024. A hit sets one bit and moves
// nothing; freq is that bit.
type SIEVE struct {
	base
	hand uint32 // the next to be looked at, going from the oldest to the newest
}

// NewSIEVE makes one.
func NewSIEVE(ids, budget, overhead int) *SIEVE {
	c := &SIEVE{base: newBase(ids, 1, budget, overhead)}
	c.hand = c.head(1)
	return c
}

// Get counts an access.
func (c *SIEVE) Get(id uint32, _ int64) bool {
	if c.in[id] == 0 {
		return false
	}
	c.freq[id] = 1
	return true
}

// Expire removes.
func (c *SIEVE) Expire(id uint32, at int64) {
	if c.in[id] != 0 && c.exp[id] == at {
		c.out(id)
	}
}

// out removes; the hand must not be left on what is gone.
func (c *SIEVE) out(id uint32) {
	if c.hand == id {
		c.hand = c.prev[id]
	}
	c.remove(id)
}

// Set stores.
func (c *SIEVE) Set(id uint32, size int, exp, _ int64) {
	if c.in[id] != 0 {
		c.resize(id, size, exp)
		c.freq[id] = 1
		size = -c.overhead // it is there already: the loop below only makes up for its growth
	}
	h := c.head(1)
	for c.bytes+size+c.overhead > c.budget {
		if c.hand == h { // past the newest: round again
			c.hand = c.prev[h]
		}
		if c.freq[c.hand] != 0 {
			c.freq[c.hand] = 0
			c.hand = c.prev[c.hand]
			continue
		}
		c.out(c.hand)
	}
	if c.in[id] == 0 && size >= 0 {
		c.freq[id] = 0
		c.insert(1, id, size, exp)
	}
}

// S3FIFO has a small queue of a tenth, a main one, and a ghost of the main's
// size: Yang et al., FIFO Queues are All You Need for Cache Eviction, SOSP 2023.
// What is asked for once passes through the small queue alone; what comes back
// soon after that is known by the ghost and goes to the main queue at once.
type S3FIFO struct {
	base
	small     int      // bytes in the small queue
	mainItems int      // items in the main queue
	ghosts    uint32   // evicted from the small queue so far
	ghostAt   []uint32 // its number among these, of each key
}

// NewS3FIFO makes one.
func NewS3FIFO(ids, budget, overhead int) *S3FIFO {
	return &S3FIFO{base: newBase(ids, 2, budget, overhead), ghostAt: make([]uint32, ids)}
}

// Get counts an access.
func (c *S3FIFO) Get(id uint32, _ int64) bool {
	if c.in[id] == 0 {
		return false
	}
	c.freq[id] = min(c.freq[id]+1, 3) // two bits, as in the paper
	return true
}

// Expire removes.
func (c *S3FIFO) Expire(id uint32, at int64) {
	if c.in[id] != 0 && c.exp[id] == at {
		c.out(id)
	}
}

func (c *S3FIFO) out(id uint32) {
	if c.in[id] == 1 {
		c.small -= int(c.size[id])
	} else {
		c.mainItems--
	}
	c.remove(id)
}

// evict takes one step towards room: it moves an item on, spares it or throws
// it out.
func (c *S3FIFO) evict() {
	if v, ok := c.last(c.head(1)); ok && (c.small > c.budget/10 || c.mainItems == 0) {
		c.small -= int(c.size[v])
		c.drop(v)
		if c.freq[v] > 1 { // asked for again while it was new: promoted
			c.in[v], c.freq[v] = 2, 0
			c.mainItems++
			c.push(c.head(2), v)
			return
		}
		c.in[v] = 0
		c.bytes -= int(c.size[v])
		c.ghosts++
		c.ghostAt[v] = c.ghosts
		return
	}
	v, _ := c.last(c.head(2))
	if c.freq[v] > 0 { // another round for each access
		c.freq[v]--
		c.drop(v)
		c.push(c.head(2), v)
		return
	}
	c.out(v)
}

// Set stores.
func (c *S3FIFO) Set(id uint32, size int, exp, _ int64) {
	if c.in[id] != 0 {
		c.out(id)
	}
	for c.bytes+size+c.overhead > c.budget {
		c.evict()
	}
	c.freq[id] = 0
	// The ghost is as many evictions long as the main queue has items; 100 let
	// it begin to work while that is still empty.
	if c.ghostAt[id] != 0 && int(c.ghosts-c.ghostAt[id]) < max(c.mainItems, 100) {
		c.ghostAt[id] = 0
		c.mainItems++
		c.insert(2, id, size, exp)
		return
	}
	c.small += size + c.overhead
	c.insert(1, id, size, exp)
}

// WTinyLFU has a window of one percent and a segmented main part that admits by
// an aged sketch; all by bytes. Einziger, Friedman and Manes, TinyLFU: A Highly
// Efficient Cache Admission Policy, ACM TOS 2017; shares and sketch are those of
// Caffeine's first versions, without its adaptive window.
type WTinyLFU struct {
	base
	part    [4]int  // bytes of window, probation, protected
	sketch  []uint8 // four rows of counters up to 15 (count-min)
	mask    uint64  // of a row's length
	added   int     // accesses counted, halved with the counters
	agingAt int     // at so many they are
}

// NewWTinyLFU makes one; its sketch is not counted.
func NewWTinyLFU(ids, budget, overhead int) *WTinyLFU {
	c := &WTinyLFU{base: newBase(ids, 3, budget, overhead)}
	// 200 bytes are about an item, so a row has four counters for each, and they
	// are halved after ten accesses an item (the paper's sample size).
	n := 1
	for n < budget/200*4 {
		n *= 2
	}
	c.sketch, c.mask, c.agingAt = make([]uint8, 4*n), uint64(n-1), budget/200*10
	return c
}

// count counts an access. Only the smallest counters of a key go up (conservative
// update), which keeps those that it shares with others from being too high.
func (c *WTinyLFU) count(id uint32) {
	h := Mix(uint64(id) + 99)
	m := c.estimate(id)
	if m < 15 {
		for k := uint64(0); k < 4; k++ {
			if p := &c.sketch[k*(c.mask+1)+Mix(h+k)&c.mask]; *p == m {
				*p++
			}
		}
	}
	if c.added++; c.added >= c.agingAt {
		c.added /= 2
		for i := range c.sketch {
			c.sketch[i] /= 2
		}
	}
}

// estimate is how often the key was asked for of late, or more by collisions.
func (c *WTinyLFU) estimate(id uint32) uint8 {
	h := Mix(uint64(id) + 99)
	m := uint8(255)
	for k := uint64(0); k < 4; k++ {
		m = min(m, c.sketch[k*(c.mask+1)+Mix(h+k)&c.mask])
	}
	return m
}

// move makes id the newest of another part (or of its own).
func (c *WTinyLFU) move(id uint32, to uint8) {
	c.drop(id)
	c.part[c.in[id]] -= int(c.size[id])
	c.in[id] = to
	c.part[to] += int(c.size[id])
	c.push(c.head(to), id)
}

// Get counts an access.
func (c *WTinyLFU) Get(id uint32, _ int64) bool {
	c.count(id)
	switch c.in[id] {
	case 0:
		return false
	case 2:
		// A hit in probation: protected, which has four fifths of the main part.
		c.move(id, 3)
		for c.part[3] > c.budget*99/100*8/10 {
			v, _ := c.last(c.head(3))
			c.move(v, 2)
		}
	default:
		c.move(id, c.in[id])
	}
	return true
}

// Expire removes.
func (c *WTinyLFU) Expire(id uint32, at int64) {
	if c.in[id] != 0 && c.exp[id] == at {
		c.out(id)
	}
}

func (c *WTinyLFU) out(id uint32) {
	c.part[c.in[id]] -= int(c.size[id])
	c.remove(id)
}

// Set stores.
func (c *WTinyLFU) Set(id uint32, size int, exp, _ int64) {
	if c.in[id] != 0 {
		c.out(id)
	}
	c.part[1] += size + c.overhead
	c.insert(1, id, size, exp)
	for c.part[1] > c.budget/100 {
		v, _ := c.last(c.head(1))
		c.admit(v)
	}
	for c.bytes > c.budget {
		v, ok := c.last(c.head(2))
		if !ok {
			v, _ = c.last(c.head(3))
		}
		c.out(v)
	}
}

// admit lets v into the main part, or throws it out when the victims that it
// would need are asked for more often together.
func (c *WTinyLFU) admit(v uint32) {
	need := c.part[2] + c.part[3] + int(c.size[v]) - c.budget*99/100
	fv := int(c.estimate(v))
	for need > 0 {
		x, ok := c.last(c.head(2))
		if !ok {
			x, ok = c.last(c.head(3))
		}
		if !ok {
			break
		}
		if int(c.estimate(x)) >= fv {
			c.out(v)
			return
		}
		need -= int(c.size[x])
		c.out(x)
	}
	c.move(v, 2)
}

// GDSF is greedy dual size frequency: an inflation value plus hits for bytes
// (Cherkasova, Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency
// Caching Policy, HP Labs 1998, at a cost of 1 for each miss).
// Like the density policies it prefers many small items to few large ones.
type GDSF struct {
	base
	heap []uint32  // keys, the least priority on top
	pri  []float64 // l at the last access + cnt/size
	cnt  []float64 // accesses while resident
	l    float64   // inflation: the highest priority evicted so far, which ages the rest
	at   []int32   // a key's place in the heap
}

// NewGDSF makes one.
func NewGDSF(ids, budget, overhead int) *GDSF {
	return &GDSF{base: newBase(ids, 1, budget, overhead), pri: make([]float64, ids),
		cnt: make([]float64, ids), at: make([]int32, ids)}
}

func (c *GDSF) swap(i, j int) {
	c.heap[i], c.heap[j] = c.heap[j], c.heap[i]
	c.at[c.heap[i]], c.at[c.heap[j]] = int32(i), int32(j)
}

func (c *GDSF) less(i, j int) bool { return c.pri[c.heap[i]] < c.pri[c.heap[j]] }

// fix puts the key at place i where its priority belongs, up or down.
func (c *GDSF) fix(i int) {
	for i > 0 && c.less(i, (i-1)/2) {
		c.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		k := 2*i + 1
		if k >= len(c.heap) {
			return
		}
		if k+1 < len(c.heap) && c.less(k+1, k) {
			k++
		}
		if !c.less(k, i) {
			return
		}
		c.swap(i, k)
		i = k
	}
}

func (c *GDSF) out(id uint32) {
	i, n := int(c.at[id]), len(c.heap)-1
	c.swap(i, n)
	c.heap = c.heap[:n]
	if i < n {
		c.fix(i)
	}
	c.remove(id)
}

// Get counts an access.
func (c *GDSF) Get(id uint32, _ int64) bool {
	if c.in[id] == 0 {
		return false
	}
	c.cnt[id]++
	c.pri[id] = c.l + c.cnt[id]/float64(c.size[id])
	c.fix(int(c.at[id]))
	return true
}

// Expire removes.
func (c *GDSF) Expire(id uint32, at int64) {
	if c.in[id] != 0 && c.exp[id] == at {
		c.out(id)
	}
}

// Set stores.
func (c *GDSF) Set(id uint32, size int, exp, _ int64) {
	if c.in[id] != 0 {
		c.out(id)
	} else {
		c.cnt[id] = 0
	}
	for c.bytes+size+c.overhead > c.budget {
		v := c.heap[0]
		c.l = math.Max(c.l, c.pri[v])
		c.out(v)
	}
	c.cnt[id]++
	c.insert(1, id, size, exp)
	c.pri[id] = c.l + c.cnt[id]/float64(c.size[id])
	c.at[id] = int32(len(c.heap))
	c.heap = append(c.heap, id)
	c.fix(len(c.heap) - 1)
}
