package config

import (
	"math"
	"slices"
	"strings"
)

// userRows: the users' file and their log. Lines "user NAME RULE ..." define users as
// well; they are no settings, and what they mean is checked by whoever knows commands.
var userRows = []*Row{
	{Name: "aclfile", Kind: Text, Immutable: true},
	{Name: "acllog-max-len", Kind: Integer, Default: "128", Max: math.MaxInt64},
	{Name: "acl-pubsub-default", Kind: Enum, Default: "resetchannels", Values: []string{"allchannels", "resetchannels"}},
}

// UserLine is a line that defines a user.
type UserLine struct {
	Where string   // "file:line", or "command line"
	Words []string // from the name on
}

// rewriteUsers brings the lines that define users up to date: what the file, and what it
// includes, said is old. It marks lines that go, changes those that stay, and gives those
// to be added.
func (c *Config) rewriteUsers(lines []string, gone map[int]bool, old []UserLine) (added []string) {
	if c.RewriteUsers == nil {
		return nil
	}
	fresh, keep := c.RewriteUsers(old)
	if keep {
		return nil
	}
	for i, line := range fresh {
		// A pattern may have quotes in it, which mean something in this file.
		words := strings.Split(line, " ")
		if read, err := splitArgs(line); err != nil || !slices.Equal(read, words) {
			fresh[i] = joinArgs(words)
		}
	}
	for i, line := range lines {
		words, err := splitArgs(strings.Trim(line, " \t\r\n"))
		if err != nil || len(words) == 0 || !strings.EqualFold(words[0], "user") {
			continue
		}
		if len(fresh) == 0 {
			gone[i] = true
			continue
		}
		lines[i], fresh = fresh[0], fresh[1:]
	}
	return fresh
}
