package cache

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// plainBits is a bitmap as a model: a bit in each element.
type plainBits []bool

func plain(b []byte) plainBits {
	out := make(plainBits, 8*len(b))
	for i := range out {
		out[i] = b[i/8]>>(7-i%8)&1 == 1
	}
	return out
}

func (p plainBits) at(i int) bool { return i < len(p) && p[i] }

// span is a range's first and last bit by the rules in Redis's documentation.
func (p plainBits) span(r BitRange) (first, last int64) {
	total, unit := int64(len(p)), int64(1)
	if r.Unit == InBytes {
		total, unit = total/8, 8
	}
	first, last = r.Start, r.End
	if first < 0 {
		first = max(first+total, 0)
	}
	if last < 0 {
		last = max(last+total, 0)
	}
	return first * unit, (min(last, total-1)+1)*unit - 1
}

// drawBits makes a bitmap of long runs, so that words are skipped, and of noise.
func drawBits(t *rapid.T, name string) []byte {
	b := make([]byte, rapid.IntRange(0, 300).Draw(t, name+" length"))
	if rapid.Bool().Draw(t, name+" set") {
		for i := range b {
			b[i] = 0xFF
		}
	}
	for _, i := range rapid.SliceOfN(rapid.IntRange(0, 8*300), 0, 6).Draw(t, name+" flipped") {
		if i/8 < len(b) {
			b[i/8] ^= 1 << (i % 8)
		}
	}
	return b
}

func TestBitmapReadsAgainstModel(t *testing.T) {
	c := open(t, Options{}, nil)
	rapid.Check(t, func(t *rapid.T) {
		b := drawBits(t, "b")
		model := plain(b)
		bound := rapid.Int64Range(-2500, 2500)
		r := BitRange{bound.Draw(t, "start"), bound.Draw(t, "end"), BitUnit(rapid.IntRange(0, 1).Draw(t, "unit"))}
		var tx Tx
		c.BeginKey(&tx, 0, []byte("k"))
		defer tx.End()
		require.NoError(t, tx.Set([]byte("k"), b, NoExpiry))

		first, last := model.span(r)
		count, pos := int64(0), [2]int64{-1, -1}
		for i := last; i >= first; i-- {
			at := 0
			if model[i] {
				count++
				at = 1
			}
			pos[at] = i
		}
		for at, want := range pos {
			got, err := tx.BitPos([]byte("k"), at == 1, r, false)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		if r.Start < 0 && r.End < 0 && r.Start > r.End {
			count = 0
		}
		got, err := tx.BitCount([]byte("k"), r)
		require.NoError(t, err)
		require.Equal(t, count, got)
		offset := rapid.IntRange(0, 2600).Draw(t, "offset")
		on, err := tx.GetBit([]byte("k"), int64(offset))
		require.NoError(t, err)
		require.Equal(t, model.at(offset), on)
	})
}

func TestBitPosBehindTheEnd(t *testing.T) {
	c := open(t, Options{}, nil)
	var tx Tx
	key := []byte("k")
	c.BeginKey(&tx, 0, key)
	defer tx.End()
	require.NoError(t, tx.Set(key, []byte{0xFF, 0xFF}, NoExpiry))
	for _, tt := range []struct {
		set   bool
		start int64
		open  bool
		want  int64
	}{
		{false, 0, true, 16}, {false, 0, false, -1}, {false, 1, true, 16}, {false, 2, true, -1}, {true, 2, true, -1},
	} {
		got, err := tx.BitPos(key, tt.set, BitRange{Start: tt.start, End: -1}, tt.open)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, "%+v", tt)
	}
}

