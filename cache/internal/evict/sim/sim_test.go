package sim

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache/internal/evict"
)

var (
	printTable = flag.Bool("table", false, "print the table of hit ratios")
	scale      = flag.Int("scale", 25, "what the workloads' size is divided by")
	only       = flag.String("only", "", "workloads, by comma")
	caches     = flag.String("caches", "", "caches, by comma")
	seed       = flag.Uint64("seed", 1, "of the workloads")
	perSec     = flag.Int64("persec", 0, "requests in a second of the caches' clocks; 0: the scale's")
	bytes      = flag.Bool("bytes", false, "print byte hit ratios")
)

func chosen(name, list string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}

// TestTable prints hit ratios when asked for: see the package doc.
func TestTable(t *testing.T) {
	if !*printTable {
		t.Skip("needs -args -table")
	}
	s := Part(*scale)
	s.Seed = *seed
	if *perSec > 0 {
		s.PerSec = *perSec
	}
	all := slices.DeleteFunc(Caches(s), func(n Named) bool { return !chosen(n.Name, *caches) })
	fmt.Printf("%-12s", "")
	for _, c := range all {
		fmt.Printf("%12s", c.Name)
	}
	for _, m := range s.All() {
		if !chosen(m.Name, *only) {
			continue
		}
		fmt.Printf("\n%-12s", m.Name)
		for _, c := range all {
			w := m.New()
			r := Run(w, c.New(w.IDs))
			if *bytes {
				fmt.Printf("%12.4f", r.ByteRatio())
			} else {
				fmt.Printf("%12.4f", r.Ratio())
			}
		}
	}
	fmt.Println()
}

// The figure 5, by simulation at a hundredth of the size: how much the
// default must be above the better of Redis's policies.
func TestDensityBeatsRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	bars := map[string]float64{
		"zipf0.8": 0.015, "zipf0.99": 0.015, "drift0.99": 0.015, "jump0.99": 0.015, "sizes0.99": 0.015,
		"ttls0.99": 0.015, "zipf1.1": 0.005, "scans0.99": 0.005, "onehit0.99": 0.005,
	}
	s := Part(100)
	s.Requests = 160_000
	for _, m := range s.All() {
		t.Run(m.Name, func(t *testing.T) {
			ratio := func(f func(ids int) Cache) float64 {
				w := m.New()
				r := Run(w, f(w.IDs))
				require.LessOrEqual(t, r.PeakBytes, s.Budget)
				return r.Ratio()
			}
			ours := ratio(func(n int) Cache {
				return NewAshlar(n, s.Budget, OurOverhead, evict.AllKeysDensity, 16, s.PerSec)
			})
			for _, lfu := range []bool{false, true} {
				redis := ratio(func(n int) Cache { return NewRedis(n, s.Budget, RedisOverhead, lfu, 10, s.PerSec) })
				assert.GreaterOrEqual(t, ours, redis+bars[m.Name], "lfu %v", lfu)
			}
		})
	}
}

// Every cache keeps its books: nothing lost, nothing counted twice.
func TestCachesKeepTheirBooks(t *testing.T) {
	s := Part(1000)
	s.Requests = 30_000
	for _, c := range Caches(s) {
		for _, m := range []Make{{"ttls", func() Workload { return s.TTLs(0.99) }},
			{"sizes", func() Workload { return s.SizeShift(0.99) }}} {
			t.Run(c.Name+"/"+m.Name, func(t *testing.T) {
				w := m.New()
				cache := c.New(w.IDs)
				r := Run(w, cache)
				assert.Positive(t, r.Hits)
				assert.LessOrEqual(t, r.PeakBytes, s.Budget+s.Budget/10)
				assert.Greater(t, cache.Bytes(), s.Budget/2)
				assert.Greater(t, r.ByteRatio(), 0.0)
			})
		}
	}
}

// Runs must be comparable: the same seed gives the same requests and ratios.
func TestRunsAreReproducible(t *testing.T) {
	s := Part(1000)
	s.Requests = 20_000
	for _, m := range s.All() {
		c := Caches(s)[0]
		a, b := m.New(), m.New()
		assert.Equal(t, Run(a, c.New(a.IDs)), Run(b, c.New(b.IDs)), m.Name)
	}
}

func TestZipfDraws(t *testing.T) {
	z, r := NewZipf(1000, 1), Rand(1)
	var n [1000]int
	for range 1_000_000 {
		n[z.Draw(&r)]++
	}
	const first = 133_600 // 1/H(1000) of a million
	assert.InEpsilon(t, first, n[0], 0.02)
	assert.InEpsilon(t, first/10, n[9], 0.05)
	assert.InDelta(t, first/1000, n[999], 60)
}

func TestLognormalSizes(t *testing.T) {
	sum := 0
	const n = 200_000
	for i := range uint64(n) {
		sum += int(lognormal(i, 225, 1)) - 16
	}
	assert.InEpsilon(t, 225, sum/n, 0.03)
}
