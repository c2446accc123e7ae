package cache_test

import (
	"fmt"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
)

func Example() {
	c, err := cache.New(cache.Options{MaxMemory: 64 << 20, Policy: cache.AllKeysDensity})
	if err != nil {
		panic(err)
	}
	defer c.Close()

	_ = c.Set([]byte("greeting"), []byte("hello"), time.Minute)
	value, ok := c.Get(nil, []byte("greeting"))
	fmt.Println(string(value), ok)

	n, _ := c.Incr([]byte("visits"), 3)
	fmt.Println(n)
	fmt.Println(c.Delete([]byte("greeting")), c.Delete([]byte("greeting")))
	// Output:
	// hello true
	// 3
	// true false
}

func ExampleCache_Update() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	from, to := []byte("alice"), []byte("bob")
	_, _ = c.Incr(from, 10)

	// Both keys are locked: nobody sees the sum of the two change.
	err := c.Update([][]byte{from, to}, func(tx *cache.Tx) error {
		if _, err := tx.IncrBy(from, -4); err != nil {
			return err
		}
		_, err := tx.IncrBy(to, 4)
		return err
	})
	a, _ := c.Get(nil, from)
	b, _ := c.Get(nil, to)
	fmt.Println(string(a), string(b), err)
	// Output: 6 4 <nil>
}

func ExampleTx() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("log")

	var tx cache.Tx // used again and again
	c.BeginKey(&tx, 3, key)
	_, _ = tx.Append(key, []byte("one "))
	_, _ = tx.Append(key, []byte("two"))
	tx.SetExpireAt(key, tx.Now()+60_000)
	value, _ := tx.Get(key) // borrowed: valid until End
	fmt.Println(string(value))
	tx.End()
	// Output: one two
}
