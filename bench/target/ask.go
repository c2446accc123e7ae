package target

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/memcached"
)

// Access is what a server wants before it lets a client in.
type Access struct {
	User, Password string
	TLS            *tls.Config
}

// Reach takes a server that runs as it is: with the keys that it has, and with those
// that a load leaves behind. addr is host:port or the path of a unix socket.
func Reach(ctx context.Context, s Spec, access Access) (*Server, error) {
	v := &Server{Name: s.Name, Addr: s.Addr, Memcached: s.Memcached, access: access, asItIs: true}
	if err := v.ping(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Addr, err)
	}
	v.findPid(ctx)
	return v, nil
}

// Access is what it takes to be let in.
func (v *Server) Access() Access { return v.access }

// findPid looks for the server's process, if it is on this machine.
func (v *Server) findPid(ctx context.Context) {
	if !isLocal(v.Addr) && !isSocket(v.Addr) {
		return
	}
	if v.Pid = listener(v.Addr); v.Pid == 0 && !v.Memcached {
		// Without the right to look into other users' processes, the server may tell;
		// a number that is nobody's here is that of a container.
		if info, err := v.Info(ctx, "server"); err == nil {
			v.Pid, _ = strconv.Atoi(info["process_id"])
		}
	}
	if _, err := v.Resident(); err != nil {
		v.Pid = 0
	}
}

// isSocket says whether an address is the path of a unix socket.
func isSocket(addr string) bool { return strings.Contains(addr, "/") }

// dial opens a connection and has it let in.
func (v *Server) dial(ctx context.Context) (*client.Conn, error) {
	network := "tcp"
	if isSocket(v.Addr) {
		network = "unix"
	}
	d := net.Dialer{Timeout: client.Patience}
	conn, err := d.DialContext(ctx, network, v.Addr)
	if err != nil {
		return nil, err
	}
	if v.access.TLS != nil {
		secure := tls.Client(conn, v.access.TLS)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, fmt.Errorf("TLS: %w", err)
		}
		conn = secure
	}
	c := client.New(conn)
	// Without a name the password is the default user's, in the form that servers before
	// Redis 6 know, too.
	if v.access.Password != "" {
		words := []string{"AUTH", v.access.Password}
		if v.access.User != "" {
			words = []string{"AUTH", v.access.User, v.access.Password}
		}
		if _, err := c.Do(words...); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// attachMemcached is attach for memcached: it is used while it is empty.
// Its settings are options of its command line alone, so there is none to change.
func (s Spec) attachMemcached(ctx context.Context, settings []Setting) (*Server, error) {
	if len(settings) > 0 {
		return nil, fmt.Errorf("%s: the settings of a memcached that runs cannot be changed", s.Name)
	}
	v := &Server{Name: s.Name, Addr: s.Addr, Memcached: true}
	c, err := memcached.Dial(ctx, s.Addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	defer c.Close()
	stats, err := c.Stats()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if n := stats["curr_items"]; n != "0" {
		return nil, fmt.Errorf("%s on %s holds %s keys: a benchmark takes only an empty server, since it empties it in the end", s.Name, s.Addr, n)
	}
	v.findPid(ctx)
	return v, nil
}

// Empty removes all keys, and returns when that is done: memcached only marks them as
// gone, and reuses their memory as it needs it.
func (v *Server) Empty(ctx context.Context) error {
	if !v.Memcached {
		_, err := v.Do(ctx, "FLUSHALL")
		return err
	}
	return v.withMemcached(ctx, func(c *memcached.Conn) error {
		_, err := c.Command("flush_all")
		return err
	})
}

// Version is what the server calls itself, with its own name where it has one.
func (v *Server) Version(ctx context.Context) (version string, err error) {
	if v.Memcached {
		err = v.withMemcached(ctx, func(c *memcached.Conn) error {
			version, err = c.Version()
			return err
		})
		return version, err
	}
	info, err := v.Info(ctx, "server")
	if err != nil {
		return "", err
	}
	// Those that answer as some Redis have their own version beside that.
	for _, own := range []string{"ashlar", "valkey", "dragonfly", "pogocache", "keydb"} {
		if text := info[own+"_version"]; text != "" {
			return strings.TrimPrefix(text, own+"-"), nil
		}
	}
	return info["redis_version"], nil
}

// withMemcached does something on a connection of its own.
func (v *Server) withMemcached(ctx context.Context, do func(*memcached.Conn) error) error {
	c, err := memcached.Dial(ctx, v.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}

// Collector is what a server written in Go tells of its collector.
type Collector struct {
	Cycles   int64
	CPU      time.Duration
	MaxPause time.Duration // since the server started
	Heap     int64
}

// Collector asks for it; false if the server is not one that tells.
func (v *Server) Collector(ctx context.Context) (Collector, bool) {
	if v.Memcached {
		return Collector{}, false
	}
	info, err := v.Info(ctx, Ashlar)
	if err != nil || info["go_gc_cycles"] == "" {
		return Collector{}, false
	}
	// A field that a later version leaves out counts as 0: these are remarks beside what
	// is measured, and not worth an error.
	number := func(name string) float64 {
		n, _ := strconv.ParseFloat(info[name], 64)
		return n
	}
	return Collector{
		Cycles:   int64(number("go_gc_cycles")),
		CPU:      time.Duration(number("go_gc_cpu_seconds") * float64(time.Second)),
		MaxPause: time.Duration(number("go_gc_max_pause_usec") * float64(time.Microsecond)),
		Heap:     int64(number("go_heap_bytes")),
	}, true
}
