package rdb

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// show is everything in an object, as a text, in order.
func show(payload []byte) (string, error) {
	o, err := Parse(payload)
	if err != nil {
		return "", err
	}
	if _, err := o.Check(); err != nil {
		return "", err
	}
	var b strings.Builder
	switch o.Kind {
	case String:
		var text []byte
		text, err = o.Text()
		fmt.Fprintf(&b, "%q", text)
	case List, Set:
		err = o.Elements(func(e []byte) error {
			fmt.Fprintf(&b, "%q ", e)
			return nil
		})
	case ZSet:
		err = o.Scores(func(member []byte, score float64) error {
			fmt.Fprintf(&b, "%q=%v ", member, score)
			return nil
		})
	case Hash:
		err = o.Fields(func(field, value []byte, at int64) error {
			fmt.Fprintf(&b, "%q=%q@%d ", field, value, at)
			return nil
		})
	case Stream:
		err = o.Stream(&printer{b: &b})
	}
	return strings.TrimSpace(b.String()), err
}

// printer shows a stream.
type printer struct{ b *strings.Builder }

func (p *printer) Node() error { p.b.WriteString("| "); return nil }

func (p *printer) Entry(id ID, pairs [][]byte) error {
	fmt.Fprintf(p.b, "%v%q ", id, pairs)
	return nil
}

func (p *printer) EndNode(deleted, bytes int) error {
	fmt.Fprintf(p.b, "-%d ", deleted)
	return nil
}

func (p *printer) State(s StreamState) error { fmt.Fprintf(p.b, "%+v ", s); return nil }

func (p *printer) Group(name []byte, last ID, read int64, old bool) error {
	fmt.Fprintf(p.b, "group %q %v %d %v ", name, last, read, old)
	return nil
}

func (p *printer) Consumer(name []byte, seen, active int64) error {
	fmt.Fprintf(p.b, "consumer %q %d %d ", name, seen, active)
	return nil
}

func (p *printer) Pending(id ID, time, count int64) error {
	fmt.Fprintf(p.b, "pending %v %d %d ", id, time, count)
	return nil
}

func TestChecksum(t *testing.T) {
	assert.Equal(t, uint64(0xe9c6d914c4b8d9ca), checksum([]byte("123456789")))
}

// TestFooter takes the payload of Redis's own documentation.
func TestFooter(t *testing.T) {
	good := "\x00\xc0\n\n\x00n\x9fWE\x0e\xaec\xbb"
	text, err := show([]byte(good))
	require.NoError(t, err)
	assert.Equal(t, `"10"`, text)
	for i := range good {
		bad := []byte(good)
		bad[i] ^= 1
		_, err := show(bad)
		assert.Equal(t, ErrPayload, err, "byte %d", i)
	}
	for n := range good {
		_, err := show([]byte(good)[:n])
		assert.Equal(t, ErrPayload, err, "%d bytes", n)
	}
	_, err = show(appendFooter([]byte("\x00\xc0\n"), 0, maxVersion+1))
	assert.Equal(t, ErrPayload, err, "a version to come")
	_, err = show(appendFooter(nil, 0, 6))
	assert.Equal(t, ErrFormat, err, "no type")
	_, err = show(appendFooter([]byte("\x06\xc0\n"), 0, 6))
	assert.Equal(t, ErrFormat, err, "a module's type")
}

func TestStrings(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for _, s := range []string{
		"", "a", "0", "-1", "127", "128", "-128", "-129", "32767", "-32768", "65536", "2147483647", "2147483648",
		"-2147483648", "-2147483649", "012", "+1", "-0", strings.Repeat("a", 20), strings.Repeat("a", 21),
		strings.Repeat("a", 300), strings.Repeat("abcdefg ", 5000), string(noise[:63]), string(noise[:64]), string(noise[:16383]),
		string(noise[:16384]), string(noise), string(noise[:500]) + string(noise[:500]),
	} {
		for _, raw := range []bool{false, true} {
			w := Writer{Raw: raw, B: []byte("before")}
			w.Begin(TypeString)
			w.String([]byte(s))
			w.End()
			o, err := Parse(w.B[len("before"):])
			require.NoError(t, err)
			got, err := o.Text()
			require.NoError(t, err)
			require.Equal(t, s, string(got))
			if raw {
				assert.LessOrEqual(t, len(w.B), len(s)+6+1+5+footerSize)
			}
		}
	}
}

