package trace

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// request is one that can be compared.
type request struct {
	at   time.Duration
	op   Op
	key  string
	size int64
	ttl  time.Duration
}

// all reads a trace to its end.
func all(r *Reader) (list []request, err error) {
	var q Request
	for err = r.Next(&q); err == nil; err = r.Next(&q) {
		list = append(list, request{q.At, q.Op, string(q.Key), q.Size, q.TTL})
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return list, err
}

func read(text string, f Format) ([]request, error) {
	r, err := New(strings.NewReader(text), f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return all(r)
}

// records are some in oracleGeneral's form.
func records(list ...request) string {
	var b []byte
	for _, q := range list {
		id := uint64(0)
		_, _ = fmt.Sscanf(q.key, "%x", &id)
		b = binary.LittleEndian.AppendUint32(b, uint32(q.at/time.Second))
		b = binary.LittleEndian.AppendUint64(b, id)
		b = binary.LittleEndian.AppendUint32(b, uint32(q.size))
		b = binary.LittleEndian.AppendUint64(b, ^uint64(0))
	}
	return string(b)
}

func TestFormats(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		text string
		form Format
		want []request
	}{
		"names": {"op,key,size,ttl\nget,a,10,0\nSET,b,20,60\r\n\ndelete,a,0,\n", CSV,
			[]request{{0, Get, "a", 10, 0}, {0, Set, "b", 20, 60 * s}, {0, Delete, "a", 0, 0}}},
		"other names, other order": {"Timestamp, obj_id ,next,obj_size\n100,k 1,7,5\n102.5,k2,7,6", CSV,
			[]request{{0, Get, "k 1", 5, 0}, {2500 * time.Millisecond, Get, "k2", 6, 0}}},
		"keys only":              {"key\nx\ny\n", CSV, []request{{0, Get, "x", 0, 0}, {0, Get, "y", 0, 0}}},
		"a clock that goes back": {"time,key\n10,x\n5,y\n12,z\n", CSV, []request{{0, Get, "x", 0, 0}, {0, Get, "y", 0, 0}, {2 * s, Get, "z", 0, 0}}},
		"twitter": {"0,abc,3,100,1,get,0\n1,def,3,50,2,add,3600\n1,def,3,0,2,delete,0\n", Twitter,
			[]request{{0, Get, "abc", 100, 0}, {s, Set, "def", 50, 3600 * s}, {s, Delete, "def", 0, 0}}},
		"arc": {"5 3 0 0\n9 1 0 1\n", ARC,
			[]request{{0, Get, "5", 512, 0}, {0, Get, "6", 512, 0}, {0, Get, "7", 512, 0}, {0, Get, "9", 512, 0}}},
		"oracle": {records(request{50 * s, Get, "ff", 7, 0}, request{53 * s, Get, "fffffffffffffff0", 1 << 30, 0}), Oracle,
			[]request{{0, Get, "00000000000000ff", 7, 0}, {3 * s, Get, "fffffffffffffff0", 1 << 30, 0}}},
		"nothing":    {"", Oracle, nil},
		"no request": {"key\n", CSV, nil},
	} {
		got, err := read(c.text, c.form)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, got, name)
		if c.form != Oracle {
			r, err := New(strings.NewReader(c.text), Auto)
			require.NoError(t, err, name)
			assert.Equal(t, c.form, r.Format, name)
		}
	}
}

// What is wrong is said with the place; what came before it has been read.
func TestWrong(t *testing.T) {
	for want, c := range map[string]struct {
		text string
		form Format
		good int
	}{
		"begins with a line of names":           {"", CSV, 0},
		"line 1: none of the names is key":      {"op,size\n", CSV, 0},
		`line 1: "id" says again`:               {"key,id\n", CSV, 0},
		"line 3: 1 values instead of 2":         {"key,size\na,1\nb\n", CSV, 1},
		"line 2: more than 1 values":            {"key\na,1\n", CSV, 0},
		"line 2: no key":                        {"key,size\n,1\n", CSV, 0},
		`line 2: "-1" is no whole number`:       {"key,size\na,-1\n", CSV, 0},
		"line 2: a value of 4294967296 bytes":   {"key,size\na,4294967296\n", CSV, 0},
		`line 4: "frob" is no operation`:        {"op,key\n\nget,a\nfrob,b\n", CSV, 1},
		`line 2: "NaN" is no time`:              {"key,ttl\na,NaN\n", CSV, 0},
		`line 2: "1e300" is no time`:            {"time,key\n1e300,a\n", CSV, 0},
		"line 2: longer than 262144 bytes":      {"key\n" + strings.Repeat("x", 1<<20), CSV, 0},
		"line 2: 6 values instead of 7":         {"0,abc,3,100,1,get,0\n1,def,3,50,2,get\n", Twitter, 1},
		"line 1: 3 numbers instead of 4":        {"1 2 3\n", ARC, 0},
		"line 1: 0 blocks":                      {"1 0 0 0\n", ARC, 0},
		"line 1: 99999999999 blocks":            {"1 99999999999 0 0\n", ARC, 0},
		"record 2: it ends after 10 of 24 byte": {records(request{key: "1"}) + "0123456789", Oracle, 1},
	} {
		got, err := read(c.text, c.form)
		assert.ErrorContains(t, err, want)
		assert.Len(t, got, c.good, want)
	}
	_, err := New(strings.NewReader(""), "xml")
	assert.ErrorContains(t, err, `"xml"`)
}

