package config

import "math"

// rows are all settings.
var rows = concat(networkRows, tlsRows, memoryRows, collectionRows, userRows, slowRows, mailRows, processRows, foreignRows, fixedRows)

func concat(lists ...[]*Row) []*Row {
	var all []*Row
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

const (
	maxInt32 = math.MaxInt32
	mebibyte = 1 << 20
)

// networkRows: who may connect, how, and what a connection may hold.
var networkRows = []*Row{
	{Name: "port", Kind: Integer, Default: "6379", Max: 65535,
		at: func(c *Config) *Value { return &c.Port }},
	{Name: "bind", Kind: List, Default: "127.0.0.1 -::1", check: checkBind,
		at: func(c *Config) *Value { return &c.Bind }},
	{Name: "unixsocket", Kind: Text, Immutable: true,
		at: func(c *Config) *Value { return &c.UnixSocket }},
	{Name: "unixsocketperm", Kind: Octal, Default: "0", Max: 0o777, Immutable: true,
		at: func(c *Config) *Value { return &c.UnixSocketPerm }},
	{Name: "timeout", Kind: Integer, Default: "0", Max: maxInt32,
		at: func(c *Config) *Value { return &c.Timeout }},
	{Name: "tcp-keepalive", Kind: Integer, Default: "300", Max: maxInt32,
		at: func(c *Config) *Value { return &c.TCPKeepalive }},
	{Name: "tcp-backlog", Kind: Integer, Default: "511", Max: maxInt32, Immutable: true,
		at: func(c *Config) *Value { return &c.TCPBacklog }},
	{Name: "maxclients", Kind: Integer, Default: "10000", Min: 1, Max: math.MaxUint32,
		at: func(c *Config) *Value { return &c.MaxClients }},
	{Name: "requirepass", Kind: Text, Secret: true,
		at: func(c *Config) *Value { return &c.RequirePass }},
	{Name: "protected-mode", Kind: Bool, Default: "yes",
		at: func(c *Config) *Value { return &c.ProtectedMode }},
	{Name: "proto-max-bulk-len", Kind: Memory, Default: "512mb", Min: mebibyte, Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.ProtoMaxBulkLen }},
	{Name: "client-query-buffer-limit", Kind: Memory, Default: "1gb", Min: mebibyte, Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.QueryBufferLimit }},
	{Name: "client-output-buffer-limit", Kind: List,
		Default: "normal 0 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60",
		check:   checkOutputLimits, derive: deriveLimits, lines: linesOfLimits,
		at: func(c *Config) *Value { return &c.OutputBufferLimit }},
	// For how many milliseconds a script may keep others waiting before they are told
	// that it does; 0 is for ever.
	{Name: "busy-reply-threshold", Alias: "lua-time-limit", Kind: Integer, Default: "5000", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.BusyReplyThreshold }},
	// The number of event loops, at most: how many are at work follows the load.
	// 0, the default, is as many as there are cores.
	{Name: "io-threads", Kind: Integer, Default: "0", Max: 128, Immutable: true,
		at: func(c *Config) *Value { return &c.IOThreads }},
}

// memoryRows: the keyspace, its bound and what goes when it is reached.
var memoryRows = []*Row{
	{Name: "databases", Kind: Integer, Default: "16", Min: 1, Max: maxInt32, Immutable: true,
		at: func(c *Config) *Value { return &c.Databases }},
	{Name: "maxmemory", Kind: Memory, Default: "75%", Max: math.MaxInt64,
		check: checkMaxMemory, show: showBytes, lines: linesOfMemory,
		at: func(c *Config) *Value { return &c.MaxMemory }},
	{Name: "maxmemory-policy", Kind: Enum, Default: "allkeys-density",
		Values: []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
			"allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction",
			"allkeys-density", "allkeys-density-bytes"},
		at: func(c *Config) *Value { return &c.MaxMemoryPolicy }},
	{Name: "maxmemory-samples", Kind: Integer, Default: "16", Min: 1, Max: 64,
		at: func(c *Config) *Value { return &c.MaxMemorySamples }},
	{Name: "maxmemory-clients", Kind: Percent, Default: "0", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.MaxMemoryClients }},
}

// slowRows: what is noted of commands that take long, in microseconds, entries, and
// milliseconds.
var slowRows = []*Row{
	{Name: "slowlog-log-slower-than", Kind: Integer, Default: "10000", Min: math.MinInt64, Max: math.MaxInt64},
	{Name: "slowlog-max-len", Kind: Integer, Default: "128", Max: math.MaxInt64},
	{Name: "latency-monitor-threshold", Kind: Integer, Default: "0", Max: math.MaxInt64},
	{Name: "latency-tracking", Kind: Bool, Default: "yes"},
	{Name: "latency-tracking-info-percentiles", Kind: List, Default: "50 99 99.9", check: checkPercentiles},
}

// mailRows: what clients are told unasked, and how much is kept for it.
var mailRows = []*Row{
	{Name: "notify-keyspace-events", Kind: Text, check: checkEvents, show: showEvents},
	{Name: "tracking-table-max-keys", Kind: Integer, Default: "1000000", Max: math.MaxInt64},
}

// processRows: the process and its log.
var processRows = []*Row{
	{Name: "hz", Kind: Integer, Default: "10", Max: maxInt32,
		adjust: func(n int64) int64 { return max(1, min(n, 500)) },
		at:     func(c *Config) *Value { return &c.Hz }},
	{Name: "loglevel", Kind: Enum, Default: "notice",
		Values: []string{"debug", "verbose", "notice", "warning", "nothing"},
		at:     func(c *Config) *Value { return &c.LogLevel }},
	{Name: "logfile", Kind: Text, Immutable: true,
		at: func(c *Config) *Value { return &c.LogFile }},
	{Name: "pidfile", Kind: Text, Immutable: true,
		at: func(c *Config) *Value { return &c.PidFile }},
	{Name: "dir", Kind: Text, Default: ".", Protected: true, check: checkDir,
		at: func(c *Config) *Value { return &c.Dir }},
	{Name: "supervised", Kind: Enum, Default: "no", Values: []string{"systemd", "auto", "no"}, Immutable: true,
		at: func(c *Config) *Value { return &c.Supervised }},
	{Name: "enable-debug-command", Kind: Enum, Default: "no", Values: []string{"no", "yes", "local"}, Immutable: true,
		at: func(c *Config) *Value { return &c.EnableDebug }},
	{Name: "enable-protected-configs", Kind: Enum, Default: "no", Values: []string{"no", "yes", "local"}, Immutable: true,
		at: func(c *Config) *Value { return &c.EnableProtected }},
}
