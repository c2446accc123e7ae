package protocol

import (
	"net"
	"os"
)

// notify tells systemd, where supervised asks for it, how the server is getting
// on (sd_notify). Failure is of no consequence.
func (s *Server) notify(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" || s.cfg.Supervised.Text() == "no" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(state))
	_ = c.Close()
}
