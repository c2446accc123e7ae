package evict

import (
	"encoding/binary"
	"math/bits"
)

// GhostChunk is the size of the pieces in which ghost memory comes, in bytes.
const GhostChunk = 1024

const (
	cellBytes    = 2
	ways         = 8 // cells in a bucket
	bucketBytes  = ways * cellBytes
	chunkBuckets = GhostChunk / bucketBytes
	itemsPerCell = 2
	itemsInChunk = GhostChunk / cellBytes * itemsPerCell

	ghostUnit    = octave / 4   // a step of a cell's weight
	ghostAgeing  = halfLife / 4 // turnovers in which it loses one step
	ghostLow     = -100         // steps; anything below is as good as nothing
	ghostHigh    = 60
	chunkHeader  = 24 // what Go takes for a chunk's slice
	ghostMissing = -1 << 15
)

// ghost remembers the weights of evicted keys for when they come back.
//
//	cell, 16 bits:   15        8 7         0
//	                +-----------+-----------+
//	                | tag, != 0 |  weight   |    0: empty
//	                +-----------+-----------+
//
// The tag is 8 bits of the key's hash, the weight quarters of an octave modulo
// 256, on a scale that moves with epoch: what a cell says decays by itself. Eight
// cells are a bucket; in a full one the lightest key is forgotten. One reading in
// 32 finds another key's weight, which simulation does not notice.
type ghost struct {
	chunks [][]byte
	puts   int
	epoch  uint8
}

func (g *ghost) bytes() int { return len(g.chunks) * (GhostChunk + chunkHeader) }

func (g *ghost) release(free func([]byte)) {
	for _, c := range g.chunks {
		if free != nil {
			free(c)
		}
	}
	*g = ghost{}
}

// fit follows the number of items, by at most one chunk a call.
func (g *ghost) fit(items int, c *Config) {
	n, want := len(g.chunks), (items+itemsInChunk-1)/itemsInChunk
	switch {
	case want > n:
		g.grow(c)
	case n > 1 && want < n-n/4:
		if c.Free != nil {
			c.Free(g.chunks[n-1])
		}
		g.chunks[n-1] = nil
		g.chunks = g.chunks[:n-1]
	}
}

// grow adds a chunk by linear hashing: it takes half of the keys of an older one.
// Which half a cell belongs to is not known, so both keep all; those in the wrong
// place are never asked for and make room in time.
func (g *ghost) grow(c *Config) {
	var b []byte
	if c.Alloc == nil {
		b = make([]byte, GhostChunk)
	} else if b = c.Alloc(GhostChunk); len(b) < GhostChunk {
		return // out of memory: goes on with what it has
	}
	if n := len(g.chunks); n > 0 {
		copy(b, g.chunks[n-1<<(bits.Len(uint(n))-1)])
	}
	g.chunks = append(g.chunks, b)
}

// bucket is where the hash's key would be; there must be a chunk.
func (g *ghost) bucket(hash uint64) []byte {
	n := uint(len(g.chunks))
	p := uint(1) << (bits.Len(n) - 1)
	h := uint(hash >> 16 & 0xffffffff)
	i := h / chunkBuckets & (2*p - 1)
	if i >= n {
		i &= p - 1
	}
	return g.chunks[i][h%chunkBuckets*bucketBytes:][:bucketBytes]
}

func tag(hash uint64) uint16 { return uint16(max(hash>>48&255, 1)) << 8 }

// take finds the weight of an evicted key and forgets it.
func (g *ghost) take(hash uint64) (weight int32, ok bool) {
	if len(g.chunks) == 0 {
		return 0, false
	}
	b, t := g.bucket(hash), tag(hash)
	for i := 0; i < bucketBytes; i += cellBytes {
		if c := binary.LittleEndian.Uint16(b[i:]); c&0xff00 == t {
			binary.LittleEndian.PutUint16(b[i:], 0)
			return int32(int8(uint8(c)-g.epoch)) * ghostUnit, true
		}
	}
	return 0, false
}

// put remembers the weight of a key that is evicted from among so many items.
func (g *ghost) put(hash uint64, weight int32, items int) {
	if len(g.chunks) == 0 {
		return
	}
	if g.puts++; g.puts >= items*ghostAgeing {
		g.puts = 0
		g.epoch++
	}
	b, t := g.bucket(hash), tag(hash)
	at, low := 0, 1<<15
	for i := 0; i < bucketBytes; i += cellBytes {
		c := binary.LittleEndian.Uint16(b[i:])
		v := int(int8(uint8(c) - g.epoch))
		if c == 0 || c&0xff00 == t {
			v = ghostMissing
		}
		if v < low {
			at, low = i, v
		}
	}
	w := uint8(max(ghostLow, min(weight/ghostUnit, ghostHigh)))
	binary.LittleEndian.PutUint16(b[at:], t|uint16(w+g.epoch))
}
