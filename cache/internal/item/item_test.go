package item

import (
	"bytes"
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestLayoutRoundTrip(t *testing.T) {
	times := []int64{0, 1, epoch - 1, epoch, epoch + 1, epoch + shortSpan - 1, epoch + shortSpan, math.MaxInt64}
	for _, keyLen := range []int{0, 1, 16, 127, 128, 16383, 16384} {
		for _, valLen := range []int{0, 1, 8, 127, 128, 20000, 1 << 21} {
			for _, at := range times {
				key, value := bytes.Repeat([]byte{'k'}, keyLen), bytes.Repeat([]byte{'v'}, valLen)
				size := SizeOf(keyLen, valLen, at)
				block := make([]uint64, size/8+4)
				p := unsafe.Pointer(&block[0])
				Write(p, StringRaw, 0xABCDEF, key, value, at)
				it := Decode(p)
				require.Equal(t, size, it.Size())
				require.Equal(t, key, append([]byte{}, it.Key()...))
				require.True(t, bytes.Equal(value, it.Value()))
				require.Equal(t, at, it.ExpireAt())
				require.Equal(t, at, ExpireAt(p))
				require.Equal(t, StringRaw, it.Kind())
				require.EqualValues(t, 0xABCDEF, State(p))

				same := Match(&it, p, key)
				require.True(t, same)
				same = Match(&it, p, append(key, 'x'))
				require.False(t, same)
				SetState(p, 0x123456)
				require.EqualValues(t, 0x123456, State(p))
				require.Equal(t, StringRaw, KindAt(p), "the state leaves the kind alone")
			}
		}
	}
}

func TestHeaderIsSixBytes(t *testing.T) {
	require.Equal(t, 16+8+6, SizeOf(16, 8, 0))
	require.Equal(t, 16+8+11, SizeOf(16, 8, epoch+1))
}

func TestSetValueLenInPlace(t *testing.T) {
	for _, keyLen := range []int{1, 200} {
		block := make([]uint64, 8000)
		p, key := unsafe.Pointer(&block[0]), bytes.Repeat([]byte{'k'}, keyLen)
		it := Write(p, ListPacked, 0xABCDEF, key, make([]byte, 300), epoch+5)
		for n, fits := range map[int]bool{0: false, 127: false, 128: true, 16383: true, 16384: false} {
			was := it.ValueLen()
			require.Equal(t, fits, it.SetValueLen(n), n)
			if !fits {
				n = was
			}
			it = Decode(p)
			require.Equal(t, n, it.ValueLen())
			require.Equal(t, string(key), string(it.Key()))
			require.EqualValues(t, epoch+5, it.ExpireAt())
			require.EqualValues(t, 0xABCDEF, State(p))
			require.Equal(t, ListPacked, it.Kind())
		}
	}
}

func TestSetExpireAtInPlace(t *testing.T) {
	var block [8]uint64
	p := unsafe.Pointer(&block[0])
	it := Write(p, String, 0, []byte("k"), []byte("v"), epoch+5)
	require.True(t, it.CanSetExpireAt(epoch+shortSpan-1))
	require.False(t, it.CanSetExpireAt(math.MaxInt64))
	it.SetExpireAt(epoch + shortSpan - 1)
	require.EqualValues(t, epoch+shortSpan-1, ExpireAt(p))
	it = Decode(p)
	require.Equal(t, "v", string(it.Value()))
}
