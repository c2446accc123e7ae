package main

// importGraph says what each package may import beyond the standard library. A
// package that is not in it fails the test, so that a new one is a decision; so does
// an import that is not on its line. What is on a line and not used is harmless, and
// goes when somebody notices.
//
// Dependencies point one way, cmd → protocol → cache; bench stands beside them
// and shares nothing but the wire format.
const importGraph = `
# The engine. It knows no protocol, no sockets and no users.
cache: cache/internal/* cache/rdb xxhash xxh3
cache/rdb: cache/internal/decimal
cache/internal/offheap: x/sys                # system calls stand here and nowhere else
cache/internal/invariants:
cache/internal/stripe:
cache/internal/slab: cache/internal/offheap cache/internal/invariants
cache/internal/item:
cache/internal/decimal:
cache/internal/prefetch:
cache/internal/index: cache/internal/prefetch
cache/internal/evict:
cache/internal/evict/sim: cache/internal/evict
cache/internal/nodes: cache/internal/offheap cache/internal/slab cache/internal/invariants
cache/internal/nodes/nodestest: cache/internal/nodes cache/internal/offheap cache/internal/slab
cache/internal/packed:
cache/internal/table: cache/internal/nodes cache/internal/packed cache/internal/prefetch cache/internal/invariants
cache/internal/tree: cache/internal/nodes cache/internal/prefetch
cache/internal/deque: cache/internal/nodes cache/internal/packed cache/internal/tree
cache/internal/stream: cache/internal/nodes cache/internal/tree cache/internal/decimal
cache/internal/model:
cache/internal/model tests: cache
cache tests: cache/internal/*

# What the wire looks like, and what a command is: plain data.
protocol/resp: redcon
protocol/command: protocol/resp protocol/internal/args

# Leaves, which know nothing of a server.
protocol/internal/args:
protocol/internal/glob:
protocol/internal/process: x/sys
protocol/internal/session:
protocol/internal/metrics:
protocol/internal/config: cache x/sys
protocol/internal/watch: cache
protocol/internal/slowlog:
protocol/internal/latency:
protocol/internal/monitor:
protocol/internal/pause: protocol/internal/session
protocol/internal/pubsub: cache protocol/resp protocol/internal/glob protocol/internal/session
protocol/internal/tracking: cache protocol/resp protocol/internal/session
protocol/internal/blocking: cache protocol/internal/session
protocol/internal/script: protocol/resp gopher-lua
protocol/internal/acl: protocol/command protocol/internal/args protocol/internal/glob protocol/internal/session

# Bytes between sockets and sessions, and nothing of commands.
protocol/internal/conn: protocol/internal/session protocol/resp redcon x/sys

# The commands, and above them the gates that every command passes.
protocol/internal/handlers: cache protocol/command protocol/resp xxh3
    protocol/internal/args protocol/internal/glob protocol/internal/process protocol/internal/acl
    protocol/internal/session protocol/internal/metrics protocol/internal/config protocol/internal/blocking
    protocol/internal/watch protocol/internal/slowlog protocol/internal/latency protocol/internal/monitor
    protocol/internal/pubsub protocol/internal/tracking protocol/internal/pause protocol/internal/script
protocol/internal/handlers tests: protocol/internal/exec
protocol/internal/exec: cache protocol/command protocol/resp protocol/internal/handlers
    protocol/internal/args protocol/internal/session protocol/internal/metrics protocol/internal/config protocol/internal/acl
    protocol/internal/blocking protocol/internal/watch protocol/internal/slowlog protocol/internal/latency
    protocol/internal/pubsub protocol/internal/tracking protocol/internal/pause protocol/internal/script gopher-lua

# The one place that wires it all.
protocol: cache protocol/command protocol/resp protocol/internal/conn protocol/internal/exec protocol/internal/handlers
    protocol/internal/session protocol/internal/metrics protocol/internal/config protocol/internal/process
    protocol/internal/blocking protocol/internal/pubsub
protocol tests: redcon

# The benchmark speaks the protocol and knows nothing of the server.
bench: bench/* protocol/resp hdrhistogram-go x/sys
bench/*: bench/* protocol/resp hdrhistogram-go x/sys
bench/result/resulttest: bench/result hdrhistogram-go   # results for tests
bench/trace: compress
bench/plot: x/image
bench/export tests: bench/result/resulttest
bench/page tests: bench/result/resulttest chromedp cdproto
# But for this: it compares the engine with other caches inside a program, so it has
# to call them all.
bench/embedded: cache bench/* fastcache bigcache freecache ristretto otter hdrhistogram-go

cmd/ashlar: protocol cache
cmd/ashlar-bench: bench bench/*
cmd/ashlar-bench tests: bench/result/resulttest
cmd/tidy:
.ci/summary:

# Test support, imported by tests alone.
protocol/internal/compare:
protocol/internal/compare tests: protocol
protocol/internal/clients:
protocol/internal/clients tests: protocol go-redis redigo rueidis asynq redsync redis_rate
tests: testify goleak rapid cache/internal/nodes/nodestest
`

// houseRules are this module's rules. An exception here is a decision; its
// reason stands beside it, and it goes as soon as nothing needs it any more.
func houseRules() *house {
	return &house{
		graph: parseGraph(importGraph),
		top:   []string{"cmd", "cache", "protocol", "bench", "go.mod", "go.sum", "README.md", "LICENSE"},
		hot:   []string{"protocol/resp", "protocol/internal/session", "cache/internal/slab", "cache/internal/item", "cache/internal/index"},

		unsafeIn: except("unsafe",
			exception{"cache/internal/offheap", "memory from the operating system becomes slices here"},
			exception{"cache/internal/slab", "blocks are cut out of off-heap pages"},
			exception{"cache/internal/item", "headers are laid over blocks bit by bit"},
			exception{"cache/internal/nodes", "handles lead to blocks, whose headers are laid out here"},
			exception{"cache/internal/index", "buckets are laid over off-heap segments"},
			exception{"cache/internal/prefetch", "an address is handed to an instruction"},
			exception{"cache/internal/stripe", "goroutines are told apart by where their stacks lie"},
			exception{"protocol/internal/conn/*_linux.go", "the event loop's raw system calls"},
		),
		initIn:    except("init functions"),
		longFiles: except("long files"),
		longFuncs: except("long functions"),
		fewRemarks: except("few comments",
			exception{"protocol/internal/handlers", "a handler is a few lines below its row, whose texts say what the command does"},
		),
		fmtIn: except("fmt on the path of a request",
			exception{"cache/internal/*/check.go", "describes a broken invariant, and runs in tests alone"},
		),
		exitIn: except("os.Exit"),
		clockIn: except("the engine's clock",
			exception{"cache/cache.go", "the default clock is made here"},
			exception{"cache/maintain.go", "measures how long its own work takes"},
		),
	}
}
