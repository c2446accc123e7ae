package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the pictures in testdata anew")

// samples are one chart of each kind, with all that may be in it.
func samples() map[string]Chart {
	return map[string]Chart{
		"lines": &Lines{
			Title: "Latency", Of: "get", Desc: "what it shows",
			X: Axis{Label: "share", Scale: Nines, Unit: Share}, Y: Axis{Label: "latency", Scale: Log, Unit: Duration},
			Bounds: []Bound{{Value: 1e6, Label: "p99.9 ≤ 1 ms"}},
			Series: []Series{
				{Name: "ashlar", Lines: [][]Point{{{X: 0, Y: 9e4}, {X: 0.9, Y: 2e5}, {X: 0.99, Y: math.NaN()}, {X: 0.999, Y: 8e5, Note: " (the longest)"}}}},
				{Name: "<peer>", Index: 1, Lines: [][]Point{{{X: 0, Y: 1e5}, {X: 0.999, Y: 3e6}}}, Marks: []Point{{X: 0, Y: 1e5}, {X: 0.999, Y: 3e6, Hollow: true}}},
			},
		},
		"bars": &Bars{Title: "CPU", Desc: "what it shows", Unit: Duration, Apart: true, Groups: []Group{
			{Name: "get", Bars: []Bar{{Name: "ashlar", Value: 690, Low: 680, High: 710}, {Name: "peer", Index: 1, Value: 1190, Note: "1.72 ×"}}},
			{Name: "set", Bars: []Bar{{Name: "ashlar", Value: 800}, {Name: "peer", Index: 1, Value: math.NaN()}}},
		}},
	}
}

func TestSVG(t *testing.T) {
	for name, c := range samples() {
		var out bytes.Buffer
		require.NoError(t, c.Scene().SVG(&out))
		file := filepath.Join("testdata", name+".svg")
		if *update {
			require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), out.String(), "go test -update writes it anew; look at it then")
		wellFormed(t, out.Bytes())
	}
}

// wellFormed checks that a picture is XML, which readers of SVG insist on.
func wellFormed(t require.TestingT, svg []byte) {
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func TestPNG(t *testing.T) {
	for name, c := range samples() {
		s := c.Scene()
		var out bytes.Buffer
		require.NoError(t, s.PNG(&out, 2))
		img, err := png.Decode(&out)
		require.NoError(t, err)
		assert.Equal(t, int(s.Width*2), img.Bounds().Dx(), name)
		assert.Equal(t, int(math.Ceil(s.Height*2)), img.Bounds().Dy(), name)
		// Where the title stands something dark must be, and the ground in the corner;
		// somewhere the colour of the first series.
		dark, blue := 0, 0
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				r, g, b, _ := img.At(x, y).RGBA()
				if y < 70 && x < 300 && r < 0x4000 {
					dark++
				}
				if r>>8 == 0x1f && g>>8 == 0x6f && b>>8 == 0xb5 {
					blue++
				}
			}
		}
		assert.Greater(t, dark, 200, "%s: there is no title", name)
		assert.Greater(t, blue, 200, "%s: there is no series", name)
		r, _, _, a := img.At(0, 0).RGBA()
		assert.Equal(t, []uint32{0xffff, 0xffff}, []uint32{r, a})
	}
}

func TestUnits(t *testing.T) {
	for _, test := range []struct {
		unit         Unit
		value        float64
		text, figure string
	}{
		{Duration, 690, "690 ns", "690 ns"},
		{Duration, 2.3e6, "2.3 ms", "2.30 ms"},
		{Duration, 999_960, "1 ms", "1.00 ms"},
		{Duration, 90e9, "90 s", "90.0 s"},
		{Duration, 0, "0 ns", "0 ns"},
		{Bytes, 148 << 20, "148 MiB", "148 MiB"},
		{Bytes, 1008 << 10, "1008 KiB", "1008 KiB"},
		{Rate, 1_256_000, "1.26 M/s", "1.26 M/s"},
		{Rate, 950, "950/s", "950/s"},
		{Seconds, 15, "15 s", "15 s"},
		{Share, 0.9999, "99.99 %", "99.99 %"},
		{Share, 1 - 1.1220184543e-4, "99.9888 %", "99.9888 %"},
		{Share, 0.5, "50 %", "50 %"},
		{Cores, 1, "1 core", "1 core"},
		{Cores, 0.8, "0.8 cores", "0.800 cores"},
		{Plain, 12_300, "12.3 k", "12.3 k"},
	} {
		assert.Equal(t, test.text, test.unit.Text(test.value, 3))
		assert.Equal(t, test.figure, test.unit.Figure(test.value, 3))
	}
}

