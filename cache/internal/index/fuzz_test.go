package index

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzOperations plays a list of operations, three bytes each, on a table and on
// the model: what to do, how often, and an argument.
func FuzzOperations(f *testing.F) {
	f.Add([]byte{0, 255, 1, 0, 255, 2, 7, 200, 0, 2, 255, 3, 4, 255, 0, 6, 9, 9})
	f.Add([]byte{0, 255, 1, 1, 255, 42, 7, 255, 0, 1, 255, 42, 2, 255, 7, 4, 99, 0, 5, 1, 0})
	f.Add([]byte{8, 30, 0, 0, 255, 1, 0, 255, 2, 0, 255, 3, 3, 255, 0, 7, 255, 0, 2, 255, 0, 4, 255, 0})
	f.Add([]byte{9, 255, 170, 9, 255, 171, 7, 90, 0, 0, 255, 5, 2, 255, 9, 4, 255, 0, 7, 255, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		p := player{world: newWorld(t, 4<<20)}
		for ; len(ops) >= 3 && len(p.hashes) < 60000; ops = ops[3:] {
			p.play(ops[0], int(ops[1]), uint64(ops[2]))
		}
		p.check()
		for !p.table.Drain(p.forget, 1000) {
		}
		require.Empty(t, p.live)
		require.Zero(t, p.pool.Resident())
	})
}

// player is a world with a scan under way.
type player struct {
	*world
	cursor uint64
	stay   map[uint32]bool // there since the scan began, and not visited yet
}

func (p *player) play(op byte, count int, arg uint64) {
	r := newRand(arg)
	switch op % 10 {
	case 0: // insert random hashes
		for range count * 16 {
			p.put(r.Uint64())
		}
	case 1: // insert one hash again and again
		for range count / 4 {
			p.put(arg * 0x9e3779b97f4a7c15)
		}
	case 2: // delete
		for i := 0; i < count*12 && len(p.refs) > 0; i++ {
			ref := p.any(r)
			delete(p.stay, ref)
			p.delete(ref)
		}
	case 3: // replace
		for i := 0; i < count && len(p.refs) > 0; i++ {
			ref := p.any(r)
			delete(p.stay, ref)
			p.replace(ref)
		}
	case 4: // shrink
		for i := 0; i < count && p.table.ShrinkStep(); i++ {
		}
	case 5: // begin a scan
		p.cursor, p.stay = 0, map[uint32]bool{}
		for _, ref := range p.refs {
			p.stay[ref] = true
		}
		p.step()
	case 6: // remove some, from the start of the table
		p.table.Drain(func(ref uint32) {
			delete(p.stay, ref)
			p.forget(ref)
		}, count)
	case 7: // scan on
		for i := 0; i < count && p.stay != nil; i++ {
			p.step()
		}
	case 8: // bound the memory
		p.region.budget = count
	case 9: // insert hashes whose top bits are equal
		for range count * 4 {
			p.put(arg<<56 | r.Uint64()>>24)
		}
	}
}

func (p *player) put(hash uint64) {
	if _, err := p.insert(hash); err != nil {
		require.ErrorIs(p.t, err, errBudget)
	}
}

// step makes one call of the scan.
func (p *player) step() {
	p.cursor = p.table.Scan(p.cursor, func(ref uint32) {
		p.mustBeLive(ref)
		delete(p.stay, ref)
	})
	if p.cursor == 0 {
		require.Empty(p.t, p.stay)
		p.stay = nil
	}
}
