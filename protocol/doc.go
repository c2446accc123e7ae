// Package protocol is a cache server that speaks the Redis protocol, around a
// [cache.Cache].
//
//	cfg, err := protocol.LoadConfig(os.Args[1:], os.Stdin)
//	...
//	server, err := protocol.New(cfg, slog.Default())
//	...
//	err = server.Serve(ctx) // until ctx is done or a client says SHUTDOWN
//
// # Life of a command
//
// A client sends
//
//	*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n
//
// and these are the stations it passes, all on one thread:
//
//	socket
//	  │ read                       one call brings all that a client has pipelined
//	  ▼
//	internal/conn                  an event loop (epoll), or a goroutine per net.Conn
//	  │ args, a batch of commands  slices of the read buffer, nothing is copied
//	  ▼
//	internal/exec                  the gates, in order: does the command exist, has it
//	  │                            the right number of arguments, has the client
//	  │                            authenticated, may its user run it, is there memory
//	  │                            for a write; then the shards of the keys are locked,
//	  │                            by the key specifications of the command's row
//	  ▼
//	internal/handlers              parse the options, one call on the transaction
//	  │
//	  ▼
//	cache.Tx                       one lookup; the value is borrowed from the slab
//	  │
//	  ▼
//	resp.Writer                    appends the reply to the loop's output buffer, in
//	  │                            the client's protocol version: the one copy
//	  ▼
//	internal/exec                  unlocks, counts, looks at CLIENT REPLY
//	  │
//	  ▼
//	internal/conn                  one write for the whole batch
//
// Nothing on the way allocates for a GET or SET; tests hold it at zero.
//
// # The parts
//
// A command is a row of data (package command) beside its handler (package
// internal/handlers). Everything else is derived from the row: arity checks,
// locks, COMMAND DOCS, statistics. A setting is a row as well (internal/config).
// A client's state is a session (internal/session), whichever transport carries
// it. Counters are in internal/metrics.
//
// These know nothing of one another beyond the small interfaces they state.
// This package is the one place where they are wired: [New] makes the parts,
// Serve runs them, Shutdown takes them down, and CONFIG SET reaches those whose
// behaviour it changes through functions registered here.
//
// # What runs
//
//   - event loops, one locked thread each, as many as the load asks for, io-threads
//     at most (net.Conn transport: a goroutine for each connection);
//   - the cache's own background goroutine: expiry, eviction, compaction, release
//     of pages, each in bounded steps;
//   - one ticker (background.go): tells the cache how much resident memory the rest
//     of the process takes, so that maxmemory bounds what the operating system
//     sees, samples the rates of INFO, and keeps the Go heap small;
//   - TLS: a goroutine for each connection; certificates are looked at, and read again
//     if their files have changed, as connections come (tls.go);
//   - one goroutine that ends the waits of blocking commands whose time is up
//     (internal/exec's Waker). The others end with the command that brings what a
//     client waits for, on its loop: see internal/blocking.
//
// # Memory
//
// maxmemory bounds the process's resident memory, not an estimate of the data's
// size: index, items, fragmentation, buffers of clients and the Go heap count,
// save for a fixed allowance of 16 MiB ([Allowance]) for the program itself. Left
// unset it is 75 % of what the machine or control group has; 0 means no bound.
//
// # Invariants
//
//  1. A session is touched by one goroutine at a time, that of its loop.
//  2. Bytes borrowed from the cache or the read buffer are not kept beyond the
//     command: shards are locked while a reply is appended, and not after.
//  3. Nobody waits for a lock on shards while holding one out of order; package
//     cache orders them.
//  4. A setting is read by an atomic load wherever it is used; no component keeps
//     a copy that CONFIG SET does not reach.
//
// # Non-goals
//
// Persistence, replication and clustering are not part of this server. Settings
// of redis.conf that ask for them are refused rather than ignored, so that nobody
// believes data to be safe that is not.
package protocol
