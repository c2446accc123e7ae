package protocol

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// listener is what listen needs of the transport.
type listener interface {
	Listen(network, addr string) (net.Addr, error)
}

// listen opens the sockets that the settings ask for and returns their
// addresses. anyPort has the kernel choose the port.
func listen(at listener, cfg *Config, anyPort bool) ([]net.Addr, error) {
	var open []net.Addr
	port := int(cfg.Port.Int())
	if anyPort {
		port = 0
	}
	if port != 0 || anyPort {
		for _, bind := range cfg.Bind.Words() {
			addr, err := listenTCP(at, bind, port)
			if err != nil {
				return nil, err
			}
			if addr == nil {
				continue
			}
			open = append(open, addr)
			if tcp, ok := addr.(*net.TCPAddr); ok {
				port = tcp.Port // the one that was chosen, for the other addresses too
			}
		}
	}
	if path := cfg.UnixSocket.Text(); path != "" {
		addr, err := at.Listen("unix", path)
		if err != nil {
			return nil, plain(err)
		}
		open = append(open, addr)
	}
	if len(open) == 0 {
		return nil, errors.New("configured to listen nowhere: port is 0 or bind is empty, and there is no unixsocket")
	}
	return open, nil
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
