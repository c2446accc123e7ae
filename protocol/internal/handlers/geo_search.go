package handlers

import (
	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// geoSearchRows are the commands that look for places.
var geoSearchRows = []Row{
	{
		Spec: command.Spec{
			Name: "geosearch", Arity: -7, Summary: "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.",
			Flags: command.ReadOnly, Categories: command.CatGeo,
			Since: "6.2.0", Group: "geo", Complexity: "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "7.0.0", What: "Added support for uppercase unit names."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "from", Type: "oneof", Args: []command.Arg{
					{Name: "member", Type: "string", Token: "FROMMEMBER"},
					{Name: "longitude_latitude", Type: "block", Token: "FROMLONLAT", Args: []command.Arg{
						{Name: "longitude", Type: "double"},
						{Name: "latitude", Type: "double"},
					}},
				}},
				{Name: "by", Type: "oneof", Args: []command.Arg{
					{Name: "circle", Type: "block", Args: []command.Arg{
						{Name: "radius", Type: "double", Token: "BYRADIUS"},
						{Name: "unit", Type: "oneof", Args: []command.Arg{
							{Name: "m", Type: "pure-token", Token: "M"},
							{Name: "km", Type: "pure-token", Token: "KM"},
							{Name: "ft", Type: "pure-token", Token: "FT"},
							{Name: "mi", Type: "pure-token", Token: "MI"},
						}},
					}},
					{Name: "box", Type: "block", Args: []command.Arg{
						{Name: "width", Type: "double", Token: "BYBOX"},
						{Name: "height", Type: "double"},
						{Name: "unit", Type: "oneof", Args: []command.Arg{
							{Name: "m", Type: "pure-token", Token: "M"},
							{Name: "km", Type: "pure-token", Token: "KM"},
							{Name: "ft", Type: "pure-token", Token: "FT"},
							{Name: "mi", Type: "pure-token", Token: "MI"},
						}},
					}},
				}},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
				{Name: "count", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer", Token: "COUNT"},
					{Name: "any", Type: "pure-token", Token: "ANY", Optional: true},
				}},
				{Name: "withcoord", Type: "pure-token", Token: "WITHCOORD", Optional: true},
				{Name: "withdist", Type: "pure-token", Token: "WITHDIST", Optional: true},
				{Name: "withhash", Type: "pure-token", Token: "WITHHASH", Optional: true},
			},
		},
		Run: runGeoSearch,
	},
	{
		Spec: command.Spec{
			Name: "geosearchstore", Arity: -8, Summary: "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and store the result in another key.",
			Flags: command.Write | command.DenyOOM, Categories: command.CatGeo,
			Since: "6.2.0", Group: "geo", Complexity: "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape",
			Keys: []command.KeySpec{
				command.KeyAt(1, "OW", "update"),
				command.KeyAt(2, "RO", "access"),
			},
			History: []command.Change{
				{Since: "7.0.0", What: "Added support for uppercase unit names."},
			},
			Args: []command.Arg{
				{Name: "destination", Type: "key", KeySpecIndex: 1},
				{Name: "source", Type: "key", KeySpecIndex: 2},
				{Name: "from", Type: "oneof", Args: []command.Arg{
					{Name: "member", Type: "string", Token: "FROMMEMBER"},
					{Name: "longitude_latitude", Type: "block", Token: "FROMLONLAT", Args: []command.Arg{
						{Name: "longitude", Type: "double"},
						{Name: "latitude", Type: "double"},
					}},
				}},
				{Name: "by", Type: "oneof", Args: []command.Arg{
					{Name: "circle", Type: "block", Args: []command.Arg{
						{Name: "radius", Type: "double", Token: "BYRADIUS"},
						{Name: "unit", Type: "oneof", Args: []command.Arg{
							{Name: "m", Type: "pure-token", Token: "M"},
							{Name: "km", Type: "pure-token", Token: "KM"},
							{Name: "ft", Type: "pure-token", Token: "FT"},
							{Name: "mi", Type: "pure-token", Token: "MI"},
						}},
					}},
					{Name: "box", Type: "block", Args: []command.Arg{
						{Name: "width", Type: "double", Token: "BYBOX"},
						{Name: "height", Type: "double"},
						{Name: "unit", Type: "oneof", Args: []command.Arg{
							{Name: "m", Type: "pure-token", Token: "M"},
							{Name: "km", Type: "pure-token", Token: "KM"},
							{Name: "ft", Type: "pure-token", Token: "FT"},
							{Name: "mi", Type: "pure-token", Token: "MI"},
						}},
					}},
				}},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
				{Name: "count", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer", Token: "COUNT"},
					{Name: "any", Type: "pure-token", Token: "ANY", Optional: true},
				}},
				{Name: "storedist", Type: "pure-token", Token: "STOREDIST", Optional: true},
			},
		},
		Run: runGeoSearchStore,
	},
}

// geoSearch is a search for places as it was given. GEOSEARCH says where to search and
// in what by options in any order, of which exactly one of each kind must be there; the
// older GEORADIUS and GEORADIUSBYMEMBER (geo_radius.go) have these as arguments at fixed
// places, and all other options in common with it.
//
// A source that does not exist is no error, and then a member to search around is not
// looked up; but all other arguments are read, and complained of, as ever.
type geoSearch struct {
	shape    cache.GeoShape
	source   []byte
	store    []byte // destination, if storing
	command  string // whose options it has: "geosearch", "geosearchstore" or "georadius"
	mayStore bool   // STORE and STOREDIST are options

	fromMember, fromPlace, byRadius, byBox bool
	missing                                bool // there is no source: members are not looked up

	storing, storeDist             bool
	withDist, withHash, withCoords bool
	count                          int64
	any                            bool
	order                          int8 // -1: farthest first; 1: nearest first; 0: as they were found
}

