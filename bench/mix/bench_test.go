package mix

import "testing"

// What a command costs the generator.
func BenchmarkNext(b *testing.B) {
	for _, c := range []Config{
		{Popularity: "uniform"}, {Popularity: "zipf:0.99"}, {Popularity: "zipf:1.3"}, {Popularity: "hotspot"},
		{Workload: "ycsb-d"}, {Values: "lognormal:225", TTL: "1*none+1*1h"}, {Workload: "hashes"}, {Workload: "multikey"},
	} {
		w, err := New(c)
		if err != nil {
			b.Fatal(err)
		}
		s, out := w.Stream(0), new(idle)
		b.Run(w.Name+" "+w.Popularity, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Next(out)
			}
		})
	}
}
