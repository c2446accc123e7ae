//go:build !linux

package conn

import (
	"context"
	"net"
	"os"
	"slices"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// loop exists on Linux only.
type loop struct{}

// plain has nothing to do where there are no event loops: sockets are served
// by a goroutine each.
type plain struct{ srv *Server }

func newPlain(s *Server) *plain { return &plain{srv: s} }

func (p *plain) listen(network, addr string) (net.Addr, error) {
	if network == "unix" {
		if info, err := os.Lstat(addr); err == nil && info.Mode()&os.ModeSocket != 0 {
			_ = os.Remove(addr)
		}
	}
	keep := time.Duration(p.srv.lim.TCPKeepAlive.Load()) * time.Second
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: keep > 0, Idle: keep, Interval: keep / 3, Count: 3,
	}}
	l, err := config.Listen(context.Background(), network, addr)
	if err != nil {
		return nil, err
	}
	if perm := p.srv.opts.UnixPerm; network == "unix" && perm != 0 {
		if err := os.Chmod(addr, perm); err != nil {
			_ = l.Close()
			return nil, err
		}
	}
	p.srv.nets.listen(l, p.srv.serving) // Server.life is held
	return l.Addr(), nil
}

func (p *plain) unlisten(at net.Addr) bool {
	n := &p.srv.nets
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.IndexFunc(n.listeners, func(l net.Listener) bool { return l.Addr().String() == at.String() })
	if i >= 0 {
		_ = n.listeners[i].Close()
	}
	return i >= 0
}

func (*plain) start() error                { return nil }
func (*plain) atWork() int                 { return 0 }
func (*plain) govern(time.Duration)        {}
func (*plain) tick()                       {}
func (*plain) each(func(*session.Session)) {}
func (*plain) do(*Conn, func())            {}
func (*plain) stats(*Stats)                {}
func (*plain) shutdown(context.Context)    {}

func notifyOwner(*Conn) {}

func localAddr(int) string { return "" }
