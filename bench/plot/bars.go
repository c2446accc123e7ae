package plot

import "math"

// Bars is a chart of horizontal bars in groups, each with its name and its figure.
type Bars struct {
	Title  string
	Desc   string
	Unit   Unit
	Groups []Group
	// Apart gives each group its own scale, where they are of different sizes and only
	// bars of one group are to be compared.
	Apart bool
}

// Group is bars under one heading; its heading may be empty.
type Group struct {
	Name string
	Bars []Bar
}

// Bar is one figure.
type Bar struct {
	Name  string
	Index int     // of its colour
	Value float64 // NaN or beyond all measure: not known
	Note  string  // beside the figure, such as its ratio to the first
	// Spread is the range of the single measurements, drawn as a whisker; both zero:
	// there was one.
	Low, High float64
}

const (
	barHeight = 17.0
	barGap    = 5.0
	groupGap  = 14.0
	heading   = textSize + 9
)

// Scene lays the chart out: as high as its bars need.
func (c *Bars) Scene() *Scene {
	s := &Scene{Width: halfWidth, Title: c.Title, Desc: c.Desc}
	s.add(shape{kind: box, ink: paper, points: []XY{{0, 0}}, width: s.Width})
	s.add(shape{kind: text, ink: ink, size: titleSize, bold: true, points: []XY{{margin, margin + titleSize}}, text: fit(c.Title, titleSize, true, s.Width-2*margin)})
	names, figures := c.measure()
	left := margin + names + 10
	x := span{Axis: Axis{Unit: c.Unit}, high: highest(c.Groups), from: left, to: s.Width - margin - figures - 10}
	y := margin + titleSize + 16
	if c.Apart && len(c.Groups) > 1 {
		s.shapes[1].tail = "each load on its own scale"
	}
	for _, g := range c.Groups {
		if g.Name != "" {
			s.write(faint, textSize, margin, y+textSize, start, fit(g.Name, textSize, false, s.Width-2*margin))
			y += heading
		}
		if c.Apart {
			x.high = highest([]Group{g})
		}
		top := y
		for _, b := range g.Bars {
			b.draw(s, c.Unit, &x, y)
			y += barHeight + barGap
		}
		s.rule(ink, 1, left, top-2, left, y-barGap+2)
		y += groupGap
	}
	s.Height = math.Round(y - groupGap - barGap + margin + 4)
	s.shapes[0].height = s.Height
	return s
}

// measure finds how much room names and figures need.
func (c *Bars) measure() (names, figures float64) {
	for _, g := range c.Groups {
		for _, b := range g.Bars {
			names = max(names, room(b.Name, textSize, false))
			figures = max(figures, room(b.figure(c.Unit), textSize, false))
		}
	}
	return min(names, halfWidth/4), min(figures, halfWidth/3)
}

// highest is the end of the longest bar.
func highest(groups []Group) float64 {
	high := 0.0
	for _, g := range groups {
		for _, b := range g.Bars {
			high = max(high, length(b.Value), length(b.High))
		}
	}
	if high == 0 {
		return 1
	}
	return high
}

// length is v, or 0 where that is no length.
func length(v float64) float64 {
	if v > 1/beyond && v < beyond {
		return v
	}
	return 0
}

// figure is the text at the end of the bar.
func (b *Bar) figure(u Unit) string {
	if !(math.Abs(b.Value) < beyond) {
		return "not known"
	}
	out := u.Figure(b.Value, 3)
	if b.Note != "" {
		out += " · " + b.Note
	}
	return out
}

func (b *Bar) draw(s *Scene, u Unit, x *span, y float64) {
	base := y + barHeight/2 + 4
	s.add(shape{kind: text, ink: ink, size: textSize, points: []XY{{x.from - 10, base}}, anchor: end, text: fit(b.Name, textSize, false, halfWidth/4), series: b.Name})
	tip := x.from
	if long := length(b.Value); long > 0 {
		tip = x.place(long)
		s.add(shape{kind: box, ink: series(b.Index), points: []XY{{x.from, y}}, width: max(tip-x.from, 1), height: barHeight, series: b.Name})
	}
	if b.High > b.Low && length(b.Low) > 0 && length(b.High) > 0 {
		middle := y + barHeight/2
		low, high := x.place(b.Low), x.place(b.High)
		for _, whisker := range [][]XY{{{low, middle}, {high, middle}}, {{low, middle - 4}, {low, middle + 4}}, {{high, middle - 4}, {high, middle + 4}}} {
			s.add(shape{kind: line, ink: ink, width: 1.2, points: whisker, series: b.Name})
		}
		tip = max(tip, high)
	}
	s.add(shape{kind: text, ink: ink, size: textSize, points: []XY{{tip + 8, base}}, text: fit(b.figure(u), textSize, false, halfWidth/3), series: b.Name})
}
