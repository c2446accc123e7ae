package protocol

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/cache"
)

// Each of the settings of collections reaches the limit that is meant, by its old
// name as well.
func TestFollowCollections(t *testing.T) {
	s := start(t)
	c := dial(t, s.Addr())
	limits := cache.DefaultLimits()
	assert.Equal(t, limits, s.Cache().Limits())
	for _, step := range []struct {
		setting string
		field   *int
		now     int
	}{
		{"hash-max-listpack-entries 1", &limits.HashMaxPackedEntries, 1},
		{"hash-max-ziplist-entries 2", &limits.HashMaxPackedEntries, 2},
		{"hash-max-listpack-value 1kb", &limits.HashMaxPackedValue, 1024},
		{"set-max-intset-entries 3", &limits.SetMaxInts, 3},
		{"set-max-listpack-entries 4", &limits.SetMaxPackedEntries, 4},
		{"set-max-listpack-value 5", &limits.SetMaxPackedValue, 5},
		{"zset-max-listpack-entries 6", &limits.ZSetMaxPackedEntries, 6},
		{"zset-max-ziplist-value 7", &limits.ZSetMaxPackedValue, 7},
		{"list-max-ziplist-size -5", &limits.ListMaxPackedSize, -5},
		{"stream-node-max-bytes 8kb", &limits.StreamNodeMaxBytes, 8192},
		{"stream-node-max-entries 9", &limits.StreamNodeMaxEntries, 9},
		{"hll-sparse-max-bytes 10", &limits.HLLSparseMaxBytes, 10},
	} {
		assert.Equal(t, "+OK", c.do("CONFIG SET "+step.setting))
		*step.field = step.now
		assert.Equal(t, limits, s.Cache().Limits(), step.setting)
	}
}
