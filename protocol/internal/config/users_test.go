package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUserLines(t *testing.T) {
	dir := t.TempDir()
	file, more := filepath.Join(dir, "conf"), filepath.Join(dir, "more")
	require.NoError(t, os.WriteFile(file, []byte("# a\nuser alice on \"~a b\"\nhz 20\nUSER bob\ninclude "+more+"\n"), 0o600))
	require.NoError(t, os.WriteFile(more, []byte("user carol\n"), 0o600))
	c, err := Parse([]string{file, "--user", "dave", "on", "--hz", "30"}, nil)
	require.NoError(t, err)
	lines := []UserLine{
		{file + ":2", []string{"alice", "on", "~a b"}}, {file + ":4", []string{"bob"}},
		{more + ":1", []string{"carol"}}, {"command line", []string{"dave", "on"}},
	}
	assert.Equal(t, lines, c.Users)

	read := func() string {
		require.NoError(t, c.Rewrite())
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(text)
	}
	assert.Contains(t, read(), "user alice on \"~a b\"\nhz 30\nUSER bob\n", "nobody knows better")
	var asked []UserLine
	fresh, keep := []string{"user a on", "user b ~\"", "user c"}, true
	c.RewriteUsers = func(old []UserLine) ([]string, bool) { asked = old; return fresh, keep }
	assert.Contains(t, read(), "user alice on \"~a b\"\nhz 30\nUSER bob\n")
	assert.Equal(t, lines[:3], asked)
	keep = false
	text := read()
	assert.True(t, strings.HasPrefix(text, "# a\nuser a on\nhz 30\nuser b \"~\\\"\"\ninclude "), text)
	assert.True(t, strings.HasSuffix(text, "\nuser c\n"), text)
	fresh = nil
	assert.NotContains(t, read(), "user")
}
