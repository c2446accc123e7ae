package rdb

import (
	"encoding/binary"
	"hash/crc64"
)

// jones is the polynomial of Redis's checksums, bits reversed. Redis begins with 0
// and inverts nothing, while hash/crc64 inverts at both ends.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

func checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), jones, b) }

// footerSize is the number of bytes of version and checksum.
const footerSize = 10

// appendFooter ends the payload that b is from start on.
func appendFooter(b []byte, start int, version uint16) []byte {
	b = binary.LittleEndian.AppendUint16(b, version)
	return binary.LittleEndian.AppendUint64(b, checksum(b[start:]))
}

// body is a payload without its footer, if that is right.
func body(payload []byte) ([]byte, error) {
	n := len(payload) - footerSize
	if n < 0 || binary.LittleEndian.Uint16(payload[n:]) > maxVersion ||
		binary.LittleEndian.Uint64(payload[n+2:]) != checksum(payload[:n+2]) {
		return nil, ErrPayload
	}
	return payload[:n], nil
}
