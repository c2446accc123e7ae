package index

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// fakeRegion is a Region over a slice. It panics when pages are committed or
// released twice, and fails to commit beyond its budget.
type fakeRegion struct {
	mem       []byte
	committed []bool
	pages     int
	budget    int // pages; negative: no bound
}

var errBudget = errors.New("no memory")

func newFakeRegion(size int) *fakeRegion {
	raw := make([]byte, size+stepBytes)
	skip := -uintptr(unsafe.Pointer(&raw[0])) % stepBytes
	return &fakeRegion{
		mem:       raw[skip : skip+uintptr(size)],
		committed: make([]bool, size/stepBytes),
		budget:    -1,
	}
}

func (r *fakeRegion) Base() unsafe.Pointer { return unsafe.Pointer(&r.mem[0]) }
func (r *fakeRegion) Size() uintptr        { return uintptr(len(r.mem)) }

func (r *fakeRegion) Commit(off, n uintptr) error {
	pages := int(n / stepBytes)
	if r.budget >= 0 && r.pages+pages > r.budget {
		return errBudget
	}
	r.flip(off, n, true)
	r.pages += pages
	return nil
}

func (r *fakeRegion) Release(off, n uintptr) {
	r.flip(off, n, false)
	r.pages -= int(n / stepBytes)
	clear(r.mem[off : off+n])
}

func (r *fakeRegion) flip(off, n uintptr, to bool) {
	if off%stepBytes != 0 || n%stepBytes != 0 || n == 0 {
		panic(fmt.Sprintf("unaligned range %d+%d", off, n))
	}
	for i := off / stepBytes; i < (off+n)/stepBytes; i++ {
		if r.committed[i] == to {
			panic(fmt.Sprintf("page %d committed: %v already", i, to))
		}
		r.committed[i] = to
	}
}

// world is a table beside a plain model of it: refs are handed out one by one, and
// hashes has the hash of each.
type world struct {
	t      testing.TB
	region *fakeRegion
	pool   *Pool
	table  *Table
	hashes []uint64          // by ref
	live   map[uint32]uint64 // ref -> hash
	refs   []uint32          // the live ones, in any order, to choose from
	place  map[uint32]int    // ref -> its place in refs
	rehash int               // how many hashes were asked for
}

func newWorld(t testing.TB, size int) *world {
	w := &world{t: t, region: newFakeRegion(size), hashes: make([]uint64, 1),
		live: map[uint32]uint64{}, place: map[uint32]int{}}
	w.pool = NewPool(w.region)
	w.table = NewTable(w.pool, func(ref uint32) uint64 {
		w.rehash++
		return w.hashes[ref]
	})
	return w
}

func (w *world) insert(hash uint64) (uint32, error) {
	ref := uint32(len(w.hashes))
	w.hashes = append(w.hashes, hash)
	if err := w.table.Insert(hash, ref); err != nil {
		return 0, err
	}
	w.live[ref] = hash
	w.place[ref] = len(w.refs)
	w.refs = append(w.refs, ref)
	return ref, nil
}

func (w *world) mustInsert(hash uint64) uint32 {
	ref, err := w.insert(hash)
	if err != nil {
		w.t.Fatal(err)
	}
	return ref
}

func (w *world) forget(ref uint32) {
	i, last := w.place[ref], w.refs[len(w.refs)-1]
	w.refs[i] = last
	w.place[last] = i
	w.refs = w.refs[:len(w.refs)-1]
	delete(w.place, ref)
	delete(w.live, ref)
}

func (w *world) delete(ref uint32) {
	p, ok := w.table.FindRef(w.hashes[ref], ref)
	if !ok {
		w.t.Fatalf("ref %d with hash %#x is lost", ref, w.hashes[ref])
	}
	p.Delete()
	w.forget(ref)
}

// replace gives an entry a new reference, as when its item moves.
func (w *world) replace(ref uint32) {
	p, ok := w.table.FindRef(w.hashes[ref], ref)
	if !ok {
		w.t.Fatalf("ref %d with hash %#x is lost", ref, w.hashes[ref])
	}
	hash := w.hashes[ref]
	moved := uint32(len(w.hashes))
	w.hashes = append(w.hashes, hash)
	p.Replace(moved)
	w.forget(ref)
	w.live[moved] = hash
	w.place[moved] = len(w.refs)
	w.refs = append(w.refs, moved)
}

func (w *world) mustBeLive(ref uint32) {
	if _, ok := w.live[ref]; !ok {
		w.t.Fatalf("ref %d is not in the table", ref)
	}
}

func (w *world) any(r *rand.Rand) uint32 { return w.refs[r.IntN(len(w.refs))] }

// check holds the table against the model.
func (w *world) check() {
	w.t.Helper()
	require.NoError(w.t, w.table.CheckInvariants())
	require.Equal(w.t, len(w.live), w.table.Len())
	require.EqualValues(w.t, w.region.pages*stepBytes, w.pool.Resident())
	found, looked := map[uint32]bool{}, map[uint64]bool{}
	for _, hash := range w.live {
		if looked[hash] {
			continue
		}
		looked[hash] = true
		p := w.table.Probe(hash)
		for ref := p.Next(); ref != 0; ref = p.Next() {
			if w.hashes[ref] == hash {
				if found[ref] {
					w.t.Fatalf("ref %d is found twice", ref)
				}
				found[ref] = true
			}
		}
	}
	require.Len(w.t, found, len(w.live))
	seen := map[uint32]int{}
	w.scan(func(ref uint32) { seen[ref]++ })
	require.Len(w.t, seen, len(w.live))
	for ref, n := range seen {
		if n != 1 || w.hashes[ref] != w.live[ref] {
			w.t.Fatalf("ref %d was visited %d times", ref, n)
		}
	}
}

func (w *world) scan(f func(ref uint32)) {
	for cursor := w.table.Scan(0, f); cursor != 0; {
		next := w.table.Scan(cursor, f)
		if next != 0 && next <= cursor || next&0xffff != 0 {
			w.t.Fatalf("cursor %#x after %#x", next, cursor)
		}
		cursor = next
	}
}

// shrink runs ShrinkStep until it has nothing to do.
func (w *world) shrink() {
	for i := 0; w.table.ShrinkStep(); i++ {
		if i > 1e6 {
			w.t.Fatal("ShrinkStep never ends")
		}
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }
