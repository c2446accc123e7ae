package config

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// physicalMemory asks the kernel; there is no /proc.
func physicalMemory(fs.FS) int64 {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int64(n)
}
