// Package embedded compares Ashlar's engine, package cache, with the caches that Go
// programs embed: how many reads and writes a second by threads and mix, how long the
// slowest reads take, what ten million entries cost the garbage collector, and how
// often a cache of so many bytes hits.
//
// # How it measures
//
//   - A process for each. A store is measured in a process of its own, started from
//     the same program, so resident memory, heap and collector are its alone, and no
//     store runs in memory that another has fragmented. The stores take turns, round
//     after round, and the median of the rounds counts.
//   - The same work. A read ends with the value's bytes in the caller's buffer and a
//     write leaves the caller's key and value with the caller, whatever the store's
//     interface is: one that hands out its own slice has it copied, one that keeps the
//     slices it is given is given copies. Each is called in the way that its manual
//     recommends for speed. Keys are at hand both as bytes and as strings, so that
//     nobody pays for a conversion, in one long piece of memory that is read in order, so that
//     getting at the next key is no cache miss.
//   - The same bytes. Hit ratios are compared at the same peak of resident memory
//     beyond what the process had before the store was made. The capacity that leads
//     there is searched for, for each store and workload: what a store itself calls
//     its size leaves out its index, its garbage, or both.
//
// # The stores
//
//	ashlar     package cache
//	fastcache  VictoriaMetrics/fastcache: rings of chunks from mmap, first in first out
//	bigcache   allegro/bigcache: rings in the heap, maps of numbers, first in first out
//	freecache  coocood/freecache: 256 rings in the heap, about LRU
//	ristretto  dgraph-io/ristretto: maps of pointers, TinyLFU, writes may be dropped
//	otter      maypok86/otter v2: a hash table of pointers, adaptive W-TinyLFU
//	syncmap    sync.Map: no bound, for comparison
//
// ristretto tells keys apart by their hashes alone and forgets keys; bigcache does not
// compare keys that hash alike either, but says so. Nothing is added to correct that.
//
// # What it is not
//
// The threads do nothing but call the store, so the figures are those of the store
// when it is the bottleneck, which in most programs it is not.
package embedded
