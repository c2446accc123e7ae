package cache_test

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache"
)

func ExampleTx_HSet() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	var tx cache.Tx
	user := []byte("user:1")
	c.BeginKey(&tx, 0, user)
	added, _ := tx.HSet(user, []byte("name"), []byte("Ada"), []byte("visits"), []byte("7"))
	visits, _ := tx.HIncrBy(user, []byte("visits"), 1)
	name, _ := tx.HGet(user, []byte("name"))
	fmt.Println(added, visits, string(name))
	tx.End()
	// Output: 2 8 Ada
}

func ExampleTx_HExpireAt() {
	now := int64(1_000)
	c, _ := cache.New(cache.Options{Clock: func() int64 { return now }, NoBackground: true})
	defer c.Close()
	var tx cache.Tx
	session := []byte("session:1")
	token := [][]byte{[]byte("token")}
	c.BeginKey(&tx, 0, session)
	_, _ = tx.HSet(session, []byte("user"), []byte("ada"), token[0], []byte("x7f"))
	_ = tx.HExpireAt(session, now+500, cache.Always, token, func(what cache.FieldChange) {
		fmt.Println(what == cache.FieldChanged)
	})
	tx.End()
	now += 500
	c.BeginKey(&tx, 0, session)
	_, err := tx.HGet(session, token[0])
	fmt.Println(err == cache.ErrNotFound)
	tx.End()
	// Output:
	// true
	// true
}

func ExampleHashView_Each() {
	c, _ := cache.New(cache.Options{})
	defer c.Close()
	var tx cache.Tx
	key := []byte("point")
	c.BeginKey(&tx, 0, key)
	_, _ = tx.HSet(key, []byte("x"), []byte("1"), []byte("y"), []byte("2"))
	view, _ := tx.HView(key)
	view.Each(func(field, value []byte) bool {
		fmt.Printf("%s=%s\n", field, value)
		return true
	})
	tx.End()
	// Output:
	// x=1
	// y=2
}
