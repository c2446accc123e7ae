package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/bench"
	"github.com/ashlar-cache/ashlar/bench/report"
)

// call runs the program and returns its status and what it printed.
func call(args ...string) (status int, out, errs string) {
	var stdout, stderr bytes.Buffer
	status = run(args, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"-h"}, {"memory", "--help"}} {
		status, out, errs := call(args...)
		assert.Zero(t, status)
		assert.Empty(t, errs)
		assert.Contains(t, out, "hitratio")
		assert.LessOrEqual(t, strings.Count(out, "\n"), 40, "it must fit a screen")
		for line := range strings.Lines(out) {
			assert.LessOrEqual(t, len(line), 81, line)
		}
	}
}

func TestMistakes(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	require.NoError(t, os.WriteFile(bad, []byte("#!/bin/sh\nexit 3\n"), 0o700))
	for want, args := range map[string][]string{
		`no figure "speed"`:       {"speed"},
		"say what to measure":     {"--quick"},
		"not defined: -nosuch":    {"memory", "--nosuch"},
		"--scale":                 {"memory", "--scale", "0"},
		`unknown server "nosuch"`: {"memory", "--servers", "nosuch"},
		"no part of that name":    {"memory", "--servers", "x=127.0.0.1:1", "--only", "nosuch"},
		"refused":                 {"memory", "--servers", "x=127.0.0.1:1"},
		"exit status 3":           {"churn", "--servers", "x=" + bad + " {port}"},
	} {
		status, _, errs := call(append(args, "--silent")...)
		assert.Equal(t, 1, status, args)
		assert.Contains(t, errs, want)
		assert.True(t, strings.HasPrefix(errs, "ashlar-bench: "), errs)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"--quick", "memory", "--servers", "a,b", "churn", "--seed=7", "--only", "x"})
	require.NoError(t, err)
	assert.Len(t, o.figures, 2)
	assert.Equal(t, []string{"a", "b"}, o.servers)
	assert.Equal(t, []string{"x"}, o.config.Only)
	assert.Equal(t, 0.05, o.config.Scale)
	assert.Equal(t, uint64(7), o.config.Seed)
	o, err = parse([]string{"all"})
	require.NoError(t, err)
	assert.Len(t, o.figures, len(bench.Figures()))
}

// A small run from end to end, with a server that is built for it.
func TestRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	file := filepath.Join(t.TempDir(), "out.json")
	status, out, errs := call("churn", "stuck", "--scale", "0.002", "--only", "deletes,idle", "--json", file)
	// At this size bars say nothing, but whether one was missed is told.
	assert.Equal(t, status == 1, strings.Contains(errs, "bars missed"), errs)
	assert.Contains(t, errs, "churn: ashlar stores")
	assert.Regexp(t, `(?m)^churn: .*\nashlar; linux/`, out)
	assert.Regexp(t, `(?m)^stuck: `, out)
	assert.Regexp(t, `(?m)resident 10 s after the deletes .* (met|MISSED)$`, out)

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var reports []report.Report
	require.NoError(t, json.Unmarshal(text, &reports))
	require.Len(t, reports, 2)
	assert.Equal(t, "stuck", reports[1].Name)
	assert.NotEmpty(t, reports[1].Checks)
}
