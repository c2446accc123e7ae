package cache

import "math"

// Geohash: a place on Earth as 52 bits, in which those of longitude and latitude
// alternate, so that places near each other mostly have near numbers. A square of
// the grid, a cell, is a prefix of step×2 bits, and so a range of numbers. The grid,
// the cells that a search looks into and their order are Redis's, bit for bit.
//
//	bit  51 50 49 48 …  1  0
//	      x  y  x  y …  x  y      x: longitude -180 … 180, y: latitude ±85.05112878
//
// The multiplications are rounded one by one, by conversions, where a machine could
// fuse them with an addition and so give other digits than Redis.

const (
	geoStepMax = 26 // bits of each coordinate

	// The limits of the grid; for latitude those of the Mercator projection.
	geoLonMax = 180.0
	geoLatMax = 85.05112878

	earthRadius = 6372797.560856 // meters
	mercatorMax = 20037726.37    // half the circumference that the estimate of steps goes by
	radian      = math.Pi / 180
)

// geoCell is a cell of the grid: step bits of each coordinate.
type geoCell struct {
	bits uint64
	step uint8
}

// geoArea is what a cell covers.
type geoArea struct{ minLon, maxLon, minLat, maxLat float64 }

// spread puts 32 bits at the even places of 64.
func spread(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000FFFF0000FFFF
	x = (x | x<<8) & 0x00FF00FF00FF00FF
	x = (x | x<<4) & 0x0F0F0F0F0F0F0F0F
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// gather is spread's inverse; the odd places count as 0.
func gather(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0F0F0F0F0F0F0F0F
	x = (x | x>>4) & 0x00FF00FF00FF00FF
	x = (x | x>>8) & 0x0000FFFF0000FFFF
	return uint32(x | x>>16)
}

// geoEncode is the cell of a place on a grid that ends at ±latMax.
func geoEncode(lon, lat, latMax float64, step uint8) geoCell {
	scale := float64(uint64(1) << step)
	x := (lon + geoLonMax) / (2 * geoLonMax) * scale
	y := (lat + latMax) / (2 * latMax) * scale
	return geoCell{spread(geoUint32(y)) | spread(geoUint32(x))<<1, step}
}

// geoUint32 cuts a coordinate of the grid to 32 bits. The easternmost meridian
// and the northernmost parallel are at 2^step exactly, beyond a cell's bits.
func geoUint32(f float64) uint32 { return uint32(uint64(f)) }

// area is what the cell covers of the grid that Redis uses.
func (c geoCell) area() geoArea {
	scale := float64(uint64(1) << c.step)
	y, x := float64(gather(c.bits)), float64(gather(c.bits>>1))
	return geoArea{
		minLon: -geoLonMax + float64(x/scale*(2*geoLonMax)),
		maxLon: -geoLonMax + float64((x+1)/scale*(2*geoLonMax)),
		minLat: -geoLatMax + float64(y/scale*(2*geoLatMax)),
		maxLat: -geoLatMax + float64((y+1)/scale*(2*geoLatMax)),
	}
}

// scores is the range of scores, the upper end excluded, of members in the cell.
func (c geoCell) scores() (low, high float64) {
	shift := 2 * (geoStepMax - c.step)
	return float64(c.bits << shift), float64((c.bits + 1) << shift)
}

// move is the cell dx to the east and dy to the north, each -1, 0 or 1. At the
// grid's edge it comes out at the other side.
func (c geoCell) move(dx, dy int) geoCell {
	const odd, even = 0xAAAAAAAAAAAAAAAA, 0x5555555555555555
	unused := 64 - 2*c.step
	c.bits = geoStepBits(c.bits&odd, even>>unused, odd>>unused, dx) | c.bits&even
	c.bits = c.bits&odd | geoStepBits(c.bits&even, odd>>unused, even>>unused, dy)
	return c
}

// geoStepBits adds d to a coordinate whose bits stand at the places of own; those
// of others lie between and carry through when they are ones. Where nothing is added a
// bit beyond the others stays, as in Redis: that of the grid's last parallel or meridian.
func geoStepBits(bits, others, own uint64, d int) uint64 {
	switch d {
	case 0:
		return bits
	case 1:
		bits += others + 1
	case -1:
		bits = (bits | others) - (others + 1)
	}
	return bits & own
}

// GeoScore is the score under which a place is kept in a sorted set; the place must
// be valid (ValidGeo).
func GeoScore(lon, lat float64) float64 {
	return float64(geoEncode(lon, lat, geoLatMax, geoStepMax).bits)
}

// ValidGeo tells whether a place is on the grid: the poles are not.
func ValidGeo(lon, lat float64) bool {
	return lon >= -geoLonMax && lon <= geoLonMax && lat >= -geoLatMax && lat <= geoLatMax
}

// GeoPlace is the place that a score stands for: the middle of its cell.
func GeoPlace(score float64) (lon, lat float64) {
	bits := uint64(0)
	if score >= 0 {
		bits = uint64(score)
	} else { // no place at all; what comes of it is as in C
		bits = uint64(int64(score))
	}
	a := geoCell{bits, geoStepMax}.area()
	lon = min(max((a.minLon+a.maxLon)/2, -geoLonMax), geoLonMax)
	lat = min(max((a.minLat+a.maxLat)/2, -geoLatMax), geoLatMax)
	return lon, lat
}

// AppendGeoHash appends the 11 characters by which a score's place is known
// elsewhere (geohash.org), whose grid goes from pole to pole.
func AppendGeoHash(dst []byte, score float64) []byte {
	const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"
	lon, lat := GeoPlace(score)
	bits := geoEncode(lon, lat, 90, geoStepMax).bits
	for shift := 47; shift > 0; shift -= 5 {
		dst = append(dst, alphabet[bits>>shift&31])
	}
	return append(dst, '0') // 52 bits are 10 characters and a bit of the 11th
}

// GeoDistance is the distance of two places in meters, along the surface of a sphere
// (the haversine formula).
func GeoDistance(lon1, lat1, lon2, lat2 float64) float64 {
	v := sine((lon2*radian - float64(lon1*radian)) / 2)
	if v == 0 {
		return latDistance(lat1, lat2)
	}
	r1, r2 := lat1*radian, lat2*radian
	u := sine((r2 - r1) / 2)
	a := float64(u*u) + float64(float64(cosine(r1)*cosine(r2)*v)*v)
	return 2.0 * earthRadius * arcsine(math.Sqrt(a))
}

// latDistance is the distance of two parallels.
func latDistance(lat1, lat2 float64) float64 {
	return earthRadius * math.Abs(lat2*radian-float64(lat1*radian))
}
