package script

import (
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// Failure is a script that ended with an error.
type Failure struct {
	Text   string // its code first: "ERR ...", "WRONGTYPE ..."
	Source string // "@user_script"; empty if it is not known
	Line   int
}

// Reply is the text of the reply; name is the script's SHA or the function's name.
func (f *Failure) Reply(name string) string {
	if f.Source == "" {
		return f.Text
	}
	return f.Text + " script: " + name + ", on " + f.Source + ":" + strconv.Itoa(f.Line) + "."
}

// syntaxProblem says what is wrong with a program as far as it can be put in Lua's
// own words. The parser does not tell what it expected.
func syntaxProblem(err error, name string) string {
	switch e := err.(type) {
	case *lua.ApiError:
		return syntaxProblem(e.Cause, name)
	case *lua.CompileError:
		return name + ":" + strconv.Itoa(e.Line) + ": " + e.Message
	case *parse.Error:
		text, near := e.Message, strings.TrimRight(e.Token, "\x00")
		switch {
		case e.Pos.Line == parse.EOF:
			return name + ":1: unexpected symbol near '<eof>'"
		case text == "unterminated string":
			return name + ":" + strconv.Itoa(e.Pos.Line) + ": unfinished string near '" + near + "'"
		case text == "parse error" || text == "syntax error":
			text = "unexpected symbol"
		}
		return name + ":" + strconv.Itoa(e.Pos.Line) + ": " + text + " near '" + near + "'"
	}
	return name + ":1: " + err.Error()
}

// The machine's words, and those of the C implementation:
//
//	attempt to index a non-table object(nil) with key 'x'   attempt to index a nil value
//	attempt to call a non-function object                   attempt to call a nil value
//	cannot perform add operation between nil and number     attempt to perform arithmetic on a nil value
//	attempt to compare nil with nil                         attempt to compare two nil values
//	for statement init must be a number                     'for' initial value must be a number
//	bad argument #1 to string.rep (string expected, got nil)
//	                                                        bad argument #1 to 'rep' (string expected, got no value)
//	registry overflow, stack overflow                       stack overflow
//
// What stands in front, "user_script:1:", is the same in both.

// luaText puts an error of the machine in the words of the C implementation, as far
// as it says enough. The name of the variable concerned is lost.
func luaText(text string) string {
	place, rest := splitPlace(text)
	switch {
	case strings.HasPrefix(rest, "attempt to index a non-table object("):
		kind, _, _ := strings.Cut(rest[len("attempt to index a non-table object("):], ")")
		rest = "attempt to index a " + kind + " value"
	case rest == "attempt to call a non-function object":
		rest = "attempt to call a nil value"
	case strings.HasPrefix(rest, "cannot perform "):
		rest = arithmeticText(rest)
	case strings.HasPrefix(rest, "attempt to compare "):
		rest = compareText(rest)
	case rest == "__len undefined":
		rest = "attempt to get length of a nil value"
	case rest == "__unm undefined":
		rest = "attempt to perform arithmetic on a nil value"
	case strings.HasPrefix(rest, "for statement "):
		what := strings.TrimSuffix(rest[len("for statement "):], " must be a number")
		if what == "init" {
			what = "initial value"
		}
		rest = "'for' " + what + " must be a number"
	case strings.HasPrefix(rest, "bad argument #"):
		rest = argumentText(rest)
	case rest == "registry overflow", rest == "lua callstack overflow":
		rest = "stack overflow"
	case rest == "can not yield from outside of a coroutine":
		rest = "attempt to yield across metamethod/C-call boundary"
	case strings.HasPrefix(rest, "runtime error: "):
		rest = "not a value"
	}
	return place + rest
}

// splitPlace parts "user_script:1: " from the message.
func splitPlace(text string) (place, rest string) {
	for _, name := range []string{sourceName, librarySourceName} {
		if after, ok := strings.CutPrefix(text, name+":"); ok {
			if at := strings.Index(after, ": "); at > 0 {
				at += len(name) + 3
				return text[:at], text[at:]
			}
			if at := strings.Index(after, " "); at > 0 { // the machine leaves out the colon
				at += len(name) + 2
				return text[:at], text[at:]
			}
		}
	}
	return "", text
}

// arithmeticText reads "cannot perform add operation between nil and number".
func arithmeticText(text string) string {
	words := strings.Fields(text)
	if len(words) != 8 {
		return text
	}
	culprit := words[5]
	if words[2] == "concat" {
		if culprit == "string" || culprit == "number" {
			culprit = words[7]
		}
		return "attempt to concatenate a " + culprit + " value"
	}
	if culprit == "number" {
		culprit = words[7]
	}
	return "attempt to perform arithmetic on a " + culprit + " value"
}

// compareText reads "attempt to compare nil with nil".
func compareText(text string) string {
	words := strings.Fields(text)
	if len(words) == 6 && words[3] == words[5] {
		return "attempt to compare two " + words[3] + " values"
	}
	return text
}

// argumentText reads "bad argument #1 to pairs (table expected, got nil)"; Lua has the
// function's name in quotes.
func argumentText(text string) string {
	head, rest, ok := strings.Cut(text, " to ")
	name, why, ok2 := strings.Cut(rest, " (")
	if !ok || !ok2 || strings.HasPrefix(name, "'") {
		return text
	}
	if at := strings.LastIndexAny(name, ".:"); at >= 0 {
		name = name[at+1:]
	}
	return head + " to '" + name + "' (" + strings.Replace(why, "got nil)", "got no value)", 1)
}
