package cache

import (
	"math"
	"slices"
)

// ZAggregate says what becomes of the scores that a member has in several inputs.
type ZAggregate uint8

// The ways to aggregate.
const (
	ZSum ZAggregate = iota
	ZMin
	ZMax
)

// ZCombine says how ZUnion and ZInter work out scores.
type ZCombine struct {
	Weights   []float64 // one for each key: its scores are multiplied by it; nil: 1
	Aggregate ZAggregate
}

// ZUnion is all members of some sorted sets, in order. A plain set may stand for a
// sorted one whose scores are all 1. The members are the caller's. Errors:
// ErrWrongType.
func (tx *Tx) ZUnion(keys [][]byte, o ZCombine) ([]ZMember, error) {
	inputs, err := tx.openInputs(keys, o.Weights)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(inputs, byLength)
	var (
		a   arena
		out []ZMember
	)
	at := make(map[string]int)
	for i := range inputs {
		in := &inputs[i]
		in.each(func(member []byte, score float64) bool {
			score = weighted(score, in.weight)
			if n, there := at[string(member)]; there {
				out[n].Score = o.Aggregate.join(out[n].Score, score)
				return true
			}
			at[string(member)] = len(out)
			out = append(out, ZMember{a.copy(member), score})
			return true
		})
	}
	slices.SortFunc(out, byScore)
	return out, nil
}

// ZInter is the members that all of some sorted sets have, in order; see ZUnion.
func (tx *Tx) ZInter(keys [][]byte, o ZCombine) ([]ZMember, error) {
	inputs, err := tx.openInputs(keys, o.Weights)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(inputs, byLength)
	var (
		a   arena
		out []ZMember
	)
	first := &inputs[0]
	first.each(func(member []byte, score float64) bool {
		sum := weighted(score, first.weight)
		for i := 1; i < len(inputs); i++ {
			other, ok := inputs[i].score(member)
			if !ok {
				return true
			}
			// Not weighted: to Redis a product that is no number counts only once here.
			sum = o.Aggregate.join(sum, other*inputs[i].weight)
		}
		out = append(out, ZMember{a.copy(member), sum})
		return true
	})
	slices.SortFunc(out, byScore)
	return out, nil
}

// ZInterCard is the number of members that all of some sorted sets have, or limit if
// there are as many; a limit of 0 is none. Errors: ErrWrongType.
func (tx *Tx) ZInterCard(keys [][]byte, limit int) (n int, err error) {
	inputs, err := tx.openInputs(keys, nil)
	if err != nil {
		return 0, err
	}
	slices.SortStableFunc(inputs, byLength)
	inputs[0].each(func(member []byte, _ float64) bool {
		for i := 1; i < len(inputs); i++ {
			if _, ok := inputs[i].score(member); !ok {
				return true
			}
		}
		n++
		return n != limit
	})
	return n, nil
}

// ZDiff is the members of the first sorted set that no other one has, in order, with
// their scores; see ZUnion.
func (tx *Tx) ZDiff(keys [][]byte) ([]ZMember, error) {
	inputs, err := tx.openInputs(keys, nil)
	if err != nil {
		return nil, err
	}
	var (
		a   arena
		out []ZMember
	)
	inputs[0].each(func(member []byte, score float64) bool {
		for i := 1; i < len(inputs); i++ {
			if _, there := inputs[i].score(member); there {
				return true
			}
		}
		out = append(out, ZMember{a.copy(member), score})
		return true
	})
	slices.SortFunc(out, byScore)
	return out, nil
}

// ZUnionStore, ZInterStore and ZDiffStore make dst a sorted set of the result and
// report how many elements it has; with none dst is deleted. Errors: ErrWrongType,
// ErrOutOfMemory.
func (tx *Tx) ZUnionStore(dst []byte, keys [][]byte, o ZCombine) (int, error) {
	out, err := tx.ZUnion(keys, o)
	return tx.zstoreResult(dst, out, err)
}

// ZInterStore: see ZUnionStore.
func (tx *Tx) ZInterStore(dst []byte, keys [][]byte, o ZCombine) (int, error) {
	out, err := tx.ZInter(keys, o)
	return tx.zstoreResult(dst, out, err)
}

// ZDiffStore: see ZUnionStore.
func (tx *Tx) ZDiffStore(dst []byte, keys [][]byte) (int, error) {
	out, err := tx.ZDiff(keys)
	return tx.zstoreResult(dst, out, err)
}

func (tx *Tx) zstoreResult(dst []byte, members []ZMember, err error) (int, error) {
	if err == nil {
		err = tx.zstore(dst, members)
	}
	if err != nil {
		return 0, err
	}
	return len(members), nil
}

// weighted is a score times a weight; 0 where that is no number (infinity times 0).
func weighted(score, weight float64) float64 {
	if score *= weight; math.IsNaN(score) {
		return 0
	}
	return score
}

// join aggregates two scores as Redis does: a sum that is no number is 0, and one of
// the two that is none loses.
func (a ZAggregate) join(score, other float64) float64 {
	switch a {
	case ZMin:
		if other < score {
			return other
		}
		return score
	case ZMax:
		if other > score {
			return other
		}
		return score
	}
	if score += other; math.IsNaN(score) {
		return 0
	}
	return score
}

// zinput is a sorted set, or a plain one, that takes part in an operation on several.
type zinput struct {
	zset
	plain  bool
	length int
	weight float64
}

// openInputs opens the keys; one that does not exist is an empty set.
func (tx *Tx) openInputs(keys [][]byte, weights []float64) ([]zinput, error) {
	inputs := make([]zinput, len(keys))
	for i, key := range keys {
		in := &inputs[i]
		in.weight = 1
		if weights != nil {
			in.weight = weights[i]
		}
		err := tx.readZSet(key, &in.zset)
		if err == ErrWrongType {
			in.plain = true
			err = tx.openPeek(&in.coll, key, Set)
		}
		switch {
		case err == ErrNotFound:
		case err != nil:
			return nil, err
		case in.plain:
			in.length = in.setCount()
		default:
			in.length = in.len()
		}
	}
	return inputs, nil
}

func byLength(a, b zinput) int { return a.length - b.length }

// each calls f for every element, from the highest score down as Redis does, which
// tells where scores are added up that do not commute.
func (in *zinput) each(f func(member []byte, score float64) bool) {
	switch {
	case in.length == 0:
	case in.plain:
		in.setEach(func(member []byte) bool { return f(member, 1) })
	default:
		in.backward(in.length-1, in.length, f)
	}
}

// score is a member's score; 1 in a plain set.
func (in *zinput) score(member []byte) (float64, bool) {
	switch {
	case in.length == 0:
		return 0, false
	case in.plain:
		return 1, in.setHas(member)
	}
	return in.zset.score(member)
}
