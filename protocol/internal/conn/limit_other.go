//go:build !linux && !darwin

package conn

// AllowClients has nothing to raise here.
func AllowClients(n int64) int64 { return n }
