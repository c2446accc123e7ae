package cache

import "math"

// GeoShape is an area on Earth: a circle, or a box whose sides run north to south and
// east to west, around a place. Its measures are in units of Unit meters.
type GeoShape struct {
	Lon, Lat      float64
	Radius        float64 // of a circle
	Box           bool
	Width, Height float64 // of a box
	Unit          float64
}

// GeoPoint is a member of a sorted set as a place.
type GeoPoint struct {
	Member   []byte
	Score    float64
	Lon, Lat float64
	Distance float64 // from the middle of the shape, in meters
}

// GeoSearch finds the members of a sorted set, with scores from GeoScore, that are
// in an area, in the order of the cells that were searched. It stops at limit of them
// if that is above 0. The points are the caller's. Errors: ErrWrongType.
func (tx *Tx) GeoSearch(key []byte, s GeoShape, limit int) ([]GeoPoint, error) {
	var z zset
	if err := tx.readZSet(key, &z); err != nil {
		return nil, missing(err)
	}
	var (
		out   []GeoPoint
		names arena
		cells = s.cells()
		last  = -1 // the cell searched last
	)
	for i, cell := range cells {
		// In a huge area neighbours are the same cell: it is searched once.
		if cell == (geoCell{}) || last >= 0 && cell == cells[last] {
			continue
		}
		if limit > 0 && len(out) >= limit {
			break
		}
		last = i
		low, high := cell.scores()
		r := ZRange{By: ZByScore, Min: ZBound{Score: low}, Max: ZBound{Score: high, Open: true}}
		lo, hi := z.bounds(&r)
		if lo == hi {
			continue
		}
		z.forward(lo, hi-lo, func(member []byte, score float64) bool {
			p := GeoPoint{Score: score}
			p.Lon, p.Lat = GeoPlace(score)
			var in bool
			if p.Distance, in = s.distance(p.Lon, p.Lat); in {
				p.Member = names.copy(member)
				out = append(out, p)
			}
			return limit <= 0 || len(out) < limit
		})
	}
	return out, nil
}

// distance is how far a place is from the shape's middle, if it is in the shape.
func (s *GeoShape) distance(lon, lat float64) (meters float64, in bool) {
	if !s.Box {
		meters = GeoDistance(s.Lon, s.Lat, lon, lat)
		return meters, meters <= s.Radius*s.Unit
	}
	// The way along the meridian is the cheaper one to find.
	if latDistance(lat, s.Lat) > s.Height*s.Unit/2 {
		return 0, false
	}
	if GeoDistance(lon, lat, s.Lon, lat) > s.Width*s.Unit/2 {
		return 0, false
	}
	return GeoDistance(s.Lon, s.Lat, lon, lat), true
}

// box is the smallest area between meridians and parallels that has the shape in it;
// not so near the poles, and then larger than it need be.
func (s *GeoShape) box() (a geoArea) {
	height, width := s.Unit*s.Radius, s.Unit*s.Radius
	if s.Box {
		height, width = s.Unit*(s.Height/2), s.Unit*(s.Width/2)
	}
	dLat := height / earthRadius / radian
	top := width / earthRadius / cosine((s.Lat+dLat)*radian) / radian
	bottom := width / earthRadius / cosine((s.Lat-dLat)*radian) / radian
	dLon := top
	if s.Lat < 0 { // nearer to the pole is the southern edge
		dLon = bottom
	}
	return geoArea{s.Lon - dLon, s.Lon + dLon, s.Lat - dLat, s.Lat + dLat}
}

// steps is the finest grid of which nine cells probably cover the shape.
func (s *GeoShape) steps() int {
	meters := s.Radius
	if s.Box {
		w, h := s.Width/2, s.Height/2
		meters = math.Sqrt(float64(w*w) + float64(h*h))
	}
	meters *= s.Unit
	if meters == 0 {
		return geoStepMax
	}
	step := 1
	for meters < mercatorMax {
		meters *= 2
		step++
	}
	step -= 2
	if s.Lat > 66 || s.Lat < -66 { // towards the poles cells are narrower
		step--
		if s.Lat > 80 || s.Lat < -80 {
			step--
		}
	}
	return min(max(step, 1), geoStepMax)
}

// The order in which the cells around a place are searched.
var geoAround = [9][2]int{
	{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1},
}

// cells are the cells that cover the shape, the zero value for those that need not be
// looked at.
func (s *GeoShape) cells() (cells [9]geoCell) {
	box := s.box()
	step := s.steps()
	around := func(step int) {
		middle := geoEncode(s.Lon, s.Lat, geoLatMax, uint8(step))
		for i, d := range geoAround {
			cells[i] = middle.move(d[0], d[1])
		}
	}
	around(step)
	// Near the edge of a cell its neighbour may not reach as far as the shape.
	if cells[1].area().maxLat < box.maxLat || cells[2].area().minLat > box.minLat ||
		cells[3].area().maxLon < box.maxLon || cells[4].area().minLon > box.minLon {
		if step > 1 {
			step--
			around(step)
		}
	}
	if step < 2 {
		return cells
	}
	middle := cells[0].area()
	for i, d := range geoAround {
		if d[1] < 0 && middle.minLat < box.minLat || d[1] > 0 && middle.maxLat > box.maxLat ||
			d[0] < 0 && middle.minLon < box.minLon || d[0] > 0 && middle.maxLon > box.maxLon {
			cells[i] = geoCell{}
		}
	}
	return cells
}
