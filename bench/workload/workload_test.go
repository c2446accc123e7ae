package workload

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var small = Size{Keys: 10_000, Requests: 100_000, Budget: 1 << 20, Seed: 1}

func all(w *Workload) (requests []Request) {
	for q, ok := w.Next(); ok; q, ok = w.Next() {
		requests = append(requests, q)
	}
	return requests
}

func named(t *testing.T, name string) *Workload {
	t.Helper()
	for _, m := range All() {
		if m.Name == name {
			return m.Make(small)
		}
	}
	require.Fail(t, "no workload "+name)
	return nil
}

// Each is its seed: the same for every server, and different for another seed
// where anything is random.
func TestRepeatable(t *testing.T) {
	other := small
	other.Seed = 2
	for _, m := range All() {
		first := all(m.Make(small))
		assert.Len(t, first, small.Requests, m.Name)
		assert.True(t, slices.Equal(first, all(m.Make(small))), m.Name)
		random := m.Name != "loop" && m.Name != "equalloop"
		assert.Equal(t, random, !slices.Equal(first, all(m.Make(other))), m.Name)
		assert.False(t, slices.ContainsFunc(first, func(q Request) bool { return q.Size < 0 || q.Size > MaxSize }))
	}
}

// The most popular key's share grows with the exponent, and a key keeps its size.
func TestZipf(t *testing.T) {
	top := func(name string) int {
		counts, sizes := map[uint64]int{}, map[uint64]int32{}
		most := 0
		for _, q := range all(named(t, name)) {
			counts[q.Key]++
			most = max(most, counts[q.Key])
			if size, seen := sizes[q.Key]; seen && size != q.Size {
				require.Equal(t, size, q.Size)
			}
			sizes[q.Key] = q.Size
		}
		return most
	}
	assert.Less(t, top("zipf0.8"), top("zipf0.99"))
	assert.Less(t, top("zipf0.99"), top("zipf1.1"))
}

// With a popularity that shifts, the favourites of the beginning are not those of
// the end.
func TestShiftingPopularity(t *testing.T) {
	changed := func(name string) int {
		requests := all(named(t, name))
		tenth := len(requests) / 10
		return len(missing(favourites(requests[:tenth]), favourites(requests[9*tenth:])))
	}
	assert.Greater(t, changed("popularity"), changed("zipf0.99")+10)
}

// favourites are the keys asked for at least 20 times.
func favourites(requests []Request) map[uint64]bool {
	counts, often := map[uint64]int{}, map[uint64]bool{}
	for _, q := range requests {
		if counts[q.Key]++; counts[q.Key] >= 20 {
			often[q.Key] = true
		}
	}
	return often
}

func missing(from, in map[uint64]bool) (list []uint64) {
	for key := range from {
		if !in[key] {
			list = append(list, key)
		}
	}
	return list
}

func TestShiftingSizes(t *testing.T) {
	sums, writes := [10]float64{}, 0
	for i, q := range all(named(t, "sizes")) {
		sums[i*10/small.Requests] += float64(q.Size)
		if q.Write {
			writes++
		}
	}
	assert.Greater(t, sums[1], 2*sums[2])
	assert.InDelta(t, small.Requests/10, writes, 1000)
}

func TestMixedTTL(t *testing.T) {
	w := named(t, "ttl")
	assert.True(t, w.Timed)
	ttls := map[uint64]int32{}
	counts := map[int32]int{}
	for _, q := range all(w) {
		if ttl, seen := ttls[q.Key]; !seen {
			counts[q.TTL]++
		} else if ttl != q.TTL {
			require.Equal(t, ttl, q.TTL, "a key's own")
		}
		ttls[q.Key] = q.TTL
	}
	require.Len(t, counts, 3)
	for ttl, n := range counts {
		assert.InDelta(t, len(ttls)/3, n, float64(len(ttls))/20, ttl)
	}
}

func TestScans(t *testing.T) {
	var scanned []uint64
	for _, q := range all(named(t, "scans")) {
		if q.Key >= uint64(small.Keys) {
			scanned = append(scanned, q.Key)
		}
	}
	assert.InDelta(t, small.Requests/4, len(scanned), float64(small.Requests)/100)
	for i := 1; i < len(scanned); i++ {
		if scanned[i] != uint64(small.Keys) { // where it starts again
			require.Equal(t, scanned[i-1]+1, scanned[i], "in order")
		}
	}
}

func TestOneHit(t *testing.T) {
	counts, ones := map[uint64]int{}, 0
	for _, q := range all(named(t, "onehit")) {
		counts[q.Key]++
	}
	for key, n := range counts {
		if key >= uint64(small.Keys) {
			require.Equal(t, 1, n)
			ones++
		}
	}
	assert.InDelta(t, small.Requests/2, ones, 1000)
}

func TestLoops(t *testing.T) {
	for _, name := range []string{"loop", "equalloop"} {
		bytes, n := 0, 0
		requests := all(named(t, name))
		for i, q := range requests {
			if i > 0 && q.Key == 0 {
				break
			}
			require.Equal(t, uint64(i), q.Key)
			bytes += int(q.Size) + KeySize + leanOverhead
			n++
		}
		assert.Equal(t, requests[0], requests[n], "it begins again")
		assert.InEpsilon(t, loopShare*float64(small.Budget), bytes, 0.02)
	}
}

func TestEqual(t *testing.T) {
	for _, q := range all(named(t, "equal")) {
		require.Equal(t, int32(MeanSize), q.Size)
	}
}
