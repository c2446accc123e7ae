// Package loadgen puts load on a cache server and tells how it did: how many commands
// were answered, how long each waited, second by second, and what went wrong. What is
// sent comes from a Workload; Run sends it over any number of connections and returns
// a result.Run. Package bench adds what the server took of the machine meanwhile.
//
// # Two kinds of load
//
// In a closed loop each connection sends a batch of Depth commands, waits for all the
// replies and sends the next. That finds out how much a server can do, and
// redis-benchmark works alike. It does not find out how long users wait: when the
// server stalls for 200 ms, fifty connections see fifty slow commands among a million,
// and all the commands that would have come in that time are never sent. The stall
// hides itself. This is known as coordinated omission.
//
// In an open loop (Rate above 0) commands become due at moments that nothing the
// server does can move: at a steady pace, or at random (Poisson), as those of many
// independent users do, one by one or in bursts, as programs that pipeline. What is due goes to the connections in turns. A connection
// that has room in its pipeline sends the command at once; else the command waits its
// turn there. Its latency is counted from the moment at which it was due, so the wait
// is in it:
//
//	due       |    |    |    |    |    |    |    |    |      at a steady pace
//	answered   x    x    x                     xxxxx   x     a stall in between
//	latency   1    1    1   18   14   10    6    2    1      a closed loop: 1 1 1 18 1 1
//
// At 10,000 commands a second a stall of 200 ms is 2,000 slow commands, the first of
// which takes 200 ms: it shows in p99.9 of a minute's run, and a closed loop would
// never tell. What is still open when the run ends is counted with the time that it
// has waited so far (Behind), since to leave it out would flatter the server.
//
// With On, each thread has a processor of its own, which the server is kept off: what the
// two take from each other otherwise is the largest part of the tail on a small machine.
//
// A generator that is late itself must not be taken for a slow server. How late it
// was in handing over commands that could have been sent is measured apart, and told
// as Client.Late. An open loop's thread therefore has real-time priority where the
// system permits, and looks at the clock between any two connections that it serves.
//
// # A machine that stands still
//
// A virtual machine loses its processors to its neighbours for milliseconds at a time.
// A few of these decide a p99.9, whatever the server is. In an open loop a real-time
// thread for each processor therefore looks at the clock every 250 µs and notes when it
// was late: nothing that a server does can hold it up. Net is the distribution of
// latencies less what of each was such a stall, beside the distribution as it was seen.
// A stall is noticed by its end alone, so that up to 250 µs of it are still counted, and
// so are commands that had to wait for those which a stall had gathered.
//
// # How it is built
//
//	Config ──► Run ──┬─► worker 0 ──► transport: epoll, or goroutines
//	                 ├─► worker 1 ──► ...
//	                 └─► watch: progress, the server's usage each second
//	                       ▲
//	            timeline ◄─┘ seconds that all workers have passed
//
// A worker decides what is sent and what a reply means; it has its share of the
// connections, of the rate and of the number of requests, a Stream of commands, and
// its own histograms, so that threads share nothing while they work. A member is one
// of its connections: commands in flight, commands due, and the state of the scanner.
// A transport moves bytes. On Linux it is an event loop on a thread of its own, with
// sockets that are outside the Go runtime's poller: ten thousand connections cost it
// ten thousand small structs. TLS, and other systems, use two goroutines for each
// connection, under the worker's lock.
//
// The generator has to outrun the server, so the path of a command is short:
//
//   - Commands of a batch are appended to one buffer and sent by one write; replies are
//     taken by one read into a buffer that all connections of a thread share. A raw
//     system call on a socket that does not block need not bother the Go scheduler.
//   - A reply is not parsed but passed over: skim keeps its kind, its nulls and the
//     text of an error, holds back nothing but a line that has not ended, and looks at
//     each byte once, however many reads a large reply takes.
//   - The clock is looked at once for each read and once for each write, not for each
//     command. Replies of one read to commands of one batch have one latency, which is
//     recorded once, with their number.
//   - Nothing is allocated, which a test holds.
//
// One thread has been seen to send and take 2.2 million commands a second at 32 deep.
// When a thread is busy for more than 90 % of its time, the result says so.
//
// # Beside redis-benchmark
//
// In turns, 50 connections, the server on one core and the client, one thread, on the other;
// medians of five rates, and processor time of the server for a command:
//
//	                                      rate: redis-benchmark       here   ratio   server's time
//	GET, 16 deep        redis 7.0.15                  1,002,506  1,015,329   1.01    0.99 µs, 0.96 µs
//	                    Ashlar                        1,790,510  1,869,486   1.04    0.55 µs, 0.53 µs
//	ZUNION of two sets  redis 7.0.15                    153,374    156,474   1.02    6.12 µs, 6.24 µs
//	of 6, 1 deep        Ashlar                           98,879     99,425   1.01    9.98 µs, 10.0 µs
//	GET, 1 deep         redis 7.0.15                    182,083    211,814   1.16    5.02 µs, 4.62 µs
//	                    Ashlar                          168,464    273,662   1.62    4.42 µs, 3.58 µs
//
// Where the server sets the limit the two agree within 5 %. A GET at a time is cheaper for
// a server than for redis-benchmark, whose core is the busy one then: its rate is its own,
// while here the server's core is. (redis-benchmark does not say so; this does.)
//
// # Words
//
//	due         the moment from which a command's latency counts in an open loop
//	burst       the commands that become due at one moment for one connection
//	depth       how many commands a connection has in flight at most
//	stream      the commands of one thread; it follows from the seed and nothing else
//	greeting    HELLO, AUTH, SELECT and SUBSCRIBE, before a connection counts as open
//	lost        sent, and the connection ended before the reply
//	behind      due or sent, and open when the run ended
//
// # What goes wrong
//
// Error replies are counted by their text. A connection that the server ends is opened
// again, and counted; after three attempts without an answer it is given up, and when
// none is left the run ends. So does one whose server says nothing for Patience. The
// result holds what was measured until then, and the error says why it ended. An
// answer to AUTH, HELLO or SELECT that is an error ends it at once: to try again would
// not help.
//
// # Connections that come and go, and subscribers
//
// With Reconnect, each connection is closed after so many commands and opened again:
// the time it takes is told as a command named ConnectName, and in an open loop it is
// also in the latencies of what was due meanwhile. With Subscribers, Publications are
// sent: each message carries the moment at which it was due, and the subscribers'
// connections, served by the same threads, measure how long it took to reach them,
// told as MessageName. How many messages there ought to be, the server's replies to
// PUBLISH say; those that never came are told.
//
// # What repeats
//
// The commands of each thread, in their order, follow from the seed; so do the moments
// of an open loop. Which connection of a closed loop sends which of them depends on
// which is answered first.
package loadgen
