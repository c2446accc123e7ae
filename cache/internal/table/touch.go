package table

import (
	"encoding/binary"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
)

// touchMany is how many look-ups Touch overlaps.
const touchMany = 64

// line is the bytes that come into the processor's caches at once.
const line = 64

// Touch reads what look-ups of these hashes will read, in a table of either form, all
// of one level of it before the next, so that the waits for memory overlap. The result
// means nothing; it keeps the compiler from dropping the reads.
func Touch(s *nodes.Store, root []byte, hashes []uint64) (touched byte) {
	top := rootNode(root)
	if top == 0 {
		return 0
	}
	for len(hashes) > touchMany {
		touched += Touch(s, root, hashes[:touchMany])
		hashes = hashes[touchMany:]
	}
	var at [touchMany][]byte // the nodes that each has come to
	var used [touchMany]uint8
	for i := range hashes {
		at[i] = s.Bytes(top)
	}
	for down := true; down; {
		down = false
		var next [touchMany]nodes.Handle
		for i, hash := range hashes {
			if node := at[i]; kindOf(node) == nodes.TableDir {
				bits := node[1]
				next[i] = slotAt(node, int(hash<<used[i]>>(64-bits)))
				used[i] += bits
				down = true
			}
		}
		for i := range hashes {
			if next[i] != 0 {
				at[i] = s.Bytes(next[i])
			}
		}
	}
	for i, hash := range hashes {
		switch kindOf(at[i]) {
		case nodes.TableBucket:
			touched += bucket(at[i]).touch(hash)
		case nodes.TableFixed:
			for off := line; off < len(at[i]); off += line {
				touched += at[i][off]
			}
		}
	}
	return touched
}

// touch reads a byte of the first entry that has the hash's tag.
func (b bucket) touch(hash uint64) byte {
	n, group := b.len(), b.head()
	for i := 0; i < n; i += groupLen {
		if marks := matches(binary.LittleEndian.Uint64(b[group:]), tagOf(hash)) & live(n-i); marks != 0 {
			return b[min(b.within(group, b.start(), first(marks)), len(b)-1)]
		}
		group += groupSize
	}
	return 0
}