func TestLZF(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var table lzfTable
	table.base = math.MaxUint32 - 1<<20 // it begins anew on the way
	for range 3000 {
		src := make([]byte, 5+random.IntN(20_000))
		letters := 1 + random.IntN(8)
		for i := range src {
			src[i] = byte(random.IntN(letters))
			if n := random.IntN(400); n < i && random.IntN(50) == 0 {
				src[i] = src[i-n]
			}
		}
		out, ok := table.compress([]byte("x"), src)
		if !ok {
			require.Equal(t, "x", string(out))
			continue
		}
		require.LessOrEqual(t, len(out)-1, len(src)-4)
		back, ok := decompress(nil, out[1:], len(src))
		require.True(t, ok)
		require.True(t, bytes.Equal(src, back))
		_, ok = decompress(nil, out[1:], len(src)-1)
		require.False(t, ok)
		_, ok = decompress(nil, out[1:], len(src)+1)
		require.False(t, ok)
	}
}

func TestListpack(t *testing.T) {
	l := newBuilder([]byte("before"))
	var want []string
	for _, n := range []int64{0, 1, 127, 128, -1, 4095, 4096, -4096, -4097, 32767, 32768, -32768, -32769, 1 << 22, 1<<23 - 1, 1 << 23,
		-1 << 23, -1<<23 - 1, 1<<31 - 1, 1 << 31, -1 << 31, -1<<31 - 1, math.MaxInt64, math.MinInt64} {
		l.integer(n)
		want = append(want, fmt.Sprint(n))
	}
	size := ListpackEmpty
	for _, n := range []int{0, 1, 63, 64, 125, 126, 127, 4095, 4096, 16000, 16378, 16380, 16383, 17000, 3_000_000} {
		l.add([]byte(strings.Repeat("x", n)))
		want = append(want, strings.Repeat("x", n))
	}
	for _, s := range want {
		size += ListpackSize([]byte(s))
	}
	b := l.finish()[len("before"):]
	assert.Len(t, b, size)
	var got []string
	require.NoError(t, listpackEach(b, func(e []byte) error {
		got = append(got, string(e))
		return nil
	}))
	assert.Equal(t, want, got)
}

