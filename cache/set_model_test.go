package cache

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// setModel runs operations, which it reads from bytes, on sets and on plain maps.
type setModel struct {
	*setRig
	data []byte
	sets map[string]map[string]bool
}

func (m *setModel) next() int {
	if len(m.data) == 0 {
		return 0
	}
	b := m.data[0]
	m.data = m.data[1:]
	return int(b)
}

func (m *setModel) key() string { return "set" + strconv.Itoa(m.next()%5) }

// member is one of some hundreds, of every kind and length.
func (m *setModel) member() string {
	n := m.next()
	switch m.next() % 8 {
	case 0:
		return "w" + strconv.Itoa(n)
	case 1:
		return string(bytes.Repeat([]byte{byte(n)}, n%20))
	case 2:
		return string(bytes.Repeat([]byte{byte(n%7 + 'a')}, n*n%9000))
	case 3:
		return strconv.Itoa((n - 128) * 300)
	case 4:
		return strconv.Itoa((n - 128) * 1_000_000_000_000)
	case 5:
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func (m *setModel) memberList() []string {
	n := 1
	if m.next()%4 == 0 {
		n = m.next()%70 + 1
	}
	list := make([]string, n)
	for i := range list {
		list[i] = m.member()
	}
	return list
}

func (m *setModel) keyList() []string {
	list := make([]string, 1+m.next()%4)
	for i := range list {
		list[i] = m.key()
	}
	return list
}

func (m *setModel) put(key string, set map[string]bool) {
	if delete(m.sets, key); len(set) > 0 {
		m.sets[key] = set
	}
}

// compare looks at everything that can be read of a set.
func (m *setModel) compare(key string) {
	want := m.sets[key]
	got := map[string]bool{}
	for _, member := range m.members(key) {
		if got[member] || !want[member] {
			m.t.Fatalf("%q is there, or there twice", member)
		}
		got[member] = true
	}
	require.Equal(m.t, len(want), len(got))
	name := []byte(key)
	for member := range want {
		if is, err := m.tx.SIsMember(name, []byte(member)); !is || err != nil {
			m.t.Fatalf("%q is missing: %v", member, err)
		}
	}
	require.Equal(m.t, len(want) > 0, m.tx.Exists(name))
	if len(want) > 0 {
		info, _ := m.tx.Object(name)
		require.Equal(m.t, len(want), info.Length)
	}
}

// step runs one operation.
func (m *setModel) step() {
	key := m.key()
	set := m.sets[key]
	switch m.next() % 16 {
	case 0, 1, 2, 3, 4:
		m.doAdd(key, m.memberList())
	case 5, 6:
		list, removed := m.memberList(), 0
		for _, member := range list {
			if set[member] {
				delete(set, member)
				removed++
			}
		}
		m.put(key, set)
		n, err := m.tx.SRem([]byte(key), setBytes(list)...)
		require.NoError(m.t, err)
		require.Equal(m.t, removed, n)
	case 7:
		m.doMove(key, m.key(), m.member())
	case 8:
		m.doPop(key, m.next()*m.next()/200)
	case 9:
		m.doSample(key, (m.next()-100)*m.next()/100)
	case 10, 11, 12:
		m.doAlgebra(m.next()%3, key, m.keyList())
	case 13:
		m.doScan(key)
	case 14:
		if m.next()%8 == 0 {
			require.Equal(m.t, set != nil, m.tx.Delete([]byte(key)))
			delete(m.sets, key)
		}
	case 15:
		m.doAdd(key, setWords("m", m.next()*8)) // grows large
	}
	m.compare(key)
}

func (m *setModel) doAdd(key string, list []string) {
	if len(list) == 0 {
		return
	}
	set, added := m.sets[key], 0
	if set == nil {
		set = map[string]bool{}
	}
	for _, member := range list {
		if !set[member] {
			set[member] = true
			added++
		}
	}
	m.put(key, set)
	require.Equal(m.t, added, m.add(key, list...))
}

func (m *setModel) doMove(from, to, member string) {
	had := m.sets[from][member]
	moved, err := m.tx.SMove([]byte(from), []byte(to), []byte(member))
	require.NoError(m.t, err)
	require.Equal(m.t, had, moved)
	if had && from != to {
		delete(m.sets[from], member)
		m.put(from, m.sets[from])
		if m.sets[to] == nil {
			m.sets[to] = map[string]bool{}
		}
		m.sets[to][member] = true
	}
	m.compare(to)
}

func (m *setModel) doPop(key string, count int) {
	set := m.sets[key]
	want, got := min(count, len(set)), 0
	n, err := m.tx.SPop([]byte(key), count, func(member []byte) {
		require.True(m.t, set[string(member)], "%q", member)
		delete(set, string(member))
		got++
	})
	require.NoError(m.t, err)
	require.Equal(m.t, []int{want, want}, []int{n, got})
	m.put(key, set)
}

func (m *setModel) doSample(key string, count int) {
	set, n, seen := m.sets[key], 0, map[string]bool{}
	err := m.tx.SRandMember([]byte(key), count, func(member []byte) bool {
		if !set[string(member)] || count > 0 && seen[string(member)] {
			m.t.Fatalf("%q is not there, or came twice", member)
		}
		seen[string(member)] = true
		n++
		return true
	})
	require.NoError(m.t, err)
	switch {
	case len(set) == 0:
		require.Zero(m.t, n)
	case count < 0:
		require.Equal(m.t, -count, n)
	default:
		require.Equal(m.t, min(count, len(set)), n)
	}
}

// doAlgebra does an intersection, a union or a difference, stored or handed out.
func (m *setModel) doAlgebra(op int, dst string, keys []string) {
	want := maps.Clone(m.sets[keys[0]])
	for _, key := range keys[1:] {
		for member := range m.sets[key] {
			if op == 1 && want == nil {
				want = map[string]bool{}
			}
			if op == 1 {
				want[member] = true
			} else if op == 2 {
				delete(want, member)
			}
		}
		maps.DeleteFunc(want, func(member string, _ bool) bool { return op == 0 && !m.sets[key][member] })
	}
	got := map[string]bool{}
	read := [3]func([][]byte, func([]byte) bool) error{m.tx.SInter, m.tx.SUnion, m.tx.SDiff}[op]
	require.NoError(m.t, read(setBytes(keys), func(member []byte) bool {
		if got[string(member)] || !want[string(member)] {
			m.t.Fatalf("%q is in the result, or twice", member)
		}
		got[string(member)] = true
		return true
	}))
	require.Equal(m.t, len(want), len(got))
	if op == 0 {
		limit := m.next() % 5
		n, err := m.tx.SInterCard(setBytes(keys), limit)
		require.NoError(m.t, err)
		if limit == 0 || limit > len(want) {
			limit = len(want)
		}
		require.Equal(m.t, limit, n)
	}
	store := [3]func([]byte, [][]byte) (int, error){m.tx.SInterStore, m.tx.SUnionStore, m.tx.SDiffStore}[op]
	n, err := store([]byte(dst), setBytes(keys))
	require.NoError(m.t, err)
	require.Equal(m.t, len(want), n)
	m.put(dst, want)
}

// doScan goes through a set, with changes in between: what stays is seen.
func (m *setModel) doScan(key string) {
	stays, seen := maps.Clone(m.sets[key]), map[string]bool{}
	for cursor, rounds := uint64(0), 0; ; rounds++ {
		next, err := m.tx.SScan([]byte(key), cursor, ScanOptions{Count: 1 + m.next()%30}, func(member []byte) {
			seen[string(member)] = true
		})
		require.NoError(m.t, err)
		if cursor = next; cursor == 0 {
			break
		}
		require.Less(m.t, rounds, 10_000)
		if rounds%3 == 0 {
			m.doAdd(key, m.memberList())
		} else if member := m.member(); len(m.sets[key]) > 1 {
			_, _ = m.tx.SRem([]byte(key), []byte(member))
			delete(m.sets[key], member)
			delete(stays, member)
			m.put(key, m.sets[key])
		}
	}
	for member := range stays {
		require.True(m.t, seen[member], "%q was not seen", member)
	}
}

// runSetModel takes the thresholds from the first bytes, then operations.
func runSetModel(t testing.TB, data []byte) {
	m := &setModel{data: data, sets: map[string]map[string]bool{}}
	l := DefaultLimits()
	if m.next()%2 == 0 {
		pick := []int{0, 1, 3, 10, 100, 1000, math.MaxInt}
		l.SetMaxInts = pick[m.next()%len(pick)]
		l.SetMaxPackedEntries = pick[m.next()%len(pick)]
		l.SetMaxPackedValue = pick[m.next()%len(pick)]
	}
	m.setRig = newSetRig(t, l)
	for n := 0; len(m.data) > 0; n++ {
		if m.step(); n%16 == 0 {
			m.check()
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.sets)) {
		m.compare(key)
	}
}

func TestSetModel(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runSetModel(t, randomData(seed, 3000)) })
	}
}

