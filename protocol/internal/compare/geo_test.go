package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
)

// TestRandomGeo looks for places, all over the world and close together, at the edges
// of the grid and one upon the other, in shapes of every size. Where distances are
// stored they may differ from the eleventh significant digit on: C's arc sine is not
// always rounded to the nearest, and not the same on every processor.
func TestRandomGeo(t *testing.T) {
	runRandom(t, known(t, func(seed uint64) *Case { return geoCase(seed, 40) }))
}

// geoDigits are numbers next to nothing, the lengths of long numbers, and decimals
// from the seventh on.
var geoDigits = []*regexp.Regexp{
	regexp.MustCompile(`(0\.000\d+|\d[.\d]*e-\d+)\r\n`), regexp.MustCompile(`\$(\d\d)\r\n`), regexp.MustCompile(`\.\d{6}(\d+)`),
}

// geoWorld makes commands about places.
type geoWorld struct {
	*rand.Rand
	lon, lat float64 // where most places are
	spread   float64 // how far from there, in degrees
}

func geoCase(seed uint64, n int) *Case {
	w := geoWorld{Rand: rand.New(rand.NewPCG(seed, 3))}
	w.lon, w.lat = w.Float64()*360-180, w.Float64()*170-85
	w.spread = math.Pow(10, w.Float64()*6-4)
	c := &Case{File: "geo"}
	add := func(doubles bool, words ...string) {
		s := Step{How: newHow(), Line: len(c.Steps) + 1}
		if doubles {
			s.How.Doubles, s.How.Masks = true, geoDigits
		}
		for _, text := range words {
			s.Words = append(s.Words, word{text: text})
		}
		c.Steps = append(c.Steps, s)
	}
	for i := range 10 + w.IntN(3)*w.IntN(300) {
		lon, lat := w.place()
		add(false, "GEOADD", "g", lon, lat, "m"+strconv.Itoa(i))
		if w.IntN(8) == 0 { // several places are the same
			add(false, "GEOADD", "g", lon, lat, "twin"+strconv.Itoa(i))
		}
	}
	for range n {
		words := append([]string{"GEOSEARCH", "g"}, w.search()...)
		switch w.IntN(5) {
		case 0:
			words = append([]string{"GEOSEARCHSTORE", "to"}, words[1:]...)
			if w.IntN(3) > 0 {
				words = append(words, "STOREDIST")
			}
			add(false, words...)
			add(false, "ZRANGE", "to", "0", "-1")
			add(true, "ZRANGE", "to", "0", "-1", "WITHSCORES")
			continue
		case 1:
			add(false, "GEODIST", "g", w.member(), w.member(), w.unit())
			add(false, "GEOPOS", "g", w.member(), w.member())
			add(false, "GEOHASH", "g", w.member(), w.member())
		}
		for _, option := range []string{"WITHDIST", "WITHCOORD", "WITHHASH"} {
			if w.IntN(3) == 0 {
				words = append(words, option)
			}
		}
		add(false, words...)
	}
	return c
}

func (w *geoWorld) number(f float64) string { return strconv.FormatFloat(f, 'g', 12, 64) }

func (w *geoWorld) place() (lon, lat string) {
	x, y := w.lon+w.NormFloat64()*w.spread, w.lat+w.NormFloat64()*w.spread
	if w.IntN(10) == 0 {
		x, y = w.Float64()*360-180, w.Float64()*170-85
	}
	if w.IntN(30) == 0 {
		x = []float64{-180, 180, 0, 179.999999, -179.999999}[w.IntN(5)]
	}
	if w.IntN(30) == 0 {
		y = []float64{-85.05112878, 85.05112878, 0, 85, -85}[w.IntN(5)]
	}
	return w.number(min(max(x, -180), 180)), w.number(min(max(y, -85.05112878), 85.05112878))
}

func (w *geoWorld) member() string { return "m" + strconv.Itoa(w.IntN(12)) }

func (w *geoWorld) unit() string { return []string{"m", "km", "ft", "mi", "KM"}[w.IntN(5)] }

// size is a length about as large as what the places cover, or anything.
func (w *geoWorld) size() string {
	f := w.spread * 111 * math.Pow(10, w.Float64()*2-1)
	switch w.IntN(12) {
	case 0:
		f = 0
	case 1:
		f = math.Pow(10, w.Float64()*8-2)
	}
	return w.number(f)
}

// search is where to look, in what, and in which order.
func (w *geoWorld) search() []string {
	var words []string
	if w.IntN(2) == 0 {
		words = append(words, "FROMMEMBER", w.member())
	} else {
		lon, lat := w.place()
		words = append(words, "FROMLONLAT", lon, lat)
	}
	if w.IntN(2) == 0 {
		words = append(words, "BYRADIUS", w.size(), w.unit())
	} else {
		words = append(words, "BYBOX", w.size(), w.size(), w.unit())
	}
	if w.IntN(2) == 0 {
		words = append(words, []string{"ASC", "DESC"}[w.IntN(2)])
	}
	if w.IntN(2) == 0 {
		words = append(words, "COUNT", fmt.Sprint(1+w.IntN(20)))
		if w.IntN(3) == 0 {
			words = append(words, "ANY")
		}
	}
	return words
}
