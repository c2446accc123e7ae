package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func summarise(t *testing.T, lines ...string) (*summary, string) {
	t.Helper()
	var out strings.Builder
	s := newSummary(&out)
	require.NoError(t, s.read(strings.NewReader(strings.Join(lines, "\n"))))
	return s, out.String()
}

func TestCountsAndFailures(t *testing.T) {
	s, out := summarise(t,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"fine\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}`,
		`{"Action":"output","Package":"p","Test":"TestB","Output":"broken\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestB"}`,
		`{"Action":"output","Package":"p","Test":"TestC","Output":"no redis\n"}`,
		`{"Action":"skip","Package":"p","Test":"TestC"}`,
		`{"Action":"output","Package":"p","Output":"FAIL\n"}`,
		`{"Action":"fail","Package":"p","Elapsed":1.5}`,
		`{"Action":"skip","Package":"without"}`)
	require.Equal(t, tally{1, 1, 1}, s.total)
	require.Equal(t, "1 passed, 1 failed, 1 skipped", s.total.String())
	require.Contains(t, out, "broken\nno redis\nFAIL p ")
	require.NotContains(t, out, "fine")
	require.NotContains(t, out, "=== RUN")
	require.NotContains(t, out, "without")
}

func TestAPackageThatDoesNotBuild(t *testing.T) {
	s, out := summarise(t,
		`{"ImportPath":"p","Action":"build-output","Output":"p.go:1: syntax error\n"}`,
		`{"Action":"fail","Package":"p","FailedBuild":"p"}`,
		`not an event`)
	require.Equal(t, tally{0, 1, 0}, s.total)
	require.Contains(t, out, "syntax error")
	require.Contains(t, out, "not an event\n")
}

func TestAPanicShowsWhatTheTestSaid(t *testing.T) {
	s, out := summarise(t,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: oh\n"}`,
		`{"Action":"fail","Package":"p"}`)
	require.Equal(t, 1, s.total.failed)
	require.Contains(t, out, "panic: oh")
}
