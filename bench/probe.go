package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/hist"
	"github.com/ashlar-cache/ashlar/bench/pace"
	"github.com/ashlar-cache/ashlar/bench/target"
)

// probe measures how long requests wait at a server while something else goes
// on. One thread sends at given moments, GET and SET in turns over some keys, and
// never waits for a reply; another one reads replies. So a stall is seen by all
// the requests that fall into it.
//
// A latency is counted from the moment of sending. How much later than due that
// was is the benchmark's own doing, a busy processor's above all, and counted
// apart: where it is of the order of the latencies, so may be the noise in them.
//
// Where the system allows it, the probe also knows when the machine itself stood still
// (see pace.Stalls), and tells what the slowest request took but for that.
type probe struct {
	server *target.Server
	tcp    *net.TCPConn
	file   *os.File // the same socket, in blocking mode: no Go scheduler in between
	sent   chan time.Time
	stop   chan struct{}
	work   sync.WaitGroup

	stalls *pace.Stalls // nil where they cannot be told

	mu      sync.Mutex
	seen    reading
	slow    []pace.Span   // requests that stalls may have made slow
	waited  time.Duration // of the server, up to the last take
	failure error
}

// reading is what a probe has seen in some stretch of time.
type reading struct {
	latency *hist.Latencies
	late    *hist.Latencies // the probe's own lateness
	refused int64
	// waited is how long the server's threads had no processor although ready.
	waited time.Duration
	// worst is the longest that a request took, the machine's own stalls left out.
	worst time.Duration
}

// slowLeast is how long a request must take for the machine's stalls to be looked up,
// and slowMost for how many of them in a reading. Should there be more, the machine's
// stalls are not what makes them slow.
const (
	slowLeast = 300 * time.Microsecond
	slowMost  = 1 << 16
)

func newReading() reading { return reading{latency: hist.New(), late: hist.New()} }

// probeKeys is how many keys a probe uses: enough to meet every shard.
const probeKeys = 256

// probeRate is how many requests a probe sends a second.
const probeRate = 1000

// startProbe stores the probe's keys and starts it.
func startProbe(ctx context.Context, s *target.Server) (*probe, error) {
	c, err := s.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for i := range probeKeys {
		if _, err := c.Do("SET", probeKey(i), "0123456789abcdef"); err != nil {
			return nil, err
		}
	}
	quick, err := s.Dial(ctx)
	if err != nil {
		return nil, err
	}
	tcp, ok := quick.Net().(*net.TCPConn)
	if !ok {
		return nil, fmt.Errorf("a probe needs TCP, not %s", quick.Net().LocalAddr().Network())
	}
	file, err := tcp.File()
	if err != nil {
		return nil, err
	}
	file.Fd() // has the side effect of making the socket a blocking one
	p := &probe{server: s, waited: s.Waited(), tcp: tcp, file: file, sent: make(chan time.Time, 1<<16), stop: make(chan struct{}), seen: newReading(),
		stalls: pace.WatchStalls()}
	p.work.Go(func() { p.note(p.send()) })
	p.work.Go(func() { p.note(p.receive()) })
	return p, nil
}

func probeKey(i int) string { return fmt.Sprintf("probe:%04d", i%probeKeys) }

// note keeps the first error of the two threads.
func (p *probe) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failure == nil {
		p.failure = err
	}
}