func TestParseFormat(t *testing.T) {
	for _, name := range []string{"", "csv", "twitter", "arc", "oracle"} {
		f, err := ParseFormat(name)
		require.NoError(t, err)
		assert.Equal(t, Format(name), f)
	}
	f, err := ParseFormat("auto")
	require.NoError(t, err)
	assert.Equal(t, Auto, f)
	_, err = ParseFormat("xml")
	assert.ErrorContains(t, err, `"xml"`)
}

// packed are ways to compress a file.
var packed = map[string]func(w io.Writer) io.WriteCloser{
	".gz": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	".zst": func(w io.Writer) io.WriteCloser {
		z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) // fails for bad options only
		return z
	},
}

func TestOpen(t *testing.T) {
	dir, text := t.TempDir(), records(request{key: "1", size: 2}, request{key: "3", size: 4})
	plain := filepath.Join(dir, "w01.oracleGeneral.bin")
	require.NoError(t, os.WriteFile(plain, []byte(text), 0o600))
	r, err := Open(plain, Auto)
	require.NoError(t, err)
	want, err := all(r)
	require.NoError(t, err)
	assert.Len(t, want, 2)
	assert.Equal(t, int64(len(text)), r.Consumed())
	require.NoError(t, r.Close())
	for suffix, writer := range packed {
		var b bytes.Buffer
		w := writer(&b)
		_, err := io.WriteString(w, text)
		require.NoError(t, errors.Join(err, w.Close()))
		path := filepath.Join(dir, "w01.oracleGeneral"+suffix)
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
		r, err := Open(path, Auto)
		require.NoError(t, err)
		got, err := all(r)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		require.NoError(t, r.Close())

		// Cut short, it says where.
		require.NoError(t, os.WriteFile(path, b.Bytes()[:b.Len()-5], 0o600))
		if r, err = Open(path, Auto); err == nil {
			_, err = all(r)
			r.Close()
		}
		assert.Error(t, err, suffix)
	}
	_, err = Open(filepath.Join(dir, "nosuch"), Auto)
	assert.ErrorIs(t, err, os.ErrNotExist)
	for name, want := range map[string]Format{"a.csv": Auto, "P1.lis": ARC, "x.ARC.gz": ARC, "y.bin.zst": Oracle, "z": Auto} {
		assert.Equal(t, want, byName(name), name)
	}
}

// Reading a request allocates nothing.
func TestNoAllocation(t *testing.T) {
	for _, c := range []struct {
		text string
		form Format
	}{
		{strings.Repeat("12,some:key,8,100,1,get,60\n", 2000), Twitter},
		{records(make([]request, 2000)...), Oracle},
		{"7 2000 0 0\n", ARC},
	} {
		r, err := New(strings.NewReader(c.text), c.form)
		require.NoError(t, err)
		var q Request
		assert.Zero(t, testing.AllocsPerRun(1000, func() { _ = r.Next(&q) }), c.form)
	}
}

// Traces come from anywhere: a broken one is an error and no more requests.
func FuzzReader(f *testing.F) {
	f.Add([]byte("op,key,size,ttl\nget,a,10,0\nset,b,20,60\n"), 0)
	f.Add([]byte("0,abc,3,100,1,get,0\n1,def,3,50,2,add,3600\n"), 0)
	f.Add([]byte("5 3 0 0\n9 1 0 1\n"), 0)
	f.Add([]byte(records(request{key: "1", size: 2}, request{key: "3", size: 4})), 1)
	for _, writer := range packed {
		var b bytes.Buffer
		w := writer(&b)
		_, _ = io.WriteString(w, "key,size\na,1\nb,2\n")
		_ = w.Close()
		f.Add(b.Bytes(), 0)
	}
	formats := []Format{Auto, Oracle, CSV, Twitter, ARC}
	f.Fuzz(func(t *testing.T, text []byte, form int) {
		r, err := New(bytes.NewReader(text), formats[uint(form)%uint(len(formats))])
		if err != nil {
			return
		}
		defer r.Close()
		last, q := time.Duration(0), Request{}
		for range 5000 {
			if err := r.Next(&q); err != nil {
				return
			}
			if len(q.Key) == 0 || q.Size < 0 || q.Size > MaxSize || q.TTL < 0 || q.At < last {
				t.Fatalf("not a request: %+v", q)
			}
			last = q.At
		}
	})
}
