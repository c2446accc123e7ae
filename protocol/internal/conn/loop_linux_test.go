package conn

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestMoving moves connections between loops all the time while they are used
// and pushed to.
func TestMoving(t *testing.T) {
	h := serve(t, "tcp")
	const clients, rounds = 20, 200
	all := make([]*client, clients)
	for i := range all {
		all[i] = h.dial()
		all[i].send(command("ID"))
		all[i].expect(fmt.Sprintf(":%d\r\n", i+1))
	}
	spread(h)
	stop := make(chan struct{})
	var mover, users sync.WaitGroup
	mover.Go(func() {
		loops := h.server.plain.all()
		random := rand.New(rand.NewPCG(1, 1))
		for {
			select {
			case <-stop:
				return
			default:
			}
			from := random.IntN(2)
			pick := rand.New(rand.NewPCG(random.Uint64(), 1))
			loops[from].post(func(l *loop) {
				for _, c := range l.conns {
					if c != nil && pick.IntN(2) == 0 {
						l.moveTo(loops[1-from], c)
					}
				}
			})
			time.Sleep(100 * time.Microsecond)
		}
	})
	for i, c := range all {
		users.Go(func() {
			client := h.session(uint64(i + 1)).Client
			for round := range rounds {
				value := fmt.Sprintf("%d-%d", i, round) + strings.Repeat("x", round*200)
				c.send(command("ECHO", value)[:round%20])
				c.send(command("ECHO", value)[round%20:])
				c.expect(bulk(value))
				client.Push([]byte("+1\r\n"))
				client.Push([]byte("+2\r\n"))
				c.expect("+1\r\n+2\r\n")
			}
		})
	}
	users.Wait()
	close(stop)
	mover.Wait()
}

// TestOutOfDescriptors leaves the server none to accept with.
func TestOutOfDescriptors(t *testing.T) {
	h := serve(t, "tcp")
	first := h.dial()
	first.send(command("PING"))
	first.expect("+PONG\r\n")
	next, err := os.Open("/dev/null")
	require.NoError(t, err)
	lowest := next.Fd()
	require.NoError(t, next.Close())
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	tight := limit
	tight.Cur = uint64(lowest) + 1 // one more: the client's end
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &tight))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)) }()
	refused := h.dial()
	refused.expect(maxClientsReply)
	refused.expectEnd()
	first.send(command("PING"))
	first.expect("+PONG\r\n")
	assert.EqualValues(t, 1, h.server.Stats().Rejected)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	c := h.dial()
	c.send(command("PING"))
	c.expect("+PONG\r\n")
}

func TestKeepAlive(t *testing.T) {
	h := serve(t, "tcp")
	for _, seconds := range []int64{300, 60, 0} {
		h.limits.TCPKeepAlive.Store(seconds)
		c := h.dial()
		c.send(command("ID"))
		var id uint64
		_, err := fmt.Fscanf(c.r, ":%d\r\n", &id)
		require.NoError(t, err)
		fd := h.session(id).Client.FD()
		get := func(level, option int) int {
			n, err := unix.GetsockoptInt(fd, level, option)
			require.NoError(t, err)
			return n
		}
		assert.NotZero(t, get(unix.IPPROTO_TCP, unix.TCP_NODELAY))
		if seconds == 0 {
			assert.Zero(t, get(unix.SOL_SOCKET, unix.SO_KEEPALIVE))
			continue
		}
		assert.NotZero(t, get(unix.SOL_SOCKET, unix.SO_KEEPALIVE))
		assert.EqualValues(t, seconds, get(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE))
		assert.EqualValues(t, seconds/3, get(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL))
	}
}

// TestOneLoopIsEnough: without saturation, nothing but the first loop runs.
func TestOneLoopIsEnough(t *testing.T) {
	h := serve(t, "tcp", func(o *Options, _ *toy) { o.Loops = 4 })
	for range 50 {
		c := h.dial()
		c.send(command("PING"))
		c.expect("+PONG\r\n")
	}
	assert.Len(t, h.server.Stats().Loops, 1)
	assert.Equal(t, 1, h.server.Loops())
}

