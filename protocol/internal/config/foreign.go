package config

import (
	"math"
	"slices"
)

// WithoutEffect are the names of all settings that nothing here acts on, for the README.
func WithoutEffect() []string {
	var names []string
	for _, r := range foreignRows {
		if !r.Hidden {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

// foreignRows are settings of redis-server that nothing here acts on: they are
// taken, kept and shown. A comment says why where it is not plain that they
// have no object in this server.
var foreignRows = []*Row{
	// Collections: no node of a list is compressed, a packed one costs as little.
	{Name: "list-compress-depth", Kind: Integer, Default: "0", Max: maxInt32},

	// Memory: it is given back, indexes grow and shrink, and compaction runs in
	// small steps in the background, always; eviction never falls behind, and
	// expiry has no effort to be set. Frequencies decay by a rule of their own.
	{Name: "maxmemory-eviction-tenacity", Kind: Integer, Default: "10", Max: 100},
	{Name: "lfu-log-factor", Kind: Integer, Default: "10", Max: maxInt32},
	{Name: "lfu-decay-time", Kind: Integer, Default: "1", Max: maxInt32},
	{Name: "lazyfree-lazy-eviction", Kind: Bool, Default: "no"},
	{Name: "lazyfree-lazy-expire", Kind: Bool, Default: "no"},
	{Name: "lazyfree-lazy-server-del", Kind: Bool, Default: "no"},
	{Name: "lazyfree-lazy-user-del", Kind: Bool, Default: "no"},
	{Name: "lazyfree-lazy-user-flush", Kind: Bool, Default: "no"},
	{Name: "active-expire-effort", Kind: Integer, Default: "1", Min: 1, Max: 10},
	{Name: "activerehashing", Kind: Bool, Default: "yes"},
	{Name: "activedefrag", Kind: Bool, Default: "no"},
	{Name: "active-defrag-cycle-max", Kind: Integer, Default: "25", Min: 1, Max: 99},
	{Name: "active-defrag-cycle-min", Kind: Integer, Default: "1", Min: 1, Max: 99},
	{Name: "active-defrag-ignore-bytes", Kind: Memory, Default: "100mb", Min: 1, Max: math.MaxInt64},
	{Name: "active-defrag-max-scan-fields", Kind: Integer, Default: "1000", Min: 1, Max: math.MaxInt64},
	{Name: "active-defrag-threshold-lower", Kind: Integer, Default: "10", Max: 1000},
	{Name: "active-defrag-threshold-upper", Kind: Integer, Default: "100", Max: 1000},
	{Name: "jemalloc-bg-thread", Kind: Bool, Default: "yes"},
	{Name: "disable-thp", Kind: Bool, Default: "yes", Immutable: true},

	// Saving: nothing is saved.
	{Name: "dbfilename", Kind: Text, Default: "dump.rdb", Protected: true},
	{Name: "rdbcompression", Kind: Bool, Default: "yes"},
	{Name: "rdbchecksum", Kind: Bool, Default: "yes", Immutable: true},
	{Name: "rdb-del-sync-files", Kind: Bool, Default: "no"},
	{Name: "rdb-save-incremental-fsync", Kind: Bool, Default: "yes"},
	{Name: "sanitize-dump-payload", Kind: Enum, Default: "no", Values: []string{"no", "yes", "clients"}},
	{Name: "stop-writes-on-bgsave-error", Kind: Bool, Default: "yes"},
	{Name: "appendfilename", Kind: Text, Default: "appendonly.aof", Immutable: true},
	{Name: "appenddirname", Kind: Text, Default: "appendonlydir", Immutable: true},
	{Name: "appendfsync", Kind: Enum, Default: "everysec", Values: []string{"everysec", "always", "no"}},
	{Name: "no-appendfsync-on-rewrite", Kind: Bool, Default: "no"},
	{Name: "auto-aof-rewrite-percentage", Kind: Integer, Default: "100", Max: maxInt32},
	{Name: "auto-aof-rewrite-min-size", Kind: Memory, Default: "64mb", Max: math.MaxInt64},
	{Name: "aof-load-truncated", Kind: Bool, Default: "yes"},
	{Name: "aof-use-rdb-preamble", Kind: Bool, Default: "yes"},
	{Name: "aof-timestamp-enabled", Kind: Bool, Default: "no"},
	{Name: "aof-rewrite-incremental-fsync", Kind: Bool, Default: "yes"},
	{Name: "aof-disable-auto-gc", Kind: Bool, Default: "no"},
	{Name: "rdb-key-save-delay", Kind: Integer, Default: "0", Min: math.MinInt32, Max: maxInt32, Hidden: true},
	{Name: "key-load-delay", Kind: Integer, Default: "0", Min: math.MinInt32, Max: maxInt32, Hidden: true},
	{Name: "loading-process-events-interval-bytes", Kind: Integer, Default: "2097152", Min: 1024, Max: maxInt32, Hidden: true},

	// Replication and cluster: nothing is replicated, so nothing is waited for.
	{Name: "masteruser", Kind: Text, Secret: true},
	{Name: "masterauth", Kind: Text, Secret: true},
	{Name: "replica-serve-stale-data", Alias: "slave-serve-stale-data", Kind: Bool, Default: "yes"},
	{Name: "replica-read-only", Alias: "slave-read-only", Kind: Bool, Default: "yes"},
	{Name: "replica-ignore-maxmemory", Alias: "slave-ignore-maxmemory", Kind: Bool, Default: "yes"},
	{Name: "replica-lazy-flush", Alias: "slave-lazy-flush", Kind: Bool, Default: "no"},
	{Name: "replica-priority", Alias: "slave-priority", Kind: Integer, Default: "100", Max: maxInt32},
	{Name: "replica-announced", Kind: Bool, Default: "yes"},
	{Name: "replica-announce-ip", Alias: "slave-announce-ip", Kind: Text},
	{Name: "replica-announce-port", Alias: "slave-announce-port", Kind: Integer, Default: "0", Max: 65535},
	{Name: "replica-ignore-disk-write-errors", Kind: Bool, Default: "no"},
	{Name: "repl-ping-replica-period", Alias: "repl-ping-slave-period", Kind: Integer, Default: "10", Min: 1, Max: maxInt32},
	{Name: "repl-timeout", Kind: Integer, Default: "60", Min: 1, Max: maxInt32},
	{Name: "repl-disable-tcp-nodelay", Kind: Bool, Default: "no"},
	{Name: "repl-backlog-size", Kind: Memory, Default: "1mb", Min: 1, Max: math.MaxInt64},
	{Name: "repl-backlog-ttl", Kind: Integer, Default: "3600", Max: math.MaxInt64},
	{Name: "repl-diskless-sync", Kind: Bool, Default: "yes"},
	{Name: "repl-diskless-sync-delay", Kind: Integer, Default: "5", Max: maxInt32},
	{Name: "repl-diskless-sync-max-replicas", Kind: Integer, Default: "0", Max: maxInt32},
	{Name: "repl-diskless-load", Kind: Enum, Default: "disabled", Values: []string{"disabled", "on-empty-db", "swapdb"}},
	{Name: "propagation-error-behavior", Kind: Enum, Default: "ignore", Values: []string{"ignore", "panic", "panic-on-replicas"}},
	{Name: "cluster-config-file", Kind: Text, Default: "nodes.conf", Immutable: true},
	{Name: "cluster-node-timeout", Kind: Integer, Default: "15000", Max: math.MaxInt64},
	{Name: "cluster-require-full-coverage", Kind: Bool, Default: "yes"},
	{Name: "cluster-migration-barrier", Kind: Integer, Default: "1", Max: maxInt32},
	{Name: "cluster-allow-replica-migration", Kind: Bool, Default: "yes"},
	{Name: "cluster-replica-validity-factor", Alias: "cluster-slave-validity-factor", Kind: Integer, Default: "10", Max: maxInt32},
	{Name: "cluster-replica-no-failover", Alias: "cluster-slave-no-failover", Kind: Bool, Default: "no"},
	{Name: "cluster-allow-reads-when-down", Kind: Bool, Default: "no"},
	{Name: "cluster-allow-pubsubshard-when-down", Kind: Bool, Default: "yes"},
	{Name: "cluster-link-sendbuf-limit", Kind: Memory, Default: "0", Max: math.MaxInt64},
	{Name: "cluster-announce-ip", Kind: Text},
	{Name: "cluster-announce-hostname", Kind: Text},
	{Name: "cluster-announce-human-nodename", Kind: Text},
	{Name: "cluster-announce-port", Kind: Integer, Default: "0", Max: 65535},
	{Name: "cluster-announce-tls-port", Kind: Integer, Default: "0", Max: 65535},
	{Name: "cluster-announce-bus-port", Kind: Integer, Default: "0", Max: 65535},
	{Name: "cluster-port", Kind: Integer, Default: "0", Max: 65535, Immutable: true},
	{Name: "cluster-preferred-endpoint-type", Kind: Enum, Default: "ip", Values: []string{"ip", "hostname", "unknown-endpoint"}},

	// Latency tracking; scripts; access lists.
	{Name: "max-new-connections-per-cycle", Kind: Integer, Default: "10", Min: 1, Max: 1000},
	{Name: "max-new-tls-connections-per-cycle", Kind: Integer, Default: "1", Min: 1, Max: 1000},
	// Reading is done by the event loops, always.
	{Name: "io-threads-do-reads", Kind: Bool, Default: "no", Immutable: true},

	// The process. No title is set and no logo shown; log lines are structured.
	{Name: "dynamic-hz", Kind: Bool, Default: "yes"},
	{Name: "always-show-logo", Kind: Bool, Default: "no", Immutable: true},
	{Name: "set-proc-title", Kind: Bool, Default: "yes", Immutable: true},
	{Name: "proc-title-template", Kind: Text, Default: "{title} {listen-addr} {server-mode}"},
	{Name: "locale-collate", Kind: Text},
	{Name: "crash-log-enabled", Kind: Bool, Default: "yes"},
	{Name: "crash-memcheck-enabled", Kind: Bool, Default: "yes"},
	{Name: "use-exit-on-panic", Kind: Bool, Default: "no", Hidden: true},
	{Name: "watchdog-period", Kind: Integer, Default: "0", Max: maxInt32, Hidden: true},
	{Name: "lua-enable-deprecated-api", Kind: Bool, Default: "no", Immutable: true, Hidden: true},
	{Name: "hide-user-data-from-log", Kind: Bool, Default: "no"},
	{Name: "oom-score-adj", Kind: Enum, Default: "no", Values: []string{"no", "yes", "relative", "absolute"}},
	{Name: "oom-score-adj-values", Kind: List, Default: "0 200 800", check: checkOOMScores},
	{Name: "server-cpulist", Alias: "server_cpulist", Kind: Text, Immutable: true},
	{Name: "bio-cpulist", Alias: "bio_cpulist", Kind: Text, Immutable: true},
	{Name: "aof-rewrite-cpulist", Alias: "aof_rewrite_cpulist", Kind: Text, Immutable: true},
	{Name: "bgsave-cpulist", Alias: "bgsave_cpulist", Kind: Text, Immutable: true},
	{Name: "ignore-warnings", Kind: Text},
	// Every command is bounded, so a shutdown waits for nothing but the commands
	// that run; the signals have no other effect.
	{Name: "shutdown-timeout", Kind: Integer, Default: "10", Max: maxInt32},
	{Name: "shutdown-on-sigint", Kind: Text, Default: "default"},
	{Name: "shutdown-on-sigterm", Kind: Text, Default: "default"},
	{Name: "syslog-ident", Kind: Text, Default: "redis", Immutable: true},
	{Name: "syslog-facility", Kind: Text, Default: "local0", Immutable: true},
	{Name: "socket-mark-id", Kind: Integer, Default: "0", Max: math.MaxUint32, Immutable: true},
	{Name: "bind-source-addr", Kind: Text},

	// TLS: Go chooses among the ciphers that it is allowed, keeps its sessions with the
	// clients (in tickets), and knows no Diffie-Hellman groups; nothing connects to others.
	{Name: "tls-client-cert-file", Kind: Text},
	{Name: "tls-client-key-file", Kind: Text},
	{Name: "tls-client-key-file-pass", Kind: Text, Secret: true},
	{Name: "tls-dh-params-file", Kind: Text},
	{Name: "tls-prefer-server-ciphers", Kind: Bool, Default: "no"},
	{Name: "tls-session-cache-size", Kind: Integer, Default: "20480", Max: maxInt32},
	{Name: "tls-session-cache-timeout", Kind: Integer, Default: "300", Max: maxInt32},
}

// fixedRows are settings whose other values ask for what this server does not do.
var fixedRows = []*Row{
	{Name: "save", Kind: List, check: checkSave, lenient: lenientSave,
		lines: func(*Config, parsed) [][]string { return [][]string{{""}} }},
	{Name: "appendonly", Kind: Bool, Default: "no", Fixed: "nothing is saved to disk"},
	{Name: "daemonize", Kind: Bool, Default: "no", Immutable: true, Fixed: "this server stays in the foreground", lenient: lenientDaemonize},
	{Name: "replicaof", Alias: "slaveof", Kind: List, Immutable: true, check: checkReplicaOf},
	{Name: "min-replicas-to-write", Alias: "min-slaves-to-write", Kind: Integer, Default: "0", Max: maxInt32, Fixed: "this server has no replicas"},
	{Name: "min-replicas-max-lag", Alias: "min-slaves-max-lag", Kind: Integer, Default: "10", Max: maxInt32},
	{Name: "cluster-enabled", Kind: Bool, Default: "no", Immutable: true, Fixed: "this server has no cluster mode"},
	{Name: "tls-cluster", Kind: Bool, Default: "no", Fixed: "this server has no cluster mode"},
	{Name: "tls-replication", Kind: Bool, Default: "no", Fixed: "nothing is replicated"},
	{Name: "syslog-enabled", Kind: Bool, Default: "no", Immutable: true, Fixed: "this server logs to standard output or a file"},
	{Name: "enable-module-command", Kind: Enum, Default: "no", Values: []string{"no", "yes", "local"}, Immutable: true, Fixed: "this server loads no modules"},
}
