package cache_test

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache"
)

// The last few things that happened, the newest first.
func ExampleTx_LTrim() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("recent")

	_ = c.Update([][]byte{key}, func(tx *cache.Tx) error {
		for _, event := range []string{"login", "search", "view", "order", "logout"} {
			_, _ = tx.LPush(key, []byte(event))
			_ = tx.LTrim(key, 0, 2)
		}
		list, err := tx.LRange(key, 0, -1)
		for event := range list.All() {
			fmt.Println(string(event))
		}
		return err
	})
	// Output:
	// logout
	// order
	// view
}

// A queue whose jobs are kept in a second list while they are worked on.
func ExampleTx_LMove() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	waiting, working := []byte("jobs"), []byte("jobs:1")

	_ = c.Update([][]byte{waiting, working}, func(tx *cache.Tx) error {
		_, _ = tx.RPush(waiting, []byte("resize"), []byte("index"))
		err := tx.LMove(waiting, working, cache.Left, cache.Right, func(job []byte) {
			fmt.Println("working on", string(job))
		})
		n, _ := tx.LLen(waiting)
		fmt.Println(n, "waiting")
		done, _ := tx.LRem(working, 1, []byte("resize"))
		fmt.Println(done, "done")
		return err
	})
	// Output:
	// working on resize
	// 1 waiting
	// 1 done
}

func ExampleTx_LPopN() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("numbers")

	_ = c.Update([][]byte{key}, func(tx *cache.Tx) error {
		_, _ = tx.RPush(key, []byte("one"), []byte("two"), []byte("three"))
		n, err := tx.LPopN(key, cache.Right, 2, func(i, n int, element []byte) {
			fmt.Printf("%d of %d: %s\n", i+1, n, element)
		})
		rest, _ := tx.LPop(nil, key)
		fmt.Println(n, string(rest), tx.Exists(key))
		return err
	})
	// Output:
	// 1 of 2: three
	// 2 of 2: two
	// 2 one false
}

func ExampleTx_LPos() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("letters")

	_ = c.Update([][]byte{key}, func(tx *cache.Tx) error {
		for _, letter := range "abcabcabc" {
			_, _ = tx.RPush(key, []byte(string(letter)))
		}
		_, _ = tx.LInsert(key, true, []byte("c"), []byte("b"))
		_ = tx.LSet(key, -1, []byte("b"))
		all, _ := tx.LPos(nil, key, []byte("b"), 1, 0, 0)
		last, err := tx.LPos(nil, key, []byte("b"), -1, 1, 0)
		fmt.Println(all, last)
		return err
	})
	// Output: [1 2 5 8 9] [9]
}
