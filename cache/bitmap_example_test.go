package cache_test

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache"
)

// A bit for each user who came on a day.
func ExampleTx_BitOp() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	monday, tuesday, both := []byte("visits:mon"), []byte("visits:tue"), []byte("visits:both")

	_ = c.Update([][]byte{monday, tuesday, both}, func(tx *cache.Tx) error {
		for _, user := range []int64{3, 17, 40} {
			_, _ = tx.SetBit(monday, user, true)
		}
		for _, user := range []int64{17, 40, 99} {
			_, _ = tx.SetBit(tuesday, user, true)
		}
		bytes, err := tx.BitOp(cache.BitAnd, both, monday, tuesday)
		n, _ := tx.BitCount(both, cache.WholeBitmap)
		first, _ := tx.BitPos(both, true, cache.WholeBitmap, true)
		fmt.Println(bytes, "bytes,", n, "users, the first is", first)
		return err
	})
	// Output: 13 bytes, 2 users, the first is 17
}

// Counters of a few bits each, side by side in one string.
func ExampleTx_BitField() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("player:1")
	ops := []cache.BitFieldOp{
		{Action: cache.FieldSet, Bits: 7, Offset: 0, Value: 100},
		{Action: cache.FieldIncrBy, Bits: 4, Offset: 7, Value: 20, Overflow: cache.OverflowSat},
		{Action: cache.FieldIncrBy, Bits: 7, Offset: 0, Value: 100, Overflow: cache.OverflowFail},
		{Action: cache.FieldGet, Bits: 7, Offset: 0},
	}
	_ = c.Update([][]byte{key}, func(tx *cache.Tx) error { return tx.BitField(key, ops) })
	for _, op := range ops {
		fmt.Println(op.Result, op.Done)
	}
	// Output:
	// 0 true
	// 15 true
	// 0 false
	// 100 true
}

func ExampleTx_PFAdd() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	today, week := []byte("today"), []byte("week")
	_ = c.Update([][]byte{today, week}, func(tx *cache.Tx) error {
		changed, _ := tx.PFAdd(today, []byte("ann"), []byte("bob"), []byte("ann"))
		fmt.Println(changed)
		_, _ = tx.PFAdd(week, []byte("cid"))
		n, _ := tx.PFCount(today, week)
		fmt.Println(n)
		_ = tx.PFMerge(week, today)
		n, err := tx.PFCount(week)
		fmt.Println(n)
		return err
	})
	// Output:
	// true
	// 3
	// 3
}
