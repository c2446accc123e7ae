package embedded

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The measurements run in processes of their own: this program, told so.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func config(t *testing.T) Config {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return Config{Program: []string{self, "serve"}, Scale: 0.001, Seed: 1}
}

// Each store gives back what it was given, whichever form of the key it takes.
func TestStores(t *testing.T) {
	for _, m := range makers() {
		s, err := m.make(64<<20, 1000)
		require.NoError(t, err, m.name)
		const n = 1000
		all := keysOf(n, ascending())
		for i := range n {
			s.set(all.at(i), fmt.Appendf(nil, "value %d", i))
		}
		s.settle()
		found := 0
		for i := range n {
			v, ok := s.get([]byte(nil), key{[]byte(all.at(i).text), string(all.at(i).bytes)})
			if ok {
				found++
				require.Equal(t, fmt.Sprint("value ", i), string(v), m.name)
			}
		}
		assert.Greater(t, found, n*9/10, "%s: some may drop what comes fast", m.name)
		_, ok := s.get(nil, newOneKey().write(n+1))
		assert.False(t, ok, m.name)
		// What the caller does with its slices is no concern of the store.
		k, v := []byte("0123456789abcdef"), []byte("mine")
		s.set(key{k, string(k)}, v)
		s.settle()
		v[0] = 'f'
		got, ok := s.get(make([]byte, 0, 100), key{k, string(k)})
		require.True(t, ok, m.name)
		assert.Equal(t, "mine", string(got), m.name)
		s.close()
	}
}

func TestKeys(t *testing.T) {
	all := keysOf(1000, ascending())
	seen := make(map[string]bool)
	for i := range all.len() {
		k := all.at(i)
		assert.Equal(t, k.text, string(k.bytes))
		assert.Equal(t, k, newOneKey().write(uint64(i)))
		seen[k.text] = true
	}
	assert.Len(t, seen, 1000)
}

func TestBetween(t *testing.T) {
	for _, c := range [][4]int64{ // low, high, guess, want
		{0, 0, 50 << 20, 50 << 20},
		{40 << 20, 60 << 20, 50 << 20, 50 << 20},
		{40 << 20, 60 << 20, 70 << 20, 50 << 20},
		{40 << 20, 60 << 20, 30 << 20, 50 << 20},
		{40 << 20, 0, 30 << 20, 45 << 20},
		{0, 0, 5, 1 << 20},
	} {
		assert.Equal(t, c[3], between(c[0], c[1], c[2]), c)
	}
}

// A small run from end to end: figures of this size say nothing, but they are there.
func TestRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	c := config(t)
	c.Stores = []string{"ashlar", "otter"}
	if testing.Short() {
		c.Only = []string{partHeap}
	}
	r, err := Run(context.Background(), c)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, r.Text(&out))
	assert.Equal(t, c.Stores, r.Servers)
	assert.Contains(t, out.String(), "Go heap as a share of the leanest that keeps pointers (otter)")
	if testing.Short() {
		return
	}
	assert.Contains(t, out.String(), "reads at 2 threads, × the fastest peer")
	assert.Len(t, r.Checks, 2+len(hitWorkloads))
	for _, check := range r.Checks[1:2] { // the heap's bar holds at any size
		assert.Less(t, check.Got, 0.5, check.What)
	}
}

func TestMistakes(t *testing.T) {
	for want, c := range map[string]Config{
		"no program":          {},
		`no part "speed"`:     {Program: []string{"x"}, Only: []string{"speed"}},
		`unknown store "map"`: {Program: []string{"x"}, Stores: []string{"map"}},
		"no-such-program":     {Program: []string{"no-such-program"}, Only: []string{partHeap}, Scale: 0.001},
	} {
		_, err := Run(context.Background(), c)
		assert.ErrorContains(t, err, want)
	}
	for want, text := range map[string]string{
		"the task":         "no JSON",
		"unknown store":    `{"Store": "map"}`,
		"unknown part":     `{"Store": "ashlar", "Part": "speed"}`,
		"unknown workload": `{"Store": "ashlar", "Part": "hitratio", "Workload": "work"}`,
	} {
		assert.ErrorContains(t, Serve(strings.NewReader(text), io.Discard), want)
	}
	c := config(t)
	_, err := c.do(context.Background(), task{Store: "map"})
	assert.ErrorContains(t, err, "unknown store", "what a process complains of is told")
}