// TestBitOpAgainstModel tries every operation, with sources and the destination in
// several shards.
func TestBitOpAgainstModel(t *testing.T) {
	c := open(t, Options{Shards: 8}, nil)
	keys := [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("d")}
	rapid.Check(t, func(t *rapid.T) {
		op := BitOperation(rapid.IntRange(int(BitAnd), int(BitOne)).Draw(t, "op"))
		var tx Tx
		c.Begin(&tx, 0, keys...)
		defer tx.End()
		models := make([]plainBits, len(keys))
		for i, key := range keys {
			tx.Delete(key)
			if rapid.IntRange(0, 4).Draw(t, "there") > 0 {
				b := drawBits(t, "b")
				require.NoError(t, tx.Set(key, b, NoExpiry))
				models[i] = plain(b)
			}
		}
		chosen := rapid.SliceOfN(rapid.IntRange(0, len(keys)-1), 1, 6).Draw(t, "sources")
		if op == BitNot {
			chosen = chosen[:1]
		}
		var sources [][]byte
		length := 0
		for _, i := range chosen {
			sources = append(sources, keys[i])
			length = max(length, len(models[i])/8)
		}
		dst := rapid.IntRange(0, len(keys)-1).Draw(t, "dst")
		n, err := tx.BitOp(op, keys[dst], sources...)
		require.NoError(t, err)
		require.Equal(t, length, n)
		got, err := tx.Get(keys[dst])
		if length == 0 {
			require.ErrorIs(t, err, ErrNotFound)
			return
		}
		require.Len(t, got, length)
		result := plain(got)
		for i := range result {
			x, others := models[chosen[0]].at(i), 0
			for _, s := range chosen[1:] {
				if models[s].at(i) {
					others++
				}
			}
			if result[i] != combined(op, x, others, len(chosen)-1) {
				t.Fatalf("bit %d is %v", i, result[i])
			}
		}
	})
	require.NoError(t, c.Check())
}

// combined is what an operation makes of a bit of the first source, and of those of
// the others, of which so many are set.
func combined(op BitOperation, x bool, set, others int) bool {
	all := set
	if x {
		all++
	}
	return [...]bool{
		BitAnd: all == others+1, BitOr: all > 0, BitXor: all%2 == 1, BitNot: !x,
		BitDiff: x && set == 0, BitDiff1: !x && set > 0, BitAndOr: x && set > 0, BitOne: all == 1,
	}[op]
}

func TestBitOpReplacesWhatWasThere(t *testing.T) {
	c := open(t, Options{}, nil)
	src, dst := []byte("src"), []byte("dst")
	for _, old := range []string{"", "abc", "something longer"} {
		require.NoError(t, c.Update([][]byte{src, dst}, func(tx *Tx) error {
			require.NoError(t, tx.Set(src, []byte("xyz"), tx.Now()+50_000))
			require.NoError(t, tx.Set(dst, []byte(old), tx.Now()+100_000))
			n, err := tx.BitOp(BitOr, dst, src)
			require.Equal(t, 3, n)
			at, _ := tx.ExpireAt(dst)
			require.Zero(t, at, "the expiry goes with the old value")
			info, _ := tx.Object(dst)
			require.Equal(t, EncodingRaw, info.Encoding)
			return err
		}))
	}
	require.NoError(t, c.Check())
	require.EqualValues(t, 1, c.Stats().Expires)
}

// TestBitOpUnderPressure: making room for the result may evict a source, and then
// the result is what it would have been without it.
func TestBitOpUnderPressure(t *testing.T) {
	ones := make([]byte, 1<<20)
	for i := range ones {
		ones[i] = 0xFF
	}
	var keys [][]byte
	for i := range 8 {
		keys = append(keys, []byte{'a' + byte(i)})
	}
	shorter := 0
	for _, bound := range []int64{3 << 20, 4 << 20, 5 << 20} {
		c := open(t, Options{MaxMemory: bound, Policy: AllKeysRandom, Shards: 2}, nil)
		for round := range 20 {
			require.NoError(t, c.Update(keys, func(tx *Tx) error {
				a, b, dst := keys[round%8], keys[(round+3)%8], keys[(round*5+1)%8]
				require.NoError(t, tx.Set(a, ones[:len(ones)-round], NoExpiry))
				require.NoError(t, tx.Set(b, ones[:len(ones)/2], NoExpiry))
				before, err := tx.longest([][]byte{a, b}, false)
				require.NoError(t, err)
				n, err := tx.BitOp(BitOr, dst, a, b)
				if err != nil {
					require.ErrorIs(t, err, ErrOutOfMemory)
					return nil
				}
				if n < before {
					shorter++
				}
				value, err := tx.bits(dst)
				require.NoError(t, err)
				require.Len(t, value, n)
				require.EqualValues(t, 8*n, onesIn(value), "no bit may come from nowhere")
				return nil
			}))
		}
	}
	require.Positive(t, shorter, "a source has been evicted now and then")
}

