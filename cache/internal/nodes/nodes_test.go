package nodes_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAgainstMap makes, resizes, frees and moves nodes and looks at their contents.
func TestAgainstMap(t *testing.T) {
	s := nodestest.New(t)
	random := rand.New(rand.NewPCG(1, 2))
	type node struct {
		kind nodes.Kind
		data []byte // behind the header
	}
	model := map[nodes.Handle]node{}
	fill := func(b []byte, n int) []byte {
		for i := range n {
			b[nodes.HeaderSize+i] = byte(random.Uint32())
		}
		return bytes.Clone(b[nodes.HeaderSize : nodes.HeaderSize+n])
	}
	size := func() int {
		if random.IntN(50) == 0 {
			return 1 + random.IntN(2<<20)
		}
		return 1 + random.IntN(2000)
	}
	for range 20_000 {
		switch op := random.IntN(10); {
		case op < 5 || len(model) == 0:
			kind, n := nodes.Kind(random.IntN(8)), size()
			h, b := s.Alloc(kind, n+nodes.HeaderSize)
			require.NotContains(t, model, h)
			model[h] = node{kind, fill(b, n)}
		case op < 7:
			for h, m := range model {
				n := size()
				b := s.Resize(h, n+nodes.HeaderSize, nodes.HeaderSize+len(m.data))
				keep := min(n, len(m.data))
				require.True(t, bytes.Equal(m.data[:keep], b[nodes.HeaderSize:][:keep]))
				model[h] = node{m.kind, fill(b, n)}
				break
			}
		case op < 9:
			for h := range model {
				s.Free(h)
				delete(model, h)
				break
			}
		default:
			s.Compact()
		}
	}
	held := int64(0)
	for h, m := range model {
		b := s.Bytes(h)
		require.True(t, bytes.Equal(m.data, b[nodes.HeaderSize:][:len(m.data)]))
		require.Equal(t, m.kind, s.Kind(h))
		held += int64(len(b))
	}
	assert.Equal(t, len(model), s.Len())
	assert.Equal(t, held, s.Held())
	assert.Equal(t, held, s.TakeDelta())
	assert.Zero(t, s.TakeDelta())
	require.NoError(t, s.CheckInvariants())
	for h := range model {
		s.Free(h)
	}
	assert.Zero(t, s.Held())
	require.NoError(t, s.CheckInvariants())
	h, _ := s.Alloc(nodes.Large, 100)
	assert.Equal(t, nodes.Handle(1), h, "the handle table begins anew")
}

func BenchmarkBytes(b *testing.B) {
	s := nodestest.New(b)
	var handles []nodes.Handle
	for range 1024 {
		h, _ := s.Alloc(nodes.Large, 100)
		handles = append(handles, h)
	}
	sum := 0
	for i := 0; b.Loop(); i++ {
		sum += len(s.Bytes(handles[i%1024]))
	}
	_ = sum
}
