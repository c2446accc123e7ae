package item

import (
	"bytes"
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A Glance sees what Match sees, or says that it does not know.
func TestGlanceAsMatch(t *testing.T) {
	times := []int64{0, 1, epoch + 1, epoch + shortSpan, math.MaxInt64}
	for _, keyLen := range []int{0, 1, 16, 127, 128} {
		for _, valLen := range []int{0, 1, 127, 128, 16383, 16384, 1 << 21} {
			for _, at := range times {
				for _, kind := range []Kind{String, StringPlain, HashPacked, Stream} {
					key, value := bytes.Repeat([]byte{'k'}, keyLen), bytes.Repeat([]byte{'v'}, valLen)
					block := make([]uint64, SizeOf(keyLen, valLen, at)/8+4)
					p, room := unsafe.Pointer(&block[0]), uintptr(len(block)*8)
					Write(p, kind, 0xABCDEF, key, value, at)
					var v View
					if keyLen > 127 || valLen >= viewLimit {
						require.Equal(t, Unknown, Glance(&v, p, room, key))
						continue
					}
					require.Equal(t, Same, Glance(&v, p, room, key))
					require.True(t, bytes.Equal(value, v.Value()))
					require.Equal(t, at, v.ExpireAt())
					require.Equal(t, kind <= StringPlain, v.IsString())
					require.EqualValues(t, 0xABCDEF, v.State())
					if keyLen < 127 {
						require.Equal(t, Other, Glance(&v, p, room, append(key[:keyLen:keyLen], 'x')))
					}
					require.Equal(t, Unknown, Glance(&v, p, uintptr(SizeOf(keyLen, valLen, at)-1), key))
				}
			}
		}
	}
}

// Whatever lies in a block, a Glance stays within its room.
func TestGlanceTrustsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.IntRange(16, 300).Draw(t, "room")
		block := rapid.SliceOfN(rapid.Byte(), room, room).Draw(t, "block")
		keyLen := rapid.IntRange(0, 127).Draw(t, "keyLen")
		block[fixed] = byte(keyLen) // or it would hardly ever come further
		p := unsafe.Pointer(&block[0])
		for off := fixed + 2; off <= min(fixed+11, room-keyLen); off++ {
			var v View
			if Glance(&v, p, uintptr(room), block[off:off+keyLen]) == Same && len(v.Value()) > 0 {
				end := uintptr(unsafe.Pointer(&v.Value()[len(v.Value())-1])) - uintptr(p)
				require.Less(t, int(end), room)
			}
		}
	})
}
