//go:build !darwin

package config

import "io/fs"

// physicalMemory is 0, unknown, where there is no /proc.
func physicalMemory(root fs.FS) int64 { return memInfo(root) }
