package exec

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/handlers"
	"github.com/ashlar-cache/ashlar/protocol/internal/metrics"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// The frame knows nothing of lists: these commands have queues of strings, "a,b,c",
// so that what is tested is the frame and nothing else.
//
//	push key item ...          put dst item ... (to a temporary key, then RENAME)
//	pop timeout key ...        bmove src dst timeout
//	gone key                   waits for key, and for its end: "gone" then
//	any timeout key ...        pop that panics where it finds "boom"
func blockRows() []handlers.Row {
	blocks := command.Write | command.Blocking
	one := []command.KeySpec{command.KeyAt(1, "RW")}
	two := []command.KeySpec{command.KeyAt(1, "RW"), command.KeyAt(2, "RW")}
	return []handlers.Row{
		spy("push", command.Write, one, func(ctx *handlers.Context) { pushString(ctx, ctx.Args[1], ctx.Args[2:]) }),
		spy("reader", command.ReadOnly, one, func(ctx *handlers.Context) { ctx.Flag(ctx.Tx.Exists(ctx.Args[1])) }),
		spy("del", command.Write, one, func(ctx *handlers.Context) { ctx.Flag(ctx.Tx.Delete(ctx.Args[1])) }),
		spy("pop", blocks, []command.KeySpec{command.KeyRange(2, -1, 1, "RW")}, func(ctx *handlers.Context) {
			ms, err := args.Timeout(ctx.Args[1])
			if err != "" {
				ctx.Error(err)
				return
			}
			for _, key := range ctx.Args[2:] {
				if item := popString(ctx.Tx, key); item != "" {
					if item == "boom" {
						panic(item)
					}
					ctx.BulkString(string(key) + "=" + item)
					return
				}
			}
			ctx.Block(handlers.Wait{Keys: ctx.Args[2:], Type: cache.String, Timeout: ms})
		}),
		spy("bmove", blocks, two, func(ctx *handlers.Context) {
			item := popString(ctx.Tx, ctx.Args[1])
			if item == "" {
				ms, _ := args.Timeout(ctx.Args[3])
				ctx.Block(handlers.Wait{Keys: ctx.Args[1:2], Type: cache.String, Timeout: ms, NullBulk: true})
				return
			}
			pushString(ctx, ctx.Args[2], [][]byte{[]byte(item)})
		}),
		spy("gone", blocks, one, func(ctx *handlers.Context) {
			if !ctx.Tx.Exists(ctx.Args[1]) {
				ctx.Error("GONE")
				return
			}
			ctx.Args[0] = []byte("GONE") // what is put in place of an argument is kept
			ctx.Block(handlers.Wait{Keys: ctx.Args[1:2], Type: cache.List, Gone: true})
		}),
		spy("client", 0, nil, func(ctx *handlers.Context) { ctx.OK() }),
	}
}

// pushString appends items. A key becomes ready by being moved to, so that is done.
func pushString(ctx *handlers.Context, key []byte, items [][]byte) {
	old, _ := ctx.Tx.Get(key)
	value := string(old)
	for _, item := range items {
		value += string(item) + ","
	}
	if err := ctx.Tx.Set(key, []byte(value), cache.NoExpiry); err != nil {
		panic(err)
	}
	db := ctx.Tx.DB()
	ctx.Tx.Move(key, 15)
	ctx.Tx.SelectDB(15)
	ctx.Tx.Move(key, db)
	ctx.Tx.SelectDB(db)
	ctx.Int(int64(strings.Count(value, ",")))
}

func popString(tx *cache.Tx, key []byte) string {
	value, err := tx.Get(key)
	if err != nil {
		return ""
	}
	item, rest, _ := strings.Cut(string(value), ",")
	if rest == "" {
		tx.Delete(key)
	} else if err := tx.Set(key, []byte(rest), cache.NoExpiry); err != nil {
		panic(err)
	}
	return item
}

// hall is a server with some executors, as loops have them, and any number of
// clients.
type hall struct {
	t       *testing.T
	server  *handlers.Server
	loops   []*Executor
	waker   *Waker
	elapsed atomic.Int64
	ids     uint64
}

