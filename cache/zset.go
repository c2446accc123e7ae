package cache

import (
	"errors"
	"math"

	"github.com/ashlar-cache/ashlar/cache/internal/item"
	"github.com/ashlar-cache/ashlar/cache/internal/nodes"
	"github.com/ashlar-cache/ashlar/cache/internal/table"
	"github.com/ashlar-cache/ashlar/cache/internal/tree"
)

// Sorted sets. A small one is a blob, searched from its beginning (zset_packed.go). A
// large one is a counted tree whose leaves hold the entries in order, beside an index
// that finds the leaf of a member by its hash (zset_tree.go, zset_index.go). Both keep
// the same entries (zset_entry.go), walked by the same code (zset_seq.go), so that what
// is above them (zset_open.go) has two cases of most things and not more:
//
//	ZADD, new      where it belongs by tree ── into the leaf ── index
//	ZADD, known    index ── leaf: the old score ── up the tree, for the counts on the way
//	               ── out of the leaf ── where it belongs by tree ── into the leaf ── index
//	ZSCORE         index ── leaf
//	ZRANK          index ── leaf: the score ── up the tree: the elements before the leaf
//	any range      to two ranks by tree; then from leaf to leaf
//
// A set becomes large by Redis's thresholds, or where a blob would be longer than
// zpackedMax, and stays so.

// ErrScoreNaN is the error of an operation that would give a member a score that is
// not a number.
var ErrScoreNaN = errors.New("cache: the resulting score is not a number")

// ZMember is an element of a sorted set.
type ZMember struct {
	Member []byte
	Score  float64
}

// ZAddFlags are conditions on ZAdd and ZIncrBy.
type ZAddFlags uint8

// The conditions. ZAddGT and ZAddLT keep no new member out.
const (
	ZAddNX ZAddFlags = 1 << iota // only new members
	ZAddXX                       // only members that are there
	ZAddGT                       // no score becomes less
	ZAddLT                       // no score becomes greater
)

// zsetRoom is what an element takes at most besides its member: entry, index entry,
// a share of nodes that are not full.
const zsetRoom = 64

// ZAdd gives members scores, and puts in those that are not there. It reports how
// many were new, and how many others got another score. Errors: ErrWrongType,
// ErrOutOfMemory, ErrScoreNaN; after one, nothing has changed.
func (tx *Tx) ZAdd(key []byte, flags ZAddFlags, members ...ZMember) (added, updated int, err error) {
	room := zsetRoom
	for i := range members {
		room += len(members[i].Member) + zsetRoom
		if math.IsNaN(members[i].Score) {
			return 0, 0, ErrScoreNaN
		}
	}
	var z zset
	if err := tx.writeZSet(key, room, &z); err != nil {
		return 0, 0, err
	}
	if !z.there() && flags&ZAddXX != 0 {
		return 0, 0, nil
	}
	limits := tx.Limits()
	for i := range members {
		m := &members[i]
		at, found := z.locate(m.Member)
		switch {
		case !found && flags&ZAddXX != 0:
		case !found:
			z.insert(m.Score, m.Member, limits)
			added++
		case flags&ZAddNX != 0 || !flags.allow(at.score, m.Score) || m.Score == at.score:
		default:
			z.update(at, m.Score, m.Member)
			updated++
		}
	}
	if added+updated > 0 {
		z.finish()
	}
	return added, updated, nil
}

// allow tells whether ZAddGT and ZAddLT let a score change.
func (f ZAddFlags) allow(old, score float64) bool {
	return !(f&ZAddGT != 0 && score <= old) && !(f&ZAddLT != 0 && score >= old)
}

