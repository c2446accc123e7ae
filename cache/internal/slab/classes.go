package slab

// Block sizes. A block is handed out in the smallest class that holds it, so
// what a class is larger than the one before is what a block may waste.
//
//	16 … 512        steps of 8             pages of 16 KiB
//	528 … 1024      16 KiB / k             pages of 16 KiB   steps of 3–6 %
//	1040 … 8192     64 KiB / k, thinned    pages of 64 KiB   steps of 2–12 %
//	8736 … 16384    128 KiB / k            pages of 128 KiB  steps of 7–12 %
//	above           a run of whole 4 KiB pages of its own
//
// Above 512 bytes the sizes are fractions of the page, so that a full page has
// no tail that fits nothing.
const (
	unitSize  = 16 << 10 // the smallest page
	chunkSize = 64 << 10 // the granularity of addresses: 4 units
	osPage    = 4096

	unitsPerChunk = chunkSize / unitSize

	minBlock = 16
	// MaxSlot is the largest block that shares a page with others.
	MaxSlot = 16 << 10

	largeClass = 255 // pageMeta.class of a block with pages of its own
)

// sizeClass is one row of the class table.
type sizeClass struct {
	size  uint32 // bytes of a block, a multiple of 8
	units uint8  // bytes of a page, in units
	slots uint16 // blocks in a page
	recip uint32 // ceil(2^32 / size): offset*recip>>32 is the slot's number
}

// classes is the class table; classOf finds the class of a size in steps of 8.
var classes, classOf = makeClasses()

func makeClasses() (table []sizeClass, of [MaxSlot/8 + 1]uint8) {
	add := func(size, page int) {
		table = append(table, sizeClass{
			size: uint32(size), units: uint8(page / unitSize), slots: uint16(page / size),
			recip: uint32((uint64(1)<<32 + uint64(size) - 1) / uint64(size)),
		})
	}
	for size := minBlock; size <= 512; size += 8 {
		add(size, unitSize)
	}
	fractions := func(page, from, to int, step float64) {
		for k := from; k >= to; k-- {
			size := page / k &^ 7
			if last := table[len(table)-1].size; float64(size) >= float64(last)*step || k == to {
				add(size, page)
			}
		}
	}
	fractions(unitSize, 31, 16, 1.02)
	fractions(chunkSize, 63, 8, 1.015)
	fractions(2*chunkSize, 15, 8, 1.02)
	class := 0
	for i := range of {
		for int(table[class].size) < i*8 {
			class++
		}
		of[i] = uint8(class)
	}
	return table, of
}

// RoundUp tells how many bytes Alloc(n) would hand out.
func RoundUp(n int) int {
	if n > MaxSlot {
		return (n + osPage - 1) &^ (osPage - 1)
	}
	return int(classes[classOf[(n+7)>>3]].size)
}