// TestLoopsComeAndGo does by hand what the governor's orders do.
func TestLoopsComeAndGo(t *testing.T) {
	h := serve(t, "tcp")
	all := make([]*client, 20)
	for i := range all {
		all[i] = h.dial()
	}
	ping := func() {
		for range 10 {
			for _, c := range all {
				c.send(command("PING"))
				c.expect("+PONG\r\n")
			}
		}
	}
	ping()
	p := h.server.plain
	second, err := p.startLoop()
	require.NoError(t, err)
	p.working.Store(2)
	loops := p.all()
	conns := func() [2]int64 { return [2]int64{loops[0].public.conns.Load(), second.public.conns.Load()} }
	loops[0].post(func(l *loop) { l.shareWith(second, 0.5) })
	eventually(t, "an even share", func() bool { return conns() == [2]int64{10, 10} })
	ping()
	second.post(func(l *loop) { l.disperse(loops[:1]) })
	eventually(t, "all back", func() bool { return conns() == [2]int64{20, 0} })
	ping()
}

func TestPool(t *testing.T) {
	var p pool
	random := rand.New(rand.NewPCG(5, 5))
	type use struct {
		b    *buffer
		want []byte
	}
	var uses []use
	for range 5000 {
		switch i := 0; {
		case len(uses) > 20 || len(uses) > 0 && random.IntN(3) == 0:
			i = random.IntN(len(uses))
			require.Equal(t, uses[i].want, uses[i].b.b)
			p.put(uses[i].b)
			uses = append(uses[:i], uses[i+1:]...)
		case len(uses) > 0 && random.IntN(2) == 0:
			u := &uses[random.IntN(len(uses))]
			more := make([]byte, random.IntN(100_000))
			p.grow(u.b, len(u.b.b)+len(more))
			u.b.b = append(u.b.b, more...)
			u.want = append(u.want, more...)
			p.count(u.b)
		default:
			n := 1 + random.IntN(1<<random.IntN(22))
			b := p.get(n)
			require.Empty(t, b.b)
			require.GreaterOrEqual(t, cap(b.b), n)
			b.b = append(b.b, fmt.Sprint(n)...)
			p.count(b)
			uses = append(uses, use{b, []byte(fmt.Sprint(n))})
		}
		if random.IntN(100) == 0 {
			p.tick()
		}
	}
	for _, u := range uses {
		p.put(u.b)
	}
	p.close()
	assert.Zero(t, p.held)
}

// TestArena has replies outgrow the arena, and large ones wait for the socket.
func TestArena(t *testing.T) {
	h := serve(t, "tcp")
	c := h.dial()
	go c.send(strings.Repeat(command("BIG", "3000000"), 10) + command("PING"))
	_, err := io.CopyN(io.Discard, c.r, int64(10*len(bulk(strings.Repeat("x", 3_000_000)))))
	require.NoError(t, err)
	c.expect("+PONG\r\n")

	w := newWorker(silent{}, NewLimits(), &dropper{})
	defer w.close()
	w.arena, w.mapped = mapArena()
	w.out = append(w.arena, make([]byte, 10<<20)...)
	b := w.take(1 << 20)
	assert.True(t, b.mapped)
	assert.Len(t, b.b, 10<<20)
	assert.Less(t, cap(b.b), 11<<20, "no more address space than needed goes along")
	w.pool.put(b)
	w.out = append(w.arena, 1, 2, 3)
	w.reset()
	w.out = append(make([]byte, 0, 10), 1) // as if append had moved it to the heap
	w.reset()
	assert.Equal(t, cap(w.arena), cap(w.out))
	w.tick()
	assert.GreaterOrEqual(t, w.dirty, 10<<20, "used since the last tick")
	w.tick()
	assert.LessOrEqual(t, w.dirty, flushAt)
}

func TestMeter(t *testing.T) {
	h := serve(t, "tcp")
	c := h.dial()
	ping := func() {
		for range 100 {
			c.send(command("PING"))
			c.expect("+PONG\r\n")
		}
	}
	ping()
	var m meter
	_, ok := m.sample(h.server.plain, time.Second)
	assert.False(t, ok, "nothing to compare with yet")
	ping()
	s, ok := m.sample(h.server.plain, 2*time.Second)
	assert.True(t, ok)
	assert.Len(t, s.cpu, 1)
	assert.Positive(t, s.cpu[0])
	assert.Equal(t, []int64{1}, s.conns)
	assert.GreaterOrEqual(t, s.commands, uint64(99)) // the last wake-up's may not be counted yet
	assert.Zero(t, m.spare(time.Second), "of the first window")
	assert.GreaterOrEqual(t, processSeconds(), s.cpu[0])
	idle, known := idleSeconds()
	assert.True(t, known)
	assert.Positive(t, idle)
	assert.True(t, m.busy(0, 10))
	assert.False(t, m.busy(0, 10))
}