func TestBitFieldAgainstModel(t *testing.T) {
	c := open(t, Options{}, nil)
	key := []byte("k")
	rapid.Check(t, func(t *rapid.T) {
		var tx Tx
		c.BeginKey(&tx, 0, key)
		defer tx.End()
		tx.Delete(key)
		var model [200 + 64]bool
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			op := drawField(t)
			want := op
			fieldModel(&want, model[:])
			ops := [1]BitFieldOp{op}
			require.NoError(t, tx.BitField(key, ops[:]))
			require.Equal(t, want, ops[0])
		}
		value, _ := tx.Get(key)
		got := plain(value)
		for i, want := range model {
			require.Equal(t, want, got.at(i), "bit %d", i)
		}
	})
}

func drawField(t *rapid.T) BitFieldOp {
	op := BitFieldOp{
		Action: BitFieldAction(rapid.IntRange(0, 2).Draw(t, "action")), Signed: rapid.Bool().Draw(t, "signed"),
		Bits: uint8(rapid.IntRange(1, 61).Draw(t, "bits")), Overflow: Overflow(rapid.IntRange(0, 2).Draw(t, "overflow")),
		Offset: rapid.Int64Range(0, 200).Draw(t, "offset"),
	}
	// In plain arithmetic no sum of these overflows. Wider fields, and numbers beyond
	// these, are compared with redis-server.
	op.Value = rapid.Int64Range(-1<<op.Bits, 1<<op.Bits).Draw(t, "value")
	return op
}

// fieldModel does what BitField does, bit by bit and in plain arithmetic.
func fieldModel(op *BitFieldOp, model []bool) {
	field := model[op.Offset:][:op.Bits]
	old := int64(0)
	for _, bit := range field {
		old <<= 1
		if bit {
			old |= 1
		}
	}
	least, most := int64(0), int64(1)<<op.Bits-1
	if op.Signed {
		least, most = -1<<(op.Bits-1), 1<<(op.Bits-1)-1
		if old > most {
			old -= 1 << op.Bits
		}
	}
	op.Result, op.Done = old, true
	if op.Action == FieldGet {
		return
	}
	next := op.Value
	if op.Action == FieldIncrBy {
		next += old
	}
	if next < least || next > most {
		switch {
		case op.Overflow == OverflowFail:
			op.Result, op.Done = 0, false
			return
		case op.Overflow == OverflowSat && (next > most || !op.Signed && op.Action == FieldSet):
			next = most // a negative number set is, without a sign, a large one
		case op.Overflow == OverflowSat:
			next = least
		default:
			next &= 1<<op.Bits - 1
			if next > most {
				next -= 1 << op.Bits
			}
		}
	}
	if op.Action == FieldIncrBy {
		op.Result = next
	}
	for i := range field {
		field[i] = next>>(int(op.Bits)-1-i)&1 == 1
	}
}

func TestBitFieldBounds(t *testing.T) {
	c := open(t, Options{}, nil)
	key := []byte("k")
	require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
		for _, op := range []BitFieldOp{{Offset: -1, Bits: 8}, {Action: FieldSet, Offset: maxBits, Bits: 8}, {Action: FieldSet, Offset: math.MaxInt64, Bits: 8}} {
			require.ErrorIs(t, tx.BitField(key, []BitFieldOp{op}), ErrTooLarge)
		}
		far := []BitFieldOp{{Offset: math.MaxInt64, Bits: 64, Signed: true}}
		require.NoError(t, tx.BitField(key, far))
		require.True(t, far[0].Done)
		_, err := tx.SetBit(key, -1, true)
		require.ErrorIs(t, err, ErrTooLarge)
		_, err = tx.SetBit(key, maxBits, true)
		require.ErrorIs(t, err, ErrTooLarge)
		require.False(t, tx.Exists(key))
		return nil
	}))
}

