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
// of one connection. A turn is what a connection may do before the others are
// served: one read, at most 1024 commands or 1 MiB of replies. A loop is a
// thread with an epoll instance and the connections that live there; it is at
// work if connections are given to it. Back-pressure is not reading from a
// client that does not read.
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
// events of many connections. Small replies are not sent at once: the outbox
// gathers those of up to 64 connections, and they are sent one after another.
// That saves a tenth of the whole cost of requests without pipelining, since
// a client that is woken by the first is still awake at the others. Only what cannot be dealt with at once is copied
// into a buffer of the connection's own, and the buffer goes when it is empty:
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
//
// # What it does not do
//
// It knows no command; who may connect (protected-mode) is for Events to say;
// nothing is ordered between the connections.
package conn
