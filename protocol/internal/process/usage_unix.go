//go:build unix

package process

import (
	"bytes"
	"runtime"

	"golang.org/x/sys/unix"
)

// CPU gives the time spent so far by the process and by its children that
// have ended, in seconds.
func CPU() (system, user, childSystem, childUser float64) {
	var self, children unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &self) != nil || unix.Getrusage(unix.RUSAGE_CHILDREN, &children) != nil {
		return 0, 0, 0, 0
	}
	return seconds(self.Stime), seconds(self.Utime), seconds(children.Stime), seconds(children.Utime)
}

func seconds(t unix.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// System is what "uname -srm" prints.
func System() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return runtime.GOOS + " " + runtime.GOARCH
	}
	text := func(field []byte) string {
		name, _, _ := bytes.Cut(field, []byte{0})
		return string(name)
	}
	return text(u.Sysname[:]) + " " + text(u.Release[:]) + " " + text(u.Machine[:])
}
