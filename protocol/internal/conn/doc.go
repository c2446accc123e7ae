// Package conn moves bytes between sockets and sessions: it accepts
// connections, finds the commands in what arrives, has an Executor run them and
// sends the replies. Two transports drive the same worker, the same sessions
// and the same limits:
//
//   - event loops over epoll for plain TCP and unix sockets on Linux
//     (*_linux.go);
//   - a goroutine for each net.Conn, for TLS and for other systems (net.go).
//
// # Glossary
//
// A batch is what is parsed, prepared and executed together: up to 64 commands
// of one connection, or some more of many that have sent little each. A turn is what
// a connection may do before the others are served: one read, at most 1024 commands
// or 1 MiB of replies. A loop is a thread with an epoll instance and the connections
// that live there; it is at work if connections are given to it. Back-pressure is not
// reading from a client that does not read.
//
// # The life of a batch
//
//	socket ──receive──► loop.read (64 KiB, shared by the loop's connections)
//	                       │ parseArray: arguments are slices of it
//	                       ▼
//	                    worker.batch ──► Executor.Prepare: touch all the keys
//	                       │
//	                       ▼
//	                    Executor.Execute, one by one, appends to
//	                       │
//	                       ▼
//	socket ◄───send─── worker.out (an arena, shared by the loop's connections)
//
// In the usual case nothing else happens. The arguments are never copied, the
// replies once, by the kernel; nothing is allocated; a pipeline costs three
// system calls (epoll_pwait, recvfrom, sendto), and an epoll_pwait often brings
// events of many connections. These go through the loop in three rounds, so that
// each does the same thing many times over (gather_linux.go, output_linux.go):
//
//   - Their sockets are read. What is up to 1 KiB of whole commands is parsed and
//     gathered, one behind the other in the read buffer; anything else has the
//     gathered executed, and is then executed itself.
//   - The gathered are executed as one batch: the waits for memory overlap although
//     each client has sent a single command, and the clock is read once.
//   - Small replies are gathered too, in the outbox, those of up to 64 connections,
//     and sent one after another: a client that is woken by the first is still awake
//     at the others.
//
// The first two, with edge-triggered events, save one part in twenty of the whole cost
// of requests without pipelining, nearly all of which is the kernel's.
//
// Only what cannot be dealt with at once is copied into a buffer of the connection's
// own, and the buffer goes when it is empty:
//
//   - The beginning of a command. Up to 16 KiB it is put in front of what the
//     next read brings. If it is more, or an argument of 32 KiB and more is
//     under way, reads go straight to their final place in a mapped buffer,
//     made as large as the argument needs; pages come as the bytes do, so who
//     announces 512 MB and sends nothing holds nothing.
//   - Commands put off, because the turn is over or too much output waits.
//   - Replies that the socket did not take. Up to 64 KiB they are copied; beyond
//     that the arena itself goes to the connection and the loop gets another.
//
// The arena is a gigabyte of address space in which only what is written to has
// pages, so a reply grows in place to any usual size without append moving it,
// and without garbage for the collector; once a second the pages that were not
// needed lately go back to the system.
//
// # Parsing
//
// parseArray reads a whole command in the form that clients send, and accepts
// nothing else. What it does not accept goes to the scanner, which remembers
// how far it has come in a command that arrives in pieces, so each byte is
// looked at once however small the pieces are; which knows redis-server's
// bounds and, to the letter, its error texts; and which hands a command that
// has come to its end back to parseArray. Lines typed by hand go to splitInline.
//
// redcon.ReadNextCommand did this at first. It takes 2.6 times as long for a
// GET (25 ns against 9.5) and 2.8 times for a SET (35 against 12.5), which at a
// pipeline depth of 32, where a whole command costs the server 200 to 300 ns, is
// a tenth; it starts over when a command is incomplete; it has texts of its own
// for errors, takes numbers that redis-server refuses, and "$-2" makes it
// panic, so that each command would have to be checked before or after. It
// stays as the oracle of FuzzAgainstRedcon, and redcon's Append functions write
// the replies. BenchmarkParse compares the two.
//
// # Which loop
//
// Without pipelining nearly all the cost of a request is the kernel's, and what
// makes a difference is how many events a wake-up serves: a second loop that is
// woken for every single one makes each request half as dear again. So the
// first loop serves everybody until its thread has had a CPU for nine tenths of
// the time while another core had nothing to do (the governor looks ten times a
// second). Then a second one is given half of the load, and so on. A loop that
// has not brought a tenth more commands within a second was in vain, goes
// again, and the next attempt waits longer each time; a loop that is not needed
// any more goes after three seconds, and later if that proves too early. New
// connections go to the loop at work that has the fewest.
//
// A loop waits in two steps. Once in a few milliseconds it yields to the Go
// scheduler first, so that the runtime's monitor does not take it for a goroutine
// that hogs its processor (see yieldEvery). Then a poll that does not block and does not tell the
// Go scheduler nearly always finds events under load; only when it does not, a
// proper wait lends the processor to other goroutines.
//
// # Variants that lost
//
// Each was a switch of one build, in a server of its own, loaded by redis-benchmark (GET,
// 64 bytes, 100,000 keys; low by ashlar-bench) in turns of a quarter of a second, all
// variants in every round, on two cores over loopback. The figures are medians of CPU per
// operation (/proc/PID/task/*/schedstat, 13 to 50 turns) over that of the loop as it was
// without what the last row names. A server beside itself comes out within 0.06 of 1,
// and within 0.12 in the second column: the third row is such a one in effect, and what is
// as near to 1 proves nothing. p1 is 50 connections without pipelining, c1000 a thousand,
// p32 50 connections 32 deep; low is 2000 requests a second on a schedule, over 50.
// The last row was taken twice over several starts, with 45 and 50 turns: 0.94 and 0.96
// at p1, 0.95 and 0.96 at c1000.
//
//	                                                p1    c1000   p32    low
//	poll for 10 us before a wait                   1.13    1.03   1.08   1.44
//	poll for 50 us before a wait                   1.32    1.15   1.09   2.66
//	SO_BUSY_POLL, EPIOCSPARAMS                     0.97    0.88   0.94   0.99
//	sched_yield before a wait                      1.00    0.96   1.08   1.02
//	sleep for 20 us when woken often               1.00    1.00   1.01   1.02
//	two loops at all times                         1.25    1.16   1.29   1.32
//	one epoll set for two loops, EPOLLONESHOT      1.18    1.25   1.25   1.45
//	io_uring to send the outbox in one call        1.01    1.00   0.93   1.01
//	io_uring for all: multishot receive, sends     0.96    0.97   1.01   1.04
//	  and the wait in one call
//	each connection's replies sent at once         1.00    1.03   1.19   1.00
//	an outbox of 16 connections                    0.97    0.97   1.00   0.97
//	an outbox of 256 connections                   0.97    1.03   1.10   1.01
//	EPOLLET, nothing gathered                      1.00    1.00   0.99   1.01
//	gathering, no EPOLLET                          0.99    0.99   1.03   1.02
//	both: as it is now                             0.94    0.95   0.99   0.99
//
// What they came to grief on, as far as can be told:
//
//   - Polling saves half to three quarters of the waits, and spends more than those
//     cost. The kernel's own busy polling is for network cards: a loopback socket has no queue
//     to poll, and its row shows nothing but the noise.
//   - sched_yield lets a client on the same core go on and so makes rounds longer, but a
//     tenth fewer requests are served in a second at p1, and p99 is a third longer. A sleep
//     saves half of the waits and costs a timer for each.
//   - A second loop takes half of the events of each round, but no less waking up. To
//     share the epoll set spreads connections better than handing them over, and costs an
//     epoll_ctl for each request; EPOLLEXCLUSIVE only spares waking both for one
//     listening socket, and here a single loop accepts. So loops come one by one, when
//     the governor sees one saturated beside an idle core.
//   - io_uring saves system calls, of which a request has little more than two, each a
//     few per cent of what the kernel does inside them; what it takes for itself is
//     about as much. It was driven directly, without a library, and without what a
//     server needs (closing, moving, back-pressure), and still does no better than the
//     loop as it is. Containers often forbid it besides. It would pay where the data went
//     to another core or a file.
//   - Without the outbox a pipeline costs a fifth more; a larger one falls out of the
//     caches again.
//
// # Other goroutines
//
// What belongs to a loop is touched by its thread alone. Others write to its
// mailbox (mailbox_linux.go): a function to be run there, or a note that a
// connection's inbox has something. Messages to clients are kept in the
// connection's inbox, not in the mailbox, so they stay in order when the
// connection moves to another loop. Server.Each visits every session where it
// lives; a loop that waits in Each can be visited itself, so that two CLIENT
// LIST do not wait for each other.
//
// # Clients that wait
//
// A command may have its session wait for the reply (BLPOP): Session.Blocked is set
// when Execute returns, and the batch ends there. What follows it is kept as any
// commands put off are, and what its client sends meanwhile stays in the socket; only
// that the client hangs up is looked out for, and ends it at once. The reply comes by
// Resume, from whichever goroutine has it, through the inbox and so in order with
// pushed messages; then the connection goes on where it was. There is no goroutine
// and no timer for it here. Over a net.Conn, where nothing tells of a client that
// hangs up but a read, its goroutine goes on reading into the buffer instead, and a
// read deadline in the past makes it look at what has gathered there.
//
// With Session.Postponed the command itself was not run (CLIENT PAUSE): it counts as
// not read either, stays in the connection's buffer with what follows it, and is parsed
// again after Resume. Nothing of it is copied but what is kept anyway.
//
// # Listening
//
// Sockets are opened and closed while the server runs (listeners_linux.go); connections
// that came by one stay when it goes. Over TLS the handshake is the first thing that a
// connection's goroutine does, within ten seconds, and after it counts for maxclients.
//
// # Bounds
//
//	input not executed    64 KiB, or the one command that is longer
//	                      (client-query-buffer-limit, proto-max-bulk-len)
//	gathered commands     64, 8 KiB, and the read that passes one of them
//	the outbox            64 connections, 40 KiB each, 512 KiB in all
//	output not taken      1 MiB and the reply that passes it (64 KiB while all
//	                      connections hold more than 8 MiB); then the client's
//	                      commands wait, and so does its socket
//	pushed messages       client-output-buffer-limit
//	before AUTH           10 arguments of 16 KiB
//	a turn                1024 commands, 1 MiB of replies, one read
//	a system call         512 KiB sent, 1 MiB received
//	an idle connection    one Conn (under half a KiB with its session), an epoll
//	                      entry and a slot of 8 bytes
//
// # Invariants
//
//  1. A scanner's offsets count from the first byte of input that is not
//     executed, and that byte starts a command.
//  2. A connection with stateStalled, stateHeld or stateClosing is not watched for
//     input; one with output waiting is watched for room to send it; a blocked one
//     always for its client's hanging up.
//  3. A slot is used again only after the events in hand have been dealt with.
//  4. Memory that may be unmapped is not pointed at from worker.args or
//     worker.batch when it is.
//  5. Whatever closes, moves or writes to a connection otherwise sees to its
//     replies in the outbox first, or means to drop them.
//  6. Conn.owner changes only under the mailbox lock of the new owner, in which
//     the connection itself is delivered first.
//  7. What is gathered belongs to connections that have no input buffer, stay on the
//     loop, and occur once; it is executed before anything else is parsed, read into
//     the read buffer's beginning, or taken from the mailbox.
//  8. A connection that is watched edge-triggered has been read until there was no
//     more, or an event for it is still to come; otherwise it was missed, and watch is
//     called when it can be read again. Output that waits is watched level-triggered.
//
// # What it does not do
//
// It knows no command; who may connect (protected-mode) is for Events to say;
// nothing is ordered between the connections.
package conn
