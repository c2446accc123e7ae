package compare

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scanKind is a collection that is read page by page.
type scanKind struct {
	name       string
	scan       []string // the command up to its cursor
	perElement int      // replies for an element
	add        func(element string) []string
	remove     func(element string) []string
}

var scanKinds = []scanKind{
	{"set", []string{"SSCAN", "k"}, 1,
		func(e string) []string { return []string{"SADD", "k", e} }, func(e string) []string { return []string{"SREM", "k", e} }},
	{"hash", []string{"HSCAN", "k"}, 2,
		func(e string) []string { return []string{"HSET", "k", e, "value of " + e} }, func(e string) []string { return []string{"HDEL", "k", e} }},
	{"zset", []string{"ZSCAN", "k"}, 2,
		func(e string) []string { return []string{"ZADD", "k", strconv.Itoa(len(e)), e} }, func(e string) []string { return []string{"ZREM", "k", e} }},
	{"keys", []string{"SCAN"}, 1,
		func(e string) []string { return []string{"SET", e, "v"} }, func(e string) []string { return []string{"DEL", e} }},
}

// TestScanGuarantee turns pages while elements come and go. Whatever is there from
// the beginning to the end must be seen, with its value, and nothing that never was.
func TestScanGuarantee(t *testing.T) {
	p := pair(t)
	commands := table(t, p, ashlar)
	for _, kind := range scanKinds {
		if _, ok := commands[strings.ToLower(kind.scan[0])]; !ok {
			continue // TestNoCommandIsMissing tells
		}
		// The real one shows that the test is right.
		scanAll(t, p, redis, kind, []int{800}, []string{"10"})
		scanAll(t, p, ashlar, kind, []int{0, 7, 800}, []string{"1", "10", "1000"})
	}
}

// scanAll takes a kind through sizes, page lengths and ways of changing.
func scanAll(t *testing.T, p *Pair, side int, kind scanKind, sizes []int, pages []string) {
	t.Helper()
	for _, n := range sizes {
		for _, page := range pages {
			// Without changes, growing, shrinking, and both in turn.
			for _, grow := range [][2]int{{0, 0}, {100, 0}, {0, 50}, {50, 50}} {
				name := fmt.Sprintf("%s of %d on %s, COUNT %s, +%d -%d", kind.name, n, p.addr[side], page, grow[0], grow[1])
				scanOnce(t, p.admin[side], kind, n, page, grow, name)
			}
		}
	}
}

// scanOnce fills a collection with n elements that stay and 700 that may go, and
// reads it while it is changed between pages.
func scanOnce(t *testing.T, c *client, kind scanKind, n int, page string, grow [2]int, name string) {
	t.Helper()
	const passing = 700
	c.do("FLUSHALL")
	var commands [][]string
	for i := range n {
		commands = append(commands, kind.add("stay:"+strconv.Itoa(i)))
	}
	gone, come := 0, passing
	if grow == [2]int{} {
		come = 0 // nothing else is there at all
	}
	for i := range come {
		commands = append(commands, kind.add("pass:"+strconv.Itoa(i)))
	}
	c.pipeline(t, commands)

	seen := make(map[string]bool)
	for cursor, pages := "0", 0; ; pages++ {
		require.Less(t, pages, 40_000, "%s does not end", name)
		node, err := Parse(c.do(append(append([]string(nil), kind.scan...), cursor, "COUNT", page)...).raw)
		require.NoError(t, err)
		require.Len(t, node.Kids, 2, "%s: %s", name, node.Raw())
		elements := node.Kids[1].Kids
		require.Zero(t, len(elements)%kind.perElement, name)
		for i := 0; i < len(elements); i += kind.perElement {
			seen[elements[i].Text] = true
			checkElement(t, kind, elements[i:i+kind.perElement], come, name)
		}
		if cursor = node.Kids[0].Text; cursor == "0" {
			break
		}
		commands = commands[:0]
		if pages < 40 { // or what grows faster than it is read has no end
			for range grow[0] {
				commands = append(commands, kind.add("pass:"+strconv.Itoa(come)))
				come++
			}
			for range min(grow[1], come-gone) {
				commands = append(commands, kind.remove("pass:"+strconv.Itoa(gone)))
				gone++
			}
			c.pipeline(t, commands)
		}
	}
	for i := range n {
		require.True(t, seen["stay:"+strconv.Itoa(i)], "%s has missed element %d", name, i)
	}
	if grow == [2]int{} {
		require.Len(t, seen, n, name)
	}
}

