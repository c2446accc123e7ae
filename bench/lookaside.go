package bench

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
	"github.com/ashlar-cache/ashlar/bench/trace"
)

// ask is one request to a look-aside cache: a program asks for a key and, if it is not
// there, gets the value elsewhere and stores it.
type ask struct {
	op   trace.Op
	key  []byte // valid until the batch is done
	id   uint64 // follows from the key
	size int    // of the value
	ttl  time.Duration
	due  time.Time // when it is to be sent, if it has a time
	// counted says that it counts in hit ratios: the cache is warm.
	counted bool
}

// asked counts what a look-aside cache has answered.
type asked struct {
	commands             int64 // answered, stores of what was missing among them
	gets, hits           int64
	bytesAsked, bytesHit int64
	refused              int64
	first                string // of the refusals
}

// ratio is the share of reads that found their key, in percent.
func (o asked) ratio() float64 { return 100 * float64(o.hits) / float64(max(o.gets, 1)) }

// byteRatio is the same with each read counting as the bytes that it is for.
func (o asked) byteRatio() float64 {
	return 100 * float64(o.bytesHit) / float64(max(o.bytesAsked, 1))
}

// The commands of a look-aside cache, as latencies are kept of them: in the order of
// trace.Op.
const (
	lookGet = iota
	lookSet
	lookDelete
	lookKinds
)

var lookNames = [lookKinds]string{"GET", "SET", "DEL"}

// lookaside puts requests to a server over one connection, in batches.
type lookaside struct {
	asked
	store
	values payload
	// note, unless nil, is told how long a command took, from when it was due.
	note func(kind int, took time.Duration, refused bool)

	stored []uint64 // keys that the batch found missing
	misses []ask
}

// exchange sends a batch's commands, and then stores what was missing.
func (p *lookaside) exchange(batch []ask) error {
	began := time.Now()
	for i := range batch {
		switch q := &batch[i]; q.op {
		case trace.Get:
			p.Get(q.key)
		case trace.Set:
			p.put(q)
		default:
			p.Del(q.key)
		}
	}
	if err := p.Flush(); err != nil {
		return err
	}
	p.misses, p.stored = p.misses[:0], p.stored[:0]
	for i := range batch {
		reply, err := p.Next()
		if err != nil {
			return err
		}
		q := &batch[i]
		p.took(int(q.op), began, q.due, reply)
		if err := p.answer(q, reply); err != nil {
			return err
		}
	}
	return p.storeMissing()
}

// storeMissing stores what the batch did not find.
func (p *lookaside) storeMissing() error {
	if len(p.misses) == 0 {
		return nil
	}
	began := time.Now()
	for i := range p.misses {
		p.put(&p.misses[i])
	}
	if err := p.Flush(); err != nil {
		return err
	}
	for range p.misses {
		reply, err := p.Next()
		if err != nil {
			return err
		}
		p.took(lookSet, began, time.Time{}, reply)
		p.refuse(reply)
	}
	return nil
}

// took counts a reply, and tells how long it took: from the moment of sending, or from
// when the request was due, so that waiting behind others counts.
func (p *lookaside) took(kind int, sent, due time.Time, reply client.Reply) {
	p.commands++
	if p.note != nil {
		if !due.IsZero() {
			sent = due
		}
		p.note(kind, time.Since(sent), reply.Kind == '-')
	}
}

// refuse counts an error reply.
func (p *lookaside) refuse(reply client.Reply) {
	if reply.Kind != '-' {
		return
	}
	if p.refused++; p.refused == 1 {
		p.first = string(reply.Bytes)
	}
}

// answer counts a reply. A key that was missing a moment ago in the same batch
// would have been stored by now if requests came one by one: it counts as a hit.
func (p *lookaside) answer(q *ask, reply client.Reply) error {
	if q.op != trace.Get {
		p.refuse(reply)
		return nil
	}
	if reply.Kind == '-' {
		return fmt.Errorf("GET: %s", reply.Bytes)
	}
	hit := !reply.Null
	if !hit {
		if hit = slices.Contains(p.stored, q.id); !hit {
			p.stored = append(p.stored, q.id)
			p.misses = append(p.misses, *q)
		}
	}
	if q.counted {
		p.gets++
		p.bytesAsked += int64(q.size)
		if hit {
			p.hits++
			p.bytesHit += int64(q.size)
		}
	}
	return nil
}

// put appends the SET of a request's value.
func (p *lookaside) put(q *ask) {
	value := p.values.value(q.id, q.size)
	if q.ttl == 0 {
		p.Set(q.key, value)
		return
	}
	p.SetPX(q.key, value, q.ttl)
}

// add counts what another connection has been answered.
func (o *asked) add(other asked) {
	o.commands += other.commands
	o.gets, o.hits = o.gets+other.gets, o.hits+other.hits
	o.bytesAsked, o.bytesHit = o.bytesAsked+other.bytesAsked, o.bytesHit+other.bytesHit
	o.refused, o.first = o.refused+other.refused, cmp.Or(o.first, other.first)
}
