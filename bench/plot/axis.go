package plot

import (
	"math"
	"strconv"
	"strings"
)

// Scale is how an axis maps values to places.
type Scale int

const (
	// Linear axes begin at zero: half the height is half the value.
	Linear Scale = iota
	// Log axes give each decade the same room.
	Log
	// Nines is for shares of a whole near 1: each further nine (90 %, 99 %, 99.9 %)
	// takes the same room.
	Nines
)

// Unit is what values are counted in: it prints them and knows round steps.
type Unit int

const (
	Plain    Unit = iota
	Duration      // nanoseconds
	Bytes
	Rate    // operations a second
	Seconds // of a time line
	Share   // 0.5 is 50 %
	Cores   // processor time in a second of a time line
)

// Axis is one of a line chart.
type Axis struct {
	Label string
	Scale Scale
	Unit  Unit
}

// Text prints a value with up to so many significant digits, as on an axis.
func (u Unit) Text(v float64, digits int) string { return u.print(v, digits, false) }

// Figure prints a value with all of so many significant digits, zeros too, as in a
// table, where they say how exact it is.
func (u Unit) Figure(v float64, digits int) string { return u.print(v, digits, v != 0) }

func (u Unit) print(v float64, digits int, all bool) string {
	switch u {
	case Duration:
		return scaled(v, digits, all, 1000, " ns", " µs", " ms", " s")
	case Bytes:
		return scaled(v, digits, all, 1024, " B", " KiB", " MiB", " GiB", " TiB")
	case Rate:
		return scaled(v, digits, all, 1000, "/s", " k/s", " M/s", " G/s")
	case Seconds:
		return decimal(v, digits, false) + " s"
	case Share:
		return percent(v)
	case Cores:
		if decimal(v, digits, false) == "1" {
			return "1 core"
		}
		return decimal(v, digits, all) + " cores"
	}
	return scaled(v, digits, all, 1000, "", " k", " M", " G")
}

// scaled prints a value in the largest unit that leaves it at 1 or more.
func scaled(v float64, digits int, all bool, step float64, units ...string) string {
	i := 0
	// Rounded first, so that 999.96 becomes 1 of the next unit and not 1000 of this.
	for r := round(v, digits); math.Abs(r) >= step && i < len(units)-1; r = round(v, digits) {
		v, i = v/step, i+1
	}
	if step == 1024 && math.Abs(v) >= 1000 { // all four digits: 1008 KiB, not 1.01e+03
		digits = max(digits, 4)
	}
	return decimal(v, digits, all) + units[i]
}

// round rounds to significant digits.
func round(v float64, digits int) float64 {
	switch a := math.Abs(v); {
	case a < 1/beyond:
		return 0
	case !(a < beyond):
		return v
	}
	p := math.Pow(10, float64(digits)-1-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*p) / p
}

// decimal prints without an exponent; without zeros at the end, or with all digits.
func decimal(v float64, digits int, all bool) string {
	decimals := -1
	if v = round(v, digits); all && v != 0 {
		decimals = max(digits-1-int(math.Floor(math.Log10(math.Abs(v)))), 0)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// percent prints a share, with as many nines as it has and two digits after them.
func percent(v float64) string {
	if rest := 1 - v; rest > 0 && rest < 1 {
		v = 1 - round(rest, 3)
	}
	out := strconv.FormatFloat(v*100, 'f', 7, 64)
	return strings.TrimRight(strings.TrimRight(out, "0"), ".") + " %"
}

// span is an axis laid out: its range and where that lies in pixels.
type span struct {
	Axis
	low, high float64 // in terms of at
	from, to  float64 // pixels
	ticks     []tick
}

type tick struct {
	value float64
	label string // empty: a grid line only
}

// at brings a value to the straight scale on which pixels lie.
func (a Axis) at(v float64) float64 {
	switch a.Scale {
	case Log:
		return math.Log10(v)
	case Nines:
		return -math.Log10(1 - v)
	}
	return v
}

// beyond is larger than anything measured; no chart goes that far.
const beyond = 1e30

// drawable tells whether the axis has a place for a value.
func (a Axis) drawable(v float64) bool {
	switch a.Scale {
	case Log:
		return v > 1/beyond && v < beyond
	case Nines:
		return v >= 0 && v < 1
	}
	return v >= 0 && v < beyond
}

// span lays the axis out for values from low to high.
func (a Axis) span(low, high, from, to float64) *span {
	s := &span{Axis: a, from: from, to: to}
	switch a.Scale {
	case Log:
		s.logarithmic(low, high)
	case Nines:
		s.nines(high)
	default:
		s.linear(high)
	}
	return s
}

// place is where a value lies.
func (s *span) place(v float64) float64 {
	return s.from + (s.at(v)-s.low)/(s.high-s.low)*(s.to-s.from)
}

// linear goes from zero to a round number at or above the highest value.
func (s *span) linear(high float64) {
	if !(high > 1/beyond) {
		high = 1
	}
	step := s.Unit.step(high / 5)
	s.high = math.Ceil(high/step-1e-9) * step
	if s.Unit == Seconds { // the end of a run is the end of the axis
		s.high = high
	}
	for i := 0.0; i*step <= s.high*(1+1e-9); i++ {
		s.ticks = append(s.ticks, tick{i * step, s.Unit.Text(i*step, 4)})
	}
}

// step is the round number at or above v: 1, 2 or 5 of a power of ten, and for bytes a
// power of two.
func (u Unit) step(v float64) float64 {
	switch {
	case u == Bytes:
		return math.Exp2(math.Ceil(math.Log2(v)))
	case u == Seconds:
		v = max(v, 1)
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logarithmic goes from a 1, 2 or 5 at or below the lowest value to one at or above the
// highest. Over a few decades all of these have labels, over many the powers alone.
func (s *span) logarithmic(low, high float64) {
	var steps []float64
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	for p := first; p <= last; p++ {
		for _, m := range []float64{1, 2, 5} {
			steps = append(steps, m*math.Pow(10, p))
		}
	}
	for len(steps) > 2 && steps[1] <= low*(1+1e-9) {
		steps = steps[1:]
	}
	for len(steps) > 2 && steps[len(steps)-2] >= high*(1-1e-9) {
		steps = steps[:len(steps)-1]
	}
	s.low, s.high = math.Log10(steps[0]), math.Log10(steps[len(steps)-1])
	every := s.high-s.low <= 2.5
	for _, v := range steps {
		t := tick{value: v}
		if power := math.Log10(v); every || math.Abs(power-math.Round(power)) < 1e-9 {
			t.label = s.Unit.Text(v, 3)
		}
		s.ticks = append(s.ticks, t)
	}
}

// nines goes from the median's side to the last nine that there is.
func (s *span) nines(high float64) {
	s.high = max(s.at(min(high, 1-1e-9)), 1)
	s.ticks = []tick{{0, ""}, {0.5, "50 %"}}
	for n := 1.0; n <= s.high+1e-9; n++ {
		v := 1 - math.Pow(10, -n)
		s.ticks = append(s.ticks, tick{v, percent(v)})
	}
}
