package index

import "unsafe"

// The stash holds the few entries that found no place in their segment: with
// hashes that are any good there are none. It is for floods of keys with equal
// hashes, or with hashes that differ too late for splitting to part them. Lookups
// come here only from a home bucket with stashFlag, so nobody else pays.
//
// Nodes of one hash form a chain. Node 0 is not used.
type stash struct {
	heads map[uint64]uint32
	nodes []stashNode
	free  uint32 // a chain of free nodes
	used  int
	visit uint32 // where unstash goes on
}

type stashNode struct {
	hash uint64
	ref  uint32 // 0: free
	next uint32
}

func (s *stash) len() int { return s.used }

// resident estimates the bytes that the stash takes: those of a Go map included.
func (s *stash) resident() int64 {
	return int64(cap(s.nodes))*int64(unsafe.Sizeof(stashNode{})) + int64(len(s.heads))*24
}

func (s *stash) first(hash uint64) uint32 { return s.heads[hash] }

func (s *stash) add(hash uint64, ref uint32) {
	if s.heads == nil {
		s.heads, s.nodes = make(map[uint64]uint32), make([]stashNode, 1, 16)
	}
	i := s.free
	if i != 0 {
		s.free = s.nodes[i].next
	} else {
		i = uint32(len(s.nodes))
		s.nodes = append(s.nodes, stashNode{})
	}
	s.nodes[i] = stashNode{hash: hash, ref: ref, next: s.heads[hash]}
	s.heads[hash] = i
	s.used++
}

// remove unlinks node i; prev is the one before it in its chain, 0 if none.
func (s *stash) remove(i, prev uint32) {
	n := s.nodes[i]
	switch {
	case prev != 0:
		s.nodes[prev].next = n.next
	case n.next != 0:
		s.heads[n.hash] = n.next
	default:
		delete(s.heads, n.hash)
	}
	s.nodes[i] = stashNode{next: s.free}
	s.free = i
	if s.used--; s.used == 0 {
		*s = stash{} // the memory of a flood is not kept
	}
}

// take removes the entry in node i without looking for the node before it: the
// entry at the head of the chain, which has the same hash, moves to node i. It
// returns the node that this was, which is free now; it may be i.
func (s *stash) take(i uint32) (freed uint32) {
	freed = s.heads[s.nodes[i].hash]
	s.nodes[i].ref = s.nodes[freed].ref
	s.remove(freed, 0)
	return freed
}
