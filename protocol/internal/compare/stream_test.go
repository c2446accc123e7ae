package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRandomStreams compares long random sequences on two streams with consumer
// groups: blocks of all sizes, deletions anywhere, trims, claims, and XINFO after
// each few commands, which tells of every block.
func TestRandomStreams(t *testing.T) {
	p := pair(t)
	end := time.Now().Add(time.Duration(setting(t, "ASHLAR_COMPARE_SECONDS", 3)) * time.Second)
	first := setting(t, "ASHLAR_COMPARE_SEED", uint64(time.Now().UnixNano()))
	seed := first
	for ; seed == first || time.Now().Before(end); seed++ {
		g := streamScript{rnd: rand.New(rand.NewPCG(seed, 9))}
		cases, err := ParseScript("random", g.make(250))
		require.NoError(t, err)
		c := &cases[0]
		c.Batch = seed>>1&1 == 1
		m, err := p.Run(c, 2+int(seed&1))
		require.NoError(t, err, "seed %d", seed)
		if m != nil {
			small, m := shrinkStreams(p, c.with(c.Steps[:m.Index+1]), m)
			t.Fatalf("ASHLAR_COMPARE_SEED=%d shows a difference in RESP%d:\n\n%s\n%v", seed, m.Proto, small.Script(), m)
		}
	}
	t.Logf("%d sequences from seed %d on", seed-first, first)
}

// shrinkStreams drops the steps that a difference does not need, but for those that
// make groups and consumers: 7.0 makes a consumer only when it gets something, later
// versions when it asks.
func shrinkStreams(p *Pair, c *Case, m *Mismatch) (*Case, *Mismatch) {
	for size := len(c.Steps) / 2; size > 0; size /= 2 {
		for from := 0; from+size < len(c.Steps); {
			if slices.ContainsFunc(c.Steps[from:from+size], makesConsumers) {
				from++
				continue
			}
			smaller := c.with(slices.Delete(slices.Clone(c.Steps), from, from+size))
			if again, err := p.Run(smaller, m.Proto); err == nil && again != nil {
				c, m = smaller.with(smaller.Steps[:again.Index+1]), again
			} else {
				from += max(size/2, 1)
			}
		}
	}
	return c, m
}

func makesConsumers(s Step) bool {
	return len(s.Words) > 1 && strings.HasPrefix(s.Words[1].text, "CREATE")
}

// streamScript writes random commands on streams.
type streamScript struct {
	rnd  *rand.Rand
	b    strings.Builder
	last [3]uint64 // milliseconds of the last ID of each stream
}

func (g *streamScript) line(format string, args ...any) {
	fmt.Fprintf(&g.b, format+"\n", args...)
}

func (g *streamScript) pick(of ...string) string { return of[g.rnd.IntN(len(of))] }

func (g *streamScript) make(n int) string {
	g.line("@config stream-node-max-entries %s", g.pick("100", "0", "1", "2", "3", "5", "10"))
	g.line("@config stream-node-max-bytes %s", g.pick("4096", "0", "60", "100", "200", "300", "500", "1000"))
	for _, key := range []string{"x1", "x2"} {
		for _, group := range []string{"g1", "g2"} {
			g.create(key, group, "0 MKSTREAM")
		}
	}
	for range n {
		g.command()
	}
	g.look("x1")
	g.look("x2")
	g.look("copy")
	return g.b.String()
}

// create makes a group with all consumers.
func (g *streamScript) create(key, group, rest string) {
	g.line("XGROUP CREATE %s %s %s", key, group, rest)
	for _, consumer := range streamConsumers {
		g.line("XGROUP CREATECONSUMER %s %s %q", key, group, consumer)
	}
}

var streamConsumers = []string{"alice", "bob", "a rather long name of a consumer", "b"}

func (g *streamScript) key() (string, int) {
	i := g.rnd.IntN(9) / 4
	return []string{"x1", "x2", "copy"}[i], i
}

func (g *streamScript) group() string    { return g.pick("g1", "g1", "g2", "g3") }
func (g *streamScript) consumer() string { return g.pick(streamConsumers...) }

// next is an ID for a new entry, most often the next one.
func (g *streamScript) next(i int) string {
	switch g.rnd.IntN(12) {
	case 0:
		g.last[i] += uint64(g.rnd.IntN(5)) * 100_000
	case 1, 2, 3:
		return fmt.Sprintf("%d-*", g.last[i])
	case 4:
		return g.id(i)
	}
	g.last[i] += uint64(1 + g.rnd.IntN(40))
	return fmt.Sprintf("%d-%d", g.last[i], g.rnd.IntN(3))
}

// id is an ID near those that there are.
func (g *streamScript) id(i int) string {
	ms := g.last[i]
	if g.rnd.IntN(3) > 0 {
		ms -= min(ms, uint64(g.rnd.IntN(300)))
	} else if ms > 0 {
		ms = g.rnd.Uint64N(ms + 5)
	}
	if g.rnd.IntN(2) == 0 {
		return fmt.Sprint(ms)
	}
	return fmt.Sprintf("%d-%d", ms, g.rnd.IntN(3))
}

func (g *streamScript) value() string {
	switch g.rnd.IntN(10) {
	case 0:
		return fmt.Sprint(g.rnd.Int64() >> g.rnd.IntN(64))
	case 1:
		return fmt.Sprint(-g.rnd.IntN(70000))
	case 2:
		return strings.Repeat("v", 60+g.rnd.IntN(8))
	case 3:
		return strings.Repeat("w", g.rnd.IntN(300))
	case 4:
		return g.pick("127", "128", "4095", "4096", "-4096", "-4097", "32767", "32768", "8388607", "8388608", "2147483648", "00", "-0", "12345678901234567890")
	}
	return g.pick("a", "", "hello", "10", "0")
}

