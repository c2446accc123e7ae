package cache_test

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache"
)

// A leaderboard: the best, and where somebody stands.
func ExampleTx_ZAdd() {
	c, _ := cache.New(cache.Options{MaxMemory: 32 << 20})
	defer c.Close()
	key := []byte("game:scores")
	var tx cache.Tx
	c.BeginKey(&tx, 0, key)
	defer tx.End()

	_, _, _ = tx.ZAdd(key, 0,
		cache.ZMember{Member: []byte("ada"), Score: 310},
		cache.ZMember{Member: []byte("bob"), Score: 120},
		cache.ZMember{Member: []byte("cy"), Score: 260},
	)
	_, updated, _ := tx.ZAdd(key, cache.ZAddGT, cache.ZMember{Member: []byte("bob"), Score: 90})
	fmt.Println("bob's worse game counts:", updated)
	score, _, _ := tx.ZIncrBy(key, 0, []byte("bob"), 200)
	fmt.Println("bob:", score)

	best, _ := tx.ZRange(key, cache.ZRange{Stop: 1, Reverse: true})
	for member, score := range best.All() {
		fmt.Printf("%s %v\n", member, score)
	}
	rank, _, _ := tx.ZRank(key, []byte("cy"), true)
	fmt.Println("cy is number", rank+1)
	// Output:
	// bob's worse game counts: 0
	// bob: 320
	// bob 320
	// ada 310
	// cy is number 3
}

// Ranges by score, by rank and by member, with a part of each.
func ExampleTx_ZRange() {
	c, _ := cache.New(cache.Options{MaxMemory: 32 << 20})
	defer c.Close()
	jobs, names := []byte("jobs"), []byte("names")
	var tx cache.Tx
	c.Begin(&tx, 0, jobs, names)
	defer tx.End()

	for i, job := range []string{"mail", "backup", "report", "clean"} {
		_, _, _ = tx.ZAdd(jobs, 0, cache.ZMember{Member: []byte(job), Score: float64(10 * i)})
	}
	due, _ := tx.ZRange(jobs, cache.ZRange{
		By: cache.ZByScore, Min: cache.ZBound{Score: 0, Open: true}, Max: cache.ZBound{Score: 30},
		Limited: true, Count: 2,
	})
	for job, at := range due.All() {
		fmt.Printf("%s at %v\n", job, at)
	}
	n, _ := tx.ZRemRange(jobs, cache.ZRange{By: cache.ZByScore, Max: cache.ZBound{Score: 10}})
	fmt.Println("done:", n)

	for _, name := range []string{"anna", "anton", "berta"} {
		_, _, _ = tx.ZAdd(names, 0, cache.ZMember{Member: []byte(name)})
	}
	n, _ = tx.ZCount(names, cache.ZRange{
		By: cache.ZByLex, MinLex: cache.ZLexBound{Member: []byte("a")}, MaxLex: cache.ZLexBound{Member: []byte("b"), Open: true},
	})
	fmt.Println("begin with a:", n)
	// Output:
	// backup at 10
	// report at 20
	// done: 2
	// begin with a: 2
}

// The sum of two sorted sets, the second counting double.
func ExampleTx_ZUnion() {
	c, _ := cache.New(cache.Options{MaxMemory: 32 << 20})
	defer c.Close()
	mon, tue := []byte("mon"), []byte("tue")
	var tx cache.Tx
	c.Begin(&tx, 0, mon, tue)
	defer tx.End()

	_, _, _ = tx.ZAdd(mon, 0, cache.ZMember{Member: []byte("tea"), Score: 3}, cache.ZMember{Member: []byte("coffee"), Score: 5})
	_, _, _ = tx.ZAdd(tue, 0, cache.ZMember{Member: []byte("tea"), Score: 4})
	all, _ := tx.ZUnion([][]byte{mon, tue}, cache.ZCombine{Weights: []float64{1, 2}})
	for _, m := range all {
		fmt.Printf("%s %v\n", m.Member, m.Score)
	}
	// Output:
	// coffee 5
	// tea 11
}

// Places near another: their scores are where they are.
func ExampleTx_GeoSearch() {
	c, _ := cache.New(cache.Options{MaxMemory: 32 << 20})
	defer c.Close()
	key := []byte("sicily")
	var tx cache.Tx
	c.BeginKey(&tx, 0, key)
	defer tx.End()

	_, _, _ = tx.ZAdd(key, 0,
		cache.ZMember{Member: []byte("Palermo"), Score: cache.GeoScore(13.361389, 38.115556)},
		cache.ZMember{Member: []byte("Catania"), Score: cache.GeoScore(15.087269, 37.502669)},
	)
	near, _ := tx.GeoSearch(key, cache.GeoShape{Lon: 15, Lat: 37, Radius: 100, Unit: 1000}, 0)
	for _, p := range near {
		fmt.Printf("%s, %.1f km\n", p.Member, p.Distance/1000)
	}
	// Output:
	// Catania, 56.4 km
}
