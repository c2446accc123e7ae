package compare

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Productions with a way to compare of their own.

func packed(group int, text string) production {
	p := exact(text)
	p.how.IgnoreOrder, p.how.PackedOrder = group, true
	return p
}

func typeOnly(text string) production {
	p := exact(text)
	p.how.TypeOnly, p.whole = true, true
	return p
}

// saved keeps the reply, of which the servers need only agree on the type.
func saved(name, text string) production {
	p := typeOnly(text)
	p.how.SaveAs = name
	return p
}

func shaped(text string) production {
	p := exact(text)
	p.how.Shape, p.whole = true, true
	return p
}

func scanned(group int, text string) production { return within2(anyOrder(group, exact(text))) }

func whole(p production) production {
	p.whole = true
	return p
}

func anyOrder(group int, p production) production {
	p.how.IgnoreOrder = group
	return p
}

// within2 has the order of the inner arrays ignored, not that of the outer one.
func within2(p production) production {
	p.how.Within, p.whole = true, true
	return p
}

func scores(text string) production {
	p := exact(text)
	p.how.Doubles = true
	return p
}

func encoding(text string) production {
	p := exact(text)
	p.how.Encoding = true
	return p
}

func masked(text string, patterns ...string) production {
	p := exact(text)
	for _, pattern := range patterns {
		p.how.Masks = append(p.how.Masks, regexp.MustCompile("(?s)"+pattern))
	}
	return p
}

// families are the grammars that typed sequences are mixed from.
var families = map[string][]production{
	"hash": hashGrammar, "list": listGrammar, "set": setGrammar, "zset": zsetGrammar, "stream": streamGrammar,
	"bits": bitGrammar, "hll": hllGrammar, "geo": geoGrammar, "sort": sortGrammar,
}

// familyNames are in a fixed order, for the seed to mean the same every time.
var familyNames = []string{"hash", "list", "set", "zset", "stream", "bits", "hll", "geo", "sort"}

// ownKeys are the keys of each type's commands. One in twelve is drawn from those
// of all types, and RENAME and COPY mix them up.
var ownKeys = map[string][]string{
	"<hash>": {"h1", "h1", "h2"}, "<list>": {"l1", "l1", "l2"}, "<set>": {"s1", "s1", "s2"}, "<zset>": {"z1", "z1", "z2"},
	"<stream>": {"x1", "x1", "x2"}, "<bits>": {"b1", "b1", "b2"}, "<hll>": {"p1", "p1", "p2"}, "<geo>": {"g1", "g1", "g2"},
	"<summand>": {"z1", "z2", "s1"}, "<sortable>": {"l1", "s1", "z1"},
}

// allKeys are the keys that commands of the keyspace may name. ord1 and lex1 are
// not: they must stay a list, and a sorted set of members with one score.
var allKeys = []string{"h1", "h2", "l1", "l2", "s1", "s2", "z1", "z2", "x1", "x2", "b1", "b2", "p1", "p2", "g1", "g2"}

// familyKeys are those that the families fill.
var familyKeys = map[string][]string{
	"hash": {"h1", "h2"}, "list": {"l1", "l2"}, "set": {"s1", "s2"}, "zset": {"z1", "z2"}, "stream": {"x1", "x2"},
	"bits": {"b1", "b2"}, "hll": {"p1", "p2"}, "geo": {"g1", "g2"}, "sort": {"l1", "s1", "z1"},
}

