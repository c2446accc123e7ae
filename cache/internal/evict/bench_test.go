package evict

import "testing"

var sink uint64

func benchShard(k Kind) (*Shard, []State) {
	s := New(Config{Kind: k, LFULogFactor: 10, LFUDecayMinutes: 1, Seed: 1})
	st := make([]State, 1<<14)
	for i := range st {
		st[i] = s.Insert(uint64(i)*0x9e3779b97f4a7c15, 200)
	}
	return s, st
}

func BenchmarkTouch(b *testing.B) {
	for _, k := range []Kind{AllKeysLRU, AllKeysLFU, AllKeysDensity} {
		b.Run(names[k], func(b *testing.B) {
			s, st := benchShard(k)
			for i := 0; b.Loop(); i++ {
				p := &st[i&(1<<14-1)]
				*p = s.Touch(*p, uint64(i))
			}
		})
	}
}

func BenchmarkScore(b *testing.B) {
	for _, k := range []Kind{AllKeysLRU, AllKeysLFU, AllKeysRandom, AllKeysDensity, AllKeysDensityBytes} {
		b.Run(names[k], func(b *testing.B) {
			s, st := benchShard(k)
			for i := 0; b.Loop(); i++ {
				sink += s.Score(st[i&(1<<14-1)], i&4095, 0, 1)
			}
		})
	}
}

// One turnover's work for each item: in, and out.
func BenchmarkInsertEvict(b *testing.B) {
	for _, k := range []Kind{AllKeysLRU, AllKeysLFU, AllKeysDensity} {
		b.Run(names[k], func(b *testing.B) {
			s, st := benchShard(k)
			h := uint64(1)
			for i := 0; b.Loop(); i++ {
				p := &st[i&(1<<14-1)]
				s.Evicted(h, *p, 200)
				h = h*6364136223846793005 + 1
				*p = s.Insert(h, 200)
			}
		})
	}
}

// What one insertion in some hundred pays for learning, and a timer's call.
func BenchmarkRevise(b *testing.B) {
	s, _ := benchShard(AllKeysDensity)
	for i := uint32(0); b.Loop(); i++ {
		s.learn.revise(i % classes)
	}
}

func BenchmarkTick(b *testing.B) {
	s, _ := benchShard(AllKeysDensity)
	for i := int64(1); b.Loop(); i++ {
		s.Tick(i * 1000)
	}
}

var names = [...]string{"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru",
	"volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-density", "allkeys-density-bytes"}