// TestRoundTrip writes each type that is written and reads it.
func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		name    string
		version byte
		write   func(w *Writer)
		want    string
	}{
		{"list", 6, func(w *Writer) {
			w.Begin(TypeList)
			w.Number(3)
			for _, s := range []string{"a", "-5", "a"} {
				w.String([]byte(s))
			}
		}, `"a" "-5" "a"`},
		{"zset", 8, func(w *Writer) {
			w.Begin(TypeZSet2)
			w.Number(2)
			w.String([]byte("b"))
			w.Score(math.Inf(1))
			w.String([]byte("a"))
			w.Score(0.1)
		}, `"b"=+Inf "a"=0.1`},
		{"hash", 12, func(w *Writer) {
			w.Begin(TypeHashExpiring)
			w.Millis(1000)
			w.Number(2)
			w.Number(0)
			w.String([]byte("a"))
			w.String([]byte("b"))
			w.Number(6)
			w.String([]byte("c"))
			w.String([]byte("70000"))
		}, `"a"="b"@0 "c"="70000"@1005`},
		{"stream", 11, func(w *Writer) {
			w.Begin(TypeStream3)
			w.Number(2)
			var n Node
			pair := func(s ...string) (list [][]byte) {
				for _, e := range s {
					list = append(list, []byte(e))
				}
				return list
			}
			n.Add(ID{5, 1}, pair("f", "1"))
			n.Add(ID{5, 2}, pair("f", "2"))
			n.Add(ID{7, 0}, pair("g", "3", "h", "long"))
			w.Write(&n)
			n.Add(ID{1 << 63, 1 << 63}, pair("12", "x", "13", "y"))
			n.Add(ID{math.MaxUint64, 0}, pair("12", "x", "13", "y"))
			w.Write(&n)
			w.Number(5)
			w.ID(ID{math.MaxUint64, 3})
			w.ID(ID{5, 1})
			w.ID(ID{6, 6})
			w.Number(99)
			w.Number(1)
			w.String([]byte("group"))
			w.ID(ID{7, 0})
			w.Number(math.MaxUint64)
			w.Number(2)
			for _, id := range []ID{{5, 1}, {7, 0}} {
				w.RawID(id)
				w.Millis(1234)
				w.Number(2)
			}
			w.Number(2)
			w.String([]byte("alice"))
			w.Millis(1)
			w.Millis(-1)
			w.Number(1)
			w.RawID(ID{7, 0})
			w.String([]byte("bob"))
			w.Millis(2)
			w.Millis(3)
			w.Number(1)
			w.RawID(ID{5, 1})
		}, `| {5 1}["f" "1"] {5 2}["f" "2"] {7 0}["g" "3" "h" "long"] -0 ` +
			`| {9223372036854775808 9223372036854775808}["12" "x" "13" "y"] {18446744073709551615 0}["12" "x" "13" "y"] -0 ` +
			`{Len:5 Last:{Ms:18446744073709551615 Seq:3} MaxDeleted:{Ms:6 Seq:6} Added:99} group "group" {7 0} -1 false ` +
			`consumer "alice" 1 -1 pending {7 0} 1234 2 consumer "bob" 2 3 pending {5 1} 1234 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Writer
			c.write(&w)
			w.End()
			got, err := show(w.B)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.version, w.B[len(w.B)-footerSize])
		})
	}
}

// payload makes one of a type and what follows it, in hexadecimal.
func payload(t Type, body ...string) []byte {
	b := []byte{byte(t)}
	for _, s := range body {
		part, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			panic(err)
		}
		b = append(b, part...)
	}
	return appendFooter(b, 0, kinds[t].version)
}

// TestFaults has an object of each type with something wrong about it.
func TestFaults(t *testing.T) {
	for name, bad := range map[string][]byte{
		"no string":               payload(TypeString),
		"a string cut off":        payload(TypeString, "05 61"),
		"an unknown form":         payload(TypeString, "C4 00"),
		"an unknown length":       payload(TypeString, "82 00"),
		"a length of an exabyte":  payload(TypeString, "81 1000000000000000 61"),
		"LZF that gives a lot":    payload(TypeString, "C3 03 80 1FFFFFFF E000FF"),
		"LZF that looks back":     payload(TypeString, "C3 03 05 00 20 05"),
		"LZF that is too short":   payload(TypeString, "C3 02 05 00 61"),
		"an empty list":           payload(TypeList, "00"),
		"a list that lies":        payload(TypeList, "81 7FFFFFFFFFFFFFFF 01 61"),
		"a set with a twin":       payload(TypeSet, "02 01 61 01 61"),
		"a set of a number twice": payload(TypeSet, "02 C0 05 01 35"),
		"a zset with a twin":      payload(TypeZSet2, "02 01 61 000000000000F03F 01 61 0000000000000040"),
		"a score that is none":    payload(TypeZSet2, "01 01 61 000000000000F87F"),
		"a score of letters":      payload(TypeZSet, "01 01 61 02 6162"),
		"a score that is none 2":  payload(TypeZSet, "01 01 61 FD"),
		"a hash with a twin":      payload(TypeHash, "02 01 61 01 62 01 61 01 62"),
		"a hash without a value":  payload(TypeHash, "01 01 61"),
		"an intset out of order":  payload(TypeSetIntset, "0C 02000000 02000000 0500 0400"),
		"an intset of odd width":  payload(TypeSetIntset, "0B 03000000 01000000 050000"),
		"an intset that lies":     payload(TypeSetIntset, "0A 02000000 02000000 0500"),
		"an empty intset":         payload(TypeSetIntset, "08 02000000 00000000"),
		"a listpack of one":       payload(TypeHashListpack, "09 09000000 0100 01 01 FF"),
		"a listpack cut off":      payload(TypeHashListpack, "08 09000000 0100 01 FF"),
		"a listpack that lies":    payload(TypeSetListpack, "0B 0B000000 0300 0101 0201 FF"),
		"a listpack's back":       payload(TypeSetListpack, "0B 0B000000 0200 0101 0202 FF"),
		"a listpack's early end":  payload(TypeSetListpack, "0B 0B000000 0200 0101 FF01 FF"),
		"a listpack's element":    payload(TypeSetListpack, "0B 0B000000 0200 0101 F901 FF"),
		"a listpack with a twin":  payload(TypeSetListpack, "0B 0B000000 0200 0101 0101 FF"),
		"an empty listpack":       payload(TypeSetListpack, "07 07000000 0000 FF"),
		"a ziplist's tail":        payload(TypeListZiplist, "0D 0D000000 0B000000 0100 00 F2 FF"),
		"a ziplist's previous":    payload(TypeListZiplist, "0D 0D000000 0A000000 0100 01 F2 FF"),
		"a ziplist's count":       payload(TypeListZiplist, "0D 0D000000 0A000000 0200 00 F2 FF"),
		"a ziplist's encoding":    payload(TypeListZiplist, "0D 0D000000 0A000000 0100 00 C1 FF"),
		"a zipmap's count":        payload(TypeHashZipmap, "08 02 0161 010062 FF"),
		"a zipmap cut off":        payload(TypeHashZipmap, "07 01 0161 0500 62 FF"),
		"a quicklist's container": payload(TypeListQuicklist2, "01 03 01 61"),
		"a quicklist's nothing":   payload(TypeListQuicklist2, "01 01 00"),
		"an expiry too late":      payload(TypeHashExpiring, "E803000000000000 01 81 0001000000000000 01 61 01 62"),
		"a least expiry too late": payload(TypeHashExpiring, "0000000000000100 01 00 01 61 01 62"),
		"an expiry of letters":    payload(TypeHashListpackEx, "0000000000000000 10 10000000 0300 8161 02 8162 02 8163 02 FF"),
		"a stream's key":          payload(TypeStream, "01 01 61 01 61"),
		"a stream's length":       payload(TypeStream, "00 01 0000 00"),
		"a stream cut off":        payload(TypeStream, "00 00 00"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := show(bad)
			assert.Equal(t, ErrFormat, err)
		})
	}
}

// TestOld reads what is no longer written.
func TestOld(t *testing.T) {
	for name, c := range map[string]struct {
		payload []byte
		want    string
	}{
		"zset":      {payload(TypeZSet, "03 01 61 03 312E35 01 62 FE 01 63 FF"), `"a"=1.5 "b"=+Inf "c"=-Inf`},
		"zipmap FF": {payload(TypeHashZipmap, "0B 01 0161 FF01000000 00 62 FF"), `"a"="b"@0`},
		"zipmap":    {payload(TypeHashZipmap, "0C 02 0161 0101 6200 0163 0000 FF"), `"a"="b"@0 "c"=""@0`},
		"ziplist":   {payload(TypeListZiplist, "0D 0D000000 0A000000 0100 00 F2 FF"), `"1"`},
		"hash":      {payload(TypeHashZiplist, "10 10000000 0D000000 0200 00 0161 03 F4 FF"), `"a"="3"@0`},
		"zset zip":  {payload(TypeZSetZiplist, "10 10000000 0D000000 0200 00 0161 03 F4 FF"), `"a"=3`},
		"intset":    {payload(TypeSetIntset, "0C 02000000 02000000 FFFF 0500"), `"-1" "5"`},
		"quicklist": {payload(TypeListQuicklist, "02 0B 0B000000 0A000000 0000 FF 0D 0D000000 0A000000 0100 00 F2 FF"), `"1"`},
		"hash ex":   {payload(TypeHashListpackEx, "E803000000000000 0F 0F000000 0300 8161 02 8162 02 0501 FF"), `"a"="b"@5`},
		"hash pre":  {payload(TypeHashExpiringPre, "01 05 01 61 01 62"), `"a"="b"@5`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := show(c.payload)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}
