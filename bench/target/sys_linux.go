package target

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the server should the benchmark be killed, so
// that none is left behind. It is tied to the thread that starts it, not to the
// process: that thread has to stay as long as the server.
func endWithParent(c *exec.Cmd) {
	// A process group of its own keeps Ctrl-C, meant for the benchmark, from it.
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
