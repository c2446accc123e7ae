package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEmbeddedOptions(t *testing.T) {
	status, out, errs := call("embedded", "--help")
	assert.Zero(t, status, errs)
	assert.Equal(t, embeddedHelp, out)
	assert.LessOrEqual(t, strings.Count(out, "\n"), 24, "it must fit a screen")
	for want, args := range map[string]string{
		`no part "speed"`:     "--only speed",
		`unknown store "map"`: "--stores map",
		"--scale":             "--scale 0",
		"not defined: -x":     "-x",
		`"y" is no option`:    "y",
	} {
		status, _, errs := call(append([]string{"embedded", "--silent"}, strings.Fields(args)...)...)
		assert.Equal(t, 1, status, args)
		assert.Contains(t, errs, want)
	}
}