// checkElement wants an element that was stored, with what belongs to it.
func checkElement(t *testing.T, kind scanKind, of []Node, come int, name string) {
	t.Helper()
	element := of[0].Text
	if number, ok := strings.CutPrefix(element, "pass:"); ok {
		i, err := strconv.Atoi(number)
		require.True(t, err == nil && i < come, "%s: %q never was there", name, element)
	} else {
		require.True(t, strings.HasPrefix(element, "stay:"), "%s: %q never was there", name, element)
	}
	switch kind.name {
	case "hash":
		require.Equal(t, "value of "+element, of[1].Text, name)
	case "zset":
		require.Equal(t, strconv.Itoa(len(element)), of[1].Text, name)
	}
}

// pipeline sends commands in one piece; none may be refused.
func (c *client) pipeline(t *testing.T, commands [][]string) {
	t.Helper()
	const most = 1000 // replies that wait to be read
	for len(commands) > 0 {
		some := commands[:min(most, len(commands))]
		commands = commands[len(some):]
		var raw []byte
		for _, args := range some {
			raw = append(raw, Encode(args)...)
		}
		c.send(raw)
		for _, args := range some {
			out := c.read(1)
			require.True(t, out.ended == "" && out.raw[0] != '-', "%s: %s", QuoteLine(args), out)
		}
	}
}

// TestChance holds the commands that choose at random to what they promise: with a
// positive count no element twice, with a negative one as many as asked for, never
// what is not there, and over many draws everything.
func TestChance(t *testing.T) {
	p := pair(t)
	commands := table(t, p, ashlar)
	for _, kind := range scanKinds[:3] {
		command := map[string]string{"set": "SRANDMEMBER", "hash": "HRANDFIELD", "zset": "ZRANDMEMBER"}[kind.name]
		if _, ok := commands[strings.ToLower(command)]; !ok {
			continue
		}
		for _, c := range p.admin {
			for _, n := range []int{1, 5, 1000} {
				c.do("FLUSHALL")
				var all [][]string
				for i := range n {
					all = append(all, kind.add("e"+strconv.Itoa(i)))
				}
				c.pipeline(t, all)
				chosen := make(map[string]bool)
				for _, count := range []int{1, 2, n / 2, n, 2 * n, -1, -3, -2 * n, -20 * n} {
					drawn := draw(t, c, n, command, "k", strconv.Itoa(count))
					distinct := make(map[string]bool)
					for _, e := range drawn {
						distinct[e], chosen[e] = true, true
					}
					if count >= 0 {
						require.Len(t, drawn, min(count, n), "%s of %d, %d", command, n, count)
						require.Len(t, distinct, len(drawn), "%s of %d, %d", command, n, count)
					} else {
						require.Len(t, drawn, -count, "%s of %d, %d", command, n, count)
					}
				}
				require.Len(t, chosen, n, "%s never chose some of %d", command, n)
			}
		}
	}
}

// draw asks for random elements, which must be of e0 to e(n-1).
func draw(t *testing.T, c *client, n int, args ...string) []string {
	t.Helper()
	node, err := Parse(c.do(args...).raw)
	require.NoError(t, err)
	require.Contains(t, "*~", string(node.Kind), "%s", node.Raw())
	var out []string
	for _, kid := range node.Kids {
		i, err := strconv.Atoi(strings.TrimPrefix(kid.Text, "e"))
		require.True(t, err == nil && i >= 0 && i < n, "%s gave %q", args, kid.Text)
		out = append(out, kid.Text)
	}
	return out
}

// TestPop empties sets by SPOP: every element comes once.
func TestPop(t *testing.T) {
	p := pair(t)
	if _, ok := table(t, p, ashlar)["spop"]; !ok {
		t.Skip("TestNoCommandIsMissing tells")
	}
	for _, c := range p.admin {
		for _, n := range []int{1, 5, 100, 2000} {
			for _, count := range []int{1, 3, n/2 + 1, n - 1} {
				c.do("FLUSHALL")
				var all [][]string
				for i := range n {
					all = append(all, []string{"SADD", "k", "e" + strconv.Itoa(i)})
				}
				c.pipeline(t, all)
				popped := make(map[string]bool)
				for rounds := 0; len(popped) < n && rounds <= n && count > 0; rounds++ {
					for _, e := range draw(t, c, n, "SPOP", "k", strconv.Itoa(count)) {
						require.False(t, popped[e], "%q was popped twice", e)
						popped[e] = true
					}
					require.Equal(t, fmt.Sprintf(":%d\r\n", n-len(popped)), string(c.do("SCARD", "k").raw))
				}
				if count > 0 {
					require.Equal(t, ":0\r\n", string(c.do("EXISTS", "k").raw))
				}
			}
		}
	}
}
