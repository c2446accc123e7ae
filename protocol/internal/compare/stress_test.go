package compare

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol"
)

// TestRandomStress has many connections run random commands of all kinds at once, on
// the same keys, against Ashlar alone: with little memory, so that keys are evicted,
// and with expiries that come meanwhile. What it replies depends on chance; that it
// replies, and that nothing fails inside, does not. With the tag invariants every
// structure is checked on the way.
func TestRandomStress(t *testing.T) {
	seconds := setting(t, "ASHLAR_COMPARE_SECONDS", 2)
	seed := setting(t, "ASHLAR_COMPARE_SEED", uint64(time.Now().UnixNano()))
	t.Logf("ASHLAR_COMPARE_SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 7))
	policies := []string{"allkeys-lru", "allkeys-lfu", "volatile-ttl", "noeviction", "allkeys-random", "volatile-lru", ""}
	args := append(strings.Fields("--bind 127.0.0.1 --enable-debug-command local --notify-keyspace-events KEA --hz 100"), "--port", freePort(),
		"--maxmemory", strconv.Itoa(12+rnd.IntN(30))+"mb")
	if p := policies[rnd.IntN(len(policies))]; p != "" {
		args = append(args, "--maxmemory-policy", p)
	}
	t.Log(args)
	cfg, err := protocol.LoadConfig(args, nil)
	require.NoError(t, err)
	var logged strings.Builder
	var mu sync.Mutex
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return logged.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelError}))
	s, err := protocol.New(cfg, log)
	require.NoError(t, err)
	go func() { _ = s.Serve(context.Background()) }()
	require.NoError(t, awaitPong(s.Addr().String()))

	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var group sync.WaitGroup
	for i := range uint64(8) {
		group.Go(func() { stress(t, s.Addr().String(), rand.New(rand.NewPCG(seed, 100+i)), end) })
	}
	group.Wait()
	require.NoError(t, s.Shutdown(context.Background()))
	require.Empty(t, logged.String())
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// stressGrammar is what makes the others meet: expiries that come, waits that end.
var stressGrammar = []production{
	exact("PEXPIRE <any> ( 1 | 5 | 20 | 100 )"), exact("PEXPIRE <any> 3"), exact("HPEXPIRE <hash> ( 1 | 5 | 30 ) FIELDS 2 <field> <field>"),
	exact("HPEXPIRE <deep-hash> ( 1 | 5 | 30 | 1000 ) FIELDS 2 f20 f21"),
	exact("SET <any> <value> PX ( 1 | 10 | 50 )"), exact("( FLUSHDB | FLUSHALL | SWAPDB 0 1 | SELECT 0 | SELECT 1 )"),
	exact("BLPOP { <list> } 0.01"), exact("BRPOP { <list> } 0.005"), exact("BLMOVE <list> <list> LEFT RIGHT 0.01"), exact("BLMPOP 0.02 2 <list> <list> LEFT COUNT 2"),
	exact("BZPOPMIN { <zset> } 0.01"), exact("BZMPOP 0.01 2 <zset> <zset> MIN"), exact("XREAD BLOCK 10 STREAMS <stream> $"),
	exact("XREADGROUP GROUP g1 <consumer> BLOCK 10 STREAMS <stream> >"), exact("XADD <stream> * f v"), exact("XGROUP CREATE <stream> g1 0 MKSTREAM"),
	exact("WATCH { <any> }"), exact("MULTI"), exact("EXEC"), exact("EXEC"), exact("DISCARD"), exact("UNWATCH"),
	exact("CLIENT TRACKING ( ON | OFF | ON BCAST | ON NOLOOP )"),
	exact("( RENAME | RENAMENX | COPY ) <any> <any>"), exact("COPY <any> <any> DB 1 REPLACE"), exact("MOVE <any> 1"),
	exact("SCAN 0 COUNT ( 1 | 100 | 10000 )"), exact("RANDOMKEY"), exact("DBSIZE"), exact("INFO"), exact("MEMORY USAGE <any>"), exact("DEBUG DIGEST"), exact("KEYS *"),
	exact("OBJECT ( ENCODING | IDLETIME | FREQ ) <any>"), exact("DUMP <any>"), exact("SET <wide> <bulk>"), exact("SET <wide> <bulk>"), exact("( GET | DEL ) <wide>"),
	exact("SORT <any> ALPHA STORE <list>"), exact("CONFIG SET hash-max-listpack-entries ( 3 | 512 ) list-max-listpack-size ( 2 | 128 | -2 ) zset-max-listpack-entries ( 4 | 128 ) set-max-intset-entries ( 4 | 512 )"),
}

// stress runs commands on one connection, some at a time.
func stress(t *testing.T, addr string, rnd *rand.Rand, end time.Time) {
	g := &generator{rnd: rnd, grammar: append([]production(nil), stressGrammar...), keys: allKeys}
	g.grammar = append(append(g.grammar, deepGrammar...), keyspaceGrammar...)
	for _, name := range familyNames {
		g.grammar = append(g.grammar, families[name]...)
	}
	c, err := dial(addr)
	if !assert.NoError(t, err) {
		return
	}
	defer func() { _ = c.Close() }()
	if g.rnd.IntN(2) == 0 {
		c.do("HELLO", "3") // for CLIENT TRACKING
	}
	r := &run{}
	const mark = "the end of the batch"
	for time.Now().Before(end) {
		var all []byte
		var said []string
		for range 1 + rnd.IntN(12) {
			s := g.command()
			words := r.expand(ashlar, s.Words, time.Now())
			if g.rnd.IntN(10) == 0 {
				words = append([]string{"EVAL", []string{"return redis.pcall(unpack(ARGV))", "for i=1,3 do redis.pcall(unpack(ARGV)) end"}[rnd.IntN(2)], "0"}, words...)
			}
			all, said = append(all, Encode(words)...), append(said, QuoteLine(words))
		}
		all = append(all, Encode([]string{"DISCARD"})...)
		all = append(all, Encode([]string{"ECHO", mark})...)
		go c.send(all)
		for n := 0; ; n++ {
			o := c.read(1)
			if !assert.Empty(t, o.ended, "after %d replies to %.3000s", n, strings.Join(said, "\n")) {
				return
			}
			if strings.Contains(string(o.raw), mark) {
				break
			}
			if strings.Contains(string(o.raw), "internal error") {
				assert.Fail(t, "internal", "reply %d: %s\n%.3000s", n, o, strings.Join(said, "\n"))
				return
			}
		}
	}
}