// send sends the requests, each ready made, until it is told to stop.
func (p *probe) send() error {
	defer pace.Pinned()()
	requests := make([][]byte, 2*probeKeys)
	for i := range requests {
		if key := probeKey(i / 2); i%2 == 0 {
			requests[i] = fmt.Appendf(nil, "*2\r\n$3\r\nGET\r\n$10\r\n%s\r\n", key)
		} else {
			requests[i] = fmt.Appendf(nil, "*3\r\n$3\r\nSET\r\n$10\r\n%s\r\n$16\r\n0123456789abcdef\r\n", key)
		}
	}
	due := pace.Every{Start: time.Now(), Rate: probeRate}
	for i := 0; ; i++ {
		select {
		case <-p.stop:
			// A server may drop what is under way when the connection ends.
			for wait := 0; len(p.sent) > 0 && wait < 1000; wait++ {
				pace.Until(time.Now().Add(time.Millisecond))
			}
			return p.tcp.CloseWrite()
		default:
		}
		late := pace.Until(due.At(i))
		p.mu.Lock()
		p.seen.late.Record(late)
		p.mu.Unlock()
		// The moment goes ahead of the request, for the reply not to overtake it.
		select {
		case p.sent <- time.Now():
		default:
			return errors.New("the probe's requests are not answered")
		}
		if _, err := p.file.Write(requests[i%len(requests)]); err != nil {
			return err
		}
	}
}

// receive reads replies until the server has seen the end and closes.
func (p *probe) receive() error {
	defer pace.Pinned()()
	var parser client.Parser
	for {
		n, err := p.file.Read(parser.Room())
		if n == 0 && err != nil {
			return p.atEnd(err)
		}
		now := time.Now()
		parser.Filled(n)
		for {
			reply, ok, err := parser.Next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			p.record(pace.Span{From: <-p.sent, To: now}, reply.Kind == '-')
		}
	}
}

// atEnd says what it means that there are no more replies.
func (p *probe) atEnd(err error) error {
	select {
	case <-p.stop:
		if errors.Is(err, io.EOF) && len(p.sent) == 0 {
			return nil
		}
	default:
	}
	return fmt.Errorf("%d requests of the probe were not answered: %w", len(p.sent), err)
}

// record counts a reply.
func (p *probe) record(took pace.Span, refused bool) {
	latency := took.To.Sub(took.From)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.latency.Record(latency)
	if refused {
		p.seen.refused++
	}
	if latency > slowLeast && len(p.slow) < slowMost {
		p.slow = append(p.slow, took)
	} else {
		p.seen.worst = max(p.seen.worst, latency)
	}
}

// take returns what has been seen since the last take or the start.
func (p *probe) take() reading {
	waited := p.server.Waited()
	p.mu.Lock()
	seen, slow := p.seen, p.slow
	seen.waited = max(waited-p.waited, 0)
	p.seen, p.waited, p.slow = newReading(), waited, nil
	p.mu.Unlock()
	for _, took := range slow {
		seen.worst = max(seen.worst, took.To.Sub(took.From)-p.stalls.Within(took))
	}
	return seen
}

// close ends the probe: an error if requests went unanswered. What it had not
// returned yet is returned.
func (p *probe) close() (reading, error) {
	close(p.stop)
	// The server answers what is left and closes; one that hangs must not hold us.
	hung := time.AfterFunc(5*time.Second, func() { _ = p.tcp.CloseRead() })
	p.work.Wait()
	hung.Stop()
	p.tcp.Close()
	p.file.Close()
	p.stalls.Close()
	return p.take(), p.failure
}

// cells are a reading for a table; see probeColumns.
func (g reading) cells() []any {
	l := g.latency
	return []any{l.Count(), hist.Round(l.At(50)), hist.Round(l.At(99)), hist.Round(l.At(99.9)), hist.Round(l.At(99.99)), hist.Round(l.Max()),
		hist.Round(g.worst), hist.Round(g.late.Max()), hist.Round(g.waited)}
}

var probeColumns = []string{"requests", "p50", "p99", "p99.9", "p99.99", "worst", "net", "probe late", "no CPU"}

const probeNote = "latencies are those of a probe that sends 1,000 requests a second whether or not replies come; " +
	"\"net\" is the worst one less the time in which the machine stood still meanwhile, for real-time threads too " +
	"(the same as \"worst\" where the system does not allow such threads); the noise of this machine is in \"probe late\", by how much it was itself delayed at worst, " +
	"and in \"no CPU\", how long the server's threads, summed up, were ready but had no processor"

// ms is a duration in milliseconds, for checks.
func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
