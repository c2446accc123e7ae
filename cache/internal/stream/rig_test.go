package stream

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"testing"

	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes/nodestest"
	"github.com/stretchr/testify/require"
)

// rig is a stream and what it should hold.
type rig struct {
	t      testing.TB
	store  *nodestest.Store
	root   []byte
	limits Limits

	entries []modelEntry
	last    ID
	groups  map[string]*modelGroup
}

type modelEntry struct {
	id    ID
	pairs [][]byte
}

type modelGroup struct {
	last      ID
	consumers map[string]bool
	pending   map[ID]modelPending
}

type modelPending struct {
	consumer    string
	time, count int64
}

func newRig(t testing.TB, l Limits) *rig {
	r := &rig{t: t, store: nodestest.New(t), root: make([]byte, RootSize), limits: l, groups: map[string]*modelGroup{}}
	Init(r.store.Store, r.root)
	return r
}

// atOnce has operations free no more than a few nodes themselves, for the test.
func (r *rig) atOnce(nodes int) {
	was := freedAtOnce
	freedAtOnce = nodes
	r.t.Cleanup(func() { freedAtOnce = was })
}

// reclaim frees up to about max nodes of what was taken away, all if max is 0.
func (r *rig) reclaim(max int) {
	st := r.open()
	laden := st.Laden()
	more := st.Reclaim(max)
	for max == 0 && more {
		more = st.Reclaim(100)
	}
	require.Equal(r.t, more, st.Laden())
	require.True(r.t, laden || !more)
}

func (r *rig) open() *Stream {
	st := Open(r.store.Store, r.root)
	return &st
}

func (r *rig) add(id ID, pairs ...[]byte) {
	err := r.open().Append(id, pairs, r.limits)
	if !r.last.Less(id) {
		require.ErrorIs(r.t, err, ErrOrder)
		return
	}
	require.NoError(r.t, err)
	r.last = id
	r.entries = append(r.entries, modelEntry{id, pairs})
}

func (r *rig) at(id ID) int {
	return sort.Search(len(r.entries), func(i int) bool { return !r.entries[i].id.Less(id) })
}

func (r *rig) del(id ID) {
	i := r.at(id)
	there := i < len(r.entries) && r.entries[i].id == id
	st := r.open()
	require.Equal(r.t, there, st.Exists(id))
	require.Equal(r.t, there, st.Delete(id))
	if there {
		st.Deleted()
		r.entries = slices.Delete(r.entries, i, i+1)
	}
}

func (r *rig) trim(t Trim) {
	n := int(r.open().Trim(t))
	want := max(0, len(r.entries)-int(t.MaxLen))
	if t.By == TrimID {
		want = r.at(t.MinID)
	}
	if !t.Approx && t.Limit == 0 {
		require.Equal(r.t, want, n)
	}
	require.LessOrEqual(r.t, n, want)
	if t.Limit > 0 {
		require.LessOrEqual(r.t, int64(n), t.Limit)
	}
	r.entries = r.entries[n:]
}

// walk compares a range, in both directions.
func (r *rig) walk(from, to ID) {
	var want []modelEntry
	for _, e := range r.entries {
		if !e.id.Less(from) && !to.Less(e.id) {
			want = append(want, e)
		}
	}
	st := r.open()
	for _, back := range []bool{false, true} {
		i := 0
		for c := st.Range(from, to, back); c.Next(); i++ {
			require.Less(r.t, i, len(want), "from %v to %v, back %v", from, to, back)
			e := want[i]
			require.Equal(r.t, e.id, c.ID())
			require.Equal(r.t, len(e.pairs)/2, c.Len())
			for j := range c.Len() {
				if i%3 == 2 && j > 0 {
					break // the rest is skipped
				}
				field, value := c.Pair()
				require.True(r.t, bytes.Equal(e.pairs[2*j], field) && bytes.Equal(e.pairs[2*j+1], value))
			}
		}
		require.Len(r.t, want, i)
		slices.Reverse(want)
	}
}

func (r *rig) createGroup(name string, last ID) {
	created := r.open().CreateGroup([]byte(name), last, Unknown)
	require.Equal(r.t, r.groups[name] == nil, created)
	if created {
		r.groups[name] = &modelGroup{last: last, consumers: map[string]bool{}, pending: map[ID]modelPending{}}
	}
}

func (r *rig) destroyGroup(name string) {
	require.Equal(r.t, r.groups[name] != nil, r.open().DestroyGroup([]byte(name)))
	delete(r.groups, name)
}

// group finds a group in both, or nil.
func (r *rig) group(name string) (Group, *modelGroup) {
	g, ok := r.open().Group([]byte(name))
	require.Equal(r.t, r.groups[name] != nil, ok)
	return g, r.groups[name]
}

