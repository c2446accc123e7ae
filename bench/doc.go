// Package bench measures cache servers that speak the Redis protocol: what an item
// costs in memory, what comes back after deletes, how often a cache of a given
// size hits, how long the longest request waits while the server is busy with
// itself, and what an operation costs in processor time: for strings and for
// collections. Each of the project's figures is one Figure here; the command
// ashlar-bench is a front for it.
//
// # How it measures
//
//   - From outside. Memory and processor time are what the kernel says of the
//     server's process; hits and latencies are what a client sees. The server is
//     asked only what no other way tells, such as the pauses of its collector.
//   - Side by side. What is compared runs under the same load, drawn from the same
//     seed, in turns. The first server is held to the bars, the others are peers.
//   - At the same cost. Hit ratios are compared at the same peak of resident
//     memory, found by search, not at the same setting of a server that may mean
//     something else by it.
//   - In an open loop. A probe sends at given moments whether or not replies have
//     come, so a stall of 20 ms at 1,000 requests a second is 20 slow requests
//     and not one. Its own lateness is reported beside what it measured.
//   - Not at one lucky size. Tables grow in steps, so overhead is taken at four
//     fills between two powers of two, and the worst one counts. So it is for
//     collections: many small ones, and a large one of about a million elements.
//
// Figures of whole values (memory, churn, hitratio) and Replay, which asks a server
// what a trace says, see servers through one small interface, store, so that they can
// be taken of memcached too.
//
// # The parts
//
//	bench         the figures, the loader and the latency probe
//	bench/target  starts and finds servers; what they take of the machine
//	bench/client  the connection: pipelining, replies
//	bench/dist    popularity and sizes, each from a formula and a seed
//	bench/workload  sequences of requests made of these
//	bench/loadgen  loads, in a closed loop or an open one, from up to 10,000 connections
//	bench/memcached  the client side of memcached's own protocol
//	bench/mix     what a load sends: commands, keys, values, times to live
//	bench/trace   recordings of what caches were asked for
//	bench/crowd   many connections in a closed loop from one thread
//	bench/pace    time for open loops
//	bench/hist    latencies
//	bench/report  tables, bars, progress
//	bench/result  what load runs leave behind, as saved
//	bench/export  the same as text, CSV, lines for benchstat, pictures
//	bench/page    the same as one HTML page
//	bench/plot    charts as SVG and PNG
//	bench/embedded  caches inside a Go program, compared in processes of their own
//
// But for bench/embedded, it imports nothing of the server but its wire format, so that it could measure
// any other just as well, and nothing here can favour one.
//
// # Loads
//
// Besides the figures there are loads that a user describes: Run puts a Load on a
// target.Server and returns a Result; Fill stores before what it will ask for; Search
// finds the highest rate at which a Bound on latency holds. Package loadgen does the
// sending, and its documentation says what open and closed loops are and which of them
// to believe; what the server took meanwhile is added here. Config is not that of a
// load: it says with what figures are taken.
//
// # What it is not
//
// No figure is a test: machines differ and neighbours are noisy. A missed bar is
// something to look into, and a run at less than the full size tells only that
// the parts work.
package bench
