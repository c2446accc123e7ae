package plot

import (
	"fmt"
	"image/color"
	"strings"
)

// tint is a role's colour on light and on dark ground. Those of the series are apart
// from each other for the common kinds of colour blindness as far as eight can be, and
// from the ground by a contrast of at least 3 to 1.
type tint struct {
	name        string // class in an SVG
	light, dark color.RGBA
}

var tints = []tint{
	paper:           {"paper", rgb(0xffffff), rgb(0x16191d)},
	ink:             {"ink", rgb(0x1b1f24), rgb(0xe6e8eb)},
	faint:           {"faint", rgb(0x5a626c), rgb(0xa3abb5)},
	grid:            {"grid", rgb(0xe3e6ea), rgb(0x2b3036)},
	alarm:           {"alarm", rgb(0xb3261e), rgb(0xff8a80)},
	firstSeries:     {"s0", rgb(0x1f6fb5), rgb(0x6cb2f7)},
	firstSeries + 1: {"s1", rgb(0xd1571b), rgb(0xff9c62)},
	firstSeries + 2: {"s2", rgb(0x1f8a5b), rgb(0x5fcb99)},
	firstSeries + 3: {"s3", rgb(0x8a4fb0), rgb(0xcba0ef)},
	firstSeries + 4: {"s4", rgb(0xa8790a), rgb(0xe0b740)},
	firstSeries + 5: {"s5", rgb(0xc2336b), rgb(0xf587ae)},
	firstSeries + 6: {"s6", rgb(0x2f7f8b), rgb(0x77c5cf)},
	firstSeries + 7: {"s7", rgb(0x6b6f76), rgb(0xb4b9c0)},
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff}
}

func (i Ink) class() string { return tints[i].name }

// CSS is the style of the charts, for a page that has them inside; an SVG of its own
// brings it along. On paper, light colours are taken whatever the screen has.
func CSS() string {
	var light, dark strings.Builder
	for _, t := range tints {
		fmt.Fprintf(&light, ".plot .%s{color:%s}", t.name, hex(t.light))
		fmt.Fprintf(&dark, ".plot .%s{color:%s}", t.name, hex(t.dark))
	}
	return ".plot{font-family:system-ui,-apple-system,'Segoe UI','Helvetica Neue',Arial,sans-serif;font-variant-numeric:tabular-nums}" +
		".plot path{fill:none;stroke:currentColor;stroke-linejoin:round;stroke-linecap:butt}" +
		".plot text,.plot tspan,.plot rect,.plot circle{fill:currentColor}" +
		".plot circle.open{fill:none;stroke:currentColor;stroke-width:1.6}" +
		light.String() + "@media screen and (prefers-color-scheme:dark){" + dark.String() + "}"
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Class is the class of a series in the CSS, for what a page shows beside the charts.
func Class(index int) string { return series(index).class() }