func FuzzSet(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(randomData(seed, 400))
	}
	f.Fuzz(func(t *testing.T, data []byte) { runSetModel(t, data[:min(len(data), 2000)]) })
}

// chiSquare is how far counts are from being equal.
func chiSquare(counts map[string]int, members, picks int) float64 {
	expected, sum := float64(picks)/float64(members), 0.0
	for _, n := range counts {
		sum += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	return sum + expected*float64(members-len(counts))
}

// TestSetRandomIsUniform picks members of sets of every form in every way, and asks
// whether each has come as often as the others: for this many degrees of freedom
// chance alone goes beyond the bound once in some hundred million times.
func TestSetRandomIsUniform(t *testing.T) {
	l := DefaultLimits()
	r := newSetRig(t, l)
	r.add("ints", setWords("", 100)...)
	r.add("words", setWords("w", 100)...)
	r.add("table", setWords("m", 1000)...)
	for key, size := range map[string]int{"ints": 100, "words": 100, "table": 1000} {
		for _, count := range []int{1, 7, size / 2, size - 3, -5} {
			counts, picks := map[string]int{}, 0
			for picks < 50*size {
				require.NoError(t, r.tx.SRandMember([]byte(key), count, func(member []byte) bool {
					counts[string(member)]++
					picks++
					return true
				}))
			}
			bound := float64(size) + 6*math.Sqrt(2*float64(size))
			require.Less(t, chiSquare(counts, size, picks), bound, "%s %d", key, count)
		}
	}
}

// TestSetPopIsUniform refills a set over and over and counts what is popped.
func TestSetPopIsUniform(t *testing.T) {
	r := newSetRig(t, DefaultLimits())
	for key, prefix := range map[string]string{"ints": "", "words": "w"} {
		counts, picks, list := map[string]int{}, 0, setWords(prefix, 60)
		for picks < 6000 {
			r.add(key, list...)
			_, err := r.tx.SPop([]byte(key), 1+rand.IntN(3), func(member []byte) {
				counts[string(member)]++
				picks++
			})
			require.NoError(t, err)
		}
		require.Less(t, chiSquare(counts, 60, picks), 60+6*math.Sqrt(120), key)
	}
}
