package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench/report"
	"github.com/ashlar-cache/ashlar/bench/result/resulttest"
)

// savedFiles writes a load's result and a figure's report.
func savedFiles(t *testing.T) (load, figure string) {
	t.Helper()
	dir := t.TempDir()
	load, figure = filepath.Join(dir, "load.json"), filepath.Join(dir, "figure.json")
	f, err := os.Create(load)
	require.NoError(t, err)
	saved := resulttest.Comparison(1)
	saved.Runs = saved.Runs[:2]
	for i := range saved.Runs {
		saved.Runs[i].Timeline = nil // fewer pictures, of the same kinds
	}
	require.NoError(t, saved.Write(f))
	require.NoError(t, f.Close())
	r := &report.Report{Name: "memory", Title: "bytes an item", Scale: 1, Servers: []string{"ashlar"}}
	r.Table("by profile", "profile", "ashlar").Add("16/8", 15.2)
	r.AtMost("16/8", 15.2, 18, "bytes")
	require.NoError(t, writeJSON(figure, nil, []*report.Report{r}))
	return load, figure
}

func TestReportForms(t *testing.T) {
	load, figure := savedFiles(t)
	for _, test := range []struct{ options, want string }{
		{"", "get, 50 connections, 32 deep, closed loop"},
		{"--text", "16/8  15.2 bytes  ≤ 18 bytes  met"},
		{"--csv", "\nget,"},
		{"--benchstat", "/server=redis-server-1\t"},
		{"--html -", "<!DOCTYPE html>"},
	} {
		status, out, errs := call(append(append([]string{"report", load}, strings.Fields(test.options)...), figure)...)
		assert.Zero(t, status, errs)
		assert.Contains(t, out, test.want, test.options)
	}
}

func TestReportFiles(t *testing.T) {
	load, figure := savedFiles(t)
	dir := t.TempDir()
	html, svg, png := filepath.Join(dir, "page.html"), filepath.Join(dir, "svg"), filepath.Join(dir, "png")
	status, out, errs := call("report", "--html", html, "--svg", svg, "--png", png, load, figure)
	require.Zero(t, status, errs)
	assert.Empty(t, out, "text is printed where nothing else is asked for")
	text, err := os.ReadFile(html)
	require.NoError(t, err)
	assert.Contains(t, string(text), "bytes an item")
	assert.FileExists(t, filepath.Join(svg, "cpu.svg"))
	assert.FileExists(t, filepath.Join(png, "latency-get.png"))
}

func TestReportMistakes(t *testing.T) {
	load, figure := savedFiles(t)
	dir := t.TempDir()
	make := func(name, text string) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for _, test := range []struct {
		want string
		args []string
	}{
		{"say which files", nil},
		{"choose one", []string{load, "--csv", "--text"}},
		{"figures alone", []string{figure, "--csv"}},
		{"no such file", []string{filepath.Join(dir, "none")}},
		{"not a result of ashlar-bench", []string{make("a", "x")}},
		{"not a report of ashlar-bench", []string{make("b", "[null]")}},
		{"not a report of ashlar-bench", []string{make("c", `[{"tables":[{"columns":["a"],"rows":[["1","2"]]}]}]`)}},
		{"not a report of ashlar-bench", []string{make("d", "[1]")}},
		{"format 99", []string{make("e", `{"format":99}`)}},
		{"no such file", []string{load, "--html", filepath.Join(dir, "none", "x.html")}},
		{"not a directory", []string{load, "--svg", filepath.Join(make("f", ""), "x")}},
		{"-nosuch", []string{load, "--nosuch"}},
	} {
		status, _, errs := call(append([]string{"report"}, test.args...)...)
		assert.Equal(t, 1, status, test.args)
		assert.Contains(t, errs, test.want)
	}
}
