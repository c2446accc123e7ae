package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Progress tells how far a run is: on a terminal in one line that is written over
// and over, elsewhere in a plain line for each step. It is for one run, whose
// goroutines may share it.
type Progress struct {
	mu       sync.Mutex
	out      io.Writer // nil: say nothing
	terminal bool
	shown    int // characters of the line on the terminal
	last     time.Time
	step     string
}

// How often the line on a terminal is renewed, and how long one step may take
// elsewhere until it is said how far it is.
const (
	renewEvery = 100 * time.Millisecond
	plainEvery = 10 * time.Second
)

// NewProgress writes to out; nil for nowhere.
func NewProgress(out io.Writer) *Progress {
	p := &Progress{out: out}
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.terminal = true
		}
	}
	return p
}

// Step says what is done next.
func (p *Progress) Step(format string, values ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = fmt.Sprintf(format, values...)
	p.last = time.Now()
	p.show(p.step)
}

// At says how far the step is, done of total; it may be called often.
func (p *Progress) At(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	every := plainEvery
	if p.terminal {
		every = renewEvery
	}
	if p.out == nil || total == 0 || time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	p.show(fmt.Sprintf("%s: %d %%", p.step, int64(done)*100/int64(total)))
}

// Live says how far the step is, as a share from 0 to 1, and what there is to tell of
// it meanwhile: on a terminal with a bar. It may be called often.
func (p *Progress) Live(share float64, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	every := plainEvery
	if p.terminal {
		every = renewEvery
	}
	if p.out == nil || time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	share = min(max(share, 0), 1)
	if !p.terminal {
		p.show(fmt.Sprintf("%s: %.0f %%%s", p.step, share*100, text))
		return
	}
	full := int(share * barWidth)
	bar := strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
	p.show(fmt.Sprintf("%s  %s %3.0f %%%s", p.step, bar, share*100, text))
}

// barWidth is the length of the bar in characters.
const barWidth = 20

// Clear takes the line off the terminal, for something else to be printed.
func (p *Progress) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && p.shown > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.shown, "")
		p.shown = 0
	}
}

func (p *Progress) show(text string) {
	switch {
	case p.out == nil:
	case p.terminal:
		// What a longer line before has left behind is blanked.
		n := utf8.RuneCountInString(text)
		fmt.Fprintf(p.out, "\r%s%*s", text, max(p.shown-n, 0), "")
		p.shown = max(p.shown, n)
	default:
		fmt.Fprintln(p.out, text)
	}
}
