package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/ashlar-cache/ashlar/protocol"
)

// help is what --help prints. It fits a screen of 80 columns, so it names only
// the settings that people start with: the rest is what CONFIG GET * lists and
// redis.conf documents. Defaults are shown as values where there is one.
const help = `ashlar is an in-memory cache server that speaks the Redis protocol.

Usage: ashlar [FILE] [--name value ...] [-]

FILE holds settings in redis.conf's syntax, "-" reads more of them from standard
input, and --name value gives one on the command line; the last one wins.

  --port 6379               TCP port; 0 for none
  --bind 127.0.0.1 -::1     addresses to serve; "* -::*" for all
  --unixsocket PATH         a unix socket as well
  --requirepass SECRET      a password that clients must give
  --protected-mode yes      serve this machine only while there is no password
  --maxclients 10000        connections at a time
  --timeout 0               close clients idle for so many seconds; 0: never
  --maxmemory 75%           bound on resident memory: 100mb, 2gb, or a share of
                            what the machine or control group has; 0: no bound
  --maxmemory-policy NAME   what goes when memory is full: allkeys-density (the
                            default), allkeys-density-bytes, allkeys-lru, -lfu
                            or -random, volatile-lru, -lfu, -random or -ttl,
                            noeviction
  --databases 16            number of databases
  --io-threads 0            event loops at most; 0: as many as cores
  --loglevel notice         debug, verbose, notice, warning or nothing
  --logfile PATH            log there instead of to standard output
  --pidfile PATH            written at start, removed at the end
  --dir PATH                directory to work in

CONFIG GET * shows all settings, CONFIG SET changes them, CONFIG REWRITE writes
them to FILE. SIGTERM and SIGINT end the server.

  --help, -h                this page
  --version, -v             the version
`

// information answers --help and --version and their short forms. They count as
// the first argument only: anywhere else they would be somebody's value, or a
// setting, and settings are not this package's business. done is false if
// neither was given.
func information(args []string, out io.Writer) (done bool) {
	if len(args) == 0 {
		return false
	}
	switch {
	case slices.Contains([]string{"--help", "-h"}, args[0]):
		fmt.Fprint(out, help)
	case slices.Contains([]string{"--version", "-v"}, args[0]):
		fmt.Fprintf(out, "ashlar %s (Redis %s) %s %s/%s\n", protocol.Version, protocol.RedisVersion,
			runtime.Version(), runtime.GOOS, runtime.GOARCH)
	default:
		return false
	}
	return true
}