// typedPools are what other names stand for in the families.
var typedPools = map[string][]string{
	"<lexset>":      {"lex1"},
	"<field>":       {"f1", "f2", "f3", "f4", "", "7", "a field of twenty-four b", strings.Repeat("f", 64), strings.Repeat("f", 65)},
	"<element>":     {"a", "b", "c", "a", "7", "-12345", "", "3.0", "9223372036854775807", strings.Repeat("e", 70), strings.Repeat("long ", 300)},
	"<member>":      {"a", "b", "c", "d", "ab", "abc", "", "n1", "q\x00\xff", strings.Repeat("m", 64), strings.Repeat("m", 65)},
	"<integer>":     {"0", "1", "2", "3", "-1", "100", "32767", "32768", "-32769", "2147483647", "2147483648", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "01"},
	"<count>":       {"0", "1", "2", "3", "10", "100000", "-1", "x", "2147483648", "9223372036854775807", "-9223372036854775808"},
	"<index>":       {"0", "1", "2", "5", "-1", "-2", "-5", "100", "-100", "300", "x", "4294967296", "9223372036854775807", "-9223372036854775808"},
	"<score>":       {"0", "1", "1", "2", "-1", "2.5", "-0.125", "1e3", "inf", "-inf", "0.1", "1e16", "123456789012345678", "1e-7", "nan", "x"},
	"<min>":         {"-inf", "0", "1", "(1", "(0", "-5", "2.5", "inf", "x"},
	"<max>":         {"+inf", "0", "1", "(1", "(3", "5", "1e3", "-inf", "(x"},
	"<weight>":      {"1", "2", "0", "-1", "0.5", "inf", "x"},
	"<lexmin>":      {"-", "[a", "(a", "[b", "(ab", "[", "+", "x", "[m25"},
	"<lexmax>":      {"+", "[c", "(c", "[m3", "(m", "[", "-", "[abc"},
	"<id>":          {"0", "0-1", "1", "1-1", "2-0", "3", "5-*", "7-1", "10-0", "20-5", "x", "18446744073709551615-18446744073709551615"},
	"<from>":        {"-", "+", "1", "2-0", "(3", "(5-1", "8", "12", "100", "x", "(-"},
	"<group>":       {"g1", "g1", "g1", "g2", "nogroup"},
	"<consumer>":    {"c1", "c1", "c2", "c3"},
	"<bit>":         {"0", "1", "7", "8", "9", "63", "100", "1000", "100000", "-1", "4294967296", "x"},
	"<range>":       {"0", "1", "2", "5", "-1", "-2", "-5", "100", "-100", "300"},
	"<width>":       {"u1", "u8", "i8", "i16", "u5", "i5", "u63", "i64", "u64", "i65", "x"},
	"<place>":       {"0", "1", "#1", "#3", "7", "100", "1000", "-1", "#x"},
	"<radius>":      {"0", "1", "100", "200", "1000", "20000", "-1", "x"},
	"<unit>":        {"km", "km", "m", "mi", "ft", "x"},
	"<town>":        {"Palermo", "Catania", "Roma", "Wien", "Suva", "nowhere"},
	"<weight-key>":  {"w_1", "w_2", "w_3", "w_100", "w_m1"},
	"<weight-hash>": {"h_1", "h_2", "h_3", "h_m2"},
}

// wordPools are those that stand for several words.
var wordPools = map[string][]string{
	"<where>":  {"13.4 38.1", "15 37", "0 0", "-179.9 -17", "181 0", "x 1"},
	"<box>":    {"400 400", "1 1", "3000 100", "0 0", "-1 5"},
	"<place1>": {"13.361389 38.115556 Palermo", "15.087269 37.502669 Catania", "12.4964 41.9028 Roma", "16.3738 48.2082 Wien", "178.44 -18.14 Suva", "181 1 nowhere"},
}

// thresholds are the settings that sequences start with, each with values that few
// elements cross.
var thresholds = map[string][]string{
	"hash-max-listpack-entries": {"512", "0", "1", "3", "10", "100"},
	"hash-max-listpack-value":   {"64", "0", "5", "24", "1000"},
	"set-max-intset-entries":    {"512", "0", "1", "4", "20"},
	"set-max-listpack-entries":  {"128", "0", "1", "4", "20", "500"},
	"set-max-listpack-value":    {"64", "0", "2", "100"},
	"zset-max-listpack-entries": {"128", "0", "1", "4", "20", "500"},
	"zset-max-listpack-value":   {"64", "0", "2", "100"},
	"list-max-listpack-size":    {"-2", "-1", "-5", "1", "3", "20", "128"},
	"stream-node-max-bytes":     {"4096", "0", "100", "500"},
	"stream-node-max-entries":   {"100", "0", "1", "3", "10"},
	"hll-sparse-max-bytes":      {"3000", "0", "30", "200", "1000"},
}

// TypedCase is a sequence of n commands of one to three of the families named, with
// random thresholds, and then commands that compare all that can be seen of the keys.
func TypedCase(seed uint64, n int, names []string) *Case {
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 3)), grammar: slices.Clone(keyspaceGrammar)}
	c := &Case{File: "random"}
	// At a higher pace redis-server ends a wait of a millisecond soon after it.
	c.Steps = append(c.Steps, configure("hz", "500"))
	for _, name := range settingNames {
		if values := thresholds[name]; g.rnd.IntN(2) == 0 {
			c.Steps = append(c.Steps, configure(name, g.pick(values)))
		}
	}
	g.keys = []string{g.pick(allKeys), g.pick(allKeys)}
	for range 1 + g.rnd.IntN(3) {
		name := g.pick(names)
		chosen := families[name]
		g.keys = append(g.keys, familyKeys[name]...)
		// The keyspace's commands are few among the many.
		for len(g.grammar) < 3*len(keyspaceGrammar)+len(chosen) {
			g.grammar = append(g.grammar, chosen...)
		}
	}
	for range n {
		c.Steps = append(c.Steps, g.command())
	}
	c.Steps = append(c.Steps, typedState()...)
	for i := range c.Steps {
		c.Steps[i].Line = i + 1
	}
	return c
}

