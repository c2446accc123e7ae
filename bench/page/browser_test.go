package page

import (
	"bytes"
	"context"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/result"
	"github.com/ashlar-cache/ashlar/bench/result/resulttest"
)

// browser finds Chromium. Where it must be there its absence fails the test.
func browser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.Empty(t, os.Getenv("ASHLAR_REQUIRE_CHROMIUM"), "there is no chromium")
	t.Skip("there is no chromium: apt-get install chromium")
	return ""
}

// watch notes what a page complains of and what it asks the network for.
type watch struct {
	mu         sync.Mutex
	complaints []string
	requests   []string
}

func (w *watch) listen(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		w.complaints = append(w.complaints, "console: "+string(e.Type))
	case *log.EventEntryAdded:
		w.complaints = append(w.complaints, e.Entry.Text)
	case *cdpage.EventJavascriptDialogOpening:
		w.complaints = append(w.complaints, "a dialog: "+e.Message)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") {
			w.requests = append(w.requests, e.Request.URL)
		}
	}
}

// open shows the page of a file in the browser; what the test does in it ends with it.
func open(t *testing.T, f *result.File) (ctx context.Context, w *watch, address string) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 1000),
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancelAllocator)
	ctx, cancelBrowser := chromedp.NewContext(ctx)
	// Waits for the browser's end: it writes into a directory that is removed.
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); cancelBrowser() })

	name := filepath.Join(t.TempDir(), "page.html")
	out, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, Write(out, f))
	require.NoError(t, out.Close())
	address = (&url.URL{Scheme: "file", Path: name}).String()
	w = new(watch)
	require.NoError(t, chromedp.Listen(ctx, w.listen)) // starts the browser
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(address), chromedp.WaitReady(chromedp.CSS("#read"))))
	return ctx, w, address
}

// eval is what a script gives.
func eval[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	require.NoError(t, err)
	return v
}

// outside counts the charts of which something is beyond their edge, and cannot be read.
const outside = `[...document.querySelectorAll("svg.plot")].filter(s => {
	const b = s.getBBox(), v = s.viewBox.baseVal;
	return b.x < -1 || b.y < -1 || b.x + b.width > v.width + 1 || b.y + b.height > v.height + 1;
}).length`

// point moves the pointer to the middle of the first chart of lines.
const point = `(() => {
	const s = document.querySelector("svg[data-frame]");
	s.scrollIntoView({block: "center"});
	const r = s.getBoundingClientRect();
	return [r.x + r.width / 2, r.y + r.height / 2];
})()`

// hidden tells how much of a server's lines is hidden: 1 is all.
const hidden = `(() => {
	const all = [...document.querySelectorAll('path[data-x][data-series="redis-server"]')];
	return all.filter(p => p.classList.contains("off")).length / all.length;
})()`

// The page as a reader has it: a figure, a read-out, a server hidden, a picture, and
// nothing asked for elsewhere nor complained of.
func TestInBrowser(t *testing.T) {
	ctx, w, address := open(t, resulttest.Comparison(3))
	assert.Equal(t, "GET and SET on three servers", eval[string](t, ctx, `document.title`))
	assert.Regexp(t, `^7\d\d k/s`, eval[string](t, ctx, `document.querySelector('td[data-figure="rate"][data-server="redis-server"]').textContent`))
	assert.Greater(t, eval[int](t, ctx, `document.querySelectorAll("svg.plot").length`), 20)
	assert.Zero(t, eval[int](t, ctx, outside))
	assert.LessOrEqual(t, eval[int](t, ctx, `document.documentElement.scrollWidth - innerWidth`), 0, "the page itself does not scroll sideways")
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)

	at := eval[[]float64](t, ctx, point)
	require.NoError(t, chromedp.Do(ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1])))
	read, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#read"), chromedp.NodeVisible))
	require.NoError(t, err)
	for _, want := range []string{"ashlar", "redis-server", "memcached", "%", "ms"} {
		assert.Contains(t, read, want)
	}
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`text[data-key][data-series="redis-server"]`))))
	assert.Equal(t, 1, eval[int](t, ctx, hidden), "all lines of a server are hidden at once")

	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	require.NoError(t, err)
	dark, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	wide, light := pixels(t, shot)
	assert.Equal(t, 1280, wide)
	_, unlit := pixels(t, dark)
	assert.Greater(t, light, unlit+0.5, "dark is darker than light")
	w.quiet(t, address)
}

// Texts that try to be markup stay texts.
func TestHostileInBrowser(t *testing.T) {
	ctx, w, address := open(t, resulttest.Hostile())
	assert.Equal(t, 1, eval[int](t, ctx, `document.scripts.length`))
	assert.Zero(t, eval[int](t, ctx, `document.images.length`))
	w.quiet(t, address)
}

// quiet checks that a page loaded nothing but itself and complained of nothing.
func (w *watch) quiet(t *testing.T, address string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	assert.Empty(t, w.complaints)
	assert.Equal(t, []string{address}, w.requests)
}

// pixels tells a picture's width and how light it is, from 0 to 1.
func pixels(t *testing.T, shot []byte) (wide int, light float64) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	b := img.Bounds()
	n := 0.0
	for y := b.Min.Y; y < b.Max.Y; y += 7 {
		for x := b.Min.X; x < b.Max.X; x += 7 {
			_, g, _, _ := img.At(x, y).RGBA()
			light, n = light+float64(g)/0xffff, n+1
		}
	}
	return b.Dx(), light / n
}