// ZIncrBy adds delta to a member's score, 0 where it is not there, and returns the
// sum. done is false where a condition kept it from happening. Errors: ErrWrongType,
// ErrOutOfMemory, ErrScoreNaN.
func (tx *Tx) ZIncrBy(key []byte, flags ZAddFlags, member []byte, delta float64) (score float64, done bool, err error) {
	if math.IsNaN(delta) {
		return 0, false, ErrScoreNaN
	}
	var z zset
	if err := tx.writeZSet(key, len(member)+2*zsetRoom, &z); err != nil {
		return 0, false, err
	}
	at, found := z.locate(member)
	switch {
	case !found && flags&ZAddXX != 0:
		return 0, false, nil
	case !found:
		z.insert(delta, member, tx.Limits())
		z.finish()
		return delta, true, nil
	case flags&ZAddNX != 0:
		return 0, false, nil
	}
	score = at.score + delta
	switch {
	case math.IsNaN(score):
		return 0, false, ErrScoreNaN
	case !flags.allow(at.score, score):
		return 0, false, nil
	case score != at.score:
		z.update(at, score, member)
		z.finish()
	}
	return score, true, nil
}

// ZRem takes members out and reports how many were there. With the last one the key
// goes. Errors: ErrWrongType.
func (tx *Tx) ZRem(key []byte, members ...[]byte) (removed int, err error) {
	var z zset
	if err := tx.writeZSet(key, 0, &z); err != nil || !z.there() {
		return 0, err
	}
	for _, m := range members {
		deleted, gone := z.delete(m)
		if deleted {
			removed++
		}
		if gone {
			return removed, nil
		}
		if z.large && z.tree.Empty() {
			break
		}
	}
	if removed > 0 {
		z.finish()
	}
	return removed, nil
}

// ZScore is a member's score. Errors: ErrNotFound, for the key as for the member;
// ErrWrongType.
func (tx *Tx) ZScore(key, member []byte) (float64, error) {
	var z zset
	if err := tx.readZSet(key, &z); err != nil {
		return 0, err
	}
	score, ok := z.score(member)
	if !ok {
		return 0, ErrNotFound
	}
	return score, nil
}

// ZMScore calls f for each member asked for, in order, with its score if it is there.
// Errors: ErrWrongType. A key that does not exist has no members.
func (tx *Tx) ZMScore(key []byte, members [][]byte, f func(score float64, ok bool)) error {
	var z zset
	err := tx.readZSet(key, &z)
	if err != nil && err != ErrNotFound {
		return err
	}
	for _, m := range members {
		if err != nil {
			f(0, false)
			continue
		}
		f(z.score(m))
	}
	return nil
}

// ZCard is the number of elements, 0 where there is no such key. Errors: ErrWrongType.
func (tx *Tx) ZCard(key []byte) (int, error) {
	var z zset
	if err := tx.readZSet(key, &z); err != nil {
		return 0, missing(err)
	}
	return z.len(), nil
}

// ZRank is a member's place, from 0, and its score. reverse counts from the highest
// score. Errors: ErrNotFound, for the key as for the member; ErrWrongType.
func (tx *Tx) ZRank(key, member []byte, reverse bool) (rank int, score float64, err error) {
	var z zset
	if err := tx.readZSet(key, &z); err != nil {
		return 0, 0, err
	}
	rank, score, ok := z.rank(member)
	if !ok {
		return 0, 0, ErrNotFound
	}
	if reverse {
		rank = z.len() - 1 - rank
	}
	return rank, score, nil
}

// zsetEncoding names a sorted set's encoding as Redis would.
func zsetEncoding(kind item.Kind, v []byte) Encoding {
	if kind == item.ZSetTree && v[zsetFlagsAt]&zsetSkiplist != 0 {
		return EncodingSkiplist
	}
	return EncodingListpack
}

// zsetLen is the number of elements.
func zsetLen(kind item.Kind, v []byte) int {
	if kind == item.ZSetTree {
		return tree.LenOf(v[zsetTreeAt:])
	}
	return zpackedLen(v)
}

// zsetRoots hands the handles in a large set's root to f.
func zsetRoots(_ item.Kind, root []byte, f func(nodes.Handle) nodes.Handle) {
	tree.VisitRoot(root[zsetTreeAt:], f)
	table.Roots(root[zsetIndexAt:], f)
}
