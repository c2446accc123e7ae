package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Open opens a file; with Auto, its name and its beginning tell the format.
func Open(path string, format Format) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if format == Auto {
		format = byName(path)
	}
	r, err := New(f, format)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.close = append([]func() error{f.Close}, r.close...)
	return r, nil
}

// byName guesses a format from a file's name; Auto if it is some text.
func byName(path string) Format {
	name := strings.ToLower(filepath.Base(path))
	for _, suffix := range []string{".gz", ".zst", ".zstd"} {
		name = strings.TrimSuffix(name, suffix)
	}
	switch {
	case strings.Contains(name, "oraclegeneral"), strings.HasSuffix(name, ".bin"):
		return Oracle
	case strings.HasSuffix(name, ".arc"), strings.HasSuffix(name, ".lis"):
		return ARC
	}
	return Auto
}

// The sizes of buffers, in bytes: a line must fit into the first.
const (
	bufferSize  = 256 << 10
	zstdMemory  = 256 << 20
	magicLength = 4
)

// New reads a trace from a stream. The caller closes the stream after the Reader.
func New(in io.Reader, format Format) (*Reader, error) {
	r := &Reader{Format: format, raw: &counter{Reader: in}}
	if err := r.decompress(); err != nil {
		return nil, err
	}
	if r.Format == Auto {
		r.Format = r.sniff()
	}
	switch r.Format {
	case CSV:
		r.parse = (*Reader).csv
		if err := r.head(); err != nil {
			return nil, err
		}
	case Twitter:
		r.columns, r.parse = twitterColumns, (*Reader).csv
	case ARC:
		r.parse = (*Reader).arc
	case Oracle:
		r.parse = (*Reader).oracle
	default:
		return nil, fmt.Errorf("there is no format %q", format)
	}
	return r, nil
}

// decompress puts what unpacks the stream in front of it.
func (r *Reader) decompress() error {
	raw := bufio.NewReaderSize(r.raw, bufferSize)
	magic, _ := raw.Peek(magicLength) // a shorter stream is not compressed
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(raw)
		if err != nil {
			return err
		}
		r.in, r.close = bufio.NewReaderSize(z, bufferSize), append(r.close, z.Close)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// One goroutine: the processors are the servers' that are measured.
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(zstdMemory))
		if err != nil {
			return err
		}
		r.in, r.close = bufio.NewReaderSize(z, bufferSize), append(r.close, func() error { z.Close(); return nil })
	default:
		r.in = raw
	}
	return nil
}

// sniff tells the formats of text apart by the first line.
func (r *Reader) sniff() Format {
	text, _ := r.in.Peek(4 << 10)
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	line = bytes.TrimSpace(line)
	switch {
	case len(bytes.Fields(line)) == 4 && !bytes.ContainsRune(line, ','):
		return ARC
	case bytes.Count(line, []byte{','}) == 6 && len(line) > 0 && line[0] >= '0' && line[0] <= '9':
		return Twitter
	}
	return CSV
}
