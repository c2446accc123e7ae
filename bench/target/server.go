package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/pace"
)

// startPatience is how long a server may take until it answers.
const startPatience = 15 * time.Second

// Server is a server that runs. Its methods may be called by several goroutines.
type Server struct {
	Name string
	Addr string // host:port
	Pid  int    // 0: not on this machine
	// Memcached says that it speaks memcached's own protocol: of the methods that ask
	// the server, only those of file ask.go work then.
	Memcached bool

	access  Access        // what it takes to be let in
	asItIs  bool          // it was reached, not found empty: it keeps its keys
	process *exec.Cmd     // nil: it was running already
	ended   chan struct{} // closed when the process is gone
	status  error         // of the process, once ended
	out     tail
}

// Setting is one of the server's configuration, as in redis.conf.
type Setting struct{ Name, Value string }

// Start starts the server, or connects to one that runs, with these settings,
// and returns once it answers.
func (s Spec) Start(ctx context.Context, settings ...Setting) (*Server, error) {
	if s.Command == nil {
		return s.attach(ctx, settings)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	words := make([]string, len(s.Command), len(s.Command)+2*len(settings))
	for i, w := range s.Command {
		words[i] = strings.NewReplacer("{port}", strconv.Itoa(port), "{processors}", strconv.Itoa(s.processors())).Replace(w)
	}
	for _, o := range settings {
		more, err := s.style.words(o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		words = append(words, more...)
	}
	v := &Server{Name: s.Name, Memcached: s.Memcached, Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), ended: make(chan struct{})}
	v.process = exec.Command(words[0], words[1:]...)
	v.process.Stdout, v.process.Stderr = &v.out, &v.out
	// Settings such as dir are the server's default; files that it might write
	// anyway land where temporary files belong.
	v.process.Dir = os.TempDir()
	endWithParent(v.process)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the server lives as long as this thread: see endWithParent
		defer runtime.UnlockOSThread()
		started <- s.run(v.process)
		if v.process.Process != nil {
			v.status = v.process.Wait()
			close(v.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	v.Pid = v.process.Process.Pid
	if err := v.await(ctx); err != nil {
		v.Stop()
		return nil, err
	}
	return v, nil
}

// processors is how many the server may use.
func (s Spec) processors() int {
	if len(s.On) > 0 {
		return len(s.On)
	}
	return runtime.NumCPU()
}

// run starts the process from this thread, whose processors it inherits.
func (s Spec) run(c *exec.Cmd) error {
	if len(s.On) == 0 {
		return c.Start()
	}
	release, err := pace.Tie(s.On)
	if err != nil {
		return err
	}
	defer release()
	return c.Start()
}

// freePort is a port that nobody listens on now. Somebody else may take it before
// the server does, which then says so and ends.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// await returns when the server answers.
func (v *Server) await(ctx context.Context) error {
	deadline := time.Now().Add(startPatience)
	for {
		err := v.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-v.ended:
			return v.Err()
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer on %s after %v: %w", v.Name, v.Addr, startPatience, err)
		}
	}
}

// ping fails while the server does not listen, and while it loads data.
func (v *Server) ping(ctx context.Context) error {
	if v.Memcached {
		_, err := v.Version(ctx)
		return err
	}
	c, err := v.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Do("PING")
	return err
}

// attach uses a server that is running, but not one with somebody's data in it.
func (s Spec) attach(ctx context.Context, settings []Setting) (*Server, error) {
	if s.Memcached {
		return s.attachMemcached(ctx, settings)
	}
	c, err := client.Dial(ctx, s.Addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	defer c.Close()
	size, err := c.Do("DBSIZE")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if size.Int != 0 {
		return nil, fmt.Errorf("%s on %s holds %d keys: a benchmark takes only an empty server, since it empties it in the end",
			s.Name, s.Addr, size.Int)
	}
	for _, o := range settings {
		if _, err := c.Do("CONFIG", "SET", o.Name, o.Value); err != nil {
			return nil, fmt.Errorf("%s: CONFIG SET %s: %w", s.Name, o.Name, err)
		}
	}
	v := &Server{Name: s.Name, Addr: s.Addr}
	if info, err := v.Info(ctx, "server"); err == nil {
		if pid, err := strconv.Atoi(info["process_id"]); err == nil && isLocal(s.Addr) {
			v.Pid = pid
		}
	}
	return v, nil
}

// isLocal says whether an address is on this machine, so that a process number
// means the same here as there.
func isLocal(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// Err says why the server is gone, with the last of what it printed; nil while it runs.
func (v *Server) Err() error {
	if v.process == nil {
		return nil
	}
	select {
	case <-v.ended:
		status := v.status
		if status == nil {
			status = errors.New("it stopped")
		}
		return fmt.Errorf("%s: %w\n%s", v.Name, status, v.out.text())
	default:
		return nil
	}
}

// Explain adds to the error of a client what became of the server, if it died.
func (v *Server) Explain(err error) error {
	if err == nil {
		return nil
	}
	if v.process != nil {
		// A connection breaks a moment before the death is known.
		select {
		case <-v.ended:
		case <-time.After(200 * time.Millisecond):
		}
	}
	if died := v.Err(); died != nil {
		return fmt.Errorf("the server died: %w (%w)", died, err)
	}
	return fmt.Errorf("%s: %w", v.Name, err)
}

// Stop ends a server that was started, and empties one that was found.
func (v *Server) Stop() {
	if v.process == nil {
		// Also when the run was cut short, hence a context of its own.
		if !v.asItIs {
			_ = v.Empty(context.Background())
		}
		return
	}
	// Asked first and killed later: a server that does not end when asked is
	// itself a finding, but not this package's.
	_ = v.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-v.ended:
	case <-time.After(5 * time.Second):
		_ = v.process.Process.Kill()
		<-v.ended
	}
}

// Dial opens a connection.
func (v *Server) Dial(ctx context.Context) (*client.Conn, error) {
	c, err := v.dial(ctx)
	if err != nil {
		return nil, v.Explain(err)
	}
	return c, nil
}

// Do sends one command on a connection of its own.
func (v *Server) Do(ctx context.Context, words ...string) (client.Reply, error) {
	c, err := v.Dial(ctx)
	if err != nil {
		return client.Reply{}, err
	}
	defer c.Close()
	r, err := c.Do(words...)
	return r, v.Explain(err)
}

// Info is a section of INFO, field by field.
func (v *Server) Info(ctx context.Context, section string) (map[string]string, error) {
	r, err := v.Do(ctx, "INFO", section)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string)
	for line := range bytes.Lines(r.Bytes) {
		if name, value, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":"); ok {
			fields[name] = value
		}
	}
	return fields, nil
}

// tail keeps the end of what a server prints: that is where the reason stands when
// it ends.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 2 << 10

// Write takes what was printed; it never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
