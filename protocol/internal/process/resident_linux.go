package process

import (
	"bytes"
	"os"
	"strconv"
)

// ResidentSize is the process's resident memory in bytes, 0 if the system does
// not tell.
func ResidentSize() int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// Multiplexing is what waits for many sockets at once here.
const Multiplexing = "epoll"
