package plot

import "math"

// Lines is a chart of lines over two axes.
type Lines struct {
	Title string
	Of    string // behind the title: what it is about, such as the load
	Desc  string // what it shows, in a sentence, for those who do not see it
	X, Y  Axis
	// Series are drawn in this order, the first on top.
	Series []Series
	// Bounds are values of y that a line across marks.
	Bounds []Bound
	Wide   bool
}

// Series is what belongs together under one name: one line, or several, such as the
// rounds of a comparison.
type Series struct {
	Name  string
	Index int // of its colour and its dashes
	Lines [][]Point
	Marks []Point // dots: measurements that a line goes through, or by
}

// Point is a measured one.
type Point struct {
	X, Y   float64
	Hollow bool   // of a mark: not good enough
	Note   string // beside the figure in a read-out
}

// Bound is a value not to be exceeded.
type Bound struct {
	Value float64
	Label string
}

// The sizes of a chart that stands beside another one, and of one that has a row.
const (
	halfWidth, halfHeight = 560.0, 310.0
	wideWidth, wideHeight = 1000.0, 430.0
)

// Scene lays the chart out.
func (c *Lines) Scene() *Scene {
	s := &Scene{Width: halfWidth, Height: halfHeight, Title: c.Title, Desc: c.Desc}
	if c.Wide {
		s.Width, s.Height = wideWidth, wideHeight
	}
	s.add(shape{kind: box, ink: paper, points: []XY{{0, 0}}, width: s.Width, height: s.Height})
	if c.Of != "" {
		s.Title += ": " + c.Of
	}
	title := shape{kind: text, ink: ink, size: titleSize, bold: true, points: []XY{{margin, margin + titleSize}}, text: fit(c.Title, titleSize, true, s.Width-2*margin)}
	if left := s.Width - 2*margin - tailGap - room(title.text, titleSize, true); c.Of != "" && left > 60 {
		title.tail = fit(c.Of, tailSize, false, left)
	}
	s.add(title)
	top := c.legend(s, margin+titleSize+10)
	c.Y.Label = fit(c.Y.Label, textSize, false, s.Width/2)
	s.write(faint, textSize, margin, top+textSize+6, start, c.Y.Label)
	frame := Frame{Left: margin, Top: top + textSize + 20, Right: s.Width - margin - 14, Bottom: s.Height - margin - 2*textSize - 12}
	x, y, ok := c.spans(&frame)
	if !ok {
		s.write(faint, textSize, s.Width/2, (frame.Top+frame.Bottom)/2, middle, "nothing was measured")
		return s
	}
	s.Hover = &frame
	c.axes(s, frame, x, y)
	for _, b := range c.Bounds {
		if c.Y.drawable(b.Value) {
			c.bound(s, frame, y, b)
		}
	}
	for i := len(c.Series) - 1; i >= 0; i-- { // the first one last: on top
		c.Series[i].draw(s, x, y, c.X, c.Y)
	}
	return s
}

// legend writes the names of the series in rows and returns where these end.
func (c *Lines) legend(s *Scene, top float64) float64 {
	const sample, gap, row = 26.0, 18.0, textSize + 8
	x, y := margin, top
	for _, one := range c.Series {
		name := fit(one.Name, textSize, false, s.Width/2)
		wide := sample + 6 + room(name, textSize, false)
		if x > margin && x+wide > s.Width-margin {
			x, y = margin, y+row
		}
		s.add(
			shape{kind: line, ink: series(one.Index), width: 2.5, dash: dashOf(one.Index), points: []XY{{x, y + 8}, {x + sample, y + 8}}, series: one.Name, key: true},
			shape{kind: text, ink: ink, size: textSize, points: []XY{{x + sample + 6, y + 12}}, text: name, series: one.Name, key: true})
		x += wide + gap
	}
	return y + row
}

// spans finds the ranges of both axes and makes room for the labels of y.
func (c *Lines) spans(f *Frame) (x, y *span, ok bool) {
	xLow, xHigh, yLow, yHigh := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, one := range c.Series {
		for _, points := range append(one.Lines[:len(one.Lines):len(one.Lines)], one.Marks) {
			for _, p := range points {
				if c.X.drawable(p.X) && c.Y.drawable(p.Y) {
					xLow, xHigh = min(xLow, p.X), max(xHigh, p.X)
					yLow, yHigh = min(yLow, p.Y), max(yHigh, p.Y)
				}
			}
		}
	}
	if xLow > xHigh {
		return nil, nil, false
	}
	for _, b := range c.Bounds {
		if !c.Y.drawable(b.Value) {
			continue
		}
		yLow, yHigh = min(yLow, b.Value), max(yHigh, b.Value)
	}
	y = c.Y.span(yLow, yHigh, f.Bottom, f.Top)
	wide := 0.0
	for _, t := range y.ticks {
		wide = max(wide, room(t.label, textSize, false))
	}
	f.Left += wide + 8
	return c.X.span(xLow, xHigh, f.Left, f.Right), y, true
}

