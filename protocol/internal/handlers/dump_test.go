package handlers_test

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exact runs a command of which the arguments are what they are.
func (r *rig) exact(words ...string) string {
	argv := make([][]byte, len(words))
	for i, w := range words {
		argv[i] = []byte(w)
	}
	r.exec.Prepare([][][]byte{argv})
	return string(r.exec.Execute(r.session, argv, nil))
}

// payload ends an object, given in hexadecimal, as one of version 12.
func payload(t *testing.T, object string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(object, " ", ""))
	require.NoError(t, err)
	b = binary.LittleEndian.AppendUint16(b, 12)
	return string(binary.LittleEndian.AppendUint64(b, ^crc64.Update(^uint64(0), crc64.MakeTable(0x95ac9329ac4bc9b5), b)))
}

// TestRestoreNewer restores what Redis 7.2 and 7.4 have and 7.0 lacks: sets as
// listpacks, consumers that were active, fields that expire.
func TestRestoreNewer(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ object, encoding, question, answer string }{
		{"14 0B 0B000000 0200 8161 02 0501 FF", "", "", "-ERR Bad data format\r\n"}, // not 11 bytes
		{"14 0C 0C000000 0200 8161 02 0501 FF", "listpack", "SMEMBERS k", "*2\r\n$1\r\na\r\n$1\r\n5\r\n"},
		{"14 0E 0E000000 0300 8161 02 0501 8161 02 FF", "", "", "-ERR Bad data format\r\n"}, // a twin
		{"10 0F 0F000000 0300 8161 02 8162 02 0501 FF", "", "", "-ERR Bad data format\r\n"}, // half a pair
		{"16 01 81 0000018BCFE56801 01 61 01 62", "listpackex", "HPEXPIRETIME k FIELDS 1 a", "*1\r\n:1700000000001\r\n"},
		{"18 0168E5CF8B010000 02 00 01 61 01 62 01 01 63 01 64", "listpackex", "HPEXPIRETIME k FIELDS 2 a c", "*2\r\n:-1\r\n:1700000000001\r\n"},
		{"18 0168E5CF8B010000 01 81 FFFFFFFFFFFFFFFF 01 61 01 62", "", "", "-ERR Bad data format\r\n"}, // too late
		{"19 0168E5CF8B010000 17 17000000 0300 8161 02 8162 02 F4 0168E5CF8B010000 09 FF", "listpackex",
			"HPEXPIRETIME k FIELDS 1 a", "*1\r\n:1700000000001\r\n"},
		{"17 17 17000000 0300 8161 02 8162 02 F4 0168E5CF8B010000 09 FF", "listpackex", "HGET k a", "$1\r\nb\r\n"},
		{"12 01 01 03 616263", "quicklist", "LRANGE k 0 -1", "*1\r\n$3\r\nabc\r\n"}, // an element by itself
		{"12 02 02 09 09000000 0100 0101 FF 02 09 09000000 0100 0101 FF", "quicklist", "LRANGE k 0 -1", "*2\r\n$1\r\n1\r\n$1\r\n1\r\n"},
		{"12 02 02 09 09000000 0100 0101 FF 02 07 07000000 0000 FF", "listpack", "LRANGE k 0 -1", "*1\r\n$1\r\n1\r\n"},
	} {
		r.do("DEL k")
		reply := r.exact("RESTORE", "k", "0", payload(t, c.object))
		if c.encoding == "" {
			assert.Equal(t, c.answer, reply, c.object)
			continue
		}
		require.Equal(t, "+OK\r\n", reply, c.object)
		assert.Equal(t, []string{c.encoding}, bulks(r.do("OBJECT ENCODING k")), c.object)
		assert.Equal(t, c.answer, r.do(c.question), c.object)
	}
	require.NoError(t, r.server.Cache.Check())
}

// TestDumpForms looks at the first byte and the version of what is dumped: the oldest
// that does.
func TestDumpForms(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		commands      string
		form, version byte
	}{
		{"SET k v", 0, 6},
		{"RPUSH k v", 1, 6},
		{"SADD k 1", 2, 6},
		{"SADD k v", 2, 6},
		{"ZADD k 1 v", 5, 8},
		{"HSET k f v", 4, 6},
		{"HSET k f v;HPEXPIRE k 1000 FIELDS 1 f", 24, 12},
		{"HSET k f v;HPEXPIRE k 1000 FIELDS 1 f;HPERSIST k FIELDS 1 f", 4, 6},
		{"XADD k 1-1 f v", 15, 9},
		{"XADD k 1-1 f v;XADD k 1-2 f v;XDEL k 1-1", 19, 10},
		{"XADD k 1-1 f v;XGROUP CREATE k g 0 ENTRIESREAD 5", 19, 10},
	} {
		r.do("DEL k")
		for command := range strings.SplitSeq(c.commands, ";") {
			r.do(command)
		}
		reply := r.do("DUMP k")
		_, dumped, _ := strings.Cut(strings.TrimSuffix(reply, "\r\n"), "\r\n")
		assert.Equal(t, c.form, dumped[0], c.commands)
		assert.Equal(t, c.version, dumped[len(dumped)-10], c.commands)
	}
}

// TestDebugReload keeps values, expiries and what is known of streams.
func TestDebugReload(t *testing.T) {
	r := newRig(t)
	r.fill(1000)
	for _, command := range []string{
		"HSET h a 1 b 2", "HPEXPIRE h 5000 FIELDS 1 a", "SET e v PX 7000", "XADD x 1-1 f v", "XADD x 1-2 f v", "XDEL x 1-2",
		"XGROUP CREATE x g 0", "XREADGROUP GROUP g c STREAMS x >",
	} {
		r.do(command)
	}
	before := r.do("DEBUG DIGEST")
	r.now += 100
	stream := r.do("XINFO STREAM x FULL")
	assert.Equal(t, "+OK\r\n", r.do("DEBUG RELOAD"))
	assert.Equal(t, before, r.do("DEBUG DIGEST"))
	assert.Equal(t, stream, r.do("XINFO STREAM x FULL"))
	r.script([2]string{"PTTL e", ":6900"}, [2]string{"HPTTL h FIELDS 2 a b", "*2 :4900 :-1"}, [2]string{"DBSIZE", ":1003"})
	require.NoError(t, r.server.Cache.Check())
}
