package plot

import (
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"strings"
)

// SVG writes the scene as a file of its own: it brings its style along, and follows
// the reader's colour scheme where the program that shows it does.
func (s *Scene) SVG(w io.Writer) error {
	_, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+s.svg("plot", "<style>"+CSS()+"</style>")+"\n")
	return err
}

// Inline is the scene for the inside of a page that has CSS(); id is unique in it.
// All text of the scene is escaped.
func (s *Scene) Inline(id string) string { return s.svg(id, "") }

func (s *Scene) svg(id, style string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" viewBox="0 0 %s %s" width="%[1]s" height="%[2]s" aria-labelledby="%[3]s-t %[3]s-d"`,
		num(s.Width), num(s.Height), id)
	if f := s.Hover; f != nil {
		fmt.Fprintf(&b, ` data-frame="%s %s %s %s"`, num(f.Left), num(f.Top), num(f.Right), num(f.Bottom))
	}
	fmt.Fprintf(&b, `><title id="%s-t">%s</title><desc id="%[1]s-d">%[3]s</desc>%[4]s`, id, escape(s.Title), escape(s.Desc), style)
	for i := range s.shapes {
		s.shapes[i].svg(&b)
	}
	b.WriteString("</svg>")
	return b.String()
}

func (p *shape) svg(b *strings.Builder) {
	at, tag, class := p.points[0], "", p.ink.class()
	var content string
	switch p.kind {
	case line:
		tag = "path"
		content = fmt.Sprintf(` d="%s" stroke-width="%s"`, path(p.points), num(p.width))
		if p.dash != nil {
			content += ` stroke-dasharray="` + nums(p.dash) + `"`
		}
		if p.labels != nil {
			content += ` data-x="` + escape(joined(p.labels, 0)) + `" data-y="` + escape(joined(p.labels, 1)) + `"`
		}
	case box:
		tag = "rect"
		content = fmt.Sprintf(` x="%s" y="%s" width="%s" height="%s"`, num(at.X), num(at.Y), num(p.width), num(p.height))
	case dot:
		tag = "circle"
		content = fmt.Sprintf(` cx="%s" cy="%s" r="%s"`, num(at.X), num(at.Y), num(p.size))
		if p.hollow {
			class += " open"
		}
	case text:
		tag = "text"
		content = fmt.Sprintf(` x="%s" y="%s" font-size="%s"`, num(at.X), num(at.Y), num(p.size))
		if p.bold {
			content += ` font-weight="600"`
		}
		if p.anchor != start {
			content += ` text-anchor="` + [...]string{"start", "middle", "end"}[p.anchor] + `"`
		}
	}
	fmt.Fprintf(b, `<%s class="%s"%s`, tag, class, content)
	if p.series != "" {
		fmt.Fprintf(b, ` data-series="%s"`, escape(p.series))
	}
	if p.key {
		b.WriteString(" data-key")
		b.WriteString(`=""`) // XML knows no attribute without a value
	}
	if p.kind == text {
		b.WriteString(">" + escape(p.text))
		if p.tail != "" { // in one text, so that it stands right behind in any font
			fmt.Fprintf(b, `<tspan class="faint tail" dx="%s" font-size="%s" font-weight="400">%s</tspan>`, num(tailGap), num(tailSize), escape(p.tail))
		}
		b.WriteString("</text>")
		return
	}
	b.WriteString("/>")
}

// path is a line's points: the first absolute, then one after another.
func path(points []XY) string {
	var b strings.Builder
	for i, p := range points {
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(num(p.X) + " " + num(p.Y))
	}
	if len(points) == 1 { // without a second one nothing would be drawn or found
		b.WriteString("h0")
	}
	return b.String()
}

// joined lists one side of the labels.
func joined(labels [][2]string, side int) string {
	out := make([]string, len(labels))
	for i, l := range labels {
		out[i] = strings.ReplaceAll(l[side], "|", "/")
	}
	return strings.Join(out, "|")
}

// num prints a coordinate: a tenth of a pixel is more than can be seen.
func num(f float64) string {
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}

func nums(list []float64) string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = num(f)
	}
	return strings.Join(out, " ")
}

func escape(words string) string { return html.EscapeString(printable(words)) }
