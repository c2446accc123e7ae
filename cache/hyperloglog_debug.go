package cache

import (
	"errors"
	"math"
	"strconv"
)

// What follows looks into HyperLogLogs, for PFDEBUG and PFSELFTEST.

// HLLDense tells whether a HyperLogLog is in the dense encoding. Errors:
// ErrNotFound, ErrWrongType, ErrNotHLL.
func (tx *Tx) HLLDense(key []byte) (bool, error) {
	r, err := tx.inspect(key)
	if err != nil {
		return false, err
	}
	return isDense(r.value), nil
}

// inspect opens a HyperLogLog that must be there.
func (tx *Tx) inspect(key []byte) (rawString, error) {
	r, there, err := tx.hll(key)
	if !there {
		err = ErrNotFound
	}
	if err == nil {
		r.touch()
	}
	return r, err
}

// HLLToDense puts a HyperLogLog into the dense encoding, and tells whether it was not
// in it. Errors: ErrNotFound, ErrWrongType, ErrNotHLL, ErrCorruptHLL, ErrOutOfMemory.
func (tx *Tx) HLLToDense(key []byte) (converted bool, err error) {
	r, err := tx.inspect(key)
	if err != nil || isDense(r.value) {
		return false, err
	}
	var room [hllDenseSize]byte
	dense, ok := appendDense(room[:0], r.value)
	if !ok {
		return false, ErrCorruptHLL
	}
	err = r.store(dense)
	return err == nil, err
}

// HLLRegisters appends the values of all 16384 registers to dst. The HyperLogLog is
// put into the dense encoding, as by PFDEBUG GETREG. Errors as HLLToDense's.
func (tx *Tx) HLLRegisters(dst, key []byte) ([]uint8, error) {
	if _, err := tx.HLLToDense(key); err != nil {
		return dst, err
	}
	r, err := tx.inspect(key)
	if err != nil {
		return dst, err
	}
	for i := range hllRegisters {
		dst = append(dst, denseAt(r.value[hllHeader:], i))
	}
	return dst, nil
}

// HLLDecode appends the opcodes of a sparse HyperLogLog as text to dst: "z:64" for 64
// registers of 0 in one byte, "Z:16000" in two, "v:3,2" for two of value 3. sparse is
// false if it is a dense one. Errors: ErrNotFound, ErrWrongType, ErrNotHLL.
func (tx *Tx) HLLDecode(dst, key []byte) (text []byte, sparse bool, err error) {
	r, err := tx.inspect(key)
	if err != nil || isDense(r.value) {
		return dst, false, err
	}
	for p := hllHeader; p < len(r.value); {
		if p > hllHeader {
			dst = append(dst, ' ')
		}
		length, value, next := sparseRun(r.value, p)
		switch {
		case value != 0:
			dst = append(dst, "v:"...)
			dst = strconv.AppendInt(dst, int64(value), 10)
			dst = append(dst, ',')
		case next == p+1:
			dst = append(dst, "z:"...)
		default:
			dst = append(dst, "Z:"...)
		}
		dst = strconv.AppendInt(dst, int64(length), 10)
		p = next
	}
	return dst, true, nil
}

// Figures of HLLSelfTest.
const (
	selfTestCycles   = 50
	selfTestElements = 1_000_000
	// An estimate is taken to be wrong where it is off by more than six times the
	// standard error, which is 1.04 / √16384.
	selfTestDeviations = 6
)

// HLLSelfTest checks that registers hold what is put into them, that both encodings
// agree, and that estimates are as good as they should be. It takes some tens of
// milliseconds, and no key.
func HLLSelfTest() error {
	seed := uint64(1)
	for range selfTestCycles {
		if err := selfTestRegisters(&seed); err != nil {
			return err
		}
	}
	return selfTestEstimates(seed)
}

// selfTestRegisters fills all registers with random values and reads them back.
func selfTestRegisters(seed *uint64) error {
	var want [hllRegisters]uint8
	var packed, single [hllDenseSize - hllHeader]byte
	var sum histogram
	for i := range want {
		*seed = mix64(*seed + uint64(i))
		want[i] = uint8(*seed) & hllRegisterMax
		sum[want[i]]++
		denseRaise(single[:], i, want[i])
	}
	densePack(packed[:], &want)
	if single != packed {
		return errors.New("cache: registers set one by one differ from those set at once")
	}
	for i, v := range want {
		if got := denseAt(packed[:], i); got != v {
			return errors.New("cache: register " + strconv.Itoa(i) + " should be " +
				strconv.Itoa(int(v)) + " but is " + strconv.Itoa(int(got)))
		}
	}
	var h histogram
	if h.ofDense(packed[:]); h != sum {
		return errors.New("cache: registers are counted wrongly")
	}
	return nil
}

// selfTestEstimates adds elements to HyperLogLogs of both encodings and compares
// their estimates with the truth at every power of ten.
func selfTestEstimates(seed uint64) error {
	var room hllScratch
	sp := newSparse(hllEmpty, room[:], DefaultLimits().HLLSparseMaxBytes)
	var regs [hllDenseSize - hllHeader]byte
	inSparse := true
	var element [8]byte
	for n, checkpoint := 1, 1; n <= selfTestElements; n++ {
		seed = mix64(seed + uint64(n))
		for i := range element {
			element[i] = byte(seed >> (8 * i))
		}
		i, count := hllPlace(element[:])
		denseRaise(regs[:], i, count)
		sp.start = sparseHead
		inSparse = inSparse && sp.raise(i, count) != tooDense
		if n != checkpoint {
			continue
		}
		var dense, other histogram
		dense.ofDense(regs[:])
		if inSparse && (!other.ofSparse(sp.bytes()) || other != dense) {
			return errors.New("cache: the encodings disagree")
		}
		deviation := math.Abs(float64(dense.cardinality()) - float64(n))
		if deviation > math.Ceil(selfTestDeviations*1.04/128*float64(n)) {
			return errors.New("cache: the estimate of " + strconv.Itoa(n) + " elements is off by " +
				strconv.FormatFloat(deviation, 'f', 0, 64))
		}
		checkpoint *= 10
	}
	return nil
}
