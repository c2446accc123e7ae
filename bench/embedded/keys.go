package embedded

import (
	"strings"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// keySize is the length of all keys, in bytes.
const keySize = 16

// keyRoom is where keys are written, one at a time.
type keyRoom [keySize]byte

const hexDigits = "0123456789abcdef"

// write writes key number n: sixteen digits of a hash of n, so that neighbours have
// nothing in common. The hash is a bijection, so keys differ where numbers do.
func (r *keyRoom) write(n uint64) []byte {
	h := dist.Hash(n)
	for i := range r {
		r[i] = hexDigits[h>>(60-4*i)&15]
	}
	return r[:]
}

// keys are many keys in one piece of memory, in both forms.
type keys struct {
	bytes []byte
	text  string
}

// keysOf are the keys of the numbers that next gives, n of them.
func keysOf(n int, next func() uint64) keys {
	var b strings.Builder
	b.Grow(n * keySize)
	var room keyRoom
	for range n {
		b.Write(room.write(next()))
	}
	text := b.String()
	return keys{[]byte(text), text}
}

func (k *keys) len() int { return len(k.text) / keySize }

func (k *keys) at(i int) key {
	i *= keySize
	return key{k.bytes[i : i+keySize : i+keySize], k.text[i : i+keySize]}
}

// ascending gives 0, 1, 2 and so on.
func ascending() func() uint64 {
	n := uint64(0)
	return func() uint64 { n++; return n - 1 }
}

// fillPiece is the number of keys that are made at a time.
const fillPiece = 1 << 16

// fill stores keys 0 to n-1.
func fill(s store, n int, value []byte) {
	next := ascending()
	for n > 0 {
		piece := keysOf(min(n, fillPiece), next)
		for i := range piece.len() {
			s.set(piece.at(i), value)
			if i%1024 == 0 {
				s.settle() // ristretto drops what comes too fast
			}
		}
		n -= piece.len()
	}
	s.settle()
}

// oneKey makes one key at a time in both forms. The string is made anew for each, as
// it is where keys come from requests; stores that take bytes need not pay for it.
type oneKey struct{ room keyRoom }

func newOneKey() *oneKey { return new(oneKey) }

func (o *oneKey) write(n uint64) key {
	b := o.room.write(n)
	return key{b, string(b)}
}
