package cache_test

import (
	"fmt"
	"slices"

	"github.com/ashlar-cache/ashlar/cache"
)

func ExampleTx_SAdd() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("colours")

	var tx cache.Tx
	c.BeginKey(&tx, 0, key)
	defer tx.End()
	added, _ := tx.SAdd(key, []byte("red"), []byte("green"), []byte("red"))
	is, _ := tx.SIsMember(key, []byte("green"))
	n, _ := tx.SCard(key)
	fmt.Println(added, is, n)
	// Output: 2 true 2
}

func ExampleTx_SMembers() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("primes")

	_ = c.Update([][]byte{key}, func(tx *cache.Tx) error {
		if _, err := tx.SAdd(key, []byte("5"), []byte("2"), []byte("3")); err != nil {
			return err
		}
		primes, err := tx.SMembers(key)
		for member := range primes.All() {
			fmt.Println(string(member)) // borrowed: to be copied if it is to be kept
		}
		return err
	})
	// Unordered output:
	// 2
	// 3
	// 5
}

func ExampleTx_SInter() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	ann, ben, both := []byte("likes:ann"), []byte("likes:ben"), []byte("likes:both")

	// The three keys are locked together, whatever shards they are in.
	_ = c.Update([][]byte{ann, ben, both}, func(tx *cache.Tx) error {
		_, _ = tx.SAdd(ann, []byte("tea"), []byte("jazz"), []byte("chess"))
		_, _ = tx.SAdd(ben, []byte("jazz"), []byte("chess"), []byte("rain"))
		var common []string
		err := tx.SInter([][]byte{ann, ben}, func(member []byte) bool {
			common = append(common, string(member))
			return true
		})
		slices.Sort(common)
		n, _ := tx.SInterStore(both, [][]byte{ann, ben})
		fmt.Println(common, n)
		return err
	})
	// Output: [chess jazz] 2
}

func ExampleTx_SPop() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	key := []byte("tickets")

	var tx cache.Tx
	c.BeginKey(&tx, 0, key)
	defer tx.End()
	_, _ = tx.SAdd(key, []byte("a"), []byte("b"), []byte("c"))
	var drawn []string
	n, _ := tx.SPop(key, 2, func(member []byte) { drawn = append(drawn, string(member)) })
	left, _ := tx.SCard(key)
	fmt.Println(n, len(drawn), left)
	// Output: 2 2 1
}
