package report

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sample() *Report {
	r := &Report{Name: "memory", Title: "bytes an item", System: "linux, 2 cores", Seed: 1, Scale: 1, Servers: []string{"ashlar", "redis"}}
	t := r.Table("by profile", "key/value", "ashlar", "größe")
	t.Add("16/8", 15.25, "µ")
	t.Add("32/1000", 123.4, 7)
	r.AtMost("16/8", 15.25, 18, "bytes")
	r.AtLeast("hit ratio", 1.2, 1.5, "points")
	r.Note("took %d s", 3)
	return r
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, sample().Text(&out))
	assert.Equal(t, `memory: bytes an item
ashlar, redis; linux, 2 cores; seed 1

by profile
  key/value  ashlar  größe
  16/8         15.2      µ
  32/1000       123      7

  bar           measured        wanted
  16/8        15.2 bytes    ≤ 18 bytes     met
  hit ratio  1.20 points  ≥ 1.5 points  MISSED

note: took 3 s
`, out.String())
	r := sample()
	r.Scale = 0.05
	out.Reset()
	require.NoError(t, r.Text(&out))
	assert.Contains(t, out.String(), "at 0.05 of the size")
}

func TestChecks(t *testing.T) {
	r := sample()
	assert.Equal(t, 1, r.Missed())
	r.AtMost("equal counts", 5, 5, "")
	r.AtLeast("equal counts", 5, 5, "")
	assert.Equal(t, 1, r.Missed())
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	want := sample()
	want.When = time.Unix(1, 0).UTC()
	require.NoError(t, JSON(&out, []*Report{want}))
	var got []*Report
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	assert.Equal(t, []*Report{want}, got)
}

func TestCell(t *testing.T) {
	for want, v := range map[string]any{
		"1234": 1234.4, "12.3": 12.34, "1.23": 1.234, "0.00": 0.0, "0.012": 0.0123, "-15.0": -15.0,
		"7": 7, "text": "text", "1.5s": 1500 * time.Millisecond,
	} {
		assert.Equal(t, want, Cell(v))
	}
	assert.Equal(t, "1.50 MiB", MiB(3<<19))
}

func TestProgressPlain(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	p.Step("fill %s", "ashlar")
	p.At(1, 2) // too early for another line
	p.last = time.Now().Add(-time.Minute)
	p.At(1, 2)
	p.Clear()
	assert.Equal(t, "fill ashlar\nfill ashlar: 50 %\n", out.String())

	silent := NewProgress(nil)
	silent.Step("x")
	silent.At(1, 2)
	silent.Clear()
}

func TestProgressTerminal(t *testing.T) {
	var out bytes.Buffer
	p := &Progress{out: &out, terminal: true}
	p.Step("a long step")
	p.Step("short")
	p.Clear()
	p.Clear()
	assert.Equal(t, "\ra long step\rshort      \r           \r", out.String())
	f, err := os.Create(t.TempDir() + "/log")
	require.NoError(t, err)
	defer f.Close()
	assert.False(t, NewProgress(f).terminal)
}

func TestProgressLive(t *testing.T) {
	var out bytes.Buffer
	p := &Progress{out: &out, terminal: true}
	p.step = "get"
	p.Live(0.5, "  12/s")
	p.Live(0.6, "  too early for another")
	assert.Equal(t, "\rget  ██████████░░░░░░░░░░  50 %  12/s", out.String())
	out.Reset()
	p = NewProgress(&out)
	p.Step("get")
	p.last = time.Now().Add(-time.Minute)
	p.Live(2, "  12/s")
	assert.Equal(t, "get\nget: 100 %  12/s\n", out.String())
	NewProgress(nil).Live(1, "")
}
