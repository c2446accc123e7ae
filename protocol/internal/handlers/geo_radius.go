package handlers

import (
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// geoRadiusRows are the older forms of GEOSEARCH.
var geoRadiusRows = []Row{
	{
		Spec: command.Spec{
			Name: "georadius", Arity: -6, Summary: "Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a point",
			Flags: command.Write | command.DenyOOM | command.MovableKeys, Categories: command.CatGeo,
			Since: "3.2.0", Group: "geo", Complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
			Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RO", "access"),
				{Flags: []string{"OW", "update"}, Keyword: "STORE", StartFrom: 6, LastKey: 0, Step: 1},
				{Flags: []string{"OW", "update"}, Keyword: "STOREDIST", StartFrom: 6, LastKey: 0, Step: 1},
			},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `ANY` option for `COUNT`."},
				{Since: "7.0.0", What: "Added support for uppercase unit names."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "longitude", Type: "double"},
				{Name: "latitude", Type: "double"},
				{Name: "radius", Type: "double"},
				{Name: "unit", Type: "oneof", Args: []command.Arg{
					{Name: "m", Type: "pure-token", Token: "M"},
					{Name: "km", Type: "pure-token", Token: "KM"},
					{Name: "ft", Type: "pure-token", Token: "FT"},
					{Name: "mi", Type: "pure-token", Token: "MI"},
				}},
				{Name: "withcoord", Type: "pure-token", Token: "WITHCOORD", Optional: true},
				{Name: "withdist", Type: "pure-token", Token: "WITHDIST", Optional: true},
				{Name: "withhash", Type: "pure-token", Token: "WITHHASH", Optional: true},
				{Name: "count", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer", Token: "COUNT"},
					{Name: "any", Type: "pure-token", Token: "ANY", Since: "6.2.0", Optional: true},
				}},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
				{Name: "key", Type: "key", KeySpecIndex: 2, Token: "STORE", Optional: true},
				{Name: "key", Type: "key", KeySpecIndex: 3, Token: "STOREDIST", Optional: true},
			},
		},
		Run: runGeoRadius,
	},
	{
		Spec: command.Spec{
			Name: "georadius_ro", Arity: -6, Summary: "A read-only variant for GEORADIUS",
			Flags: command.ReadOnly, Categories: command.CatGeo,
			Since: "3.2.10", Group: "geo", Complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
			Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` with the `BYRADIUS` argument",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			History: []command.Change{
				{Since: "6.2.0", What: "Added the `ANY` option for `COUNT`."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "longitude", Type: "double"},
				{Name: "latitude", Type: "double"},
				{Name: "radius", Type: "double"},
				{Name: "unit", Type: "oneof", Args: []command.Arg{
					{Name: "m", Type: "pure-token", Token: "M"},
					{Name: "km", Type: "pure-token", Token: "KM"},
					{Name: "ft", Type: "pure-token", Token: "FT"},
					{Name: "mi", Type: "pure-token", Token: "MI"},
				}},
				{Name: "withcoord", Type: "pure-token", Token: "WITHCOORD", Optional: true},
				{Name: "withdist", Type: "pure-token", Token: "WITHDIST", Optional: true},
				{Name: "withhash", Type: "pure-token", Token: "WITHHASH", Optional: true},
				{Name: "count", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer", Token: "COUNT"},
					{Name: "any", Type: "pure-token", Token: "ANY", Since: "6.2.0", Optional: true},
				}},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
			},
		},
		Run: runGeoRadiusRO,
	},
	{
		Spec: command.Spec{
			Name: "georadiusbymember", Arity: -5, Summary: "Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a member",
			Flags: command.Write | command.DenyOOM | command.MovableKeys, Categories: command.CatGeo,
			Since: "3.2.0", Group: "geo", Complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
			Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
			Keys: []command.KeySpec{
				command.KeyAt(1, "RO", "access"),
				{Flags: []string{"OW", "update"}, Keyword: "STORE", StartFrom: 5, LastKey: 0, Step: 1},
				{Flags: []string{"OW", "update"}, Keyword: "STOREDIST", StartFrom: 5, LastKey: 0, Step: 1},
			},
			History: []command.Change{
				{Since: "7.0.0", What: "Added support for uppercase unit names."},
			},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string"},
				{Name: "radius", Type: "double"},
				{Name: "unit", Type: "oneof", Args: []command.Arg{
					{Name: "m", Type: "pure-token", Token: "M"},
					{Name: "km", Type: "pure-token", Token: "KM"},
					{Name: "ft", Type: "pure-token", Token: "FT"},
					{Name: "mi", Type: "pure-token", Token: "MI"},
				}},
				{Name: "withcoord", Type: "pure-token", Token: "WITHCOORD", Optional: true},
				{Name: "withdist", Type: "pure-token", Token: "WITHDIST", Optional: true},
				{Name: "withhash", Type: "pure-token", Token: "WITHHASH", Optional: true},
				{Name: "count", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer", Token: "COUNT"},
					{Name: "any", Type: "pure-token", Token: "ANY", Optional: true},
				}},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
				{Name: "key", Type: "key", KeySpecIndex: 2, Token: "STORE", Optional: true},
				{Name: "key", Type: "key", KeySpecIndex: 3, Token: "STOREDIST", Optional: true},
			},
		},
		Run: runGeoRadiusByMember,
	},
	{
		Spec: command.Spec{
			Name: "georadiusbymember_ro", Arity: -5, Summary: "A read-only variant for GEORADIUSBYMEMBER",
			Flags: command.ReadOnly, Categories: command.CatGeo,
			Since: "3.2.10", Group: "geo", Complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
			Deprecated: "6.2.0", ReplacedBy: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
			Keys: []command.KeySpec{command.KeyAt(1, "RO", "access")},
			Args: []command.Arg{
				{Name: "key", Type: "key", KeySpecIndex: 1},
				{Name: "member", Type: "string"},
				{Name: "radius", Type: "double"},
				{Name: "unit", Type: "oneof", Args: []command.Arg{
					{Name: "m", Type: "pure-token", Token: "M"},
					{Name: "km", Type: "pure-token", Token: "KM"},
					{Name: "ft", Type: "pure-token", Token: "FT"},
					{Name: "mi", Type: "pure-token", Token: "MI"},
				}},
				{Name: "withcoord", Type: "pure-token", Token: "WITHCOORD", Optional: true},
				{Name: "withdist", Type: "pure-token", Token: "WITHDIST", Optional: true},
				{Name: "withhash", Type: "pure-token", Token: "WITHHASH", Optional: true},
				{Name: "count", Type: "block", Optional: true, Args: []command.Arg{
					{Name: "count", Type: "integer", Token: "COUNT"},
					{Name: "any", Type: "pure-token", Token: "ANY", Optional: true},
				}},
				{Name: "order", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "asc", Type: "pure-token", Token: "ASC"},
					{Name: "desc", Type: "pure-token", Token: "DESC"},
				}},
			},
		},
		Run: runGeoRadiusByMemberRO,
	},
}

// runGeoRadius and runGeoRadiusRO are GEORADIUS key longitude latitude radius unit
// [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC], the first with
// [STORE key] [STOREDIST key].
func runGeoRadius(ctx *Context) { ctx.geoRadius(true) }

// runGeoRadiusRO: A read-only variant for GEORADIUS.
func runGeoRadiusRO(ctx *Context) { ctx.geoRadius(false) }

// geoRadius is GEORADIUS, or its _RO form that may not store.
func (ctx *Context) geoRadius(mayStore bool) {
	g := &geoSearch{command: "georadius", source: ctx.Args[1], mayStore: mayStore}
	if !ctx.geoSource(g) {
		return
	}
	c := args.From(ctx.Args, 2)
	var fault string
	if g.shape.Lon, g.shape.Lat, fault = place(&c); fault == "" {
		fault = g.radius(&c)
	}
	ctx.geoRadiusOptions(g, 6, fault)
}

// runGeoRadiusByMember and runGeoRadiusByMemberRO are GEORADIUSBYMEMBER key member
// radius unit, and the options of GEORADIUS.
func runGeoRadiusByMember(ctx *Context) { ctx.geoRadiusByMember(true) }

// runGeoRadiusByMemberRO: A read-only variant for GEORADIUSBYMEMBER.
func runGeoRadiusByMemberRO(ctx *Context) { ctx.geoRadiusByMember(false) }

// geoRadiusByMember is the same around a member.
func (ctx *Context) geoRadiusByMember(mayStore bool) {
	g := &geoSearch{command: "georadius", source: ctx.Args[1], mayStore: mayStore}
	if !ctx.geoSource(g) {
		return
	}
	fault := ""
	if !g.missing { // else not even the radius is looked at
		if fault = ctx.geoMember(g, ctx.Args[2]); fault == "" {
			c := args.From(ctx.Args, 3)
			fault = g.radius(&c)
		}
	}
	ctx.geoRadiusOptions(g, 5, fault)
}

// geoRadiusOptions goes on with the options, unless there is a fault before them.
func (ctx *Context) geoRadiusOptions(g *geoSearch, at int, fault string) {
	if fault == "" {
		fault = ctx.geoOptions(g, at)
	}
	if fault == "" {
		fault = g.fault(nil)
	}
	// The locks were taken by the key specifications, which find the first STORE and
	// STOREDIST each, while the last of both counts. Whoever writes them twice is told so.
	if fault == "" && g.storing && !ctx.Tx.Covers(g.store) {
		fault = args.ErrSyntax
	}
	if fault != "" {
		ctx.Error(fault)
		return
	}
	ctx.geoRun(g)
}
