package handlers

import (
	"bytes"
	"strconv"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// geoRows are the commands on places by member.
var geoRows = []Row{
	{
		Spec: command.Spec{
			Name: "geoadd", Arity: -5, Summary: "Add one or more geospatial items in the geospatial index represented using a sorted set",
			Flags: command.Write | command.DenyOOM, Categories: command.CatGeo,
			Since: "3.2.0", Group: "geo", Complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyAt(1, "RW", "update")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `CH`, `NX` and `XX` options."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "condition", Type: "oneof", Since: "6.2.0", Optional: true, Args: []command.Arg{
					{Name: "nx", Type: "pure-token", Token: "NX"},
					{Name: "xx", Type: "pure-token", Token: "XX"},
				}},
				{Name: "change", Type: "pure-token", Token: "CH", Since: "6.2.0", Optional: true},
				{Name: "longitude_latitude_member", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "longitude", Type: "double"},
					{Name: "latitude", Type: "double"},
					{Name: "member", Type: "string"},
				}},
			},
		},
		Run: runGeoAdd,
	},
	{
		Spec: command.Spec{
			Name: "geopos", Arity: -2, Summary: "Returns longitude and latitude of members of a geospatial index",
			Flags: command.ReadOnly, Categories: command.CatGeo,
			Since: "3.2.0", Group: "geo", Complexity: "O(N) where N is the number of members requested.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string", Multiple: true},
			},
		},
		Run: runGeoPos,
	},
	{
		Spec: command.Spec{
			Name: "geodist", Arity: -4, Summary: "Returns the distance between two members of a geospatial index",
			Flags: command.ReadOnly, Categories: command.CatGeo,
			Since: "3.2.0", Group: "geo", Complexity: "O(log(N))",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member1", Type: "string"},
				{Name: "member2", Type: "string"},
				{Name: "unit", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "m", Type: "pure-token", Token: "M"},
					{Name: "km", Type: "pure-token", Token: "KM"},
					{Name: "ft", Type: "pure-token", Token: "FT"},
					{Name: "mi", Type: "pure-token", Token: "MI"},
				}},
			},
		},
		Run: runGeoDist,
	},
	{
		Spec: command.Spec{
			Name: "geohash", Arity: -2, Summary: "Returns members of a geospatial index as standard geohash strings",
			Flags: command.ReadOnly, Categories: command.CatGeo,
			Since: "3.2.0", Group: "geo", Complexity: "O(log(N)) for each member requested, where N is the number of elements in the sorted set.",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string", Multiple: true},
			},
		},
		Run: runGeoHash,
	},
}

// A geospatial index is a sorted set: the score of a member is the number of its cell in
// a grid of 2^52, which a float holds exactly. So ZREM takes a place out, ZRANGE shows
// the numbers, and a score that never was a place is read as one all the same.

// runGeoAdd is GEOADD key [NX | XX] [CH] longitude latitude member [...]: ZADD of the
// scores that places have.
func runGeoAdd(ctx *Context) {
	var o zaddOptions
	c := args.From(ctx.Args, 2)
	for done := false; !done; {
		switch {
		case c.Word("nx"):
			o.flags |= cache.ZAddNX
		case c.Word("xx"):
			o.flags |= cache.ZAddXX
		case c.Word("ch"):
			o.ch = true
		default:
			done = true
		}
	}
	const both = cache.ZAddNX | cache.ZAddXX
	if c.Left()%3 != 0 || o.flags&both == both {
		ctx.Error(args.ErrSyntax)
		return
	}
	var room [4]cache.ZMember
	members := room[:0]
	for c.More() {
		lon, lat, fault := place(&c)
		if fault != "" {
			ctx.Error(fault)
			return
		}
		members = append(members, cache.ZMember{Score: cache.GeoScore(lon, lat), Member: c.Next()})
	}
	if len(members) == 0 {
		ctx.Error(args.ErrSyntax)
		return
	}
	ctx.zaddAll(&o, members)
}

