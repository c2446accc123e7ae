//go:build !unix

package process

import "runtime"

// CPU is not measured here.
func CPU() (system, user, childSystem, childUser float64) { return 0, 0, 0, 0 }

// System is the system and the processor.
func System() string { return runtime.GOOS + " " + runtime.GOARCH }
