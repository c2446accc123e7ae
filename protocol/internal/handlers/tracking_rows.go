package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// trackingRows are CLIENT's subcommands for client-side caching.
var trackingRows = []Row{
	{
		Spec: command.Spec{
			Name: "tracking", Arity: -3, Summary: "Enable or disable server assisted client side caching support",
			Flags: command.KeyspaceWalk | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
			Since: "6.0.0", Group: "connection", Complexity: "O(1). Some options may introduce additional complexity.",
			Args: []command.Arg{
				{Name: "status", Type: "oneof", Args: []command.Arg{
					{Name: "on", Type: "pure-token", Token: "ON"},
					{Name: "off", Type: "pure-token", Token: "OFF"},
				}},
				{Name: "client-id", Type: "integer", Token: "REDIRECT", Optional: true},
				{Name: "prefix", Type: "string", Token: "PREFIX", Optional: true, Multiple: true, MultipleToken: true},
				{Name: "bcast", Type: "pure-token", Token: "BCAST", Optional: true},
				{Name: "optin", Type: "pure-token", Token: "OPTIN", Optional: true},
				{Name: "optout", Type: "pure-token", Token: "OPTOUT", Optional: true},
				{Name: "noloop", Type: "pure-token", Token: "NOLOOP", Optional: true},
			},
		},
		Run: runClientTracking,
	},
	{
		Spec: command.Spec{
			Name: "caching", Arity: 3, Summary: "Instruct the server about tracking or not keys in the next request",
			Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
			Since: "6.0.0", Group: "connection", Complexity: "O(1)",
			Args: []command.Arg{
				{Name: "mode", Type: "oneof", Args: []command.Arg{
					{Name: "yes", Type: "pure-token", Token: "YES"},
					{Name: "no", Type: "pure-token", Token: "NO"},
				}},
			},
		},
		Run: runClientCaching,
	},
	{
		Spec: command.Spec{
			Name: "getredir", Arity: 2, Summary: "Get tracking notifications redirection client ID if any",
			Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
			Since: "6.0.0", Group: "connection", Complexity: "O(1)",
		},
		Run: runClientGetredir,
	},
	{
		Spec: command.Spec{
			Name: "trackinginfo", Arity: 2, Summary: "Return information about server assisted client side caching for the current connection",
			Flags: command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
			Since: "6.2.0", Group: "connection", Complexity: "O(1)",
		},
		Run: runClientTrackinginfo,
	},
}
