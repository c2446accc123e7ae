// Command ashlar is the cache server. It reads its settings, starts a
// protocol.Server and runs it until it is told to stop; ashlar --help says how
// to use it.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/ashlar-cache/ashlar/protocol"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program; it returns the exit status. Whatever goes wrong is
// said on stderr, a line for each mistake, without a stack or a usage page: the
// line names what is to be put right.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if information(args, stdout) {
		return 0
	}
	// Terminals that are closed and clients that go away end nothing.
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// Once the first signal was heard a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	if err := serve(ctx, args, stdin, stdout); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintln(stderr, "ashlar:", line)
		}
		return 1
	}
	return 0
}

// serve runs the server until ctx is done or a client ends it.
func serve(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	cfg, err := protocol.LoadConfig(args, stdin)
	if err != nil {
		return err
	}
	// From here on, files named by settings are looked for in dir; the settings
	// file itself was found from where the program was started.
	if err := os.Chdir(cfg.Dir.Text()); err != nil {
		return err
	}
	log, err := protocol.NewLog(cfg, stdout)
	if err != nil {
		return err
	}
	server, err := protocol.New(cfg, log)
	if err != nil {
		return err
	}
	defer pidFile(cfg.PidFile.Text(), log)()
	return server.Serve(ctx)
}

// pidFile writes the process's number and returns what removes the file. That it
// cannot be written is no reason not to serve.
func pidFile(name string, log *slog.Logger) (remove func()) {
	if name == "" {
		return func() {}
	}
	if err := os.WriteFile(name, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		log.Warn("pidfile not written", "error", err)
		return func() {}
	}
	return func() { _ = os.Remove(name) }
}
