package index

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While nothing changes, a Glance finds what a Probe finds, or says that it is unsure.
func TestGlanceAsProbe(t *testing.T) {
	for _, n := range []int{1, 100, 5000, 60_000} {
		r := newRand(uint64(n))
		hashes := make([]uint64, n+1)
		table := NewTable(NewPool(newMappedRegion(t, 64<<20)), func(ref uint32) uint64 { return hashes[ref] })
		assert.True(t, func() bool { g := table.Glance(1); return g.Next() == 0 && g.Unsure() }(), "there is no segment yet")
		for i := 1; i <= n; i++ {
			hashes[i] = r.Uint64()
			require.NoError(t, table.Insert(hashes[i], uint32(i)))
		}
		unsure := 0
		for i := 1; i <= n; i++ {
			g, found := table.Glance(hashes[i]), false
			for ref := g.Next(); ref != 0 && !found; ref = g.Next() {
				found = ref == uint32(i)
			}
			if !found {
				if !g.Unsure() {
					t.Fatalf("entry %d is lost", i)
				}
				unsure++
			}
			// What is not there leads to no more candidates than a Probe's.
			other, probed, glanced := r.Uint64(), []uint32(nil), []uint32(nil)
			p := table.Probe(other)
			for ref := p.Next(); ref != 0; ref = p.Next() {
				probed = append(probed, ref)
			}
			g = table.Glance(other)
			for ref := g.Next(); ref != 0; ref = g.Next() {
				glanced = append(glanced, ref)
			}
			if !slices.Equal(probed, glanced) && !(g.Unsure() && len(glanced) < len(probed)) {
				t.Fatalf("a probe finds %v, a glance %v", probed, glanced)
			}
		}
		assert.Less(t, unsure, n/100+2)
	}
}

func BenchmarkGlance(b *testing.B) {
	const n = 1_000_000
	r := newRand(n)
	hashes := make([]uint64, n+1)
	t := NewTable(NewPool(newMappedRegion(b, 256<<20)), func(ref uint32) uint64 { return hashes[ref] })
	for i := 1; i <= n; i++ {
		hashes[i] = r.Uint64()
		if err := t.Insert(hashes[i], uint32(i)); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ {
		g := t.Glance(hashes[1+i%n])
		sink += g.Next()
	}
}
