package target

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listener is the process that listens on an address of this machine; 0 if it cannot
// be found. The kernel tells which socket listens, and each process which sockets it
// has; those of other users only to root.
func listener(addr string) int {
	inode := ""
	if isSocket(addr) {
		inode = unixInode(addr)
	} else if _, port, err := net.SplitHostPort(addr); err == nil {
		inode = tcpInode(port)
	}
	if inode == "" {
		return 0
	}
	want := "socket:[" + inode + "]"
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well formed
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && to == want {
			pid, _ := strconv.Atoi(strings.Split(f, "/")[2])
			return pid
		}
	}
	return 0
}

// tcpInode is the number of the socket that listens on a port.
func tcpInode(port string) string {
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return ""
	}
	const listens = "0A" // TCP_LISTEN, among the kernel's states of a connection
	suffix := fmt.Sprintf(":%04X", number)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table) // missing where there is no such family
		for line := range bytes.Lines(text) {
			// sl local remote state queues timer retransmits uid timeout inode
			if f := strings.Fields(string(line)); len(f) > 9 && f[3] == listens && strings.HasSuffix(f[1], suffix) {
				return f[9]
			}
		}
	}
	return ""
}

// unixInode is the number of the socket that listens on a path.
func unixInode(path string) string {
	const accepts = "00010000"               // the flag of a socket that listens
	text, _ := os.ReadFile("/proc/net/unix") // missing on other systems
	for line := range bytes.Lines(text) {
		// num references protocol flags type state inode path
		if f := strings.Fields(string(line)); len(f) > 7 && f[3] == accepts && f[7] == path {
			return f[6]
		}
	}
	return ""
}

// Switches are the context switches of all threads of the server so far: those where
// it had nothing to do, and those where it was told to make room.
func (v *Server) Switches() (voluntary, involuntary int64) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", v.Pid))
	if err != nil || v.Pid == 0 {
		return 0, 0
	}
	for _, t := range tasks {
		text, err := v.proc("task/" + t.Name() + "/status")
		if err != nil {
			continue // the thread has ended
		}
		voluntary += field(text, "voluntary_ctxt_switches:")
		involuntary += field(text, "nonvoluntary_ctxt_switches:")
	}
	return voluntary, involuntary
}

// field is the number behind a name; 0 if there is none.
func field(text []byte, name string) int64 {
	for line := range bytes.Lines(text) {
		if rest, ok := strings.CutPrefix(string(line), name); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			return n
		}
	}
	return 0
}
