// Package plot draws the charts of benchmark results: lines over an axis, and bars.
// The same drawing is written as SVG, for a page or a README, and as PNG.
//
// # How it works
//
// A chart (Lines or Bars) is laid out once, as a Scene: a list of simple shapes with
// their places in pixels. Two writers know how to put a Scene on paper, and know
// nothing of charts. So both pictures are the same, and what a chart looks like stands
// in one place.
//
//	Lines, Bars ──Scene()──> Scene ──SVG()──> <svg> with classes: colours come from CSS
//	                               └─PNG()──> pixels, drawn with x/image's rasteriser
//
// # Decisions
//
//   - Colours are names of roles (ink, grid, series 3), never values: an SVG has them
//     as CSS variables with a light and a dark value, so that a page can switch and a
//     README picture follows the reader's scheme. PNGs are always light.
//   - Series differ by their dashes too, and bars carry their names, so that nothing
//     depends on telling colours apart.
//   - A chart says what it shows in its title and its description, which screen
//     readers read out, and gives its numbers as text beside each point, for read-outs
//     that must not round a second time.
//   - Values that cannot be drawn (NaN, and what is not positive on a logarithmic
//     axis) break the line: a second in which nothing was answered has no median, and
//     a line drawn through it would invent one.
//   - Text is measured in the Go fonts. Those that a browser takes may be wider, so
//     what must not overlap gets an eighth more room (see room).
//
// General plotting libraries were considered: none of those alive writes SVG that
// follows a colour scheme or carries its numbers, and what is needed here is small.
package plot

// Chart is what can be drawn.
type Chart interface{ Scene() *Scene }

// XY is a place in a scene, in pixels from the upper left corner.
type XY struct{ X, Y float64 }

// Scene is a drawing: what the writers write.
type Scene struct {
	Width, Height float64
	Title, Desc   string
	// Hover tells scripts where the lines are: the frame in which a read-out makes sense.
	Hover  *Frame
	shapes []shape
}

// Frame is the part of a line chart inside its axes.
type Frame struct{ Left, Top, Right, Bottom float64 }

// Ink is what a shape is drawn with: the role of a colour. Series(n) makes those of
// the series.
type Ink int

const (
	paper Ink = iota // the ground
	ink              // text, axes
	faint            // what stands back: tick labels, notes
	grid             // grid lines
	alarm            // a bound
	firstSeries
)

// palette is the number of distinct colours of series; beyond it they come again, with
// other dashes.
const palette = 8

// series is the ink of a series.
func series(n int) Ink { return firstSeries + Ink(n%palette) }

// shape is one of line, box, dot and text, told apart by kind.
type shape struct {
	kind   kind
	ink    Ink
	points []XY      // line: its points; others: the first is the place
	width  float64   // line: of the stroke; box: its own
	height float64   // box
	dash   []float64 // line: lengths of strokes and gaps
	hollow bool      // dot: a ring
	text   string
	tail   string  // behind the text, standing back
	size   float64 // text: in pixels; dot: its radius
	bold   bool
	anchor anchor
	// series names what the shape belongs to, so that it can be hidden; key marks the
	// legend's entry for it.
	series string
	key    bool
	// labels are, for each point of a line, what it says of x and y.
	labels [][2]string
}

type kind int

const (
	line kind = iota
	box
	dot
	text
)

type anchor int

const (
	start anchor = iota
	middle
	end
)

func (s *Scene) add(shapes ...shape) { s.shapes = append(s.shapes, shapes...) }

// rule adds a straight line.
func (s *Scene) rule(i Ink, width, x0, y0, x1, y1 float64) {
	s.add(shape{kind: line, ink: i, width: width, points: []XY{{x0, y0}, {x1, y1}}})
}

// write adds text; y is its base line.
func (s *Scene) write(i Ink, size, x, y float64, a anchor, words string) {
	s.add(shape{kind: text, ink: i, size: size, points: []XY{{x, y}}, anchor: a, text: words})
}

// dashes are the patterns of series: the first one, which is what the others are
// compared with, is drawn through.
var dashes = [...][]float64{nil, {7, 3}, {2, 2.5}, {9, 3, 2, 3}, {5, 2}, {1.5, 3.5}, {12, 3}, {6, 2, 2, 2, 2, 2}}

func dashOf(n int) []float64 { return dashes[(n+n/palette)%len(dashes)] }

// Sizes of text, and the room around it.
const (
	titleSize = 15.0
	textSize  = 12.0
	tailSize  = 13.0
	tailGap   = 10.0
	margin    = 12.0
)
