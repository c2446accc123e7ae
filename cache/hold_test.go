package cache

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While the cache is held nothing goes by itself, readers that say so leave what has
// expired alone, and a write removes it as ever.
func TestHold(t *testing.T) {
	now := int64(1000)
	c := open(t, Options{Shards: 2, NoBackground: true}, &now)
	var keys [][]byte
	for i := range 20 {
		keys = append(keys, fmt.Appendf(nil, "key:%d", i))
	}
	for _, key := range keys {
		require.NoError(t, c.Set(key, []byte("v"), 10*time.Millisecond))
	}
	c.Hold(true)
	now += 100
	for c.Maintain(time.Second) {
	}
	assert.Equal(t, 20, c.Size(0), "what has expired stays")

	var tx Tx
	tx.SetKeepExpired(true)
	for _, key := range keys {
		c.BeginKey(&tx, 0, key)
		_, err := tx.Get(key)
		assert.ErrorIs(t, err, ErrNotFound)
		assert.Equal(t, None, tx.Type(key))
		tx.End()
	}
	c.BeginAll(&tx, 0)
	assert.Equal(t, None, tx.Type(keys[3]))
	tx.End()
	assert.Equal(t, 20, c.Size(0))
	assert.Zero(t, c.Stats().Expired)

	tx.SetKeepExpired(false)
	c.BeginKey(&tx, 0, keys[0])
	require.NoError(t, tx.Set(keys[0], []byte("new"), 0))
	tx.End()
	c.BeginKey(&tx, 0, keys[1])
	_, err := tx.Get(keys[1])
	assert.ErrorIs(t, err, ErrNotFound)
	tx.End()
	assert.Equal(t, 19, c.Size(0))
	require.NoError(t, c.Check())

	c.Hold(false)
	for c.Maintain(time.Second) {
	}
	assert.Equal(t, 1, c.Size(0))
	assert.EqualValues(t, 20, c.Stats().Expired)
}

// Nor is anything evicted to come down to a bound that was lowered.
func TestHoldEviction(t *testing.T) {
	c := open(t, Options{Shards: 2, NoBackground: true, MaxMemory: 32 << 20, Policy: AllKeysLRU}, nil)
	for i := range 10_000 {
		require.NoError(t, c.Set(fmt.Appendf(nil, "key:%d", i), make([]byte, 1000), 0))
	}
	c.Hold(true)
	c.SetMaxMemory(4 << 20)
	for c.Maintain(time.Second) {
	}
	assert.Equal(t, 10_000, c.Size(0))
	c.Hold(false)
	for c.Maintain(time.Second) {
	}
	assert.Less(t, c.Size(0), 5_000)
	require.NoError(t, c.Check())
}
