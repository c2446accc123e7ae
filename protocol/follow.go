package protocol

import (
	"fmt"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/conn"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// follow has CONFIG SET reach the parts that keep a setting in a form of their
// own, and gives them what the settings are now. Everything else reads the
// settings where it uses them.
func (s *Server) follow() {
	c := s.cfg
	s.onChange(func() { s.cache.SetMaxMemory(c.MaxMemory.Int()) }, "maxmemory")
	s.onChange(func() {
		policy, _ := cache.ParsePolicy(c.MaxMemoryPolicy.Text())
		s.cache.SetPolicy(policy)
	}, "maxmemory-policy")
	s.onChange(func() { s.cache.SetSamples(int(c.MaxMemorySamples.Int())) }, "maxmemory-samples")
	s.onChange(func() {
		s.cache.SetMaintenanceHz(int(c.Hz.Int()))
		s.background.hzChanged()
	}, "hz")
	slower, most := c.Lookup("slowlog-log-slower-than"), c.Lookup("slowlog-max-len")
	s.onChange(func() { s.handlers.Slow.SetThreshold(slower.Int()) }, "slowlog-log-slower-than")
	s.onChange(func() { s.handlers.Slow.SetMax(int(most.Int())) }, "slowlog-max-len")
	spike := c.Lookup("latency-monitor-threshold")
	s.onChange(func() { s.handlers.Latency.SetThreshold(spike.Int()) }, "latency-monitor-threshold")
	events := c.Lookup("notify-keyspace-events")
	s.onChange(func() {
		classes, _ := pubsub.ParseClasses(events.Text())
		s.handlers.Events.Choose(classes)
	}, "notify-keyspace-events")
	tracked := c.Lookup("tracking-table-max-keys")
	s.onChange(func() { s.handlers.Tracking.SetMaxKeys(tracked.Int()) }, "tracking-table-max-keys")
	s.onChange(s.followCollections, config.CollectionNames()...)
	s.onChange(func() { s.limits.Timeout.Store(c.Timeout.Int()) }, "timeout")
	s.onChange(func() { s.handlers.Scripts.Threshold.Store(c.BusyReplyThreshold.Int()) }, "busy-reply-threshold")
	s.onChange(func() { s.limits.TCPKeepAlive.Store(c.TCPKeepalive.Int()) }, "tcp-keepalive")
	s.onChange(func() { s.limits.MaxBulkLen.Store(c.ProtoMaxBulkLen.Int()) }, "proto-max-bulk-len")
	s.onChange(func() { s.limits.QueryBufferLimit.Store(c.QueryBufferLimit.Int()) }, "client-query-buffer-limit")
	s.onChange(s.followOutputLimits, "client-output-buffer-limit")
	s.limits.MaxClients.Store(c.MaxClients.Int())
	c.OnChange(s.followMaxClients, "maxclients")
}

// onChange has apply called now and whenever one of the settings changes.
func (s *Server) onChange(apply func(), names ...string) {
	apply()
	s.cfg.OnChange(func() error { apply(); return nil }, names...)
}

func (s *Server) followCollections() {
	c := s.cfg
	s.cache.SetLimits(cache.Limits{
		HashMaxPackedEntries: int(c.HashMaxPackedEntries.Int()), HashMaxPackedValue: int(c.HashMaxPackedValue.Int()),
		SetMaxInts:          int(c.SetMaxInts.Int()),
		SetMaxPackedEntries: int(c.SetMaxPackedEntries.Int()), SetMaxPackedValue: int(c.SetMaxPackedValue.Int()),
		ZSetMaxPackedEntries: int(c.ZSetMaxPackedEntries.Int()), ZSetMaxPackedValue: int(c.ZSetMaxPackedValue.Int()),
		ListMaxPackedSize:  int(c.ListMaxPackedSize.Int()),
		StreamNodeMaxBytes: int(c.StreamNodeMaxBytes.Int()), StreamNodeMaxEntries: int(c.StreamNodeMaxEntries.Int()),
		HLLSparseMaxBytes: int(c.HLLSparseMaxBytes.Int()),
	})
}

func (s *Server) followOutputLimits() {
	for from, to := range map[config.Class]conn.Class{
		config.Normal: conn.ClassNormal, config.Replica: conn.ClassReplica, config.PubSub: conn.ClassPubSub,
	} {
		l := s.cfg.OutputLimit(from)
		s.limits.Output[to].Set(l.Hard, l.Soft, l.Seconds)
	}
}

// refusal is an error whose text goes to clients word for word, capital and all.
type refusal string

func (r refusal) Error() string { return string(r) }

// ownFiles is how many file descriptors are kept for other things than clients.
const ownFiles = 32

// followMaxClients refuses more clients than there can be descriptors.
func (s *Server) followMaxClients() error {
	want := s.cfg.MaxClients.Int()
	if most := allowFiles(want + ownFiles); most < want+ownFiles {
		return refusal(fmt.Sprintf("The operating system is not able to handle the specified number of clients, try with %d", most-ownFiles))
	}
	s.limits.MaxClients.Store(want)
	return nil
}

// fitMaxClients lowers maxclients at start to what the system allows.
func (s *Server) fitMaxClients() {
	want := s.cfg.MaxClients.Int()
	most := max(allowFiles(want+ownFiles)-ownFiles, 1)
	if most >= want {
		return
	}
	s.log.Warn("maxclients lowered: the system does not allow as many open files", "from", want, "to", most)
	_ = s.cfg.Set([]Pair{{Name: "maxclients", Value: fmt.Sprint(most)}}, true)
}

// listen opens the sockets, and has CONFIG SET open and close them from now on.
func (s *Server) listen() error {
	if s.cfg.TLSPort.Int() != 0 {
		if err := s.tls.load(); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
	}
	if err := s.sockets.begin(); err != nil {
		return err
	}
	const errListen = refusal("Unable to listen on this port. Check server logs.")
	s.cfg.OnChange(s.logged(func() error { return s.sockets.setPort(plainTCP) }, errListen), "port")
	s.cfg.OnChange(s.logged(s.sockets.follow, "Failed to bind to specified addresses."), "bind")
	s.cfg.OnChange(s.followTLS, "tls-port")
	s.cfg.OnChange(s.logged(func() error { return s.sockets.setPort(overTLS) }, errListen), "tls-port")
	s.cfg.OnChange(s.followTLS, config.TLSNames()...)
	return nil
}

// followTLS reads the settings and files of TLS again, if there is any.
func (s *Server) followTLS() error {
	if s.cfg.TLSPort.Int() == 0 {
		return nil
	}
	return s.logged(s.tls.load, "Unable to update TLS configuration. Check server logs.")()
}

// logged makes an error that is for the log into one that is for the client.
func (s *Server) logged(apply func() error, told refusal) func() error {
	return func() error {
		err := apply()
		if err == nil {
			return nil
		}
		s.log.Warn("CONFIG SET could not be followed", "error", err)
		return told
	}
}
