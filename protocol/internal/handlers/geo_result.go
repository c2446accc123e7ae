package handlers

import (
	"cmp"
	"slices"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
)

// geoRun searches, and replies with what was found or stores it.
func (ctx *Context) geoRun(g *geoSearch) {
	points, err := ctx.geoPoints(g)
	switch {
	case err != nil:
		ctx.fail(err)
	case g.storing:
		ctx.geoStore(g, points)
	default:
		ctx.geoReply(g, points)
	}
}

// The order in which places come, where none is asked for, is that of the cells of the
// grid which the engine has searched, and within a cell that of the sorted set.

// geoPoints are the places found, sorted and cut as asked for. To count without an
// order is to want the nearest, unless any will do.
func (ctx *Context) geoPoints(g *geoSearch) ([]cache.GeoPoint, error) {
	if g.missing {
		return nil, nil
	}
	limit, order := 0, g.order
	switch {
	case g.any:
		limit = int(g.count)
	case g.count != 0 && order == 0:
		order = 1
	}
	points, err := ctx.Tx.GeoSearch(g.source, g.shape, limit)
	if err != nil {
		return nil, err
	}
	n := len(points)
	if g.count != 0 && g.count < int64(n) {
		n = int(g.count)
	}
	compare := func(a, b cache.GeoPoint) int { return int(order) * cmp.Compare(a.Distance, b.Distance) }
	switch {
	case order == 0:
	case n == len(points):
		slices.SortStableFunc(points, compare)
	default:
		partialSort(points, compare, 0, n-1)
	}
	return points[:n], nil
}

// geoReply writes members, each with what was asked for about it.
func (ctx *Context) geoReply(g *geoSearch, points []cache.GeoPoint) {
	extra := 0
	for _, with := range []bool{g.withDist, g.withHash, g.withCoords} {
		if with {
			extra++
		}
	}
	ctx.Array(len(points))
	for i := range points {
		p := &points[i]
		if extra > 0 {
			ctx.Array(1 + extra)
		}
		ctx.Bulk(p.Member)
		if g.withDist {
			ctx.distance(p.Distance / g.shape.Unit)
		}
		if g.withHash {
			ctx.Int(int64(p.Score))
		}
		if g.withCoords {
			ctx.Array(2)
			ctx.coordinate(p.Lon)
			ctx.coordinate(p.Lat)
		}
	}
}

// geoStore makes the destination a sorted set of the places, or of the distances.
func (ctx *Context) geoStore(g *geoSearch, points []cache.GeoPoint) {
	members := make([]cache.ZMember, len(points))
	for i := range points {
		p := &points[i]
		members[i] = cache.ZMember{Member: p.Member, Score: p.Score}
		if g.storeDist {
			members[i].Score = p.Distance / g.shape.Unit
		}
	}
	ctx.stores(pubsub.ZSet, g.event(), g.store, func() (int, error) {
		return len(members), ctx.Tx.ZStore(g.store, members)
	})
}

// event is what subscribers of keyspace events are told of places that were stored.
func (g *geoSearch) event() string {
	if g.command == "georadius" {
		return "georadiusstore"
	}
	return "geosearchstore"
}
