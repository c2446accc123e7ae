package compare

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol"
)

// remote is a server that somebody else has started.
type remote string

func (r remote) Addr() string { return string(r) }
func (r remote) Close()       {}

// inProcess is the server under test, on two addresses: one of the event loops,
// and one that is served by a goroutine for each connection.
type inProcess struct {
	*protocol.Server
	slow net.Addr
}

func (s inProcess) Addr() string { return s.Server.Addr().String() }
func (s inProcess) Close()       { _ = s.Shutdown(context.Background()) }

// settings make Ashlar start as redis-server does where the two have other
// defaults that replies show.
var settings = strings.Fields("--bind 127.0.0.1 --maxmemory 0 --maxmemory-policy noeviction --enable-debug-command local")

// rehearsal says whether the scripts are tried out on two redis-servers.
func rehearsal() bool { return os.Getenv("ASHLAR_COMPARE_REHEARSE") == "1" }

// startAshlar starts the server under test, or takes the one that the
// environment's ASHLAR_COMPARE_ADDR names.
func startAshlar() (Server, error) {
	if addr := os.Getenv("ASHLAR_COMPARE_ADDR"); addr != "" {
		return remote(addr), nil
	}
	if rehearsal() {
		return StartRedis()
	}
	cfg, err := protocol.LoadConfig(append(settings, "--port", freePort()), nil)
	if err != nil {
		return nil, err
	}
	// An error in the log is the reason for a difference.
	s, err := protocol.New(cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if err := s.AddListener(l); err != nil {
		return nil, err
	}
	go func() { _ = s.Serve(context.Background()) }()
	return inProcess{s, l.Addr()}, nil
}
