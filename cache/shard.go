package cache

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
	"github.com/ashlar-cache/ashlar/cache/internal/index"
	"github.com/ashlar-cache/ashlar/cache/internal/invariants"
	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/offheap"
	"github.com/ashlar-cache/ashlar/cache/internal/slab"
)

// indexSpace and ghostSpace are the address spaces of a shard's index segments and
// of what its policy remembers of evicted keys.
const (
	indexSpace = 4 << 30
	ghostSpace = 1 << 30
)

// shard owns the keys whose hashes begin with its number: their items, the
// tables that find them, and the policy that judges them. Everything below mu
// needs mu.
type shard struct {
	c         *Cache
	number    int
	published []atomic.Pointer[index.Table] // tables, for touch and glance
	changes   atomic.Uint64                 // odd while the lock is held, once there are readers without it; see glance.go

	mu       sync.Mutex
	heap     *slab.Heap
	segments *offheap.Region
	pool     *index.Pool
	tables   []*index.Table // by database; nil until the first key
	expires  []int64        // number of items with an expiry, by database
	graves   []*index.Table // flushed tables, whose items are freed bit by bit
	nodes    *nodes.Store   // of the large collections
	dead     []nodes.Handle // nodes of collections that are gone: they and what hangs from them are freed bit by bit
	laden    []uint64       // hashes of streams that nodes hang from which nobody sees any more
	ghosts   *offheap.Region
	policy   *evict.Shard
	judging  evict.Config
	glanced  bool     // there are readers without the lock
	now      int64    // unix ms, set whenever the lock is taken for work
	keep     bool     // the transaction leaves expired keys where they are
	tx       *Tx      // the transaction on several shards that holds this one, if one does
	pin      slab.Ref // never evicted; kept right when it moves
	midway   bool     // a rename is under way: a value hangs from two keys for a moment
	must     bool     // what is being allocated had better go beyond the bound than fail
	epoch    uint64   // changes whenever items may have moved or gone by themselves
	random   uint64   // state of a xorshift generator
	walk     uint32   // unit where the search for volatile items goes on
	counts   counters
	ready    []ReadyKey // awaited keys that changed, of which nobody has been told yet; see await.go
	awaits   awaits

	scratch [64]byte // where an operation on a set writes an integer out, or keeps a short member

	_ [64]byte // keep neighbours' locks off each other's cache line
}

// counters are a shard's share of the statistics.
type counters struct {
	hits, misses, expired, evicted int64
	expiredFields                  int64 // of hashes
}

func (s *shard) init(c *Cache, number int) error {
	s.c, s.number = c, number
	s.changes.Store(1)
	s.random = mix64(uint64(number)+1) ^ c.hash.sum([]byte("shard"))
	s.tables = make([]*index.Table, c.databases)
	s.published = make([]atomic.Pointer[index.Table], c.databases)
	s.expires = make([]int64, c.databases)
	heap, err := slab.New(shardSpace, &c.account, s)
	if err != nil {
		return err
	}
	s.heap = heap
	if s.nodes, err = nodes.New(heap, &c.account); err != nil {
		return err
	}
	if s.segments, err = offheap.Reserve(indexSpace, &c.account, offheap.Index); err != nil {
		return err
	}
	s.pool = index.NewPool(s.segments)
	if s.ghosts, err = offheap.Reserve(ghostSpace, &c.account, offheap.Meta); err != nil {
		return err
	}
	pieces := offheap.NewPieces(s.ghosts, evict.GhostChunk)
	s.judging = evict.Config{
		Kind: evict.Kind(c.Policy()), LFULogFactor: 10, LFUDecayMinutes: 1, // Redis's defaults
		Seed: s.next(), Alloc: pieces.Get, Free: pieces.Put,
	}
	s.policy = evict.New(s.judging)
	s.policy.Tick(c.clock())
	return nil
}

// setPolicy changes the policy while items are resident.
func (s *shard) setPolicy(p Policy) {
	s.judging.Kind = evict.Kind(p)
	s.policy.Configure(s.judging)
}

func (s *shard) close() error {
	var err error
	if s.nodes != nil {
		err = s.nodes.Close()
	}
	if s.heap != nil {
		err = errors.Join(err, s.heap.Close())
	}
	for _, r := range []*offheap.Region{s.segments, s.ghosts} {
		if r != nil {
			err = errors.Join(err, r.Close())
		}
	}
	return err
}

