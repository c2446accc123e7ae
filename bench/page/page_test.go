package page

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result"
	"github.com/ashlar-cache/ashlar/bench/result/resulttest"
)

// written is the text of a page.
func written(t *testing.T, p Page) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, p.Write(&out))
	return out.String()
}

func TestPage(t *testing.T) {
	compared := resulttest.Comparison(3)
	compared.Failures = []string{"redis-server: ended after 5 replies"}
	text := written(t, Page{Files: []*result.File{compared, resulttest.Search(2)}})
	for _, want := range []string{
		"<title>GET and SET on three servers</title>",
		"dragonfly is not installed", "client and servers shared 2 cores", "ended after 5 replies",
		"redis-server 7.0.15", "Latency by percentile", "p99.9 against throughput", "Throughput over time",
		"the highest rate with p99.9 ≤ 1 ms", "what the servers took", "1.74 ×",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "ZgotmplZ", "what html/template puts where it takes a value for dangerous")
	// An address in it is a name space or an anchor: nothing is loaded.
	assert.Empty(t, regexp.MustCompile(`(src|href)="[^#d"]`).FindAllString(text, -1))
	assert.Empty(t, strings.ReplaceAll(strings.Join(regexp.MustCompile(`https?://[^"\s]*`).FindAllString(text, -1), ""), "http://www.w3.org/2000/svg", ""))

	seen := make(map[string]bool)
	for _, id := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		assert.False(t, seen[id[1]], "%s is there twice", id[1])
		seen[id[1]] = true
	}
	for _, ref := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(text, -1) {
		assert.True(t, seen[ref[1]], "%s leads nowhere", ref[1])
	}
	charts := strings.Count(text, "<svg")
	assert.Equal(t, charts, strings.Count(text, "<desc"))
	assert.Equal(t, charts, strings.Count(text, "The numbers"))
}

func TestHostile(t *testing.T) {
	text := written(t, Page{Files: []*result.File{resulttest.Hostile()}})
	assert.Equal(t, 1, strings.Count(text, "<script"))
	assert.NotContains(t, text, "<img")
	assert.NotContains(t, text, "\x00")
	assert.NotContains(t, text, "\x1b")
	assert.Contains(t, text, "&lt;img src=x onerror=alert(1)&gt;")
}

func TestEmpty(t *testing.T) {
	text := written(t, Page{Files: []*result.File{{Format: result.Format, Failures: []string{"no server could be started"}}}})
	assert.Contains(t, text, "no server could be started")
	assert.NotContains(t, text, "Summary")
	assert.Contains(t, written(t, Page{}), "<title>ashlar-bench</title>")
}

func TestFigures(t *testing.T) {
	r := &report.Report{Name: "memory", Title: "bytes an item", When: time.Unix(0, 0).UTC(), Servers: []string{"ashlar", "redis"}, Scale: 0.5}
	r.Table("by <profile>", "profile", "ashlar", "redis").Add("16/8", 15.25, 61.0)
	r.AtMost("overhead", 15.25, 18, "bytes")
	r.AtLeast("ratio", 1.2, 1.5, "")
	r.AtMost("nothing", 0, 0, "")
	r.Note("took %d s", 3)
	text := written(t, Page{Reports: []*report.Report{r}})
	for _, want := range []string{
		"memory: bytes an item", "by &lt;profile&gt;", "15.2 bytes", "≤ 18.0 bytes", "missed", "took 3 s",
		`width:67.8%`, `left:80.0%`, "at 0.5 of the size",
	} {
		assert.Contains(t, text, want)
	}
}
