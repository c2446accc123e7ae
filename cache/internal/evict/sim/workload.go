package sim

import "math"

// Rand is a small fast generator (splitmix64), so that a run is its seed.
type Rand uint64

// Next is the next 64 random bits.
func (r *Rand) Next() uint64 {
	*r += 0x9e3779b97f4a7c15
	return Mix(uint64(*r))
}

// Float is uniform in [0, 1).
func (r *Rand) Float() float64 { return float64(r.Next()>>11) / (1 << 53) }

// Below is uniform in [0, n).
func (r *Rand) Below(n int) int { return int((r.Next() >> 32) * uint64(n) >> 32) }

// Mix is a 64-bit finaliser; it serves as the hash of a key's number.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Zipf draws ranks 0..n-1 with probability proportional to 1/(rank+1)^alpha, by
// the alias method: two table reads a draw.
type Zipf struct {
	cut   []float32 // probability that a column is its own rank
	alias []uint32  // the rank that has the rest of the column
}

// NewZipf builds the alias table (Vose 1991): columns of equal weight, each
// shared by at most two ranks, filled up from those that have too much.
func NewZipf(n int, alpha float64) *Zipf {
	w := make([]float64, n)
	sum := 0.0
	for i := range w {
		w[i] = math.Pow(float64(i+1), -alpha)
		sum += w[i]
	}
	z := &Zipf{make([]float32, n), make([]uint32, n)}
	var small, large []uint32
	for i := range w {
		w[i] *= float64(n) / sum
		if w[i] < 1 {
			small = append(small, uint32(i))
		} else {
			large = append(large, uint32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		z.cut[s], z.alias[s] = float32(w[s]), l
		if w[l] -= 1 - w[s]; w[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	// What is left has a full column but for rounding.
	for _, i := range append(small, large...) {
		z.cut[i], z.alias[i] = 1, i
	}
	return z
}

// Draw is one rank.
func (z *Zipf) Draw(r *Rand) int {
	i := r.Below(len(z.cut))
	if float32(r.Float()) < z.cut[i] {
		return i
	}
	return int(z.alias[i])
}

// Request is one look-aside read: when the key is not there, it is set with
// these bytes (key and value) and this time to live (0: none).
type Request struct {
	ID    uint32
	Size  int32
	TTL   int32 // in requests
	Write bool  // an overwrite (SET without a GET first); not counted
}

// Workload makes a sequence of requests.
type Workload struct {
	Requests int
	Warm     int // requests before counting starts
	IDs      int // numbers of keys are below this
	Next     func(t int) Request
}

// lognormal is the size of key id: 16 bytes of key and a value with a mean.
func lognormal(id uint64, mean, sigma float64) int32 {
	u1 := (float64(Mix(id*2+1)>>11) + 0.5) / (1 << 53)
	u2 := float64(Mix(id*2+2)>>11) / (1 << 53)
	z := math.Sqrt(-2*math.Log(u1)) * math.Cos(2*math.Pi*u2)
	return 16 + int32(math.Exp(math.Log(mean)-sigma*sigma/2+sigma*z))
}

// Scale says how large the workloads are. The are 5 million keys for
// 64 MiB; the same proportions at a tenth give the same ratios.
type Scale struct {
	Keys     int
	Budget   int
	Requests int
	Mean     float64
	Sigma    float64
	Seed     uint64
	PerSec   int64 // requests in a second of the caches' clocks
}

// Part is the whole divided by n: 5 million keys, 64 MiB, 40 million requests at
// 50,000 a second.
func Part(n int) Scale {
	return Scale{Keys: 5_000_000 / n, Budget: 64 << 20 / n, Requests: 40_000_000 / n,
		PerSec: int64(50_000 / n), Mean: 225, Sigma: 1, Seed: 1}
}

func (s Scale) sizes() []int32 {
	z := make([]int32, s.Keys)
	for i := range z {
		z[i] = lognormal(uint64(i), s.Mean, s.Sigma)
	}
	return z
}

// perm is a random order of the keys, so that rank says nothing of the number.
func (s Scale) perm(r *Rand) []uint32 {
	p := make([]uint32, s.Keys)
	for i := range p {
		p[i] = uint32(i)
	}
	for i := len(p) - 1; i > 0; i-- {
		j := r.Below(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// Make is a workload that is built when it is needed, because its tables are large.
type Make struct {
	Name string
	New  func() Workload
}

// All is every workload of figure 5 and some more.
func (s Scale) All() []Make {
	alpha := func(name string, f func(float64) Workload, a float64) Make {
		return Make{name + ftoa(a), func() Workload { return f(a) }}
	}
	sized := func(name string, f func(float64, bool) Workload, x float64, equal bool) Make {
		return Make{name + ftoa(x), func() Workload { return f(x, equal) }}
	}
	return []Make{
		alpha("zipf", s.Zipf, 0.8), alpha("zipf", s.Zipf, 0.99), alpha("zipf", s.Zipf, 1.1),
		alpha("drift", s.Drift, 0.99), alpha("jump", s.Jump, 0.99), alpha("sizes", s.SizeShift, 0.99),
		alpha("ttls", s.TTLs, 0.99), alpha("scans", s.Scans, 0.99), alpha("onehit", s.OneHit, 0.99),
		alpha("equal", s.EqualZipf, 0.99), sized("uniform", s.Uniform, 2, false),
		sized("loop", s.Loop, 1.05, false), sized("loop", s.Loop, 1.2, false),
		sized("eqloop", s.Loop, 1.05, true), sized("eqloop", s.Loop, 1.2, true),
		sized("eqloop", s.Loop, 2, true), {"zipf+loop", s.ZipfLoop},
	}
}

func (s Scale) base() Workload {
	return Workload{Requests: s.Requests, Warm: s.Requests * 2 / 5, IDs: s.Keys}
}

// Zipf is a fixed popularity.
func (s Scale) Zipf(alpha float64) Workload {
	w := s.base()
	r, z, sz := Rand(s.Seed), NewZipf(s.Keys, alpha), s.sizes()
	p := s.perm(&r)
	w.Next = func(int) Request {
		id := p[z.Draw(&r)]
		return Request{ID: id, Size: sz[id]}
	}
	return w
}

// Drift moves the popular part steadily through the key space.
func (s Scale) Drift(alpha float64) Workload {
	w := s.base()
	r, z, sz := Rand(s.Seed), NewZipf(s.Keys, alpha), s.sizes()
	p := s.perm(&r)
	w.Next = func(t int) Request {
		// Ranks move by replacing one random rank's key at every 20th request.
		if t%20 == 0 {
			i, j := r.Below(s.Keys/50), r.Below(s.Keys)
			p[i], p[j] = p[j], p[i]
		}
		id := p[z.Draw(&r)]
		return Request{ID: id, Size: sz[id]}
	}
	return w
}

// Jump deals a fifth of the popularity anew, ten times in a run.
func (s Scale) Jump(alpha float64) Workload {
	w := s.base()
	r, z, sz := Rand(s.Seed), NewZipf(s.Keys, alpha), s.sizes()
	p := s.perm(&r)
	w.Next = func(t int) Request {
		if t%(s.Requests/10) == s.Requests/20 {
			for i := 0; i < s.Keys/5; i++ {
				a, b := r.Below(s.Keys), r.Below(s.Keys)
				p[a], p[b] = p[b], p[a]
			}
			for i := 0; i < 2000; i++ { // the head as well
				if r.Below(5) == 0 {
					b := r.Below(s.Keys)
					p[i], p[b] = p[b], p[i]
				}
			}
		}
		id := p[z.Draw(&r)]
		return Request{ID: id, Size: sz[id]}
	}
	return w
}

// SizeShift changes what values weigh: phases of other means, with one request
// in ten an overwrite.
func (s Scale) SizeShift(alpha float64) Workload {
	w := s.base()
	r, z := Rand(s.Seed), NewZipf(s.Keys, alpha)
	p := s.perm(&r)
	means := []float64{1, 3, 0.5, 2, 0.4}
	w.Next = func(t int) Request {
		id := p[z.Draw(&r)]
		ph := t * 10 / s.Requests
		size := lognormal(uint64(id)+uint64(ph)<<32, s.Mean*means[ph%len(means)], s.Sigma)
		return Request{ID: id, Size: size, Write: r.Below(10) == 0}
	}
	return w
}

// TTLs gives a third of the keys short lives and a third longer ones.
func (s Scale) TTLs(alpha float64) Workload {
	w := s.base()
	r, z, sz := Rand(s.Seed), NewZipf(s.Keys, alpha), s.sizes()
	p := s.perm(&r)
	ttl := [3]int32{0, int32(s.Keys / 10), int32(s.Keys)}
	w.Next = func(int) Request {
		id := p[z.Draw(&r)]
		return Request{ID: id, Size: sz[id], TTL: ttl[Mix(uint64(id))%3]}
	}
	return w
}

// Scans mixes in runs over keys that are asked for only by the scan.
func (s Scale) Scans(alpha float64) Workload {
	w := s.base()
	r, z, sz := Rand(s.Seed), NewZipf(s.Keys, alpha), s.sizes()
	p := s.perm(&r)
	period := s.Keys / 5
	scan := 0
	w.IDs = s.Keys * 2
	w.Next = func(t int) Request {
		if t%period < period/4 { // a quarter of the time: next of the other half of the keys
			id := uint32(s.Keys + scan%s.Keys)
			scan++
			return Request{ID: id, Size: sz[id-uint32(s.Keys)]}
		}
		id := p[z.Draw(&r)]
		return Request{ID: id, Size: sz[id]}
	}
	return w
}

// OneHit asks for a key that is never asked for again at every other request.
func (s Scale) OneHit(alpha float64) Workload {
	w := s.base()
	r, z, sz := Rand(s.Seed), NewZipf(s.Keys, alpha), s.sizes()
	p := s.perm(&r)
	fresh := 0
	w.IDs = s.Keys + s.Requests
	w.Next = func(int) Request {
		if r.Next()&1 == 0 {
			id := uint32(s.Keys + fresh)
			fresh++
			return Request{ID: id, Size: sz[fresh%s.Keys]}
		}
		id := p[z.Draw(&r)]
		return Request{ID: id, Size: sz[id]}
	}
	return w
}

// EqualZipf has values of one size.
func (s Scale) EqualZipf(alpha float64) Workload {
	w := s.Zipf(alpha)
	next := w.Next
	w.Next = func(t int) Request {
		q := next(t)
		q.Size = int32(s.Mean) + 16
		return q
	}
	return w
}

// inBudget is how many keys fill the budget times x, with our overhead.
func (s Scale) inBudget(x float64, equal bool) int {
	sz, sum := s.sizes(), 0
	for i, n := range sz {
		if equal {
			n = int32(s.Mean) + 16
		}
		if sum += int(n) + OurOverhead; float64(sum) >= x*float64(s.Budget) {
			return i
		}
	}
	return len(sz)
}

// Loop reads x times what the cache holds, round and round.
func (s Scale) Loop(x float64, equal bool) Workload {
	w := s.base()
	sz := s.sizes()
	n := s.inBudget(x, equal)
	w.Next = func(t int) Request {
		id := uint32(t % n)
		if equal {
			return Request{ID: id, Size: int32(s.Mean) + 16}
		}
		return Request{ID: id, Size: sz[id]}
	}
	return w
}

// Uniform asks for any of x times what the cache holds.
func (s Scale) Uniform(x float64, equal bool) Workload {
	w := s.Loop(x, equal)
	n, r, sz := s.inBudget(x, equal), Rand(s.Seed), s.sizes()
	w.Next = func(int) Request {
		id := uint32(r.Below(n))
		return Request{ID: id, Size: sz[id]}
	}
	return w
}

// ZipfLoop is half a loop larger than the cache, half a popularity.
func (s Scale) ZipfLoop() Workload {
	a, b := s.Zipf(0.99), s.Loop(1.2, false)
	w := s.base()
	r := Rand(s.Seed + 7)
	i := 0
	w.IDs = s.Keys * 2
	w.Next = func(t int) Request {
		if r.Next()&1 == 0 {
			return a.Next(t)
		}
		i++
		q := b.Next(i)
		q.ID += uint32(s.Keys)
		return q
	}
	return w
}
