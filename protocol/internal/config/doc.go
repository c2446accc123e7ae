// Package config is the server's settings: what they are called, what they
// may be, and what they are now.
//
// # A setting is a row of data
//
// Rows (settings.go, foreign.go) name a setting as redis.conf does and give its
// kind, default, bounds and whether it may change at run time. From the rows
// come the parsing of files and command lines, CONFIG GET, CONFIG SET with
// redis-server's error texts, and CONFIG REWRITE. There is no other place that
// knows a setting by name, save for the few whose values have a form of their
// own (special.go).
//
// Three sorts of rows exist:
//
//   - settings that this server obeys; each has a field in [Config];
//   - foreign ones: settings of redis-server that have nothing to act on here
//     (the compression of lists, the pace of a background save). They are taken,
//     kept and shown, so that an existing redis.conf can be used as it is;
//   - fixed ones: settings whose other values ask for something this server does
//     not do (appendonly yes, cluster-enabled yes). To take those and do nothing
//     would break a promise, so only the default is accepted.
//
// Two settings lie between: "save 900 1" stands in most redis.conf files of older
// versions, and "daemonize yes" in those of distributions, where nobody ever chose
// it. At start they are taken with a warning and CONFIG GET shows the truth, an
// empty string and no; CONFIG SET refuses them.
//
// # Where settings come from
//
// Parse reads, in this order and each overriding what came before: the
// defaults, a file in redis.conf's syntax (with include), standard input where
// the command line has "-", and --name value pairs. Every mistake is one line
// that names file and line; all of them are reported, not just the first.
//
// # Reading and changing
//
// Each value is read by an atomic load: no lock, no allocation, from any
// goroutine. Changes (Set) are serialised by a mutex, checked in full before
// the first one is stored, and undone if a component that was told of them
// (OnChange) refuses.
//
// # Memory
//
// maxmemory is the one setting whose default is computed: 75 % of what the
// machine, or the control group around this process, has. A percentage may be
// given as well ("50%"); 0 means no bound.
package config