// place reads a longitude and a latitude.
func place(c *args.Cursor) (lon, lat float64, fault string) {
	lon, ok := args.Float(c.Next())
	lat, ok2 := args.Float(c.Next())
	switch {
	case !ok || !ok2:
		return 0, 0, args.ErrNotFloat
	case !cache.ValidGeo(lon, lat):
		text := strconv.AppendFloat([]byte("ERR invalid longitude,latitude pair "), lon, 'f', 6, 64)
		text = strconv.AppendFloat(append(text, ','), lat, 'f', 6, 64)
		text = bytes.ReplaceAll(text, []byte("+Inf"), []byte("inf")) // as C writes it
		return 0, 0, string(bytes.ReplaceAll(text, []byte("Inf"), []byte("inf")))
	}
	return lon, lat, ""
}

// geoUnit reads a unit of length: how many meters it is.
func geoUnit(b []byte) (meters float64, fault string) {
	switch {
	case args.Is(b, "m"):
		return 1, ""
	case args.Is(b, "km"):
		return 1000, ""
	case args.Is(b, "ft"):
		return 0.3048, ""
	case args.Is(b, "mi"):
		return 1609.34, ""
	}
	return 0, "ERR unsupported unit provided. please use M, KM, FT, MI"
}

// coordinate writes a longitude or latitude, as redis-server does long doubles: with up
// to 17 decimals.
func (ctx *Context) coordinate(f float64) {
	var room [32]byte
	text := strconv.AppendFloat(room[:0], f, 'f', 17, 64)
	text = bytes.TrimRight(text, "0")
	text = bytes.TrimSuffix(text, []byte("."))
	if string(text) == "-0" {
		text = text[1:]
	}
	if ctx.Proto < 3 {
		ctx.Bulk(text)
		return
	}
	ctx.B = append(ctx.B, ',')
	ctx.B = append(ctx.B, text...)
	ctx.B = append(ctx.B, "\r\n"...)
}

// distance writes a distance with four decimals, as text in both protocols.
func (ctx *Context) distance(f float64) {
	var room [32]byte
	ctx.Bulk(strconv.AppendFloat(room[:0], f, 'f', 4, 64))
}

// runGeoPos is GEOPOS key [member ...]: a pair of coordinates, or null, for each.
func runGeoPos(ctx *Context) {
	ctx.eachPlace(func(score float64, ok bool) {
		if !ok {
			ctx.NullArray()
			return
		}
		lon, lat := cache.GeoPlace(score)
		ctx.Array(2)
		ctx.coordinate(lon)
		ctx.coordinate(lat)
	})
}

// runGeoHash is GEOHASH key [member ...].
func runGeoHash(ctx *Context) {
	ctx.eachPlace(func(score float64, ok bool) {
		if !ok {
			ctx.Null()
			return
		}
		var room [16]byte
		ctx.Bulk(cache.AppendGeoHash(room[:0], score))
	})
}

// eachPlace has write reply to each member among the arguments.
func (ctx *Context) eachPlace(write func(score float64, ok bool)) {
	start := len(ctx.B)
	ctx.Array(len(ctx.Args) - 2)
	if err := ctx.Tx.ZMScore(ctx.Args[1], ctx.Args[2:], write); err != nil {
		ctx.B = ctx.B[:start]
		ctx.fail(err)
	}
}

// runGeoDist is GEODIST key member1 member2 [M | KM | FT | MI].
func runGeoDist(ctx *Context) {
	unit := 1.0
	switch len(ctx.Args) {
	case 4:
	case 5:
		var fault string
		if unit, fault = geoUnit(ctx.Args[4]); fault != "" {
			ctx.Error(fault)
			return
		}
	default:
		ctx.Error(args.ErrSyntax)
		return
	}
	var scores [2]float64
	found := 0
	err := ctx.Tx.ZMScore(ctx.Args[1], ctx.Args[2:4], func(score float64, ok bool) {
		if ok {
			scores[found] = score
			found++
		}
	})
	switch {
	case err != nil:
		ctx.fail(err)
	case found < 2:
		ctx.Null()
	default:
		lon1, lat1 := cache.GeoPlace(scores[0])
		lon2, lat2 := cache.GeoPlace(scores[1])
		ctx.distance(cache.GeoDistance(lon1, lat1, lon2, lat2) / unit)
	}
}