// rehash is the index's way to the hash of an item's key.
func (s *shard) rehash(ref uint32) uint64 {
	it := item.Decode(s.heap.At(slab.Ref(ref)))
	return s.c.indexHash(s.c.hash.sum(it.Key()))
}

// next is the shard's random number generator (xorshift64*).
func (s *shard) next() uint64 {
	s.random ^= s.random >> 12
	s.random ^= s.random << 25
	s.random ^= s.random >> 27
	return s.random * 0x2545F4914F6CDD1D
}

// entry is a key that was found: where its reference stands, and its item. It is
// good until the shard changes.
type entry struct {
	probe index.Probe
	ref   slab.Ref
	item  item.Item
}

// find looks a key up. What has expired is removed and not found. hash is the
// index's hash of the key. What is found is put into e, whose ref is 0 if there
// is nothing.
func (s *shard) find(e *entry, db int, key []byte, hash uint64) bool {
	e.ref = 0
	t := s.tables[db]
	if t == nil {
		return false
	}
	t.Start(&e.probe, hash)
	for ref := e.probe.Next(); ref != 0; ref = e.probe.Next() {
		if !item.Match(&e.item, s.heap.At(slab.Ref(ref)), key) {
			continue
		}
		e.ref = slab.Ref(ref)
		if !e.item.Expires() || e.item.ExpireAt() > s.now {
			return true
		}
		if !s.keep {
			s.remove(db, *e, Expired)
			s.counts.expired++
		}
		*e = entry{}
		return false
	}
	return false
}

// remove takes a found key out of its table and frees the item.
func (s *shard) remove(db int, e entry, why Change) {
	s.shed(e.item)
	s.removeItem(db, e, why)
}

// removeItem is remove without the nodes that hang from the item.
func (s *shard) removeItem(db int, e entry, why Change) {
	s.changed(db, e.item.Key(), why)
	if e.item.Expires() {
		s.expires[db]--
	}
	s.signal(db, e.item.Key())
	e.probe.Delete()
	s.heap.Free(e.ref)
	s.policy.Removed()
	s.verify()
}

// table is a database's table, made when it is first needed.
func (s *shard) table(db int) *index.Table {
	if s.tables[db] == nil {
		s.setTable(db, index.NewTable(s.pool, s.rehash))
	}
	return s.tables[db]
}

func (s *shard) setTable(db int, t *index.Table) {
	s.tables[db] = t
	s.published[db].Store(t)
}

// put stores an item under a key: over the old one where it is as large, else in
// a new block. value must not lie in the shard's memory.
func (s *shard) put(db int, key []byte, hash uint64, kind item.Kind, value []byte, at int64) error {
	var e entry
	found := s.find(&e, db, key, hash)
	if at == KeepTTL {
		at = 0
		if found {
			at = e.item.ExpireAt()
		}
	}
	if found && typeOf(e.item.Kind()) != typeOf(kind) {
		s.signal(db, key)
	}
	size := blockSize(len(key), len(value), at)
	if found && s.heap.Fits(e.ref, size) {
		p := s.heap.At(e.ref)
		state := s.policy.Update(evict.State(item.State(p)), hash, size)
		s.countExpiry(db, e.item.Expires(), at != 0)
		s.shed(e.item)
		item.Write(p, kind, uint32(state), key, value, at)
		s.note(e.ref, at)
		s.changed(db, key, Written)
		s.verify()
		return nil
	}
	if found && s.policy.Kind() != evict.NoEviction && !s.c.fits(size+s.heap.Capacity(e.ref)) {
		// Two values as large do not fit beside each other: the old one goes first.
		s.remove(db, e, Written)
		e = entry{}
	}
	it, e, err := s.replace(db, key, hash, e, kind, size, len(value), at)
	if err != nil {
		return err
	}
	copy(it.Value(), value)
	if e.ref != 0 {
		s.shed(e.item)
	}
	s.release(db, key, e, at)
	return nil
}

// blockSize is the size of the block for an item. One with pages of its own has
// room for an expiry time of any form, so that to give it one never takes a second
// block as large.
func blockSize(keyLen, valueLen int, at int64) int {
	size := item.SizeOf(keyLen, valueLen, at)
	if size > slab.MaxSlot {
		return item.SizeOf(keyLen, valueLen, math.MaxInt64)
	}
	return size
}