func newHall(t *testing.T, loops int) *hall {
	h := &hall{t: t}
	store, err := cache.New(cache.Options{NoBackground: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	table := handlers.BuildTable(blockRows())
	h.server = &handlers.Server{Cache: store, Config: newRig(t).server.Config, Table: table, Metrics: metrics.New(table.Names(), loops)}
	o := Options{Monotonic: func() time.Duration { return time.Duration(h.elapsed.Load()) }}
	h.waker = NewWaker(h.server, o)
	for range loops {
		h.loops = append(h.loops, New(h.server, o))
	}
	return h
}

// guest is a client whose transport is this test. What it is sent by Resume goes
// into a channel.
type guest struct {
	client
	h       *hall
	x       *Executor
	session session.Session
	sent    chan string
}

func (g *guest) Resume(reply []byte) { g.sent <- string(reply) }

func (h *hall) guest(loop int) *guest {
	h.ids++
	g := &guest{h: h, x: h.loops[loop%len(h.loops)], sent: make(chan string, 4)}
	g.session = session.Session{ID: h.ids, Proto: 2, Authenticated: true, Client: g}
	return g
}

// do runs a command and gives the reply without line ends; "" if the client waits.
func (g *guest) do(line string) string {
	g.session.Blocked = false // it is the transport's to say so, when the reply is there
	var argv [][]byte
	for _, w := range strings.Fields(line) {
		argv = append(argv, []byte(w))
	}
	out := g.x.Execute(&g.session, argv, nil)
	for _, a := range argv { // nothing of the arguments may be kept
		clear(a)
	}
	return reply(string(out))
}

func reply(raw string) string {
	raw = strings.ReplaceAll(strings.TrimSuffix(raw, "\r\n"), "\r\n", " ")
	if _, bulk, ok := strings.Cut(raw, " "); ok && raw[0] == '$' {
		return bulk
	}
	return raw
}

// block runs commands that must wait.
func (g *guest) block(line string) *guest {
	g.h.t.Helper()
	require.Empty(g.h.t, g.do(line), line)
	require.True(g.h.t, g.session.Blocked, line)
	return g
}

// got is what the client was sent, "" if nothing.
func (g *guest) got() string {
	select {
	case raw := <-g.sent:
		g.session.Blocked = false
		return reply(raw)
	default:
		return ""
	}
}

// empty checks that nobody and nothing is left.
func (h *hall) empty() {
	h.t.Helper()
	stats := h.server.Blocking.Stats()
	assert.Zero(h.t, stats)
	var tx cache.Tx
	h.server.Cache.BeginAll(&tx, 0)
	defer tx.End()
	assert.False(h.t, tx.Awaited())
}

func TestServedInOrderOfArrival(t *testing.T) {
	h := newHall(t, 3)
	var list []*guest
	for i := range 9 {
		list = append(list, h.guest(i).block("pop 0 k"))
	}
	pusher := h.guest(1)
	assert.Equal(t, ":1", pusher.do("push k a"))
	assert.Equal(t, ":2", pusher.do("push k b c"), "the reply is of the push alone")
	for i, g := range list {
		want := ""
		if i < 3 {
			want = "k=" + string('a'+rune(i))
		}
		assert.Equal(t, want, g.got(), i)
	}
	// Who is served goes to the end with its next command.
	list[0].block("pop 0 k")
	pusher.do("push k d e f g h i j k")
	for i := range 6 {
		assert.Equal(t, "k="+string('d'+rune(i)), list[3+i].got())
	}
	assert.Equal(t, "k=j", list[0].got())
	assert.Equal(t, "k=k", pusher.do("pop 0 k"), "nobody waits: it is there")
	h.empty()
}

func TestWaiterOnSeveralKeys(t *testing.T) {
	h := newHall(t, 2)
	a := h.guest(0).block("pop 0 x y x z y")
	assert.Equal(t, 3, h.server.Blocking.Stats().Keys)
	b := h.guest(1).block("pop 0 y")
	p := h.guest(1)
	p.do("push y 1")
	assert.Equal(t, []string{"y=1", ""}, []string{a.got(), b.got()})
	p.do("push x 2")
	p.do("push z 3")
	p.do("push y 4")
	assert.Equal(t, []string{"", "y=4"}, []string{a.got(), b.got()})
	h.empty()
}

func TestKeysOfOtherDatabases(t *testing.T) {
	h := newHall(t, 2)
	a, b := h.guest(0), h.guest(0)
	b.session.DB = 3
	a.block("pop 0 k")
	b.block("pop 0 k")
	p := h.guest(1)
	p.session.DB = 3
	p.do("push k 1")
	assert.Equal(t, []string{"", "k=1"}, []string{a.got(), b.got()})
	p.session.DB = 0
	p.do("push k 2")
	assert.Equal(t, "k=2", a.got())
	h.empty()
}

func TestChains(t *testing.T) {
	h := newHall(t, 2)
	// The last link comes first, so what the others move arrives at once.
	last := h.guest(0).block("pop 0 d")
	c := h.guest(1).block("bmove c d 0")
	b := h.guest(0).block("bmove b c 0")
	a := h.guest(1).block("bmove a b 0")
	assert.Equal(t, ":1", h.guest(1).do("push a item"))
	assert.Equal(t, []string{":1", ":1", ":1", "d=item"}, []string{a.got(), b.got(), c.got(), last.got()})
	h.empty()
	// A ring ends when all have moved it once.
	var ring []*guest
	for i := range 20 {
		ring = append(ring, h.guest(i).block(fmt.Sprintf("bmove k%d k%d 0", i, (i+1)%20)))
	}
	h.guest(0).do("push k7 item")
	for _, g := range ring {
		assert.Equal(t, ":1", g.got())
	}
	h.empty()
	assert.Equal(t, "k7=item", h.guest(0).do("pop 0 k7"))
}

func TestNothingOfItsOwnEndsNoWait(t *testing.T) {
	h := newHall(t, 1)
	g := h.guest(0).block("pop 0 k")
	p := h.guest(0)
	p.session.DB = 2
	p.do("push k x")
	p.session.DB = 0
	for _, line := range []string{"reader k", "del k", "push other x"} {
		p.do(line)
		assert.Empty(t, g.got(), line)
	}
	assert.Equal(t, 1, h.server.Blocking.Stats().Clients)
}

func TestGone(t *testing.T) {
	h := newHall(t, 2)
	p := h.guest(0)
	p.do("push k x")
	a, b := h.guest(0).block("gone k"), h.guest(1).block("gone k")
	assert.Equal(t, 1, h.server.Blocking.Stats().GoneKeys)
	p.do("push k y")
	assert.Empty(t, a.got())
	p.do("del k")
	assert.Equal(t, []string{"-GONE", "-GONE"}, []string{a.got(), b.got()})
	h.empty()
	// What happens outside of any command is found out by the waker.
	p.do("push k x")
	a.block("gone k")
	h.server.Cache.Flush(0)
	assert.Empty(t, a.got())
	h.waker.Wake()
	assert.Equal(t, "-GONE", a.got())
	h.empty()
}

func TestTimeouts(t *testing.T) {
	h := newHall(t, 2)
	var list []*guest
	for i, seconds := range []string{"0.003", "0", "0.001", "1e15", "0.002", "100000"} {
		list = append(list, h.guest(i).block("pop "+seconds+" k"))
	}
	list[4].session.Proto = 3 // what counts is what it was
	assert.Equal(t, 4, h.server.Blocking.Stats().Timed)
	for ms, want := range [][]string{{"", "", "", ""}, {"", "*-1", ""}, {"", "", "*-1"}, {"*-1", "", ""}} {
		next := h.waker.Wake()
		if ms < 3 {
			assert.Equal(t, time.Millisecond, next)
		}
		assert.Equal(t, want[:3], []string{list[0].got(), list[2].got(), list[4].got()}, ms)
		h.elapsed.Add(int64(time.Millisecond))
	}
	assert.Equal(t, 3, h.server.Blocking.Stats().Clients)
	h.elapsed.Add(int64(200000 * time.Second))
	assert.Zero(t, h.waker.Wake())
	assert.Equal(t, []string{"", "", "*-1"}, []string{list[1].got(), list[3].got(), list[5].got()})
	h.guest(0).do("push k a b c d e f")
	assert.Equal(t, []string{"k=a", "k=b"}, []string{list[1].got(), list[3].got()})
	assert.Equal(t, "-ERR timeout is negative", list[0].do("pop -1 k"))
	three := h.guest(0)
	three.session.Proto = 3
	three.block("pop 1 none")
	h.elapsed.Add(int64(time.Second))
	h.waker.Wake()
	assert.Equal(t, "_", three.got())
	h.empty()
}

func TestUnblock(t *testing.T) {
	h := newHall(t, 2)
	a, b := h.guest(0).block("pop 0 k l"), h.guest(1).block("pop 5 k")
	assert.True(t, h.waker.Unblock(a.session.ID, true))
	assert.False(t, h.waker.Unblock(a.session.ID, true))
	assert.Equal(t, "-UNBLOCKED client unblocked via CLIENT UNBLOCK", a.got())
	assert.True(t, h.waker.Unblock(b.session.ID, false))
	assert.Equal(t, "*-1", b.got())
	assert.False(t, h.waker.Unblock(99, false))
	h.empty()
}

func TestClientThatMustNotWait(t *testing.T) {
	h := newHall(t, 1)
	g := h.guest(0)
	g.x.ctx.NoWait = true
	assert.Equal(t, "*-1", g.do("pop 0 k"))
	assert.Equal(t, "$-1", g.do("bmove a b 0"))
	h.empty()
}

func TestReplyThatIsNotWanted(t *testing.T) {
	h := newHall(t, 1)
	g, p := h.guest(0), h.guest(0)
	g.session.Reply = session.ReplySkipping
	g.block("pop 0 k")
	p.do("push k 1")
	assert.Equal(t, "", <-g.sent)
	assert.EqualValues(t, session.ReplyOn, g.session.Reply)
	g.session.Reply = session.ReplyOff
	g.block("pop 0 k")
	p.do("push k 1")
	assert.Equal(t, "", <-g.sent)
	h.empty()
}

func TestPanicOfAWaiterIsItsOwn(t *testing.T) {
	h := newHall(t, 1)
	a, b := h.guest(0).block("pop 0 k"), h.guest(0).block("pop 0 k")
	assert.Equal(t, ":2", h.guest(0).do("push k boom ok"))
	assert.Equal(t, []string{"-ERR internal error", "k=ok"}, []string{a.got(), b.got()})
	h.empty()
}

func TestStatisticsOfBlockedCommands(t *testing.T) {
	h := newHall(t, 2)
	h.guest(0).block("pop 0 k")
	b, c := h.guest(1).block("pop 0.5 none"), h.guest(0).block("pop 0 none")
	calls := func() (n, failed uint64) {
		for _, s := range h.server.Metrics.CommandStats() {
			if s.Name == "pop" {
				return s.Calls, s.Failed
			}
		}
		return 0, 0
	}
	n, _ := calls()
	assert.Zero(t, n, "a command counts when it has ended")
	h.guest(0).do("push k x")
	h.elapsed.Add(int64(time.Second))
	h.waker.Wake()
	h.waker.Unblock(c.session.ID, true)
	n, failed := calls()
	assert.EqualValues(t, 3, n)
	assert.EqualValues(t, 1, failed)
	assert.Equal(t, "*-1", b.got())
	for _, s := range h.server.Metrics.CommandStats() {
		assert.Zero(t, s.Usec, "the wait is not counted")
	}
	assert.Equal(t, []metrics.ErrorStats{{Code: "UNBLOCKED", Count: 1}}, h.server.Metrics.ErrorStats())
}

// TestLocksAreWidened: a push to a key locks what its waiters need as well, so a
// served command finds all its keys locked; else the transaction would panic.
func TestLocksAreWidened(t *testing.T) {
	h := newHall(t, 2)
	rng := rand.New(rand.NewPCG(1, 2))
	key := func() string { return "key" + strconv.Itoa(rng.IntN(40)) }
	for range 300 {
		var list []*guest
		for i := range 1 + rng.IntN(8) {
			g := h.guest(i)
			if rng.IntN(2) == 0 {
				g.do("bmove " + key() + " " + key() + " 0")
			} else {
				g.do("pop 0 " + key() + " " + key() + " " + key())
			}
			list = append(list, g)
		}
		for range 3 {
			h.guest(0).do("push " + key() + " a b c")
		}
		for _, g := range list {
			if g.session.Blocked {
				h.waker.Unblock(g.session.ID, false)
			}
			assert.NotContains(t, g.got(), "internal")
		}
		assert.Nil(t, h.server.Blocking.TakeLate(), "nothing was left for later")
	}
	h.empty()
	assert.Nil(t, h.loops[0].waiting.ctx.Args)
}

func TestManyWaiters(t *testing.T) {
	const many = 10_000
	h := newHall(t, 2)
	list := make([]*guest, many)
	for i := range list {
		list[i] = h.guest(i).block("pop 0 k")
	}
	p := h.guest(0)
	began := time.Now()
	for i := range many / 10 {
		p.do("push k " + strings.Repeat(strconv.Itoa(i)+" ", 10))
	}
	t.Log("served in", time.Since(began))
	for i, g := range list {
		require.Equal(t, "k="+strconv.Itoa(i/10), g.got())
	}
	h.empty()
}

// TestOthersPayNothing: commands on keys that nobody waits for allocate nothing,
// whoever waits for others beside them.
func TestOthersPayNothing(t *testing.T) {
	r := newRig(t)
	for i := range 500 { // some in every shard
		r.session = &session.Session{ID: uint64(i), Proto: 2, Authenticated: true, Client: client{}}
		require.Empty(t, r.do("blpop waiting"+strconv.Itoa(i)+" another 0"))
	}
	commands := batch("set key 0123456789", "get key", "rpush list element", "lpop list", "zadd z 1 m", "zpopmin z")
	out := make([]byte, 0, 4096)
	s := &session.Session{Proto: 2, Authenticated: true, Client: client{}}
	run := func() {
		out = out[:0]
		r.x.Prepare(commands)
		for _, argv := range commands {
			out = r.x.Execute(s, argv, out)
		}
	}
	for range 100 {
		run()
	}
	assert.Zero(t, testing.AllocsPerRun(100, run))
	assert.Equal(t, 500, r.server.Blocking.Stats().Clients)
}

// TestNoWakeUpIsLost has everybody at work at once: each item is popped exactly
// once, or still there in the end, and nobody waits where there is something.
func TestNoWakeUpIsLost(t *testing.T) {
	const loops, keys = 6, 5
	items := 1500
	if testing.Short() {
		items = 300
	}
	h := newHall(t, loops)
	o := h.waker
	o.x.clock.monotonic = func() time.Duration { return time.Since(started) }
	for _, x := range h.loops {
		x.clock.monotonic = o.x.clock.monotonic
	}
	o.Start()
	defer o.Close()
	var popped sync.Map
	var count atomic.Int64
	stop := make(chan struct{})
	var work, poppers sync.WaitGroup
	for n := range 3 {
		guests := []*guest{h.guest(n), h.guest(n), h.guest(n)}
		poppers.Go(func() { popAll(guests, n, stop, &popped, &count) })
	}
	for n := range 3 {
		p := h.guest(3 + n)
		work.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(n), 7))
			for i := range items {
				p.do(fmt.Sprintf("push k%d %d.%d", rng.IntN(keys), n, i))
			}
		})
	}
	work.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for count.Load() < int64(3*items) && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	assert.EqualValues(t, 3*items, count.Load(), "each item was popped")
	close(stop)
	poppers.Wait()
	h.empty()
}

