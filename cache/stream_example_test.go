package cache_test

import (
	"fmt"
	"log"

	"github.com/ashlar-cache/ashlar/cache"
)

// Entries of a stream are read by their IDs, in order.
func ExampleTx_XAdd() {
	c, err := cache.New(cache.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	key := []byte("sensor:7")
	var tx cache.Tx
	c.BeginKey(&tx, 0, key)
	defer tx.End()
	for i, temperature := range []string{"19.5", "19.7", "20.1"} {
		// Without an ID given, it comes from the clock.
		how := cache.StreamAdd{IDs: cache.GivenID, ID: cache.StreamID{Ms: uint64(1000 + i)}}
		how.Trim = cache.StreamTrim{By: cache.TrimByLength, MaxLen: 2}
		if _, err := tx.XAdd(key, how, []byte("temperature"), []byte(temperature)); err != nil {
			log.Fatal(err)
		}
	}
	entries, err := tx.XRange(key, cache.StreamID{}, cache.MaxStreamID)
	if err != nil {
		log.Fatal(err)
	}
	for entries.Next() {
		for range entries.Len() {
			field, value := entries.Pair()
			fmt.Printf("%d-%d %s=%s\n", entries.ID().Ms, entries.ID().Seq, field, value)
		}
	}
	// Output:
	// 1001-0 temperature=19.7
	// 1002-0 temperature=20.1
}

// Each entry goes to one of a group's consumers, and is pending until it says that it
// is done.
func ExampleTx_XReadGroup() {
	c, err := cache.New(cache.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	key, group := []byte("jobs"), []byte("workers")
	var tx cache.Tx
	c.BeginKey(&tx, 0, key)
	defer tx.End()
	if err := tx.XGroupCreate(key, group, cache.StreamGroupStart{Create: true}); err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		how := cache.StreamAdd{IDs: cache.GivenID, ID: cache.StreamID{Ms: uint64(i + 1)}}
		if _, err := tx.XAdd(key, how, []byte("job"), fmt.Append(nil, i)); err != nil {
			log.Fatal(err)
		}
	}
	entries, n, err := tx.XReadGroup(key, group, []byte("ann"), cache.StreamDelivery{Count: 2})
	if err != nil {
		log.Fatal(err)
	}
	var done []cache.StreamID
	for entries.Next() {
		done = append(done, entries.ID())
	}
	acknowledged, _ := tx.XAck(key, group, done[0])
	// Another one takes over what is left.
	claimed, _ := tx.XClaim(key, group, []byte("bob"), cache.StreamClaim{}, done)
	fmt.Println(n, "delivered,", acknowledged, "done,", len(claimed), "claimed")
	info, _ := tx.XInfo(key)
	g, _ := info.Group(group)
	for pending := g.Pending(cache.StreamID{}); pending.Next(); {
		fmt.Printf("%d is pending for %s, delivered %d times\n", pending.ID().Ms, pending.Consumer(), pending.Deliveries())
	}
	// Output:
	// 2 delivered, 1 done, 1 claimed
	// 2 is pending for bob, delivered 2 times
}
