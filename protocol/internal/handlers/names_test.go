package handlers

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestFoldIsToLowerOfASCII(t *testing.T) {
	for c := range 256 {
		want := byte(c)
		if c >= 'A' && c <= 'Z' {
			want += 'a' - 'A'
		}
		for at := range 8 {
			// The neighbours must not be touched, whatever they are.
			for _, other := range []byte{0, 'A', 'z', 0xff} {
				w := uint64(other) * 0x0101010101010101
				w = w&^(0xff<<(8*at)) | uint64(c)<<(8*at)
				assert.Equal(t, want, byte(fold(w)>>(8*at)), "%#x at %d beside %#x", c, at, other)
			}
		}
	}
}

func nothing(*Context) {}

func TestNamesFindWhatIsThereAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]byte("abABxz_-09|")), 0, 20)
		list := rapid.SliceOfNDistinct(letters, 1, 40, func(b []byte) string {
			return strings.ToLower(string(b))
		}).Draw(t, "names")
		var commands []*Command
		known := map[string]*Command{}
		for _, b := range list {
			name := strings.ToLower(string(b))
			c := &Command{Entry: command.Entry{Spec: &command.Spec{Name: name}}}
			commands, known[name] = append(commands, c), c
		}
		n := newNames(commands)
		for _, b := range list {
			assert.Same(t, known[strings.ToLower(string(b))], n.find(b))
			assert.Same(t, known[strings.ToLower(string(b))], n.find(bytes.ToUpper(b)))
		}
		other := letters.Draw(t, "other")
		assert.Equal(t, known[strings.ToLower(string(other))], n.find(other))
	})
}

func TestTableFindsSubcommands(t *testing.T) {
	table := BuildTable([]Row{
		{Spec: command.Spec{Name: "get", Arity: 2, Keys: []command.KeySpec{command.KeyAt(1, "RO")}}, Run: nothing},
		{Spec: command.Spec{Name: "client", Arity: -2}, Subs: []Row{
			{Spec: command.Spec{Name: "list", Arity: -2}, Run: nothing},
			{Spec: command.Spec{Name: "id", Arity: 2}, Run: nothing},
		}},
	})
	words := func(s ...string) (list [][]byte) {
		for _, w := range s {
			list = append(list, []byte(w))
		}
		return list
	}
	assert.Equal(t, "get", table.Find(words("GET", "k")).FullName)
	assert.Equal(t, 1, table.Find(words("get")).Key)
	assert.Equal(t, "client|list", table.Find(words("Client", "LIST")).FullName)
	assert.Equal(t, "client", table.Find(words("client")).FullName)
	assert.Nil(t, table.Find(words("client", "nosuch")))
	assert.Nil(t, table.Find(words("nosuch")))
	assert.Nil(t, table.Find(words("")))
	assert.Equal(t, "client|id", table.Named("CLIENT|ID").FullName)
	assert.Nil(t, table.Named("get|x"))
	assert.Nil(t, table.Named("client|id|x"))
	assert.Equal(t, []string{"client", "client|id", "client|list", "get"}, table.Names())
}

func TestTableRefusesBrokenRows(t *testing.T) {
	one := Row{Spec: command.Spec{Name: "get"}, Run: nothing}
	assert.Panics(t, func() { BuildTable([]Row{one, one}) })
	assert.Panics(t, func() { BuildTable([]Row{{Spec: command.Spec{Name: "get"}}}) })
}

func BenchmarkFind(b *testing.B) {
	table := NewTable()
	args := [][]byte{[]byte("PING")}
	for b.Loop() {
		table.Find(args)
	}
}