// TestBitsThatStayAreNoChange: who waits for changes is not told of one that is none.
func TestBitsThatStayAreNoChange(t *testing.T) {
	c := open(t, Options{}, nil)
	var heard countingListener
	c.Listen(&heard)
	key := []byte("k")
	require.NoError(t, c.Set(key, []byte("ab"), 0))
	heard = 0
	require.NoError(t, c.Update([][]byte{key}, func(tx *Tx) error {
		_, _ = tx.SetBit(key, 1, true)
		_ = tx.BitField(key, []BitFieldOp{{Action: FieldSet, Bits: 8, Value: 'a'}, {Action: FieldIncrBy, Bits: 8}})
		require.Zero(t, heard)
		info, _ := tx.Object(key)
		require.Equal(t, EncodingRaw, info.Encoding, "it was opened for writing")
		_, _ = tx.SetBit(key, 0, true)
		require.EqualValues(t, 1, heard)
		_, _ = tx.SetBit(key, 100, false)
		require.EqualValues(t, 2, heard)
		return nil
	}))
}

type countingListener int

func (n *countingListener) Changed(int, []byte, Change) { *n++ }

func TestBitsOfOneKeyDoNotAllocate(t *testing.T) {
	c := open(t, Options{}, nil)
	key, src := []byte("k"), []byte("src")
	keys := [][]byte{key, src}
	var tx Tx
	n := testing.AllocsPerRun(100, func() {
		c.Begin(&tx, 0, keys...)
		_, _ = tx.SetBit(key, 1234, true)
		_, _ = tx.GetBit(key, 7)
		_, _ = tx.BitCount(key, WholeBitmap)
		_, _ = tx.BitPos(key, true, WholeBitmap, true)
		ops := [2]BitFieldOp{{Action: FieldIncrBy, Bits: 13, Offset: 77, Value: 1}, {Bits: 64, Signed: true}}
		_ = tx.BitField(key, ops[:])
		_, _ = tx.BitOp(BitXor, src, keys...)
		tx.End()
	})
	require.Zero(t, n)
}

func BenchmarkBitmap(b *testing.B) {
	c, err := New(Options{})
	require.NoError(b, err)
	defer c.Close()
	keys := [][]byte{[]byte("a"), []byte("b"), []byte("dst")}
	var tx Tx
	c.Begin(&tx, 0, keys...)
	defer tx.End()
	const size = 1 << 20
	for _, key := range keys {
		_, _ = tx.SetBit(key, 8*size-1, true)
	}
	b.Run("setbit", func(b *testing.B) {
		for i := range b.N {
			_, _ = tx.SetBit(keys[0], int64(i)&(8*size-1), i&1 == 0)
		}
	})
	b.Run("getbit", func(b *testing.B) {
		for i := range b.N {
			_, _ = tx.GetBit(keys[0], int64(i)&(8*size-1))
		}
	})
	b.Run("field", func(b *testing.B) {
		ops := []BitFieldOp{{Action: FieldIncrBy, Bits: 13, Offset: 77, Value: 1}}
		for range b.N {
			_ = tx.BitField(keys[0], ops)
		}
	})
	b.Run("count", func(b *testing.B) {
		b.SetBytes(size)
		for range b.N {
			_, _ = tx.BitCount(keys[1], WholeBitmap)
		}
	})
	b.Run("pos", func(b *testing.B) {
		b.SetBytes(size)
		for range b.N {
			_, _ = tx.BitPos(keys[1], true, WholeBitmap, true)
		}
	})
	for op, name := range []string{"and", "or", "xor", "not", "diff", "diff1", "andor", "one"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				sources := keys[:2]
				if BitOperation(op) == BitNot {
					sources = keys[:1]
				}
				_, _ = tx.BitOp(BitOperation(op), keys[2], sources...)
			}
		})
	}
}
