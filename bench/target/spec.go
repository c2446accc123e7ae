// Package target starts the servers that a benchmark measures, or finds ones
// that are running, and tells from outside what they take of the machine:
// resident memory and processor time, as the kernel counts them.
//
// A Spec says which server, a Server is one that runs. Whatever a benchmark
// started it stops again; a server that it found is used only if it holds no
// keys, and is left with none. What the benchmark asks of INFO is only what no
// other way tells.
package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Spec says how to come by a server.
type Spec struct {
	// Name is what reports call it.
	Name string
	// Command starts it. In each word {port} stands for the port to listen on.
	// Settings are appended as "--name value", as redis-server takes them.
	Command []string
	// Addr is a server that is running already, host:port; Command is nil then.
	Addr string
	// Memcached says that it speaks memcached's own protocol.
	Memcached bool
	// On are the processors that it runs on when it is started here; empty: all.
	On []int
	// style is how settings stand on its command line.
	style style
}

// Ashlar is the name of the server of this project, and Redis that of the one it
// is compared with.
const (
	Ashlar = "ashlar"
	Redis  = "redis"
)

// ErrAbsent is returned for a known server that is not installed.
var ErrAbsent = errors.New("not installed")

// Find resolves what a user wrote: the name of a known server, NAME=COMMAND with
// {port} in it, or NAME=HOST:PORT. Ashlar is looked for at the path given, then
// built if the working directory is in its module, then looked for beside this
// program and in PATH; what is built goes into the directory scratch.
func Find(ctx context.Context, text, ashlar, scratch string) (Spec, error) {
	name, rest, custom := strings.Cut(text, "=")
	if custom {
		return parseCustom(name, rest)
	}
	i := slices.IndexFunc(known, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, fmt.Errorf("unknown server %q: give one of %s, or NAME='COMMAND {port}', or NAME=HOST:PORT", text, strings.Join(Known(), ", "))
	}
	s := known[i]
	s.Command = slices.Clone(s.Command)
	var err error
	if name == Ashlar {
		s.Command[0], err = findAshlar(ctx, ashlar, scratch)
	} else {
		s.Command[0], err = lookPath(s.Command[0])
	}
	return s, err
}

// parseCustom reads what follows the = of a server that the user describes.
func parseCustom(name, rest string) (Spec, error) {
	words := strings.Fields(rest)
	switch {
	case name == "" || len(words) == 0:
		return Spec{}, fmt.Errorf("a server is NAME='COMMAND {port}' or NAME=HOST:PORT, not %q", name+"="+rest)
	case len(words) == 1 && strings.Contains(rest, ":"):
		addr, is := strings.CutPrefix(rest, memcachedScheme)
		return Spec{Name: name, Addr: addr, Memcached: is}, nil
	case !strings.Contains(rest, "{port}"):
		return Spec{}, fmt.Errorf("the command of server %s has no {port} in it", name)
	}
	spec := Spec{Name: name, Command: words}
	if filepath.Base(words[0]) == memcachedProgram {
		spec.Memcached, spec.style = true, memcachedStyle
	}
	return spec, nil
}

// lookPath finds a program in PATH.
func lookPath(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s: %w", program, ErrAbsent)
	}
	return path, nil
}

// findAshlar prefers what is built now: a binary lying about may be an old one.
func findAshlar(ctx context.Context, path, scratch string) (string, error) {
	if path != "" {
		return exec.LookPath(path)
	}
	if root, ok := moduleRoot(); ok {
		return buildAshlar(ctx, root, scratch)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), Ashlar)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	return lookPath(Ashlar)
}

// modulePath is the module whose command ashlar is.
const modulePath = "github.com/ashlar-cache/ashlar"

// moduleRoot is the directory of Ashlar's module, if the working directory is in it.
func moduleRoot() (string, bool) {
	dir, err := os.Getwd()
	for err == nil {
		text, readErr := os.ReadFile(filepath.Join(dir, "go.mod"))
		if readErr == nil {
			return dir, strings.HasPrefix(string(text), "module "+modulePath+"\n")
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return "", false
}

// buildAshlar has Go build the server from the module's directory.
func buildAshlar(ctx context.Context, root, scratch string) (string, error) {
	out := filepath.Join(scratch, Ashlar)
	build := exec.CommandContext(ctx, "go", "build", "-o", out, "./cmd/ashlar")
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/ashlar: %w\n%s", err, text)
	}
	return out, nil
}