// replace gets a block of size bytes for a key, writes header and key, and puts
// its reference into the table. The value is the caller's to fill in; then it
// must call release with the entry returned, which still holds the old item, if
// there was one (ref not 0). After an error, too, the entry returned is the one to
// go on with: the old item may have moved.
func (s *shard) replace(db int, key []byte, hash uint64, e entry, kind item.Kind, size, valueLen int, at int64) (item.Item, entry, error) {
	s.pin = e.ref
	epoch := s.epoch
	ref, err := s.alloc(size)
	if e.ref = s.pin; e.ref != 0 && s.epoch != epoch {
		// The pinned item may have moved, and the table around it changed.
		e.probe, _ = s.table(db).FindRef(hash, uint32(e.ref))
		e.item = item.Decode(s.heap.At(e.ref))
	}
	s.pin = 0
	if err != nil {
		return item.Item{}, e, err
	}
	p := s.heap.At(ref)
	var state evict.State
	if e.ref != 0 {
		state = s.policy.Update(evict.State(item.State(s.heap.At(e.ref))), hash, size)
	} else {
		state = s.policy.Insert(hash, size)
	}
	it := item.WriteHeader(p, kind, uint32(state), len(key), valueLen, at)
	copy(it.Key(), key)
	if e.ref != 0 {
		e.probe.Replace(uint32(ref))
	} else if err := s.table(db).Insert(hash, uint32(ref)); err != nil {
		s.heap.Free(ref)
		s.policy.Removed()
		return it, e, errors.Join(ErrOutOfMemory, err)
	}
	if at != 0 {
		s.heap.NoteExpiry(ref, at)
	}
	return it, e, nil
}

// release ends what replace began: the old item is freed and the expiries counted.
func (s *shard) release(db int, key []byte, old entry, at int64) {
	had, what := false, Created
	if old.ref != 0 {
		had, what = old.item.Expires(), Written
		s.heap.Free(old.ref)
	}
	s.countExpiry(db, had, at != 0)
	s.changed(db, key, what)
	s.verify()
}

func (s *shard) countExpiry(db int, had, has bool) {
	if had {
		s.expires[db]--
	}
	if has {
		s.expires[db]++
	}
}

func (s *shard) note(ref slab.Ref, at int64) {
	if at != 0 {
		s.heap.NoteExpiry(ref, at)
	}
}

// Moved puts the one reference to an item or a node right after compaction moved it.
func (s *shard) Moved(old, new slab.Ref) {
	if nodes.IsNode(s.heap.At(new)) {
		s.nodes.Moved(new)
		s.epoch++
		return
	}
	it := item.Decode(s.heap.At(new))
	hash := s.c.indexHash(s.c.hash.sum(it.Key()))
	probe, _, ok := s.locate(hash, old)
	if !ok {
		panic("cache: an item without a reference was moved")
	}
	probe.Replace(uint32(new))
	s.note(new, s.Expiry(new))
	if s.pin == old {
		s.pin = new
	}
	s.epoch++
}

// locate finds which table holds a reference: a database's number, or -1 for a
// table that was flushed.
func (s *shard) locate(hash uint64, ref slab.Ref) (probe index.Probe, db int, ok bool) {
	for db, t := range s.tables {
		if t == nil {
			continue
		}
		if probe, ok := t.FindRef(hash, uint32(ref)); ok {
			return probe, db, true
		}
	}
	for _, t := range s.graves {
		if probe, ok := t.FindRef(hash, uint32(ref)); ok {
			return probe, -1, true
		}
	}
	return probe, 0, false
}

// discard removes an item that was reached by its reference, and tells whether it
// was in a database, and not in a table that was flushed. The caller tells the policy.
func (s *shard) discard(ref slab.Ref, why Change) (counts bool) {
	it := item.Decode(s.heap.At(ref))
	hash := s.c.indexHash(s.c.hash.sum(it.Key()))
	probe, db, ok := s.locate(hash, ref)
	if !ok {
		panic("cache: an item without a reference was removed")
	}
	if db >= 0 {
		if it.Expires() {
			s.expires[db]--
		}
		s.changed(db, it.Key(), why)
	}
	if db >= 0 {
		s.signal(db, it.Key())
	}
	s.shed(it)
	probe.Delete()
	s.heap.Free(ref)
	s.epoch++
	return db >= 0
}

// verify checks the shard now and then in the invariants build: the seldomer the
// more there is to check, so that its cost for a change stays the same.
func (s *shard) verify() {
	if !invariants.Enabled || s.midway || s.next()%uint64(257+4*s.policy.Items()) != 0 {
		return
	}
	if err := s.check(); err != nil {
		panic(err)
	}
}