// read delivers up to count entries to a consumer.
func (r *rig) read(group, consumer string, count int, now int64) {
	g, m := r.group(group)
	if m == nil {
		return
	}
	c, created := g.AddConsumer([]byte(consumer), now)
	require.Equal(r.t, !m.consumers[consumer], created)
	m.consumers[consumer] = true
	st := r.open()
	from, _ := g.Last().Next()
	for e := st.Range(from, MaxID, false); count > 0 && e.Next(); count-- {
		st.Advance(g, e.ID())
		g.Give(c, e.ID(), now, 1)
		m.last = e.ID()
		m.pending[e.ID()] = modelPending{consumer, now, 1}
	}
	require.Equal(r.t, m.last, g.Last())
}

// give makes an ID pending, whether there is such an entry or not.
func (r *rig) give(group, consumer string, id ID, time, count int64) {
	g, m := r.group(group)
	if m == nil {
		return
	}
	c, _ := g.AddConsumer([]byte(consumer), time)
	m.consumers[consumer] = true
	g.Give(c, id, time, count)
	m.pending[id] = modelPending{consumer, time, count}
}

func (r *rig) ack(group string, id ID) {
	g, m := r.group(group)
	if m == nil {
		return
	}
	_, there := m.pending[id]
	require.Equal(r.t, there, g.Ack(id))
	delete(m.pending, id)
}

func (r *rig) removeConsumer(group, consumer string) {
	g, m := r.group(group)
	if m == nil {
		return
	}
	want := 0
	for id, p := range m.pending {
		if p.consumer == consumer {
			delete(m.pending, id)
			want++
		}
	}
	n, ok := r.open().RemoveConsumer(g, []byte(consumer))
	require.Equal(r.t, m.consumers[consumer], ok)
	require.Equal(r.t, want, n)
	delete(m.consumers, consumer)
}

// check compares everything.
func (r *rig) check() {
	st := r.open()
	require.NoError(r.t, st.CheckInvariants())
	require.Equal(r.t, len(r.entries), st.Len())
	require.Equal(r.t, r.last, st.Last())
	top := ID{}
	if len(r.entries) > 0 {
		top = r.entries[len(r.entries)-1].id
	}
	require.Equal(r.t, top, st.Top())
	r.walk(ID{}, MaxID)
	require.Equal(r.t, len(r.groups), st.Groups())
	names := sortedKeys(r.groups)
	var after []byte
	for _, name := range names {
		g, ok := st.GroupsFrom(after)
		require.True(r.t, ok)
		require.Equal(r.t, name, string(g.Name()))
		r.checkGroup(g, r.groups[name])
		after = g.Name()
	}
	_, ok := st.GroupsFrom(append([]byte{}, after...))
	require.Equal(r.t, ok, len(names) == 0 && st.Groups() > 0)
}

func (r *rig) checkGroup(g Group, m *modelGroup) {
	require.Equal(r.t, m.last, g.Last())
	require.Equal(r.t, len(m.pending), g.Pending())
	require.Equal(r.t, len(m.consumers), g.Consumers())
	ids := make([]ID, 0, len(m.pending))
	of := map[string][]ID{}
	for id := range m.pending {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b ID) int {
		if a.Less(b) {
			return -1
		}
		return 1
	})
	next := ID{}
	for _, id := range ids {
		p, ok := g.PendingFrom(next)
		require.True(r.t, ok)
		m := m.pending[id]
		require.Equal(r.t, Pending{id, p.Consumer, m.time, m.count}, p)
		require.Equal(r.t, m.consumer, string(g.Numbered(p.Consumer).Name()))
		next, _ = id.Next()
		of[m.consumer] = append(of[m.consumer], id)
	}
	_, ok := g.PendingFrom(next)
	require.False(r.t, ok)
	if len(ids) > 0 {
		require.Equal(r.t, ids[len(ids)-1], g.LastPending().ID)
	}
	var after []byte
	for _, name := range sortedKeys(m.consumers) {
		c, ok := g.ConsumersFrom(after)
		require.True(r.t, ok)
		require.Equal(r.t, name, string(c.Name()))
		require.Equal(r.t, len(of[name]), c.Pending())
		next := ID{}
		for _, want := range of[name] {
			id, ok := c.PendingFrom(next)
			require.True(r.t, ok)
			require.Equal(r.t, want, id)
			next, _ = id.Next()
		}
		after = c.Name()
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// free frees the stream as a deleted key's is, and checks that nothing is left.
func (r *rig) free() {
	Roots(r.root, func(h nodes.Handle) nodes.Handle {
		freeAll(r.store.Store, h)
		return 0
	})
	require.Zero(r.t, r.store.Len())
	require.Zero(r.t, r.store.Held())
}

// pairsOf are n fields with values, of which each second entry has the same fields.
func pairsOf(seed, n int) [][]byte {
	pairs := make([][]byte, 0, 2*n)
	for i := range n {
		pairs = append(pairs, fmt.Appendf(nil, "field%d", i+seed%2*10), bytes.Repeat([]byte{byte('a' + seed%26)}, seed%200))
	}
	return pairs
}
