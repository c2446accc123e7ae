//go:build invariants

// Package invariants switches on expensive self-checks with the build tag
// "invariants": freed memory is poisoned, double frees panic, and structures
// are verified after changes. Without the tag Enabled is a constant false and
// the compiler drops the checks.
package invariants

// Enabled tells whether the checks are compiled in.
const Enabled = true