// axes draws grid, labels and the base line.
func (c *Lines) axes(s *Scene, f Frame, x, y *span) {
	last := math.Inf(1)
	for _, t := range y.ticks {
		at := y.place(t.value)
		s.rule(grid, 1, f.Left, at, f.Right, at)
		if t.label != "" && last-at >= textSize+2 {
			s.write(faint, textSize, f.Left-8, at+4, end, t.label)
			last = at
		}
	}
	last = math.Inf(-1)
	for _, t := range x.ticks {
		at := x.place(t.value)
		s.rule(grid, 1, at, f.Top, at, f.Bottom)
		half := room(t.label, textSize, false) / 2
		if t.label != "" && at-half >= last+8 {
			s.rule(ink, 1, at, f.Bottom, at, f.Bottom+4)
			s.write(faint, textSize, at, f.Bottom+textSize+7, middle, t.label)
			last = at + half
		}
	}
	s.rule(ink, 1, f.Left, f.Bottom, f.Right, f.Bottom)
	s.write(faint, textSize, f.Right, s.Height-margin, end, c.X.Label)
}

// bound draws a line across, with its name above it.
func (c *Lines) bound(s *Scene, f Frame, y *span, b Bound) {
	at := y.place(b.Value)
	s.add(shape{kind: line, ink: alarm, width: 1.2, dash: []float64{4, 3}, points: []XY{{f.Left, at}, {f.Right, at}}})
	below := at - 5
	if below-textSize < f.Top { // no room above
		below = at + textSize + 3
	}
	s.write(alarm, textSize, f.Left+6, below, start, b.Label)
}

// draw draws the lines of a series, broken where there is nothing to draw.
func (one *Series) draw(s *Scene, x, y *span, ax, ay Axis) {
	width := 1.7
	if one.Index == 0 {
		width = 2.1
	}
	for _, points := range one.Lines {
		l := shape{kind: line, ink: series(one.Index), width: width, dash: dashOf(one.Index), series: one.Name}
		flush := func() {
			// A single point between two gaps is a line of no length: a dot shows it.
			if len(l.points) == 1 {
				s.add(shape{kind: dot, ink: l.ink, size: width, points: l.points, series: one.Name})
			}
			if len(l.points) > 0 {
				s.add(l)
			}
			l.points, l.labels = nil, nil
		}
		for _, p := range thin(points, x.to-x.from) {
			if !ax.drawable(p.X) || !ay.drawable(p.Y) {
				flush()
				continue
			}
			l.points = append(l.points, XY{x.place(p.X), y.place(p.Y)})
			l.labels = append(l.labels, [2]string{ax.Unit.Text(p.X, 4), ay.Unit.Figure(p.Y, 4) + p.Note})
		}
		flush()
	}
	for _, p := range one.Marks {
		if ax.drawable(p.X) && ay.drawable(p.Y) {
			s.add(shape{kind: dot, ink: series(one.Index), size: 3.5, hollow: p.Hollow, points: []XY{{x.place(p.X), y.place(p.Y)}}, series: one.Name})
		}
	}
}

// thin leaves of a long line what can be seen: the lowest and the highest point of
// each pixel's width. What cannot be drawn is kept, as it breaks the line.
func thin(points []Point, pixels float64) []Point {
	bucket := int(math.Ceil(float64(len(points)) / max(pixels, 1)))
	if bucket < 3 {
		return points
	}
	var out []Point
	for len(points) > 0 {
		part := points[:min(bucket, len(points))]
		points = points[len(part):]
		low, high := 0, 0
		for i, p := range part {
			if !(p.Y >= part[low].Y) { // NaN too
				low = i
			}
			if p.Y > part[high].Y {
				high = i
			}
		}
		out = append(out, part[min(low, high)])
		if low != high {
			out = append(out, part[max(low, high)])
		}
	}
	return out
}