// runGeoSearch is GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude>
// <BYRADIUS radius unit | BYBOX width height unit> [ASC | DESC] [COUNT count [ANY]]
// [WITHCOORD] [WITHDIST] [WITHHASH].
func runGeoSearch(ctx *Context) {
	ctx.geoSearch(&geoSearch{command: "geosearch", source: ctx.Args[1]}, 2)
}

// runGeoSearchStore is GEOSEARCHSTORE destination source, GEOSEARCH's options but for
// WITH..., [STOREDIST].
func runGeoSearchStore(ctx *Context) {
	ctx.geoSearch(&geoSearch{command: "geosearchstore", source: ctx.Args[2], store: ctx.Args[1], storing: true}, 3)
}

// geoSearch reads the options from argument at on, then searches. The source's type is
// told before all faults of the arguments.
func (ctx *Context) geoSearch(g *geoSearch, at int) {
	if !ctx.geoSource(g) {
		return
	}
	fault := ctx.geoOptions(g, at)
	if fault == "" {
		fault = g.fault(ctx.Args[0])
	}
	if fault != "" {
		ctx.Error(fault)
		return
	}
	ctx.geoRun(g)
}

// geoSource looks whether the source is there; false: it is of another type, and the
// reply says so.
func (ctx *Context) geoSource(g *geoSearch) bool {
	n, err := ctx.Tx.ZCard(g.source)
	if err != nil {
		ctx.fail(err)
		return false
	}
	g.missing = n == 0
	return true
}

// geoOptions reads the options from argument at on.
func (ctx *Context) geoOptions(g *geoSearch, at int) (fault string) {
	search := g.command != "georadius"
	for c := args.From(ctx.Args, at); c.More() && fault == ""; {
		switch {
		case c.Word("withdist"):
			g.withDist = true
		case c.Word("withhash"):
			g.withHash = true
		case c.Word("withcoord"):
			g.withCoords = true
		case c.Word("any"):
			g.any = true
		case c.Word("asc"):
			g.order = 1
		case c.Word("desc"):
			g.order = -1
		case c.Option("count", 1):
			if g.count, fault = c.Int(); fault == "" && g.count <= 0 {
				fault = "ERR COUNT must be > 0"
			}
		case g.mayStore && c.Option("store", 1):
			g.store, g.storing, g.storeDist = c.Next(), true, false
		case g.mayStore && c.Option("storedist", 1):
			g.store, g.storing, g.storeDist = c.Next(), true, true
		case g.command == "geosearchstore" && c.Word("storedist"):
			g.storeDist = true
		case search:
			fault = ctx.geoShape(g, &c)
		default:
			fault = args.ErrSyntax
		}
	}
	return fault
}

// geoShape reads one of GEOSEARCH's options that say where.
func (ctx *Context) geoShape(g *geoSearch, c *args.Cursor) (fault string) {
	switch {
	case !g.fromPlace && c.Option("frommember", 1):
		g.fromMember = true
		return ctx.geoMember(g, c.Next())
	case !g.fromMember && c.Option("fromlonlat", 2):
		g.fromPlace = true
		g.shape.Lon, g.shape.Lat, fault = place(c)
		return fault
	case !g.byBox && c.Option("byradius", 2):
		g.byRadius = true
		return g.radius(c)
	case !g.byRadius && c.Option("bybox", 3):
		g.byBox, g.shape.Box = true, true
		width, ok := args.Float(c.Next())
		height, ok2 := args.Float(c.Next())
		switch {
		case !ok:
			return "ERR need numeric width"
		case !ok2:
			return "ERR need numeric height"
		case width < 0 || height < 0:
			return "ERR height or width cannot be negative"
		}
		g.shape.Width, g.shape.Height = width, height
		g.shape.Unit, fault = geoUnit(c.Next())
		return fault
	}
	return args.ErrSyntax
}

// radius reads a radius and its unit.
func (g *geoSearch) radius(c *args.Cursor) (fault string) {
	radius, ok := args.Float(c.Next())
	switch {
	case !ok:
		return "ERR need numeric radius"
	case radius < 0:
		return "ERR radius cannot be negative"
	}
	g.shape.Radius = radius
	g.shape.Unit, fault = geoUnit(c.Next())
	return fault
}

// geoMember makes a member's place the middle of the search.
func (ctx *Context) geoMember(g *geoSearch, member []byte) (fault string) {
	if g.missing {
		return ""
	}
	score, err := ctx.Tx.ZScore(g.source, member)
	if err != nil {
		return "ERR could not decode requested zset member"
	}
	g.shape.Lon, g.shape.Lat = cache.GeoPlace(score)
	return ""
}

// fault is what is wrong with the options together; name is the command's as it was
// written.
func (g *geoSearch) fault(name []byte) string {
	search := g.command != "georadius"
	switch {
	case g.storing && (g.withDist || g.withHash || g.withCoords):
		what := "STORE option in GEORADIUS"
		if search {
			what = "GEOSEARCHSTORE"
		}
		return "ERR " + what + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
	case search && !g.fromMember && !g.fromPlace:
		return "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + string(name)
	case search && !g.byRadius && !g.byBox:
		return "ERR exactly one of BYRADIUS and BYBOX can be specified for " + string(name)
	case g.any && g.count == 0:
		return "ERR the ANY argument requires COUNT argument"
	}
	return ""
}