// popAll lets three clients of one loop wait in different ways, until stop, and notes
// what they get.
func popAll(guests []*guest, n int, stop chan struct{}, popped *sync.Map, count *atomic.Int64) {
	rng := rand.New(rand.NewPCG(uint64(n), 99))
	note := func(got string) {
		if _, item, ok := strings.Cut(got, "="); ok {
			if _, twice := popped.LoadOrStore(item, n); twice {
				panic(item + " was popped twice")
			}
			count.Add(1)
		}
	}
	waits := make([]bool, len(guests))
	for {
		select {
		case <-stop:
			for i, g := range guests {
				if waits[i] {
					g.h.waker.Unblock(g.session.ID, false)
					note(reply(<-g.sent))
				}
			}
			return
		default:
		}
		for i, g := range guests {
			switch {
			case waits[i]:
				select {
				case raw := <-g.sent:
					waits[i] = false
					note(reply(raw))
				default:
					if rng.IntN(50) == 0 {
						g.h.waker.Unblock(g.session.ID, true)
					}
				}
			default:
				line := [...]string{"pop 0 k0 k1 k2 k3 k4", "pop 0.001 k4 k3 k2 k1 k0", "bmove k1 k2 0.002", "pop 0 k0"}[rng.IntN(4)]
				got := g.do(line)
				if waits[i] = got == ""; !waits[i] {
					note(got)
				}
			}
		}
	}
}
