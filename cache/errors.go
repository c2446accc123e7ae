package cache

import "errors"

// Errors of operations. Their texts are for Go programs; the protocol package
// maps them to Redis's.
var (
	ErrOutOfMemory = errors.New("cache: out of memory: nothing may be evicted under this policy")
	ErrWrongType   = errors.New("cache: the key holds another type of value")
	ErrNotInteger  = errors.New("cache: the value is not an integer or out of range")
	ErrOverflow    = errors.New("cache: increment or decrement would overflow")
	ErrNotFloat    = errors.New("cache: the value is not a valid float")
	ErrNaN         = errors.New("cache: increment would produce NaN or Infinity")
	ErrTooLarge    = errors.New("cache: value exceeds the maximum allowed size (512 MiB)")
	ErrNotFound    = errors.New("cache: no such key")
	ErrIndex       = errors.New("cache: index out of range")
	ErrOddPairs    = errors.New("cache: a field without a value")
	ErrBadDelta    = errors.New("cache: the increment is not a number")
	ErrInfinite    = errors.New("cache: the increment is not finite")
	ErrNotHLL      = errors.New("cache: the value is not a HyperLogLog")
	ErrCorruptHLL  = errors.New("cache: the HyperLogLog is corrupt")
	ErrClosed      = errors.New("cache: closed")
	ErrReserve     = errors.New("cache: cannot reserve memory")
)
