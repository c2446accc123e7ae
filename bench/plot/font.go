package plot

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The fonts come with the program, so that pictures are the same everywhere.
var regular, bold = parseFont(goregular.TTF), parseFont(gobold.TTF)

func parseFont(ttf []byte) *sfnt.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(fmt.Sprintf("plot: a font of the program itself: %v", err))
	}
	return f
}

// face makes a font of a size in pixels. One is not for two goroutines at once, hence
// a new one for each drawing.
func face(size float64, heavy bool) font.Face {
	f := regular
	if heavy {
		f = bold
	}
	out, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(fmt.Sprintf("plot: a font of the program itself: %v", err))
	}
	return out
}

// measure is how wide a text is, in pixels.
func measure(words string, size float64, heavy bool) float64 {
	f := regular
	if heavy {
		f = bold
	}
	// Straight from the font's table: a face would be made for each word.
	var buf sfnt.Buffer
	ppem := fixed.Int26_6(size * 64)
	var wide fixed.Int26_6
	for _, r := range words {
		glyph, _ := f.GlyphIndex(&buf, r) // 0, a box, for what the font does not have
		if advance, err := f.GlyphAdvance(&buf, glyph, ppem, font.HintingNone); err == nil {
			wide += advance
		}
	}
	return float64(wide) / 64
}

// room is how much place to leave for a text, in whatever font it will be shown: the
// widest of the usual ones takes an eighth more than the Go fonts.
func room(words string, size float64, heavy bool) float64 {
	return measure(words, size, heavy) * 9 / 8
}

// fit shortens a text to a width: names come from outside and may be of any length.
func fit(words string, size float64, heavy bool, wide float64) string {
	words = printable(words)
	if room(words, size, heavy) <= wide {
		return words
	}
	for words != "" && room(words+"…", size, heavy) > wide {
		_, n := utf8.DecodeLastRuneInString(words)
		words = words[:len(words)-n]
	}
	return strings.TrimRight(words, " ") + "…"
}

// printable leaves out what XML forbids, even escaped, and what is no text.
func printable(words string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError || r == 0xfffe || r == 0xffff:
			return -1
		}
		return r
	}, words)
}
