package embedded

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/fastcache"
	"github.com/allegro/bigcache/v3"
	"github.com/coocood/freecache"
	"github.com/dgraph-io/ristretto/v2"
	"github.com/maypok86/otter/v2"

	"github.com/ashlar-cache/ashlar/cache"
)

type ashlarStore struct{ c *cache.Cache }

func newAshlar(bytes int64, _ int) (store, error) {
	c, err := cache.New(cache.Options{MaxMemory: bytes, Policy: cache.AllKeysDensity})
	return ashlarStore{c}, err
}

func (s ashlarStore) get(dst []byte, k key) ([]byte, bool) { return s.c.Get(dst, k.bytes) }
func (s ashlarStore) settle()                              {}
func (s ashlarStore) close()                               { _ = s.c.Close() }

func (s ashlarStore) set(k key, value []byte) {
	// It fails only where no room can be made, which a miss will show.
	_ = s.c.Set(k.bytes, value, 0)
}

type fastcacheStore struct{ c *fastcache.Cache }

func newFastcache(bytes int64, _ int) (store, error) {
	return fastcacheStore{fastcache.New(int(bytes))}, nil
}

func (s fastcacheStore) get(dst []byte, k key) ([]byte, bool) { return s.c.HasGet(dst, k.bytes) }
func (s fastcacheStore) set(k key, value []byte)              { s.c.Set(k.bytes, value) }
func (s fastcacheStore) settle()                              {}
func (s fastcacheStore) close()                               { s.c.Reset() }

type bigcacheStore struct{ c *bigcache.BigCache }

func newBigcache(bytes int64, entries int) (store, error) {
	config := bigcache.DefaultConfig(24 * time.Hour)
	config.CleanWindow, config.Verbose = 0, false // nothing expires
	config.HardMaxCacheSize = int(max(1, bytes>>20))
	// These two only say how much memory to begin with: little, for a bound that is
	// to hold from the beginning.
	config.MaxEntriesInWindow, config.MaxEntrySize = entries/8, 128
	c, err := bigcache.New(context.Background(), config)
	return bigcacheStore{c}, err
}

func (s bigcacheStore) get(dst []byte, k key) ([]byte, bool) {
	v, err := s.c.Get(k.text) // a copy already, but not in the caller's buffer
	if err != nil {
		return dst, false
	}
	return append(dst, v...), true
}

func (s bigcacheStore) set(k key, value []byte) { _ = s.c.Set(k.text, value) }
func (s bigcacheStore) settle()                 {}
func (s bigcacheStore) close()                  { _ = s.c.Close() }

type freecacheStore struct{ c *freecache.Cache }

func newFreecache(bytes int64, _ int) (store, error) {
	return freecacheStore{freecache.NewCache(int(bytes))}, nil
}

func (s freecacheStore) get(dst []byte, k key) ([]byte, bool) {
	v, err := s.c.GetWithBuf(k.bytes, dst[:cap(dst)])
	return v, err == nil
}

func (s freecacheStore) set(k key, value []byte) { _ = s.c.Set(k.bytes, value, 0) }
func (s freecacheStore) settle()                 {}
func (s freecacheStore) close()                  { s.c.Clear() }

type ristrettoStore struct {
	c *ristretto.Cache[string, []byte]
}

func newRistretto(bytes int64, entries int) (store, error) {
	c, err := ristretto.NewCache(&ristretto.Config[string, []byte]{
		NumCounters: 10 * int64(entries), MaxCost: bytes, BufferItems: 64, // as its manual has it
	})
	return ristrettoStore{c}, err
}

func (s ristrettoStore) get(dst []byte, k key) ([]byte, bool) {
	v, ok := s.c.Get(k.text)
	return append(dst, v...), ok
}

func (s ristrettoStore) set(k key, value []byte) {
	// Keys are not kept, so none has to be cloned.
	s.c.Set(k.text, bytes.Clone(value), int64(len(k.text)+len(value)))
}

func (s ristrettoStore) settle() { s.c.Wait() }
func (s ristrettoStore) close()  { s.c.Close() }

type otterStore struct {
	c *otter.Cache[string, []byte]
}

func newOtter(bytes int64, _ int) (store, error) {
	c, err := otter.New(&otter.Options[string, []byte]{
		MaximumWeight: uint64(bytes),
		Weigher:       func(k string, v []byte) uint32 { return uint32(len(k) + len(v) + entryWeight) },
	})
	return otterStore{c}, err
}

// entryWeight is about what an entry takes beside key and value: a node, two headers,
// a slot of the table.
const entryWeight = 96

func (s otterStore) get(dst []byte, k key) ([]byte, bool) {
	v, ok := s.c.GetIfPresent(k.text)
	return append(dst, v...), ok
}

func (s otterStore) set(k key, value []byte) { s.c.Set(strings.Clone(k.text), bytes.Clone(value)) }
func (s otterStore) settle()                 { s.c.CleanUp() }
func (s otterStore) close()                  { s.c.StopAllGoroutines() }

type syncMapStore struct{ m *sync.Map }

func newSyncMap(int64, int) (store, error) { return syncMapStore{new(sync.Map)}, nil }

func (s syncMapStore) get(dst []byte, k key) ([]byte, bool) {
	v, ok := s.m.Load(k.text)
	if !ok {
		return dst, false
	}
	return append(dst, v.([]byte)...), true
}

func (s syncMapStore) set(k key, value []byte) { s.m.Store(strings.Clone(k.text), bytes.Clone(value)) }
func (s syncMapStore) settle()                 {}
func (s syncMapStore) close()                  { s.m.Clear() }
