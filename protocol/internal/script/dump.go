package script

import (
	"encoding/binary"
	"hash/crc64"
	"strings"
)

// A dump of libraries is what redis-server makes of them: for each one
//
//	f5                 here comes a library
//	length, code       a string as in RDB files
//
// and at the end the version of RDB, two bytes, and a checksum of eight.

const (
	opFunction  = 0xf5
	rdbVersion  = 11
	newestRDB   = 12
	footerBytes = 10
)

// jones is the polynomial of Redis's checksums; hash/crc64 inverts at both ends, which
// Redis does not.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// checksum is Redis's CRC-64 of b.
func checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), jones, b) }

const errPayload = "ERR DUMP payload version or checksum are wrong"

// Dump writes all libraries.
func (e *Engine) Dump() []byte {
	var out []byte
	for _, lib := range e.Libraries() {
		out = append(out, opFunction)
		out = appendLength(out, len(lib.Code))
		out = append(out, lib.Code...)
	}
	out = binary.LittleEndian.AppendUint16(out, rdbVersion)
	return binary.LittleEndian.AppendUint64(out, checksum(out))
}

// appendLength writes a length as RDB does: in six bits, fourteen, or four bytes.
func appendLength(out []byte, n int) []byte {
	switch {
	case n < 1<<6:
		return append(out, byte(n))
	case n < 1<<14:
		return append(out, 0x40|byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(out, 0x80), uint32(n))
}

// Policy says what Restore does about libraries that are there.
type Policy uint8

// The policies.
const (
	PolicyAppend Policy = iota // collisions are errors
	PolicyReplace
	PolicyFlush // all that are there go
)

// Restore reads a dump. err is the text of an error reply.
func (e *Engine) Restore(payload []byte, policy Policy) (err string) {
	codes, err := readDump(payload)
	if err != "" {
		return err
	}
	var list []*Library
	for _, code := range codes {
		lib, err := e.build(code)
		if err != "" {
			return err
		}
		for _, other := range list {
			if other.Name == lib.Name {
				return "ERR Library " + lib.Name + " already exists"
			}
			for _, f := range lib.Functions {
				for _, g := range other.Functions {
					if f.Name == g.Name {
						return "ERR Function " + f.Name + " already exists"
					}
				}
			}
		}
		list = append(list, lib)
	}
	l := &e.libraries
	l.mu.Lock()
	defer l.mu.Unlock()
	if policy == PolicyFlush {
		l.reset() // and stay so, whatever comes
	}
	if err = l.collision(list, policy == PolicyReplace); err != "" {
		return strings.ReplaceAll(err, "'", "")
	}
	for _, lib := range list {
		if old := l.byName[lib.Name]; old != nil {
			l.remove(old)
		}
		l.add(lib)
	}
	e.forget()
	return ""
}

// readDump gives the codes of the libraries in a dump.
func readDump(payload []byte) (codes []string, err string) {
	n := len(payload) - footerBytes
	if n < 0 || binary.LittleEndian.Uint16(payload[n:]) > newestRDB ||
		binary.LittleEndian.Uint64(payload[n+2:]) != checksum(payload[:n+2]) {
		return nil, errPayload
	}
	for b := payload[:n]; len(b) > 0; {
		if b[0] != opFunction {
			return nil, "ERR given type is not a function"
		}
		code, rest, ok := readText(b[1:])
		if !ok {
			return nil, "ERR failed loading functions data"
		}
		codes = append(codes, string(code))
		b = rest
	}
	return codes, ""
}

// readText reads a string: plain, or compressed.
func readText(b []byte) (text, rest []byte, ok bool) {
	const compressed = 0xc3
	if len(b) > 0 && b[0] == compressed {
		packed, b, ok := readLength(b[1:])
		if !ok {
			return nil, nil, false
		}
		size, b, ok := readLength(b)
		if !ok || packed > len(b) || size > packed*256 {
			return nil, nil, false
		}
		text, ok = expand(b[:packed], size)
		return text, b[packed:], ok
	}
	n, b, ok := readLength(b)
	if !ok || n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// readLength reads what appendLength writes.
func readLength(b []byte) (n int, rest []byte, ok bool) {
	switch {
	case len(b) >= 1 && b[0]>>6 == 0:
		return int(b[0]), b[1:], true
	case len(b) >= 2 && b[0]>>6 == 1:
		return int(b[0]&0x3f)<<8 | int(b[1]), b[2:], true
	case len(b) >= 5 && b[0] == 0x80:
		return int(binary.BigEndian.Uint32(b[1:])), b[5:], true
	}
	return 0, nil, false
}

// expand undoes LZF: runs of literal bytes, and references back.
func expand(b []byte, size int) (out []byte, ok bool) {
	out = make([]byte, 0, size)
	for len(b) > 0 {
		c := int(b[0])
		b = b[1:]
		if c < 32 {
			if c+1 > len(b) {
				return nil, false
			}
			out = append(out, b[:c+1]...)
			b = b[c+1:]
			continue
		}
		n := c >> 5
		if n == 7 {
			if len(b) == 0 {
				return nil, false
			}
			n += int(b[0])
			b = b[1:]
		}
		if len(b) == 0 {
			return nil, false
		}
		from := len(out) - (c&31)<<8 - int(b[0]) - 1
		b = b[1:]
		if from < 0 || len(out)+n+2 > size {
			return nil, false
		}
		for i := range n + 2 {
			out = append(out, out[from+i])
		}
	}
	return out, len(out) == size
}
