package cache

import (
	"errors"
	"math"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
	"github.com/ashlar-cache/ashlar/cache/internal/stripe"
)

// Cache is a set of databases of keys and values within one memory bound. All
// methods are safe for concurrent use unless they say otherwise.
type Cache struct {
	shards    []shard
	shardBits uint
	hash      hasher
	clock     func() int64
	reads     stripe.Counter // of those without a lock
	databases int

	account   offheap.Account
	limit     atomic.Int64 // what account.Total() may reach
	maxMemory atomic.Int64
	overhead  atomic.Int64

	policy       atomic.Uint32
	samples      atomic.Int32
	limits       atomic.Pointer[Limits]
	listener     atomic.Pointer[Listener]
	activeExpire atomic.Bool
	held         atomic.Bool // see Hold
	hz           atomic.Int64
	rounds       atomic.Uint32 // of maintenance
	turn         atomic.Uint32 // shard that was maintained last

	onReady    func([]ReadyKey)
	background sync.WaitGroup
	stop       chan struct{}
	closed     atomic.Bool
}

const (
	defaultDatabases = 16
	defaultSamples   = 16
	maxShards        = 1024

	// shardSpace is the address space of a shard's items, the reach of a Ref.
	// Pages are released inside it, so it may be many times the memory bound.
	shardSpace = 32 << 30
	// shardMemory is the least memory worth a shard of its own: each shard may
	// keep a few part-filled pages of each size class.
	shardMemory = 32 << 20
)

// New makes a cache. The error wraps ErrReserve when the operating system does
// not grant the address space.
func New(o Options) (*Cache, error) {
	if o.Databases <= 0 {
		o.Databases = defaultDatabases
	}
	if o.Samples <= 0 {
		o.Samples = defaultSamples
	}
	if o.Clock == nil {
		o.Clock = func() int64 { return time.Now().UnixMilli() }
	}
	n := shardCount(o)
	c := &Cache{
		shards: make([]shard, n), shardBits: uint(bits.TrailingZeros(uint(n))),
		hash: newHasher(o.HashSeed), clock: o.Clock, databases: o.Databases,
		stop: make(chan struct{}),
	}
	c.policy.Store(uint32(o.Policy))
	c.SetSamples(o.Samples)
	c.activeExpire.Store(true)
	c.SetLimits(DefaultLimits())
	c.hz.Store(defaultHz)
	c.SetMaxMemory(o.MaxMemory)
	for i := range c.shards {
		if err := c.shards[i].init(c, i); err != nil {
			return nil, errors.Join(ErrReserve, err, c.closeShards())
		}
	}
	if !o.NoBackground {
		c.background.Add(1)
		go c.maintainForever()
	}
	return c, nil
}

// shardCount is four shards a processor, fewer for a small memory bound.
func shardCount(o Options) int {
	n := o.Shards
	if n <= 0 {
		n = 4 * runtime.GOMAXPROCS(0)
		if o.MaxMemory > 0 {
			n = int(min(int64(n), max(1, o.MaxMemory/shardMemory)))
		}
	}
	n = min(max(n, 1), maxShards)
	return 1 << (bits.Len(uint(n)) - 1)
}

// Close stops the background work and gives all memory back. Nothing may use the
// cache during or after it.
func (c *Cache) Close() error {
	if c.closed.Swap(true) {
		return ErrClosed
	}
	close(c.stop)
	c.background.Wait()
	return c.closeShards()
}

func (c *Cache) closeShards() error {
	var err error
	for i := range c.shards {
		err = errors.Join(err, c.shards[i].close())
	}
	if left := c.account.Total(); err == nil && left != 0 {
		err = errors.New("cache: memory left at close")
	}
	return err
}

// Databases is the number of databases.
func (c *Cache) Databases() int { return c.databases }

// MaxMemory is the bound in bytes; 0 for none.
func (c *Cache) MaxMemory() int64 { return c.maxMemory.Load() }

// SetMaxMemory changes the bound; 0 lifts it. If more than that is in use, the
// background work brings it down, and so does every write.
func (c *Cache) SetMaxMemory(n int64) {
	c.maxMemory.Store(max(n, 0))
	c.setLimit()
}

// SetOverhead tells how much memory the process uses outside the cache: it counts
// against MaxMemory too. At least an eighth of the bound is left to the data.
func (c *Cache) SetOverhead(n int64) {
	c.overhead.Store(n)
	c.setLimit()
}

func (c *Cache) setLimit() {
	n := c.maxMemory.Load()
	if n <= 0 {
		c.limit.Store(math.MaxInt64)
		return
	}
	c.limit.Store(max(n-c.overhead.Load(), n/8))
}

// Policy is the eviction policy.
func (c *Cache) Policy() Policy { return Policy(c.policy.Load()) }

// SetPolicy changes the eviction policy. What the old one knew of the items is
// read by the new one as best it can, and renewed as they are used.
func (c *Cache) SetPolicy(p Policy) {
	c.policy.Store(uint32(p))
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.setPolicy(p)
		s.mu.Unlock()
	}
}

// SetSamples sets how many items are compared for each that is evicted.
func (c *Cache) SetSamples(n int) { c.samples.Store(int32(min(max(n, 1), maxSamples))) }

// SetActiveExpire switches the background removal of expired items; reads never
// see them either way.
func (c *Cache) SetActiveExpire(on bool) { c.activeExpire.Store(on) }

// Hold has nothing go by itself while it is on: what has expired stays, unseen, and
// nothing is evicted to come down to the bound. A write that needs memory still makes
// room for itself, and one of a key that has expired removes it.
//
// Readers that are to leave expired keys alone, too, say Tx.SetKeepExpired.
func (c *Cache) Hold(on bool) { c.held.Store(on) }

// allow tells whether n more bytes may become resident.
func (c *Cache) allow(n int64) bool { return c.account.Total()+n <= c.limit.Load() }

// shardOf picks the shard for a hash: its top bits.
func (c *Cache) shardOf(hash uint64) *shard { return &c.shards[hash>>(64-c.shardBits)] }

// indexHash is what a shard's tables see of a hash: what is below the shard's bits.
func (c *Cache) indexHash(hash uint64) uint64 { return hash << c.shardBits }
