package cache

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type changeLog []string

func (l *changeLog) Changed(db int, key []byte, what Change) {
	*l = append(*l, fmt.Sprintf("%d:%s:%d", db, key, what))
}

func (l *changeLog) take() []string {
	got := *l
	*l = nil
	return got
}

func TestChangesAreReported(t *testing.T) {
	now := int64(1_700_000_000_000)
	c, err := New(Options{Shards: 2, NoBackground: true, Clock: func() int64 { return now }})
	require.NoError(t, err)
	defer c.Close()
	var log changeLog
	c.Listen(&log)
	var tx Tx
	k, k2 := []byte("k"), []byte("k2")
	do := func(f func()) []string {
		c.BeginAll(&tx, 0)
		f()
		tx.End()
		return log.take()
	}
	written, deleted, expired, created := "0:k:0", "0:k:1", "0:k:2", "0:k:6"
	assert.Equal(t, []string{created}, do(func() { require.NoError(t, tx.Set(k, []byte("v"), NoExpiry)) }))
	assert.Equal(t, []string{written}, do(func() { require.NoError(t, tx.Set(k, []byte("w"), NoExpiry)) }))
	assert.Equal(t, []string{written}, do(func() { _, _ = tx.Append(k, []byte("xyz")) }))
	assert.Equal(t, []string{written}, do(func() { _, _ = tx.SetRange(k, 0, []byte("y")) }))
	assert.Equal(t, []string{written}, do(func() { tx.SetExpireAt(k, now+1000) }))
	assert.Equal(t, []string{written}, do(func() { tx.SetExpireAt(k, now+2000) }))
	assert.Equal(t, []string{written}, do(func() { tx.Persist(k) }))
	assert.Empty(t, do(func() { tx.Persist(k) }))
	assert.Empty(t, do(func() { _, _ = tx.Get(k) }))
	assert.Equal(t, []string{"0:k2:6", deleted}, do(func() { require.NoError(t, tx.Rename(k, k2)) }))
	assert.Equal(t, []string{created}, do(func() { _, _ = tx.Copy(k2, 0, k, false) }))
	assert.Equal(t, []string{deleted, "3:k:6"}, do(func() { tx.Move(k, 3) }))
	assert.Empty(t, do(func() { tx.Delete(k) }))
	assert.Equal(t, []string{"0:k2:1"}, do(func() { tx.Delete(k2) }))

	do(func() { require.NoError(t, tx.Set(k, []byte("v"), now+5)) })
	now += 10
	assert.Equal(t, []string{expired}, do(func() { _, _ = tx.Get(k) }), "found to have expired")
	do(func() { require.NoError(t, tx.Set(k, []byte("v"), now+5)) })
	now += 10
	for c.Maintain(time.Second) {
	}
	assert.Equal(t, []string{expired}, log.take(), "in the background")

	fields := [][]byte{[]byte("f")}
	do(func() {
		_, err := tx.HSet(k, []byte("f"), []byte("v"), []byte("g"), []byte("v"))
		require.NoError(t, err)
		require.NoError(t, tx.HExpireAt(k, now+5, Always, fields, func(FieldChange) {}))
	})
	now += 10
	for c.Maintain(time.Second) {
	}
	assert.Equal(t, []string{"0:k:7", written}, log.take(), "a field expires")
	do(func() {
		require.NoError(t, tx.HExpireAt(k, now+5, Always, [][]byte{[]byte("g")}, func(FieldChange) {}))
	})
	now += 10
	for c.Maintain(time.Second) {
	}
	assert.Equal(t, []string{"0:k:7", deleted, "0:k:8"}, log.take(), "the last one does")

	assert.Equal(t, []string{"3::4"}, do(func() { tx.Flush(3) }))
	c.Listen(nil)
	assert.Empty(t, do(func() { require.NoError(t, tx.Set(k, []byte("v"), NoExpiry)) }))
}