// configure is a @config line.
func configure(name, value string) Step {
	return Step{Do: actConfig, How: newHow(), Words: []word{{text: name, bare: true}, {text: value, bare: true}}}
}

// settingNames are the thresholds in a fixed order.
var settingNames = sortedKeys(thresholds)

func sortedKeys[T any](m map[string]T) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// typedState asks for all that can be seen of the keys, by commands of every type:
// those of the wrong one tell the type.
func typedState() []Step {
	var forms []production
	for _, db := range []string{"0", "1"} {
		forms = append(forms, exact("SELECT "+db), unordered("KEYS *"))
		for _, key := range slices.Concat(allKeys, []string{"ord1", "lex1"}) {
			forms = append(forms, exact("TYPE "+key), encoding("OBJECT ENCODING "+key), within(3000, "PTTL "+key),
				exact("GET "+key), packed(2, "HGETALL "+key), exact("LRANGE "+key+" 0 -1"), unordered("SMEMBERS "+key),
				scores("ZRANGE "+key+" 0 -1 WITHSCORES"), exact("XRANGE "+key+" - +"), exact("DEBUG DIGEST-VALUE "+key),
				masked("XINFO STREAM "+key+" FULL COUNT 0", idle...).without("radix-tree-keys", "radix-tree-nodes", "seen-time").without(newerFields...))
		}
	}
	forms = append(forms, exact("DEBUG DIGEST"))
	var steps []Step
	for _, f := range forms {
		words, _ := splitWords(f.text)
		steps = append(steps, Step{Words: words, How: f.how})
	}
	return steps
}

// own draws what the names of this file stand for; nil for others.
func (g *generator) own(t string) []word {
	if keys, ok := ownKeys[t]; ok {
		if g.rnd.IntN(12) == 0 && !g.strict {
			keys = g.keys
		}
		return texts(g.pick(keys))
	}
	if pool, ok := typedPools[t]; ok {
		return texts(g.pick(pool))
	}
	if pool, ok := wordPools[t]; ok {
		return texts(strings.Fields(g.pick(pool))...)
	}
	if words := g.deep(t); words != nil {
		return words
	}
	switch t {
	case "<any>":
		return texts(g.pick(g.keys))
	case "<nextid>":
		return texts(g.nextID())
	case "<fields>":
		return g.many(func(i int) []string { return []string{"f" + strconv.Itoa(i), g.pick(pools["<value>"])} })
	case "<bulkfields>":
		return g.many(func(i int) []string { return []string{"f" + strconv.Itoa(i)} })
	case "<elements>", "<members>":
		return g.many(func(i int) []string { return []string{"m" + strconv.Itoa(i)} })
	case "<integers>":
		return g.many(func(i int) []string { return []string{strconv.Itoa(i*i - 50)} })
	case "<numbers>":
		return g.many(func(i int) []string { return []string{strconv.FormatFloat(float64(i*7919%101)/4, 'g', -1, 64)} })
	case "<scored>":
		return g.many(func(i int) []string { return []string{strconv.Itoa(i * 7919 % 37), "m" + strconv.Itoa(i)} })
	case "<alike>":
		return g.many(func(i int) []string { return []string{"0", strings.Repeat("m", 1+i%2) + strconv.Itoa(i)} })
	}
	return nil
}

// many draws a run of neighbouring elements: mostly few, now and then enough for
// any threshold.
func (g *generator) many(of func(i int) []string) []word {
	sizes := []int{2, 5, 20, 150, 600}
	from, n := g.rnd.IntN(300), sizes[g.rnd.IntN(len(sizes))]
	var out []word
	for i := range n {
		out = append(out, texts(of(from+i)...)...)
	}
	return out
}

// nextID makes stream IDs that grow, with gaps and with several in a millisecond.
func (g *generator) nextID() string {
	g.serial += 1 + g.rnd.IntN(3)
	return fmt.Sprintf("%d-%d", g.serial/4, g.serial%4+1)
}

func (g *generator) pick(pool []string) string { return pool[g.rnd.IntN(len(pool))] }

func texts(all ...string) []word {
	out := make([]word, len(all))
	for i, t := range all {
		out[i] = word{text: t}
	}
	return out
}
