package export

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ashlar-cache/ashlar/bench/plot"
	"github.com/ashlar-cache/ashlar/bench/result"
)

// Figures are all charts of a digest, in the order of the page.
func (d *Digest) Figures() []Figure {
	out := d.Overview()
	for _, s := range d.Sweeps {
		out = append(out, s.Figure())
	}
	for _, s := range d.Scenarios {
		out = append(append(out, s.Latencies()...), s.OverTime()...)
	}
	return out
}

// pngScale is for screens with two pixels for one.
const pngScale = 2

// SVG writes each chart of the files into a directory, as SVG; it returns the names of
// what it wrote.
func SVG(dir string, files ...*result.File) ([]string, error) {
	return pictures(dir, ".svg", (*plot.Scene).SVG, files)
}

// PNG writes each chart of the files into a directory, as PNG.
func PNG(dir string, files ...*result.File) ([]string, error) {
	return pictures(dir, ".png", func(s *plot.Scene, w io.Writer) error { return s.PNG(w, pngScale) }, files)
}

func pictures(dir, ending string, draw func(*plot.Scene, io.Writer) error, files []*result.File) (names []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	// How often a name was wanted: each file has a chart of throughput.
	used := make(map[string]int)
	for _, f := range files {
		for _, fig := range NewDigest(f).Figures() {
			name := fig.Name
			if used[fig.Name]++; used[fig.Name] > 1 { // scenarios whose names are alike
				name += fmt.Sprintf("-%d", used[fig.Name])
			}
			name = filepath.Join(dir, name+ending)
			if err := write(name, func(w io.Writer) error { return draw(fig.Chart.Scene(), w) }); err != nil {
				return names, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// write makes a file. A full disk shows at the latest when it is closed.
func write(name string, fill func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}
