// Package compare runs the same commands against Ashlar and a real
// redis-server and compares the replies byte for byte. It is test support:
// nothing but tests imports it.
//
//	go test ./protocol/internal/compare                                    every script, then random sequences
//	go test ./protocol/internal/compare -run 'TestScripts/strings'         one file
//	go test ./protocol/internal/compare -run 'TestScripts/strings/L12/resp3'   the case that starts at line 12
//
// Without a redis-server in the PATH the tests are skipped with a line that
// says so; ASHLAR_REQUIRE_REDIS=1 makes its absence a failure.
//
// # Scripts
//
// A script is a plain text file, testdata/NAME.txt. Each line is one of:
//
//	# a comment (a line whose first character is #)
//	SET key "a value\x00\r\n" EX 100      a command, in redis-cli's quoting
//	@directive ...                        see below
//	                                      a blank line: the end of a case
//
// A case is a run of lines up to a blank line. Each case starts with new
// connections and an empty server (FLUSHALL), and runs twice: with RESP2, and
// with RESP3 (every connection says HELLO 3 first). A blank line followed only
// by comments makes no case. Commands go to both servers, and one reply is read
// from each and compared before the next command is sent.
//
// Quoting: arguments are split at blanks. In "double quotes" \n \r \t \b \a
// \\ \" and \xHH are escapes; in 'single quotes' only \' is. An argument
// written without quotes may be a variable:
//
//	$unix+100      the time in seconds plus 100 (also $unix, $unix-100)
//	$unixms+5000   the time in milliseconds plus 5000
//	$NAME          what @let or @save gave NAME; without such a name the text stays as it is
//
// # Directives about the next command
//
// They stand on lines of their own before the command and may be combined.
//
//	@ignore-order          the reply is an array or a set: compare its elements sorted
//	@ignore-order 2        the same, in groups of two (a flat map)
//	@approx N              integers in the replies (also those written as bulk strings) may differ by N;
//	                       negative ones must be equal. TTL, PTTL, EXPIRETIME and PEXPIRETIME may
//	                       differ by a second anyway
//	@ignore-order-within N the same for the innermost arrays alone: for pages of SSCAN, ZSCAN (2) and so on
//	@packed-order N        like @ignore-order, but the order counts as long as redis-server keeps the key
//	                       (the first argument) as a listpack: for HGETALL (2), HKEYS (1) and so on
//	@doubles               texts of the same double agree: 7.0 writes 0.1 with seventeen digits
//	@encoding              the names of encodings agree that 7.4 has otherwise than 7.0.15 (newer.go)
//	@without NAME ...      fields of maps, flat or not, that are left out of both replies with their values
//	@skip-reply            compare only the type: the first byte; errors also by their first word
//	@shape                 compare the tree of types, not the values
//	@fields                the replies are INFO texts: each section and field of redis-server must be in Ashlar's
//	@mask 'regexp'         matches (RE2, over the raw reply) become <masked> in both replies; may be
//	                       repeated. Of a pattern with a group (?P<only>...), only what that matched.
//	                       Single quotes leave the backslashes to the pattern
//	@drop 'regexp'         matches are left out of both replies: for what only one of them has
//	@replies N             read N replies instead of one; 0 for a command that gets none
//	@expect "+OK\r\n"      for what redis-server 7.0.15 lacks or does otherwise: send the command to
//	                       Ashlar alone and compare its raw reply with this text
//	@expect "$-1\r\n" "_\r\n"   the same, with another text for RESP3
//	@match 'regexp'        like @expect, but the raw reply must match; a second one is for RESP3
//	@save NAME             keep the reply's text (of a bulk string, a status, an integer) as $NAME, apart for each server
//	@save NAME 0           the same for one element of an array (0 is the first)
//
// # Several connections, and commands that block
//
// A connection has a name, any word: the first is 1. It is opened on first use.
//
//	@conn 2                go on on connection 2
//	@on 2 RPUSH k a        one command on connection 2; the lines after it stay where they were
//	@block 2 BLPOP k 0     send a command on connection 2 and read no reply. The script goes on once both
//	                       servers have the client blocked (CLIENT LIST shows it with the flag b) or have
//	                       replied, so that clients wait in the order of the lines
//	@await 2               read the reply that connection 2 owes, and compare it. Directives about a
//	                       reply (@save, @approx, @expect ...) stand before this line, not before @block;
//	                       before @block, @expect and @match only say that it goes to Ashlar alone
//	@blocked 2             connection 2 must still wait, on both servers
//	@settle                for all that wait: the servers must agree on who still does, and on the
//	                       replies that the others were sent (these need no @await then)
//
// What a client is sent unasked (messages of channels, invalidations) is read by
//
//	@push 2                read a message that connection 2 is sent, and compare it; with @replies N
//	                       before it, N of them
//	@pushed 2              read all messages that connection 2 has been sent by now, and compare
//	                       them; there may be none. It says PING to see where they end. After
//	                       @ignore-order they may come in any order, and the same one twice
//
// So a queue that is fair in order of arrival is tested like this:
//
//	@block 2 BLPOP k 0
//	@block 3 BRPOP k j 0
//	RPUSH k a b c
//	@await 2
//	@await 3
//	LRANGE k 0 -1
//
// A connection may owe several replies (its commands wait behind the one that
// blocks); each has its @await. CLIENT UNBLOCK needs an id: say CLIENT ID on the
// connection with @save before it blocks. Clients that still wait when the case
// ends are closed, and gone before the next case starts.
//
// # Directives that act
//
//	@redis SET k v         a command for redis-server alone, its reply is read and dropped: after an
//	                       @expect it makes the two states equal again
//	@ashlar SET k v        the same for Ashlar alone
//	@raw "*1\r\n$4\r\nPING\r\n"   these bytes as they are, then read one reply (@replies for another number)
//	@close                 close this connection from the client's side
//	@eof                   both servers must close this connection; what they sent before that is compared
//	@sleep 20              wait 20 ms. For expiry: choose times that differ by a lot
//	@config NAME VALUE     CONFIG SET on both, through a connection of the harness; put back after the case
//	@let NAME "text" 1000  $NAME is the text 1000 times over (once without the number)
//
// # Directives about the case
//
//	@only resp2            run this case with one protocol version alone (also: resp3)
//	@no-hello              say no HELLO 3, and run once: for AUTH, HELLO and protocol errors
//
// A script that changes the configuration does it through @config, so that the
// next case finds it as it was; one that must test CONFIG SET itself says
// @config NAME VALUE for the same name first.
//
// # Random sequences
//
// TestRandom makes sequences of commands over a few keys from a grammar
// (grammar.go), runs them on both servers, and compares every reply and, at
// the end, the whole keyspace. A mismatch is shrunk to the fewest commands that
// still show it and printed as a script.
//
// TestRandomTyped does so with the commands of collections (families.go), mixed
// with those of the keyspace. Each sequence begins with random thresholds, so that
// every encoding is met and every promotion crossed. What Redis 7.4 does otherwise
// than 7.0.15 is listed in newer.go. TestRandomDeep makes few collections large.
// TestRandomSessions has two connections work on the same keys, with transactions and
// scripts, and two others listen to notifications and invalidations (sessions.go).
// TestRandomArguments draws arguments from COMMAND DOCS, to compare the errors.
// TestRandomStress has many connections run all of it at once, against Ashlar alone.
// TestRandomWaiting has several connections
// block on keys that another one writes. TestScanGuarantee turns the pages of the
// SCAN commands while elements come and go. Environment:
//
//	ASHLAR_COMPARE_SECONDS   how long each goes on (default 3)
//	ASHLAR_COMPARE_SEED      the first seed; it is printed at failure
//	ASHLAR_COMPARE_FAMILIES  the families to draw from, such as hash,zset (default all of typed.go)
//
// # Design
//
// The comparison is over raw bytes: ReadReply frames one reply, of any RESP2
// or RESP3 type, without interpreting it, so that a client library's leniency
// hides nothing. Only the loosening directives parse a reply into a tree.
package compare
