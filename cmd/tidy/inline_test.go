package main

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inlined are accessors on the path of each request that must cost no call. One more
// statement in one of them may be one too many for the compiler's budget, which no other
// test would notice.
//
// What is listed is called for each key, or for each reply, and does so little that a
// call would cost as much again. A function that has grown beyond the budget for a good
// reason is taken out of the list, with the benchmark that shows what it costs in the
// commit's message.
var inlined = map[string][]string{
	// From a hash to the entries that may be the key's.
	"cache/internal/index": {
		"(*bucket).match", "(*bucket).natives", "(*bucket).occupied", "(*Pool).bucket",
		"spread", "leaf.id", "leaf.steps", "leaf.within", "leaf.home", "other",
	},
	// From a reference to the block, and from the block to what is in it.
	"cache/internal/slab": {"(*Heap).At", "(*Heap).Reach", "(*Heap).meta"},
	"cache/internal/item": {"(*Item).Key", "(*Item).Value", "(*Item).Kind", "(*Item).Expires", "(*View).IsString", "State", "SetState", "KindAt"},
	// What each access does for the order of eviction, and for the counters.
	"cache/internal/evict":  {"(*Shard).stamp16", "(*Shard).stamp24", "(*Shard).aged", "weightAt", "plusOne"},
	"cache/internal/stripe": {"(*Counter).Hit", "(*Counter).Miss"},
	"protocol/resp":         {"(*Writer).OK", "(*Writer).Int", "(*Writer).Null", "(*Writer).Array"},
}

// TestInlining asks the compiler what it inlines.
func TestInlining(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles some packages")
	}
	root, err := moduleRoot(".")
	require.NoError(t, err)
	args := []string{"build", "-gcflags=-m"}
	for _, dir := range slices.Sorted(maps.Keys(inlined)) {
		args = append(args, "./"+dir)
	}
	// The compiler's remarks are kept with what it has built: where that is there
	// already, this takes no time.
	build := exec.Command("go", args...)
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	found := make(map[string]bool)
	line := regexp.MustCompile(`^(.+)/[^/]+\.go:\d+:\d+: can inline (\S+)`)
	for text := range strings.Lines(string(out)) {
		if m := line.FindStringSubmatch(text); m != nil {
			found[m[1]+" "+m[2]] = true
		}
	}
	for dir, names := range inlined {
		for _, name := range names {
			assert.True(t, found[dir+" "+name], "%s: %s is not inlined any more", dir, name)
		}
	}
}