func TestTicks(t *testing.T) {
	labels := func(s *span) (out []string) {
		for _, tick := range s.ticks {
			if tick.label != "" {
				out = append(out, tick.label)
			}
		}
		return out
	}
	for _, test := range []struct {
		axis      Axis
		low, high float64
		want      string
	}{
		{Axis{Unit: Rate}, 0, 1.3e6, "0/s 500 k/s 1 M/s 1.5 M/s"},
		{Axis{Unit: Bytes}, 0, 148 << 20, "0 B 32 MiB 64 MiB 96 MiB 128 MiB 160 MiB"},
		{Axis{Unit: Seconds}, 0, 19, "0 s 5 s 10 s 15 s"},
		{Axis{Unit: Seconds}, 0, 1, "0 s 1 s"},
		{Axis{Unit: Rate}, 0, 0, "0/s 0.2/s 0.4/s 0.6/s 0.8/s 1/s"},
		{Axis{Scale: Log, Unit: Duration}, 9e4, 3e6, "50 µs 100 µs 200 µs 500 µs 1 ms 2 ms 5 ms"},
		{Axis{Scale: Log, Unit: Duration}, 1e5, 1e5, "100 µs 200 µs"},
		{Axis{Scale: Log, Unit: Duration}, 9e2, 3e9, "1 µs 10 µs 100 µs 1 ms 10 ms 100 ms 1 s"},
		{Axis{Scale: Nines, Unit: Share}, 0, 0.9999, "50 % 90 % 99 % 99.9 % 99.99 %"},
	} {
		s := test.axis.span(test.low, test.high, 0, 100)
		assert.Equal(t, test.want, strings.Join(labels(s), " "))
		assert.GreaterOrEqual(t, s.place(max(test.low, 1e-9)), -1e-6)
		assert.LessOrEqual(t, s.place(test.high), 100+1e-6)
	}
}

// Long lines lose what cannot be seen, and never a peak.
func TestThin(t *testing.T) {
	var points []Point
	for i := range 10_000 {
		points = append(points, Point{X: float64(i), Y: 1})
	}
	points[7777].Y, points[1234].Y, points[5000].Y = 99, 0.1, math.NaN()
	got := thin(points, 500)
	assert.LessOrEqual(t, len(got), 1000)
	assert.Contains(t, got, points[7777])
	assert.Contains(t, got, points[1234])
	nan := 0
	for i, p := range got {
		if math.IsNaN(p.Y) {
			nan++
		}
		if i > 0 {
			assert.Greater(t, p.X, got[i-1].X)
		}
	}
	assert.Equal(t, 1, nan, "what breaks the line is kept")
	assert.Len(t, thin(points[:900], 500), 900)
}

func TestDashed(t *testing.T) {
	got := dashed([]XY{{0, 0}, {4, 0}, {10, 0}}, []float64{3, 2})
	assert.Equal(t, [][]XY{{{0, 0}, {3, 0}}, {{5, 0}, {8, 0}}}, got)
	assert.Equal(t, [][]XY{{{0, 0}, {9, 0}}}, dashed([]XY{{0, 0}, {9, 0}}, nil))
}

// What is shown of foreign texts stays within its room and harms nothing.
func TestNames(t *testing.T) {
	for _, name := range []string{strings.Repeat("long ", 100), "a\x00b\x1b[31m\n", "\xff\xfe", "日本語", ""} {
		out := fit(name, textSize, false, 100)
		assert.LessOrEqual(t, room(out, textSize, false), 100.0)
		assert.NotContains(t, out, "\x1b")
	}
	assert.Equal(t, "short", fit("short", textSize, true, 100))
}

// Whatever the figures, there is a chart, and it is well-formed.
func TestAnyFigures(t *testing.T) {
	value := rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1, math.MaxFloat64, 5e-324}))
	rapid.Check(t, func(t *rapid.T) {
		axis := func() Axis {
			return Axis{Label: rapid.String().Draw(t, "label"), Scale: Scale(rapid.IntRange(0, 2).Draw(t, "scale")), Unit: Unit(rapid.IntRange(0, int(Cores)).Draw(t, "unit"))}
		}
		c := &Lines{Title: rapid.String().Draw(t, "title"), X: axis(), Y: axis(), Wide: rapid.Bool().Draw(t, "wide")}
		b := &Bars{Title: c.Title, Unit: c.Y.Unit, Apart: c.Wide}
		for i := range rapid.IntRange(0, 3).Draw(t, "series") {
			s := Series{Name: rapid.String().Draw(t, "name"), Index: i * 7}
			g := Group{Name: s.Name}
			var line []Point
			for range rapid.IntRange(0, 5).Draw(t, "points") {
				p := Point{X: value.Draw(t, "x"), Y: value.Draw(t, "y")}
				line = append(line, p)
				g.Bars = append(g.Bars, Bar{Name: s.Name, Index: i, Value: p.Y, Low: p.X, High: p.Y})
			}
			s.Lines, s.Marks = [][]Point{line}, line
			c.Series, b.Groups = append(c.Series, s), append(b.Groups, g)
		}
		for _, chart := range []Chart{c, b} {
			var out bytes.Buffer
			s := chart.Scene()
			require.NoError(t, s.SVG(&out))
			wellFormed(t, out.Bytes())
			require.NotContains(t, out.String(), `"NaN`)
			require.NotContains(t, out.String(), `Inf`)
			s.Image(0.2)
		}
	})
}
