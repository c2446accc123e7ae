package handlers

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainLCS is Redis's algorithm as it stands there: the whole table, cell by
// cell, and the walk back through it.
func plainLCS(a, b string) (length int, matches []lcsMatch) {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := range table[i] {
			switch {
			case i == 0 || j == 0:
			case a[i-1] == b[j-1]:
				table[i][j] = table[i-1][j-1] + 1
			default:
				table[i][j] = max(table[i-1][j], table[i][j-1])
			}
		}
	}
	var m lcsMatch
	emit := func() {
		if m.length > 0 {
			matches = append(matches, m)
		}
		m = lcsMatch{}
	}
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			i, j = i-1, j-1
			m = lcsMatch{i, j, m.length + 1}
			if i == 0 || j == 0 {
				emit()
			}
		case table[i-1][j] > table[i][j-1]:
			emit()
			i--
		default:
			emit()
			j--
		}
	}
	return table[len(a)][len(b)], matches
}

func checkLCS(t *testing.T, a, b string) {
	t.Helper()
	length, matches := plainLCS(a, b)
	table := newLCSTable([]byte(a), []byte(b))
	require.Equal(t, length, table.length, "%q %q", a, b)
	require.Equal(t, length, lcsLength([]byte(a), []byte(b)), "%q %q", a, b)
	var got []lcsMatch
	table.walk(func(m lcsMatch) { got = append(got, m) })
	require.Equal(t, matches, got, "%q %q", a, b)
}

func TestLCSAgainstTheTable(t *testing.T) {
	for _, pair := range [][2]string{
		{"", ""}, {"a", ""}, {"", "a"}, {"a", "a"}, {"a", "b"}, {"ohmytext", "mynewtext"},
		{strings.Repeat("ab", 32), strings.Repeat("ba", 32)},
		{strings.Repeat("a", 200), strings.Repeat("a", 64)},
		{strings.Repeat("a", 64), strings.Repeat("a", 200)},
	} {
		checkLCS(t, pair[0], pair[1])
	}
	// Few letters make many ties; lengths go past one and two machine words.
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		letters := 1 + rnd.IntN(6)
		b := make([]byte, rnd.IntN([]int{4, 20, 70, 200}[rnd.IntN(4)]))
		for i := range b {
			b[i] = byte('a' + rnd.IntN(letters))
		}
		return string(b)
	}
	for range 3000 {
		checkLCS(t, text(), text())
	}
}

func TestLCSTooLarge(t *testing.T) {
	const limit = 512 << 20
	assert.Empty(t, lcsTooLarge(0, 0, limit))
	assert.Empty(t, lcsTooLarge(11584, 11584, limit), "11585² cells of 4 bytes")
	assert.NotEmpty(t, lcsTooLarge(11585, 11585, limit))
	assert.Empty(t, lcsTooLarge(0, limit/4-1, limit))
	assert.NotEmpty(t, lcsTooLarge(0, limit/4, limit))
	assert.NotEmpty(t, lcsTooLarge(1<<40, 1<<40, limit), "no overflow hides a size")
}

// BenchmarkLCS is the largest pair that the default limit allows.
func BenchmarkLCS(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func() []byte {
		s := make([]byte, 11584)
		for i := range s {
			s[i] = byte('a' + rnd.IntN(26))
		}
		return s
	}
	x, y := text(), text()
	b.Run("length", func(b *testing.B) {
		for range b.N {
			lcsLength(x, y)
		}
	})
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			newLCSTable(x, y).walk(func(lcsMatch) {})
		}
	})
}
