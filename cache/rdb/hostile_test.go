package rdb

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestClaimsCostNothing has payloads say that a great deal is to come. What is
// allocated for them goes by what they are, not by what they say.
func TestClaimsCostNothing(t *testing.T) {
	const lot = "81 7FFFFFFFFFFFFFFF "
	for typ := range kinds {
		for _, object := range []string{
			lot, lot + "01 61", lot + lot, "80 FFFFFFFF", "80 1FFFFFFF 61", "C3 80 1FFFFFFF 80 1FFFFFFF 61",
			"C3 01 80 1FFFFFFF 61", "0000000000000000" + lot, "0000000000000000" + lot + "01 61", "01 " + lot, "01 01 " + lot,
			"00 00 00 00 00 00 00 00 " + lot, "00 00 00 00 01 01 61 00 00 " + lot, "00 00 00 00 01 01 61 00 00 00 " + lot,
			"0B FFFFFFFF FFFFFFFF FFFF FF", "0B 0B000000 FFFF FFFFFFFF FF", "0B 0B000000 FFFFFFFF FFFF FF", "08 04000000 FFFFFFFF",
			"01 10 00000000000000000000000000000000 0D 0D000000 FFFF F3FFFFFF7F06 FF",
		} {
			b := payload(typ, object)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = show(b)
			runtime.ReadMemStats(&after)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10), "type %d: %s", typ, object)
		}
	}
}

// TestLongWays has what could take long, were every step to look at all others.
func TestLongWays(t *testing.T) {
	const n = 200_000
	var w Writer
	w.Begin(TypeStream2)
	w.Number(0)
	w.Number(0)
	w.ID(ID{1, 1})
	w.ID(ID{})
	w.ID(ID{})
	w.Number(0)
	w.Number(1)
	w.String([]byte("group"))
	w.ID(ID{})
	w.Number(math.MaxUint64)
	w.Number(n)
	for i := range uint64(n) {
		w.RawID(ID{1, i})
		w.Millis(0)
		w.Number(0)
	}
	w.Number(1)
	w.String([]byte("consumer"))
	w.Millis(0)
	w.Number(n)
	for i := range uint64(n) {
		w.RawID(ID{1, n - 1 - i})
	}
	w.End()
	_, err := show(w.B)
	assert.NoError(t, err)
}

// FuzzObject walks over anything that has a right footer, twice: what Check has let
// pass must have no fault left.
func FuzzObject(f *testing.F) {
	for _, b := range [][]byte{
		payload(TypeString, "C3 09 14 04 6162636465 E002 04"),
		payload(TypeZSet, "03 01 61 03 312E35 01 62 FE 01 63 FF"),
		payload(TypeHashZipmap, "0C 02 0161 0101 6200 0163 0000 FF"),
		payload(TypeHashZiplist, "10 10000000 0D000000 0200 00 0161 03 F4 FF"),
		payload(TypeSetIntset, "0C 02000000 02000000 FFFF 0500"),
		payload(TypeListQuicklist, "02 0B 0B000000 0A000000 0000 FF 0D 0D000000 0A000000 0100 00 F2 FF"),
		payload(TypeListQuicklist2, "02 01 0161 02 09 09000000 0100 0101 FF"),
		payload(TypeHashListpackEx, "E803000000000000 0F 0F000000 0300 8161 02 8162 02 0501 FF"),
		payload(TypeHashExpiring, "E803000000000000 01 05 01 61 01 62"),
		payload(TypeStream2, "00 00 0101 0000 0000 00 01 0167 0000 00 00 00"),
	} {
		f.Add(b[:len(b)-footerSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := Parse(appendFooter(b, 0, maxVersion))
		if err != nil {
			return
		}
		if _, err := o.Check(); err != nil {
			assert.Equal(t, ErrFormat, err)
			return
		}
		text, err := show(appendFooter(b, 0, maxVersion))
		assert.NoError(t, err)
		assert.Less(t, len(text), 1000+len(b)*lzfGrowth*8+strings.Count(text, "\\x")*4)
	})
}
