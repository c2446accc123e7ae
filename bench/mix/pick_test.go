package mix

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fits says whether counts are what a formula expects, by chi-squared at about its
// 99.9 % quantile (Wilson and Hilferty), with small cells joined.
func fits(t *testing.T, counts []int, share func(i int) float64, what string) {
	t.Helper()
	draws, sum := 0, 0.0
	for i := range counts {
		draws += counts[i]
		sum += share(i)
	}
	statistic, cells, count, want := 0.0, 0, 0.0, 0.0
	for i := range counts {
		count, want = count+float64(counts[i]), want+share(i)/sum*float64(draws)
		if want >= 10 || i == len(counts)-1 && want > 0 {
			statistic += (count - want) * (count - want) / want
			cells++
			count, want = 0, 0
		}
	}
	f := float64(cells - 1)
	root := 1 - 2/(9*f) + 3.09*math.Sqrt(2/(9*f))
	assert.Less(t, statistic, f*root*root*root, "%s: %d cells", what, cells)
}

// drawn counts how often each key comes, by its rank in the workload's order.
func drawn(t *testing.T, popularity string, keys uint64, draws int) (byRank []int) {
	t.Helper()
	w := made(t, Config{Popularity: popularity, Keys: keys, Seed: 3})
	rank := make(map[uint64]int, keys)
	for i := range keys {
		rank[w.popular.order.At(i)] = int(i)
	}
	byRank = make([]int, keys)
	p := w.Stream(0).keys
	for range draws {
		byRank[rank[p.next()]]++
	}
	return byRank
}

func zipfShare(s float64) func(int) float64 {
	return func(i int) float64 { return math.Pow(float64(i+1), -s) }
}

func TestUniform(t *testing.T) {
	fits(t, drawn(t, "uniform", 1000, 100_000), func(int) float64 { return 1 }, "uniform")
	fits(t, drawn(t, "zipf:0", 1000, 100_000), func(int) float64 { return 1 }, "zipf with the exponent 0")
}

func TestZipf(t *testing.T) {
	for _, s := range []float64{0.6, 0.99, 1, 1.4} {
		fits(t, drawn(t, fmt.Sprintf("zipf:%v", s), 1000, 100_000), zipfShare(s), fmt.Sprint("zipf ", s))
	}
}

func TestHotspot(t *testing.T) {
	fits(t, drawn(t, "hotspot:0.1,0.7", 500, 100_000), func(i int) float64 {
		if i < 50 {
			return 0.7 / 50
		}
		return 0.3 / 450
	}, "hotspot")
	counts := drawn(t, "hotspot:1,0.5", 10, 1000)
	for _, n := range counts {
		assert.NotZero(t, n, "all keys are hot")
	}
}

// With no inserts, the newest is the key of the highest number.
func TestLatest(t *testing.T) {
	w := made(t, Config{Workload: "ycsb-d", Keys: 1000})
	counts, p := make([]int, 1000), w.Stream(0).keys
	for range 100_000 {
		counts[999-p.next()]++
	}
	fits(t, counts, zipfShare(0.99), "latest")
}

// What a thread has inserted is what it reads most, newest first.
func TestLatestFollows(t *testing.T) {
	s := made(t, Config{Workload: "ycsb-d", Keys: 1000, Threads: 4}).Stream(2)
	for range 500 {
		s.use(s.fresh(s.inserted))
		s.inserted++
	}
	counts := make([]int, 1500)
	for range 100_000 {
		key := s.keys.next()
		if key < 1000 {
			counts[500+999-key]++
			continue
		}
		require.Equal(t, uint64(2), (key-1000)%4, "its own")
		counts[499-(key-1000)/4]++
	}
	fits(t, counts, zipfShare(0.99), "latest after inserts")
}

func TestSequential(t *testing.T) {
	w := made(t, Config{Popularity: "sequential", Keys: 12, Threads: 3})
	counts := make([]int, 12)
	for thread := range 3 {
		p := w.Stream(thread).keys
		for range 8 {
			counts[p.next()]++
		}
	}
	for key, n := range counts {
		assert.Equal(t, 2, n, "key %d", key)
	}
}

// Within a period it is Zipf's law; in the next one other keys are popular.
func TestShifting(t *testing.T) {
	const keys, period = 1000, 50_000
	w := made(t, Config{Popularity: fmt.Sprintf("shifting:0.99,%d", period), Keys: keys})
	rank := make(map[uint64]int, keys)
	for i := range uint64(keys) {
		rank[w.popular.order.At(i)] = int(i)
	}
	p := w.Stream(0).keys
	for epoch := range 3 {
		counts, step := make([]int, keys), 618 // the golden section
		for range period {
			counts[(rank[p.next()]+keys-epoch*step%keys)%keys]++
		}
		fits(t, counts, zipfShare(0.99), fmt.Sprint("period ", epoch))
	}
}

// The lengths that scans ask for are uniform.
func TestScans(t *testing.T) {
	s := made(t, Config{Mix: "scan", Keys: 100}).Stream(0)
	counts := make([]int, 100)
	for range 20_000 {
		var out sink
		s.Next(&out)
		length := 0
		_, err := fmt.Sscan(out.commands[0][6], &length)
		require.NoError(t, err)
		counts[length-1]++
	}
	fits(t, counts, func(int) float64 { return 1 }, "lengths of scans")
}

// Sizes have the mean that their formula says; the distributions themselves are
// tested in package dist.
func TestValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sizes")
	require.NoError(t, os.WriteFile(file, []byte("# bytes, weight\n10,3\n\n 20 , 1\n30\n"), 0o600))
	for text, mean := range map[string]float64{
		"0":                         0,
		"100":                       100,
		"fixed:7":                   7,
		"uniform:10-30":             20,
		"lognormal:200":             199.5, // rounded down
		"lognormal:200,0.5":         199.5,
		"9*100+1*1100":              200,
		"0.5*10+0.5*uniform:20-40":  20,
		"1*lognormal:100+1*fixed:0": 49.75,
		"file:" + file:              (30 + 20 + 30) / 5.0,
	} {
		s, err := ParseValues(text)
		require.NoError(t, err, text)
		sum, squares := 0.0, 0.0
		const n = 100_000
		for i := range uint64(n) {
			size := float64(s.Of(i))
			sum += size
			squares += size * size
		}
		deviation := math.Sqrt(max(squares/n-sum/n*sum/n, 0))
		assert.InDelta(t, mean, sum/n, 4*deviation/math.Sqrt(n)+1e-9, text)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	require.NoError(t, os.WriteFile(bad, []byte("10\nten\n"), 0o600))
	_, err := ParseValues("file:" + bad)
	assert.ErrorContains(t, err, "line 2")
	require.NoError(t, os.WriteFile(bad, nil, 0o600))
	_, err = ParseValues("file:" + bad)
	assert.Error(t, err, "no sizes")
}
