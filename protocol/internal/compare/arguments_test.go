package compare

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRandomArguments makes commands up from what redis-server's own COMMAND DOCS says
// of their arguments, right ones and spoiled ones, on keys of all types: for what the
// grammars do not draw, and above all for which error comes first.
func TestRandomArguments(t *testing.T) {
	p := pair(t)
	described, ours := docs(t, p, redis), docs(t, p, ashlar)
	names := sortedKeys(described)
	names = slices.DeleteFunc(names, func(name string) bool {
		_, both := ours[name]
		return !both || !alike(name, described[name])
	})
	require.Greater(t, len(names), 150)
	runRandom(t, func(seed uint64) *Case {
		a := arguments{&generator{rnd: rand.New(rand.NewPCG(seed, 8)), keys: allKeys}}
		c := &Case{File: "random"}
		for _, line := range furniture {
			words, _ := splitWords(line)
			c.Steps = append(c.Steps, Step{Words: words, How: newHow()})
		}
		for range 80 {
			c.Steps = append(c.Steps, a.command(names, described))
		}
		for i := range c.Steps {
			c.Steps[i].Line = i + 1
		}
		return c
	})
}

// furniture is a key of each type.
var furniture = []string{
	"SET b1 abc", "SET b2 17", "HSET h1 f1 1 f2 b", "HSET h2 f1 2", "RPUSH l1 a b c 7", "RPUSH l2 1 2", "SADD s1 a b c", "SADD s2 1 2 3",
	"ZADD z1 1 a 2 b 3 c", "ZADD z2 0 a 0 b 0 c", "XADD x1 1-1 f v", "XADD x1 2-1 f v", "XGROUP CREATE x1 g1 0", "XGROUP CREATECONSUMER x1 g1 c1", "PFADD p1 a b", "GEOADD g1 13.361389 38.115556 Palermo",
}

// alike tells whether a command's replies can be compared: it acts on keys, by no
// chance, and stops nobody.
func alike(name string, doc map[string]Node) bool {
	switch doc["group"].Text {
	case "string", "hash", "list", "set", "sorted-set", "stream", "bitmap", "hyperloglog", "geo", "generic", "transactions", "scripting":
	default:
		return false
	}
	first, _, _ := strings.Cut(name, "|")
	return !slices.Contains([]string{
		"randomkey", "wait", "migrate", "pfselftest", "psetex", "pexpire", "spop", "scan", "script", "function", "watch", "exec", "multi", "discard", "blpop", "brpop", "blmove",
		"brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "eval", "evalsha", "fcall", "eval_ro", "evalsha_ro", "fcall_ro", "keys",
		"bitcount", "bitpos", "zrank", "zrevrank", "hscan", "sscan", "zscan", // what is wrong with these 7.0 says later, or otherwise
	}, first)
}

// newerErrors match what 7.4 says in other words.
var newerErrors = []string{
	`^-ERR Unbalanced (?P<only>[^\r]*)`,
}

type arguments struct{ *generator }

// command makes a command of one of the names.
func (a arguments) command(names []string, described map[string]map[string]Node) Step {
	name := names[a.rnd.IntN(len(names))]
	words := texts(strings.Split(strings.ToUpper(name), "|")...)
	n := len(words)
	for _, arg := range described[name]["arguments"].Kids {
		words = append(words, a.argument(pairs(arg))...)
	}
	for range a.rnd.IntN(3) {
		if len(words) > n {
			at := n + a.rnd.IntN(len(words)-n)
			switch a.rnd.IntN(5) {
			case 0:
				words = slices.Delete(words, at, at+1)
			case 1:
				words = slices.Insert(words, at, words[at])
			case 2:
				words[at] = word{text: a.pick([]string{"", "x", "-1", "0", "99999999999999999999", "9223372036854775807", "nan", "1.5", "count", "limit", "withscores", "\x00", "get"})}
			case 3:
				other := n + a.rnd.IntN(len(words)-n)
				words[at], words[other] = words[other], words[at]
			case 4:
				words = append(words, word{text: a.pick([]string{"x", "1", "NX", "COUNT", "LIMIT", "GET"})})
			}
		}
	}
	if name == "xread" { // 7.4 knows an ID of that name
		words = slices.DeleteFunc(words, func(w word) bool { return w.text == "+" })
	}
	s := Step{Words: words, How: masked("", newerErrors...).how}
	// What it replies is for the grammars; which error, for this.
	s.How.ErrorsOnly = true
	uniqueMembers(&s)
	withConsumer(&s)
	return s
}

// argument makes an argument, or a few, or none if it may be left out.
func (a arguments) argument(doc map[string]Node) []word {
	flags := func(name string) bool {
		return slices.ContainsFunc(doc["flags"].Kids, func(n Node) bool { return n.Text == name })
	}
	// What takes its time, or ends soon, is not drawn.
	if token := doc["token"].Text; flags("optional") && a.rnd.IntN(2) == 0 || token == "BLOCK" || token == "PX" {
		return nil
	}
	var out []word
	token, has := doc["token"]
	if has && token.Text != "" {
		out = texts(token.Text)
	}
	times := 1
	if flags("multiple") {
		times += a.rnd.IntN(3)
	}
	for i := range times {
		if i > 0 && flags("multiple_token") {
			out = append(out, texts(token.Text)...)
		}
		out = append(out, a.value(doc)...)
	}
	return out
}

// value makes what stands behind an argument's token.
func (a arguments) value(doc map[string]Node) []word {
	pool := []string{"a", "b", "c", "f1", "f2", "1", "g1", "c1", "Palermo", "", "1-1", "2-1", "$", ">", "-", "+"}
	switch doc["type"].Text {
	case "pure-token":
		return nil
	case "key":
		pool = append(slices.Clone(allKeys), "none")
	case "integer":
		if name := doc["name"].Text; strings.Contains(name, "seconds") || name == "ttl" { // never soon
			return texts(a.pick([]string{"100000000", "100000000", "0", "-1", "x"}))
		}
		pool = []string{"0", "1", "1", "2", "2", "3", "-1", "10", "100", "x"}
	case "double":
		pool = []string{"0", "1", "2.5", "-1", "inf", "x"}
	case "unix-time":
		pool = []string{"33000000000", "33000000000000", "0", "x", "-1"}
	case "pattern":
		pool = []string{"*", "h*", "w_*", "nosort", "#", "x1"}
	case "oneof":
		kids := doc["arguments"].Kids
		if len(kids) > 0 {
			return a.argument(pairs(kids[a.rnd.IntN(len(kids))]))
		}
	case "block":
		var out []word
		for _, kid := range doc["arguments"].Kids {
			out = append(out, a.argument(pairs(kid))...)
		}
		return out
	}
	return texts(a.pick(pool))
}
