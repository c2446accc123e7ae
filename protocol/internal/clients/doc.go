// Package clients has what existing clients and frameworks do, against a started
// Ashlar. It is test support: nothing but tests lives in it.
//
//	go test ./protocol/internal/clients                     every library
//	go test ./protocol/internal/clients -run TestGoRedis    one of them
//
// # Why it exists beside compare
//
// Package compare sends the same bytes to Ashlar and to a real redis-server and
// compares what comes back. It finds a reply that is wrong, and says nothing about
// what people do with replies. A client library asks in an order and from as many
// connections as it likes: HELLO with a name and a library's version in one packet,
// EVALSHA and then EVAL, a PING between two pushes, CLIENT TRACKING with OPTIN and a
// transaction around each read, a timeout that closes the connection under a command
// that blocks. A framework goes on from there: a job queue is a few hundred lines of
// Lua that must find the same types, the same nils and the same order of replies as
// on Redis, or jobs are lost without any reply being an error.
//
// So each test here plays a library's user. It goes through the library's own
// interface to a server that was started for this test alone, and asserts what the
// user would rely on: that the job ran once, that two holders never had the lock,
// that the cached value is gone. What the wire looked like on the way is the
// library's business and package compare's.
//
// # What is covered
//
//	go-redis       every type, pipelines, optimistic locking, scripts, functions, pub/sub,
//	               streams, iterators, client-side caching, Ring, ACL, TLS, unix sockets
//	redigo         Do, Send and Receive, MULTI, scripts, pub/sub with pings, pools
//	rueidis        pipelining without being asked, client-side caching, pub/sub, scripts, locks
//	asynq          jobs: enqueued, retried, scheduled, archived, unique, periodic, taken back
//	redsync        locks over one server and over a quorum of several
//	redis_rate     limits
//
// Node's ioredis and bullmq are in .ci/clients, and Redis's own programs
// (redis-cli, redis-benchmark) in package compare, where a real server stands beside.
//
// # How the tests wait
//
// Libraries have goroutines of their own, and so nothing here is done at a known
// moment. Whatever is to become true is waited for, for as long as patience says;
// what must not become true is asserted after something else that comes later. No
// test sleeps to let something happen, and none asserts how long anything took.
// Delays that a library makes a user choose are either far shorter than patience
// (something must happen after them) or far longer (nothing may).
package clients
