// Package offheap gets memory from the operating system, outside the Go heap,
// and counts it. It is the only package that makes memory system calls.
//
// A Region is a range of addresses that is reserved once, at its largest, and
// costs nothing until parts of it are committed. Addresses never move, so data
// in a region refers to other data by offset. What has been committed can be
// released again: the operating system takes the pages back and they read as
// zero when they are next committed.
//
//	reserved   |..........................................| no memory
//	accessible |##############............................| grows in steps, a system call each
//	committed  |## ##  #### ##............................| counted: what may be resident
//
// Every region has a Purpose, and an Account sums the committed bytes of each
// purpose: that sum is what a cache's memory bound is held against, and it must
// read zero when everything has been closed.
package offheap

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
)

// PageSize is the granularity of Commit and Release. Systems with larger pages
// (16 KiB on some arm64) still work: they release only what fills a page.
const PageSize = 4096

// Purpose says what memory is for.
type Purpose uint8

// The purposes.
const (
	Items Purpose = iota
	Index
	Meta
	Purposes int = iota
)

// String names the purpose as INFO does.
func (p Purpose) String() string { return [...]string{"items", "index", "meta"}[p] }

// ErrReserve wraps failures to get addresses or access to them.
var ErrReserve = errors.New("offheap: the operating system refused memory")

// Account sums committed bytes by purpose. All methods are safe for concurrent use.
type Account struct {
	// Refuse, if not nil, is asked before each Commit, whose failure it decides: for
	// tests of what happens when the system has no memory left. Set it while nothing
	// else uses the account.
	Refuse func(p Purpose, n uintptr) bool

	total     atomic.Int64
	peak      atomic.Int64
	released  atomic.Int64
	byPurpose [Purposes]atomic.Int64
}

// Total is the sum over all purposes, in bytes.
func (a *Account) Total() int64 { return a.total.Load() }

// Of is the number of bytes committed for p.
func (a *Account) Of(p Purpose) int64 { return a.byPurpose[p].Load() }

// Peak is the largest Total since the last ResetPeak.
func (a *Account) Peak() int64 { return a.peak.Load() }

// Released is the number of bytes given back to the system so far.
func (a *Account) Released() int64 { return a.released.Load() }

// ResetPeak starts Peak afresh from the present total.
func (a *Account) ResetPeak() { a.peak.Store(a.total.Load()) }

// Add counts n bytes, negative when they are given back.
func (a *Account) Add(p Purpose, n int64) {
	a.byPurpose[p].Add(n)
	t := a.total.Add(n)
	if n < 0 {
		a.released.Add(-n)
		return
	}
	for old := a.peak.Load(); t > old && !a.peak.CompareAndSwap(old, t); {
		old = a.peak.Load()
	}
}

// Region is a reserved range of addresses. One goroutine at a time may change
// it (the shard's lock does that); reading committed memory needs no lock.
type Region struct {
	base       unsafe.Pointer
	size       uintptr
	accessible uintptr // bytes from base that have been made readable and writable
	committed  uintptr
	account    *Account
	purpose    Purpose
	mapping    []byte
}

// Reserve reserves size bytes of addresses (a multiple of PageSize). No memory
// is used until Commit.
func Reserve(size uintptr, account *Account, purpose Purpose) (*Region, error) {
	mapping, err := reserve(size)
	if err != nil {
		return nil, fmt.Errorf("%w: reserving %d MiB of addresses: %w", ErrReserve, size>>20, err)
	}
	return &Region{
		base: unsafe.Pointer(unsafe.SliceData(mapping)), size: size,
		account: account, purpose: purpose, mapping: mapping,
	}, nil
}

// Base is the region's first address. It never changes.
func (r *Region) Base() unsafe.Pointer { return r.base }

// Size is the number of bytes reserved.
func (r *Region) Size() uintptr { return r.size }

// Committed is the number of bytes that count as in use now.
func (r *Region) Committed() uintptr { return r.committed }

// Commit makes [off, off+n) usable and counts it; the caller must not commit
// what is committed already. off and n are multiples of PageSize.
func (r *Region) Commit(off, n uintptr) error {
	if refuse := r.account.Refuse; refuse != nil && refuse(r.purpose, n) {
		return ErrReserve
	}
	if end := off + n; end > r.accessible {
		if err := r.open(end); err != nil {
			return err
		}
	}
	r.committed += n
	r.account.Add(r.purpose, int64(n))
	return nil
}

// open makes addresses up to end accessible, in steps that grow with the
// region so that the number of system calls stays logarithmic and then linear
// in 64 MiB.
func (r *Region) open(end uintptr) error {
	if end > r.size {
		return fmt.Errorf("%w: %d MiB of addresses are used up", ErrReserve, r.size>>20)
	}
	step := min(max(r.accessible, 1<<20), 64<<20)
	end = min((end+step-1)/step*step, r.size)
	if err := access(r.mapping[r.accessible:end]); err != nil {
		return fmt.Errorf("%w: %w", ErrReserve, err)
	}
	r.accessible = end
	return nil
}

// Release gives the committed bytes [off, off+n) back to the system. They read
// as zero once committed again.
func (r *Region) Release(off, n uintptr) {
	if n == 0 {
		return
	}
	release(r.mapping[off : off+n])
	r.committed -= n
	r.account.Add(r.purpose, -int64(n))
}

// Close gives everything back, addresses included.
func (r *Region) Close() error {
	r.account.Add(r.purpose, -int64(r.committed))
	r.committed, r.accessible = 0, 0
	mapping := r.mapping
	r.mapping, r.base = nil, nil
	return unmap(mapping)
}
