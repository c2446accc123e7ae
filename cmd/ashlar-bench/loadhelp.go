package main

import (
	"embed"
	"strings"
)

// pages are the texts of --help for the verbs that make loads. What several of them
// have in common is a text of its own, whose name stands in braces where it belongs.
// A test holds each page to a screen.
//
//go:embed pages/*.txt
var pages embed.FS

// helpPage is the text for a verb.
func helpPage(verb string) string {
	text := pageText(verb)
	for _, part := range []string{"server", "send", "how", "results"} {
		text = strings.ReplaceAll(text, "{"+part+"}\n", pageText(part))
	}
	return text
}

// pageText is a file as it is; a test asks for each, so that none is missing.
func pageText(name string) string {
	text, _ := pages.ReadFile("pages/" + name + ".txt")
	return string(text)
}
