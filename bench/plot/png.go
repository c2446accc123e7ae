package plot

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// PNG writes the scene as pixels, scale times as many in each direction, on light
// ground.
func (s *Scene) PNG(w io.Writer, scale float64) error {
	return png.Encode(w, s.Image(scale))
}

// Image draws the scene.
func (s *Scene) Image(scale float64) *image.RGBA {
	wide, high := int(math.Ceil(s.Width*scale)), int(math.Ceil(s.Height*scale))
	b := &brush{
		img:   image.NewRGBA(image.Rect(0, 0, wide, high)),
		fill:  vector.NewRasterizer(0, 0),
		scale: scale,
		faces: make(map[lettering]font.Face),
	}
	for i := range s.shapes {
		b.draw(&s.shapes[i])
	}
	return b.img
}

// brush puts shapes on an image.
type brush struct {
	img   *image.RGBA
	fill  *vector.Rasterizer
	area  [][]XY // polygons of the current shape, in pixels of the image
	scale float64
	faces map[lettering]font.Face
}

type lettering struct {
	size float64
	bold bool
}

func (b *brush) draw(p *shape) {
	c := tints[p.ink].light
	at := p.points[0]
	switch p.kind {
	case line:
		for _, piece := range dashed(p.points, p.dash) {
			b.stroke(piece, p.width/2)
		}
		b.flush(c)
	case box:
		b.polygon(XY{at.X, at.Y}, XY{at.X + p.width, at.Y}, XY{at.X + p.width, at.Y + p.height}, XY{at.X, at.Y + p.height})
		b.flush(c)
	case dot:
		b.disc(at, p.size)
		b.flush(c)
		if p.hollow {
			b.disc(at, p.size-1.6)
			b.flush(tints[paper].light)
		}
	case text:
		b.letters(p, c)
	}
}

// stroke outlines a line: a box for each piece, and a disc at each bend. All have the
// same sense of rotation, as the rasteriser fills by winding number and those of
// opposite sense would cancel each other where they overlap.
func (b *brush) stroke(points []XY, half float64) {
	for i := 1; i < len(points); i++ {
		p, q := points[i-1], points[i]
		length := math.Hypot(q.X-p.X, q.Y-p.Y)
		if length == 0 {
			continue
		}
		n := XY{(q.Y - p.Y) / length * half, -(q.X - p.X) / length * half}
		b.polygon(XY{p.X + n.X, p.Y + n.Y}, XY{q.X + n.X, q.Y + n.Y}, XY{q.X - n.X, q.Y - n.Y}, XY{p.X - n.X, p.Y - n.Y})
		if i > 1 && half > 0.6 { // of a hair line no bend can be seen
			b.disc(p, half)
		}
	}
}

func (b *brush) disc(at XY, radius float64) {
	const corners = 20
	var around [corners]XY
	for i := range around {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		around[i] = XY{at.X + cos*radius, at.Y + sin*radius}
	}
	b.polygon(around[:]...)
}

func (b *brush) polygon(points ...XY) {
	scaled := make([]XY, len(points))
	for i, p := range points {
		scaled[i] = XY{p.X * b.scale, p.Y * b.scale}
	}
	b.area = append(b.area, scaled)
}

// flush paints what has been outlined. The rasteriser works on no more than the part
// of the image that it covers: most shapes are small.
func (b *brush) flush(c color.RGBA) {
	low, high := XY{math.Inf(1), math.Inf(1)}, XY{math.Inf(-1), math.Inf(-1)}
	for _, polygon := range b.area {
		for _, p := range polygon {
			low, high = XY{min(low.X, p.X), min(low.Y, p.Y)}, XY{max(high.X, p.X), max(high.Y, p.Y)}
		}
	}
	whole := b.img.Bounds()
	if low.X > high.X || low.X > float64(whole.Max.X) || low.Y > float64(whole.Max.Y) || high.X < 0 || high.Y < 0 {
		b.area = b.area[:0]
		return
	}
	part := image.Rect(int(low.X), int(low.Y), int(high.X)+1, int(high.Y)+1).Intersect(whole)
	b.fill.Reset(part.Dx(), part.Dy())
	for _, polygon := range b.area {
		for i, p := range polygon {
			x, y := float32(p.X-float64(part.Min.X)), float32(p.Y-float64(part.Min.Y))
			if i == 0 {
				b.fill.MoveTo(x, y)
			} else {
				b.fill.LineTo(x, y)
			}
		}
		b.fill.ClosePath()
	}
	b.area = b.area[:0]
	b.fill.DrawOp = draw.Over
	b.fill.Draw(b.img, part, image.NewUniform(c), image.Point{})
}

func (b *brush) letters(p *shape, c color.RGBA) {
	at := p.points[0]
	if p.anchor != start {
		at.X -= measure(p.text, p.size, p.bold) * float64(p.anchor) / 2
	}
	b.words(p.text, at, p.size, p.bold, c)
	if p.tail != "" {
		at.X += measure(p.text, p.size, p.bold) + tailGap
		b.words(p.tail, at, tailSize, false, tints[faint].light)
	}
}

func (b *brush) words(text string, at XY, size float64, heavy bool, c color.RGBA) {
	key := lettering{size * b.scale, heavy}
	f := b.faces[key]
	if f == nil {
		f = face(key.size, key.bold)
		b.faces[key] = f
	}
	d := font.Drawer{Dst: b.img, Src: image.NewUniform(c), Face: f, Dot: fixed.Point26_6{X: place26(at.X * b.scale), Y: place26(at.Y * b.scale)}}
	d.DrawString(printable(text))
}

func place26(v float64) fixed.Int26_6 { return fixed.Int26_6(math.Round(v * 64)) }

// dashed cuts a line into the strokes of a pattern.
func dashed(points []XY, pattern []float64) [][]XY {
	if len(pattern) == 0 {
		return [][]XY{points}
	}
	var out [][]XY
	current, k, left := []XY{points[0]}, 0, pattern[0]
	for i := 1; i < len(points); i++ {
		p, q := points[i-1], points[i]
		for length := math.Hypot(q.X-p.X, q.Y-p.Y); length > left; length = math.Hypot(q.X-p.X, q.Y-p.Y) {
			p = XY{p.X + (q.X-p.X)*left/length, p.Y + (q.Y-p.Y)*left/length}
			if k%2 == 0 { // the end of a stroke; else that of a gap
				out = append(out, append(current, p))
			}
			current = []XY{p}
			k++
			left = pattern[k%len(pattern)]
		}
		left -= math.Hypot(q.X-p.X, q.Y-p.Y)
		if k%2 == 0 {
			current = append(current, q)
		}
	}
	if k%2 == 0 {
		out = append(out, current)
	}
	return out
}
