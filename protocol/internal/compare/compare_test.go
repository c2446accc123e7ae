package compare

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// servers are the two sides, started at first need and shared by all tests.
var servers struct {
	tried        bool
	ours, theirs Server
	err          error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range []Server{servers.ours, servers.theirs} {
		if s != nil {
			s.Close()
		}
	}
	os.Exit(code)
}

// start starts both servers, unless it has. Without a redis-server the test is
// skipped, or fails where ASHLAR_REQUIRE_REDIS=1.
func start(t *testing.T) {
	t.Helper()
	if !servers.tried {
		servers.tried = true
		if servers.theirs, servers.err = StartRedis(); servers.err == nil {
			servers.ours, servers.err = startAshlar()
		}
	}
	if errors.Is(servers.err, ErrNoRedis) && os.Getenv("ASHLAR_REQUIRE_REDIS") != "1" {
		t.Skip("no redis-server in the PATH to compare with (ASHLAR_REQUIRE_REDIS=1 makes this a failure)")
	}
	require.NoError(t, servers.err)
}

// pair connects to both servers.
func pair(t *testing.T) *Pair {
	t.Helper()
	start(t)
	return pairOf(t, servers.ours)
}

// slowPair is pair with Ashlar's other transport, a goroutine for each connection.
func slowPair(t *testing.T) *Pair {
	t.Helper()
	start(t)
	own, ok := servers.ours.(inProcess)
	if !ok {
		t.Skip("the server was not started here, so it has one address")
	}
	return pairOf(t, remote(own.slow.String()))
}

func pairOf(t *testing.T, ours Server) *Pair {
	t.Helper()
	p, err := NewPair(ours, servers.theirs)
	require.NoError(t, err)
	p.Rehearse = rehearsal()
	t.Cleanup(p.Close)
	return p
}

// TestScripts runs the scripts on the event loops, TestScriptsOverNetConn on the
// transport of other systems and of TLS.
func TestScripts(t *testing.T)            { runScripts(t, pair(t)) }
func TestScriptsOverNetConn(t *testing.T) { runScripts(t, slowPair(t)) }

func runScripts(t *testing.T, p *Pair) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			cases, err := ParseScript(file, string(text))
			require.NoError(t, err)
			for i := range cases {
				runCase(t, p, &cases[i])
			}
		})
	}
}

// runCase runs a case in the protocol versions it is for, a subtest each.
func runCase(t *testing.T, p *Pair, c *Case) {
	for proto := 2; proto <= 3; proto++ {
		if c.Only != 0 && c.Only != proto || c.NoHello && c.Only == 0 && proto == 3 {
			continue
		}
		t.Run(fmt.Sprintf("L%d/resp%d", c.Line, proto), func(t *testing.T) {
			m, err := p.Run(c, proto)
			require.NoError(t, err)
			if m != nil {
				t.Fatalf("%v  to run this case alone: go test ./protocol/internal/compare -run '%s'", m, t.Name())
			}
		})
	}
}

// TestRandom compares random sequences until its time is up: in turn with both
// protocol versions, command by command and in one batch, on both transports.
func TestRandom(t *testing.T) {
	runRandom(t, func(seed uint64) *Case { return RandomCase(seed, 60) })
}

// TestRandomWide does the same with many keys and values of all sizes.
func TestRandomWide(t *testing.T) {
	runRandom(t, func(seed uint64) *Case { return WideCase(seed, 4000) })
}

// TestRandomTyped does the same with collections of all types, over few keys and
// with random thresholds.
func TestRandomTyped(t *testing.T) {
	names := familyNames
	if text := os.Getenv("ASHLAR_COMPARE_FAMILIES"); text != "" {
		names = strings.Split(text, ",")
		for _, name := range names {
			require.Contains(t, families, name, "the environment's ASHLAR_COMPARE_FAMILIES")
		}
	}
	runRandom(t, known(t, func(seed uint64) *Case { return TypedCase(seed, 80, names) }))
}

// TestRandomDeep does the same with few collections that become large.
func TestRandomDeep(t *testing.T) {
	runRandom(t, known(t, func(seed uint64) *Case { return DeepCase(seed, 2500) }))
}

// TestRandomWaiting has several connections block.
func TestRandomWaiting(t *testing.T) {
	runRandom(t, known(t, func(seed uint64) *Case { return WaitingCase(seed, 60) }))
}

// TestRandomSessions has several connections work on the same keys, with transactions
// and scripts, and two learn of it.
func TestRandomSessions(t *testing.T) {
	runRandom(t, known(t, func(seed uint64) *Case { return SessionsCase(seed, 60) }))
}

// known leaves out the commands that the server under test lacks: which those are
// is told by TestNoCommandIsMissing, once and not in every sequence.
func known(t *testing.T, generate func(seed uint64) *Case) func(seed uint64) *Case {
	ours := table(t, pair(t), ashlar)
	return func(seed uint64) *Case {
		c := generate(seed)
		c.Steps = slices.DeleteFunc(c.Steps, func(s Step) bool {
			if !s.sends() {
				return false
			}
			_, there := ours[strings.ToLower(s.Words[0].text)]
			return !there
		})
		return c
	}
}

func runRandom(t *testing.T, generate func(seed uint64) *Case) {
	pairs := []*Pair{pair(t)}
	if _, ok := servers.ours.(inProcess); ok {
		pairs = append(pairs, slowPair(t))
	}
	seconds := setting(t, "ASHLAR_COMPARE_SECONDS", 3)
	first := setting(t, "ASHLAR_COMPARE_SEED", uint64(time.Now().UnixNano()))
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	seed := first
	for ; seed == first || time.Now().Before(end); seed++ {
		p, proto := pairs[seed>>2%uint64(len(pairs))], 2+int(seed&1)
		c := generate(seed)
		c.Batch = seed>>1&1 == 1 && !c.Crowd && !c.Several
		m, err := p.Run(c, proto)
		require.NoError(t, err, "seed %d", seed)
		if m != nil {
			t.Fatalf("ASHLAR_COMPARE_SEED=%d shows a difference in RESP%d, %s", seed, proto, explain(p, c, m))
		}
	}
	t.Logf("%d sequences from seed %d on", seed-first, first)
}

// explain shrinks a random sequence that shows a difference.
func explain(p *Pair, c *Case, m *Mismatch) string {
	// A shorter sequence must show the same difference, not some other one.
	kind := m.kind()
	fails := func(c *Case) bool {
		again, err := p.Run(c, m.Proto)
		return err == nil && again != nil && again.kind() == kind
	}
	if !fails(c) {
		return fmt.Sprintf("once, but not again:\n%v", m)
	}
	small := Shrink(c.with(c.Steps[:m.Index+1]), fails)
	if again, err := p.Run(small, m.Proto); err == nil && again != nil {
		m = again
	}
	how := "sent one by one"
	if c.Batch {
		how = "sent in one batch"
	}
	return fmt.Sprintf("%s. The shortest script that still does:\n\n%s\n%v", how, small.Script(), m)
}

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 63)
	require.NoError(t, err, "the environment's %s", name)
	return n
}