func (g *streamScript) pairs() string {
	fields := [][]string{{"temperature"}, {"temperature", "humidity"}, {"f"}, {"1", "2", "3"}}[min(g.rnd.IntN(8), 3)]
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, " %s %q", f, g.value())
	}
	return b.String()
}

func (g *streamScript) trim(i int) string {
	op := g.pick("", "=", "~", "~")
	limit := ""
	if op == "~" && g.rnd.IntN(2) == 0 {
		limit = fmt.Sprintf(" LIMIT %d", g.rnd.IntN(30))
	}
	if g.rnd.IntN(2) == 0 {
		return fmt.Sprintf("MAXLEN %s %d%s", op, g.rnd.IntN(60), limit)
	}
	return fmt.Sprintf("MINID %s %s%s", op, g.id(i), limit)
}

func (g *streamScript) bound(i int) string {
	switch g.rnd.IntN(6) {
	case 0:
		return "-"
	case 1:
		return "+"
	case 2:
		return `"(` + g.id(i) + `"`
	}
	return g.id(i)
}

func (g *streamScript) count() string {
	if g.rnd.IntN(2) == 0 {
		return ""
	}
	return fmt.Sprintf(" COUNT %d", g.rnd.IntN(12))
}

func (g *streamScript) ids(i int) string {
	ids := make([]string, 1+g.rnd.IntN(4))
	for j := range ids {
		ids[j] = g.id(i)
	}
	return strings.Join(ids, " ")
}

func (g *streamScript) command() {
	key, i := g.key()
	switch g.rnd.IntN(24) {
	case 0, 1, 2, 3, 4, 5, 6, 7:
		g.line("XADD %s %s%s", key, g.next(i), g.pairs())
	case 8:
		g.line("XADD %s %s %s%s", key, g.trim(i), g.next(i), g.pairs())
	case 9:
		g.line("%s %s %s %s%s", g.pick("XRANGE", "XREVRANGE"), key, g.bound(i), g.bound(i), g.count())
	case 10:
		g.line("XDEL %s %s", key, g.ids(i))
	case 11:
		if g.rnd.IntN(3) == 0 {
			g.line("XTRIM %s %s", key, g.trim(i))
		}
	case 12:
		g.line("XREAD%s STREAMS x1 x2 %s %s", g.count(), g.id(0), g.id(1))
	default:
		g.groupCommand(key, i)
	}
	if g.rnd.IntN(12) == 0 {
		g.look(key)
	}
}

// groupCommand writes a command on groups.
func (g *streamScript) groupCommand(key string, i int) {
	group, consumer := g.group(), g.consumer()
	switch g.rnd.IntN(14) {
	case 0, 1, 2, 3:
		g.line("XREADGROUP GROUP %s %q%s%s STREAMS %s %s", group, consumer, g.count(), g.pick("", "", "", " NOACK"), key, g.pick(">", ">", ">", "0", g.id(i)))
	case 4:
		g.line("XREADGROUP GROUP g1 %q%s STREAMS x1 x2 > >", consumer, g.count())
	case 5, 6, 7:
		g.line("XACK %s %s %s", key, group, g.ids(i))
	case 8:
		g.line("@mask '\\r\\n:\\d+\\r\\n:'")
		g.line("XPENDING %s %s%s %s %s %d %s", key, group, g.pick("", " IDLE 50000"), g.bound(i), g.bound(i), g.rnd.IntN(20), g.pick("", `"`+consumer+`"`))
	case 9:
		g.line("XCLAIM %s %s %q %s %s%s%s%s%s", key, group, consumer, g.pick("0", "50000"), g.ids(i),
			g.pick("", " FORCE"), g.pick("", " JUSTID"), g.pick("", " IDLE 100000", " RETRYCOUNT 70000", " TIME 1000"), g.pick("", "", "", " LASTID "+g.id(i)))
	case 10:
		g.line("XAUTOCLAIM %s %s %q %s %s%s%s", key, group, consumer, g.pick("0", "50000"), g.id(i), g.pick("", " COUNT 1", " COUNT 5"), g.pick("", " JUSTID"))
	case 11:
		g.line("XPENDING %s %s", key, group)
	case 12:
		switch g.rnd.IntN(6) {
		case 0:
			g.line("XGROUP DESTROY %s %s", key, group)
		case 1:
			g.line("XGROUP DELCONSUMER %s %s %q", key, group, consumer)
			g.line("XGROUP CREATECONSUMER %s %s %q", key, group, consumer)
		case 2:
			g.line("XSETID %s %d-9 %s", key, g.last[i], g.pick("", "ENTRIESADDED 1000", "MAXDELETEDID "+g.id(i)))
		case 3:
			g.line("COPY %s copy REPLACE", key)
			g.last[2] = g.last[i]
			g.look("copy")
		default:
			g.line("XGROUP SETID %s %s %s", key, group, g.id(i))
		}
	default:
		g.create(key, group, g.pick("0", "$", g.id(i)))
	}
}

// look compares all that there is to a stream, but what 7.0 lacks or reckons
// otherwise.
func (g *streamScript) look(key string) {
	g.line("XRANGE %s - +", key)
	g.line("@without lag entries-read seen-time active-time")
	g.line(`@mask ':1\d{12}'`)
	g.line("XINFO STREAM %s FULL COUNT 0", key)
}
