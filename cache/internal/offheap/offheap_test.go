package offheap

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestRegionCommitReleaseClose(t *testing.T) {
	var a Account
	r, err := Reserve(1<<30, &a, Items)
	require.NoError(t, err)
	require.Zero(t, a.Total(), "a reservation costs nothing")

	require.NoError(t, r.Commit(8192, 4096))
	b := unsafe.Slice((*byte)(unsafe.Add(r.Base(), 8192)), 4096)
	b[0], b[4095] = 1, 2
	require.EqualValues(t, 4096, a.Of(Items))
	require.EqualValues(t, 4096, a.Peak())

	r.Release(8192, 4096)
	require.Zero(t, a.Total())
	require.NoError(t, r.Commit(8192, 4096))
	require.Zero(t, b[0], "released pages read as zero")
	require.Zero(t, b[4095])

	require.NoError(t, r.Commit(512<<20, 1<<20), "far away from the start")
	require.Error(t, r.Commit(1<<30, 4096), "past the end")
	require.NoError(t, r.Close())
	require.Zero(t, a.Total(), "nothing is left at close")
}

func TestReserveRefused(t *testing.T) {
	var a Account
	_, err := Reserve(1<<62, &a, Items)
	require.ErrorIs(t, err, ErrReserve)
}

func TestPieces(t *testing.T) {
	var a Account
	r, err := Reserve(8192, &a, Meta)
	require.NoError(t, err)
	p := NewPieces(r, 1024)
	require.Nil(t, p.Get(1025))
	var all [][]byte
	for range 8 {
		b := p.Get(1024)
		require.Len(t, b, 1024)
		b[0], b[1023] = 1, 1
		all = append(all, b)
	}
	require.Nil(t, p.Get(1024), "the region is used up")
	p.Put(all[3])
	b := p.Get(1000)
	require.Len(t, b, 1000)
	require.Zero(t, b[0], "zeroed again")
	require.EqualValues(t, 8192, a.Of(Meta))
	require.NoError(t, r.Close())
	require.Zero(t, a.Total())
}
