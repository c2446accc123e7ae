package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		`SET k v`:              {"SET", "k", "v"},
		"  a \t b ":            {"a", "b"},
		`"a b" 'c d'`:          {"a b", "c d"},
		`"\x00\xfF\n\"\\\q"`:   {"\x00\xff\n\"\\q"},
		`'it\'s \n' ""`:        {`it's \n`, ""},
		`a"b $x`:               {`a"b`, "$x"},
		`KEYS k[1-2]* "\x4"`:   {"KEYS", "k[1-2]*", "x4"},
		`"\r\n\t\b\a"`:         {"\r\n\t\b\a"},
		`SET "" ''`:            {"SET", "", ""},
		`CONFIG SET save "#x"`: {"CONFIG", "SET", "save", "#x"},
	} {
		words, err := splitWords(line)
		require.NoError(t, err, line)
		got := []string{}
		for _, w := range words {
			got = append(got, w.text)
		}
		require.Equal(t, want, got, line)
	}
	for _, line := range []string{`"a`, `'a`, `"a"b`, `'a'"b"`, `"a\"`} {
		_, err := splitWords(line)
		require.ErrorIs(t, err, errQuotes, line)
	}
}

func TestQuoteReadsBack(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, s := range []string{"", "plain", "$unix", "@x", "# no comment", `a"b'c\d`, string(all)} {
		words, err := splitWords(Quote(s))
		require.NoError(t, err)
		require.Len(t, words, 1)
		require.Equal(t, s, words[0].text)
	}
	require.Equal(t, `SET k "a b"`, QuoteLine([]string{"SET", "k", "a b"}))
}

func TestParseScript(t *testing.T) {
	cases, err := ParseScript("f", `# about
GET a

# only a comment

@only resp3
@approx 5
@save at
TTL k
@conn 2
@raw "x\r\n"
@expect "a" "b"
GET b
@let big ab 3
`)
	require.NoError(t, err)
	require.Len(t, cases, 2)
	require.Equal(t, 2, cases[0].Line)
	second := cases[1]
	require.Equal(t, 6, second.Line)
	require.Equal(t, 3, second.Only)
	require.Len(t, second.Steps, 5)
	ttl := second.Steps[0]
	require.Equal(t, int64(5), ttl.How.Approx)
	require.Equal(t, "at", ttl.How.SaveAs)
	require.Equal(t, 9, ttl.Line)
	require.Equal(t, actConn, second.Steps[1].Do)
	require.Equal(t, "x\r\n", second.Steps[2].Words[0].text)
	require.Zero(t, second.Steps[2].How.Approx, "directives are about one command")
	require.Equal(t, []string{"a", "b"}, second.Steps[3].How.Expect)
	require.Equal(t, 3, second.Steps[4].N)
}

func TestParseScriptNamesTheLineOfAnError(t *testing.T) {
	for text, want := range map[string]string{
		"GET a\n@nope":              `f:2: unknown directive @nope`,
		"@approx":                   `f:1: @approx takes 1 to 1 arguments`,
		"@approx x\nGET a":          `f:1: strconv.ParseInt: parsing "x": invalid syntax`,
		"@only resp4\nGET a":        `f:1: @only resp2 or @only resp3`,
		"GET \"a":                   `f:1: unbalanced quotes`,
		"@ignore-order\n\nKEYS *":   `f:2: a directive without a command after it`,
		"@mask \"(\"\nGET a":        "f:1: error parsing regexp: missing closing ): `(?s)(`",
		"PING\n@config requirepass": `f:2: @config takes 2 to 2 arguments`,
	} {
		_, err := ParseScript("f", text)
		require.EqualError(t, err, want)
	}
}

func TestVariables(t *testing.T) {
	r := run{}
	r.vars[ashlar] = map[string]string{"at": "17"}
	now := time.UnixMilli(5_000_123)
	words, err := splitWords(`$at $unix $unix+100 $unixms-23 $unix* $other "$at" a$at`)
	require.NoError(t, err)
	require.Equal(t, []string{"17", "5000", "5100", "5000100", "$unix*", "$other", "$at", "a$at"},
		r.expand(ashlar, words, now))
}
