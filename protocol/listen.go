package protocol

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sockets are what the server listens at. What the settings ask for can change while
// it runs (CONFIG SET port): follow opens what is missing, closes what is no longer
// wanted, and leaves alone what stays. Connections that are there stay, too.
type sockets struct {
	server *Server

	mu      sync.Mutex
	anyPort [ports]bool // the kernel chooses, until the port is set
	chosen  [ports]int  // what it has chosen
	open    []socket
}

// transport is a way in.
type transport uint8

const (
	plainTCP transport = iota
	overTLS
	unixSocket
	ports = 2 // transports that have one
)

// endpoint is a place to listen at, as the settings have it.
type endpoint struct {
	transport transport
	bind      string // an address in the form of bind, or a path
	port      int
}

// socket is an endpoint that is served. addr is nil where the machine lacks an address
// that may be missing: then there is nothing to try again either.
type socket struct {
	endpoint
	addr  net.Addr
	close func()
}

// wanted are the endpoints that the settings ask for; s.mu is held.
func (s *sockets) wanted() []endpoint {
	c := s.server.cfg
	var list []endpoint
	for _, tcp := range []struct {
		transport transport
		port      int
	}{{plainTCP, int(c.Port.Int())}, {overTLS, int(c.TLSPort.Int())}} {
		any := s.anyPort[tcp.transport] && (tcp.transport == plainTCP || tcp.port != 0)
		if any {
			tcp.port = s.chosen[tcp.transport]
		}
		for _, bind := range c.Bind.Words() {
			if tcp.port != 0 || any {
				list = append(list, endpoint{tcp.transport, bind, tcp.port})
			}
		}
	}
	if path := c.UnixSocket.Text(); path != "" {
		list = append(list, endpoint{transport: unixSocket, bind: path})
	}
	return list
}

// begin opens the first sockets.
func (s *sockets) begin() error {
	if err := s.follow(); err != nil {
		return err
	}
	if len(s.addrs()) == 0 {
		return errors.New("configured to listen nowhere: port and tls-port are 0 or bind is empty, and there is no unixsocket")
	}
	return nil
}

// setPort is follow after the port of a transport was set, which is not the kernel's
// choice from now on.
func (s *sockets) setPort(of transport) error {
	s.mu.Lock()
	s.anyPort[of] = false
	s.mu.Unlock()
	return s.follow()
}

// follow brings what is open in line with the settings. New sockets are opened before
// the old ones are closed, so that there is always a way in; but where an old one is in
// the way of a new one ("*" of an address, at the same port) it has to go first. After
// an error the caller puts the settings back and calls again.
func (s *sockets) follow() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := s.wanted()
	var blocked []endpoint
	for i := range wanted {
		if s.has(wanted[i]) {
			continue
		}
		wanted[i].port = s.portFor(wanted[i])
		switch err := s.listen(wanted[i]); {
		case err == nil:
			wanted[i].port = s.portFor(wanted[i])
		case errors.Is(err, syscall.EADDRINUSE) && s.crowded(wanted[i]):
			blocked = append(blocked, wanted[i])
		default:
			return err
		}
	}
	s.open = slices.DeleteFunc(s.open, func(o socket) bool {
		gone := !slices.Contains(wanted, o.endpoint)
		if gone {
			o.close()
		}
		return gone
	})
	for _, e := range blocked {
		if err := s.listen(e); err != nil {
			return err
		}
	}
	return nil
}

// portFor is the port for an endpoint: the one that the kernel has chosen for its
// transport's other addresses, where it is the kernel's choice.
func (s *sockets) portFor(e endpoint) int {
	if e.port == 0 && e.transport < ports {
		return s.chosen[e.transport]
	}
	return e.port
}

func (s *sockets) has(e endpoint) bool {
	return slices.ContainsFunc(s.open, func(o socket) bool { return o.endpoint == e })
}

// crowded tells whether a socket of this server's has an endpoint's port.
func (s *sockets) crowded(e endpoint) bool {
	return slices.ContainsFunc(s.open, func(o socket) bool {
		return o.transport != unixSocket && o.port == e.port
	})
}

// listen opens one endpoint.
func (s *sockets) listen(e endpoint) error {
	at := socket{endpoint: e, close: func() {}}
	var err error
	switch e.transport {
	case unixSocket:
		if at.addr, err = s.server.conns.Listen("unix", e.bind); err != nil {
			return plain(err)
		}
		at.close = func() { s.server.conns.Unlisten(at.addr) }
	case plainTCP:
		at.addr, err = listenTCP(s.server.conns, e.bind, e.port)
		if at.addr != nil {
			at.close = func() { s.server.conns.Unlisten(at.addr) }
		}
	case overTLS:
		to := &tlsListener{server: s.server}
		if at.addr, err = listenTCP(to, e.bind, e.port); at.addr != nil {
			at.close = func() { _ = to.Close() }
		}
	}
	if err != nil {
		return err
	}
	if tcp, ok := at.addr.(*net.TCPAddr); ok && e.port == 0 {
		at.port, s.chosen[e.transport] = tcp.Port, tcp.Port // it holds for the other addresses too
	}
	s.open = append(s.open, at)
	return nil
}

// addrs are the addresses served, in the order of the settings at start.
func (s *sockets) addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []net.Addr
	for _, o := range s.open {
		if o.addr != nil {
			list = append(list, o.addr)
		}
	}
	return list
}

// listener is what listenTCP needs of a transport.
type listener interface {
	Listen(network, addr string) (net.Addr, error)
}

// tlsListener is the TLS transport's, for one address.
type tlsListener struct {
	server *Server
	net.Listener
}

func (l *tlsListener) Listen(network, addr string) (net.Addr, error) {
	keep := time.Duration(l.server.cfg.TCPKeepalive.Int()) * time.Second
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: keep > 0, Idle: keep, Interval: keep / 3, Count: 3,
	}}
	below, err := config.Listen(context.Background(), network, addr)
	if err != nil {
		return nil, fmt.Errorf("could not listen on %s: %w", addr, err)
	}
	l.Listener = tls.NewListener(below, l.server.tls.serverConfig())
	if err := l.server.conns.ListenNet(l.Listener); err != nil {
		_ = below.Close()
		return nil, err
	}
	return below.Addr(), nil
}

// listenTCP opens one of bind's addresses. As in redis-server, "*" is all of
// IPv4, "::*" all of IPv6, and one that starts with "-" may be missing on this
// machine, as may a whole protocol; the address is nil then.
func listenTCP(at listener, bind string, port int) (net.Addr, error) {
	host, optional := strings.CutPrefix(bind, "-")
	network := "tcp4"
	if strings.Contains(host, ":") {
		network = "tcp6"
	}
	switch host {
	case "*":
		host = "0.0.0.0"
	case "::*":
		host = "::"
	}
	addr, err := at.Listen(network, net.JoinHostPort(host, strconv.Itoa(port)))
	if err == nil {
		return addr, nil
	}
	if optional && errors.Is(err, syscall.EADDRNOTAVAIL) || noProtocol(err) {
		return nil, nil
	}
	return nil, plain(err)
}

// noProtocol says whether the machine lacks a protocol (IPv6, as a rule).
func noProtocol(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT, syscall.EPFNOSUPPORT} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// plain leaves out of a network error what an operator does not need: the
// operation and the system call.
func plain(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	text, _, found := strings.Cut(err.Error(), ": ")
	if !found {
		return err
	}
	return fmt.Errorf("%s: %w", text, errno)
}
