package config

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the list of settings in README.md")

// TestReadmeListsWhatHasNoEffect keeps the README's list of settings true.
func TestReadmeListsWhatHasNoEffect(t *testing.T) {
	const file, begin, end = "../../../README.md", "<!-- settings without effect -->\n", "<!-- /settings without effect -->"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	var list strings.Builder
	line := 0
	for i, name := range WithoutEffect() {
		word := "`" + name + "`"
		if i > 0 {
			word = ", " + word
			if line += len(word); line > 110 {
				word, line = ",\n"+word[2:], len(word)
			}
		}
		list.WriteString(word)
	}
	want := head + begin + list.String() + "\n" + end + tail
	if *update && want != string(text) {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(text), "run: go test ./protocol/internal/config -run Readme -update")
}
