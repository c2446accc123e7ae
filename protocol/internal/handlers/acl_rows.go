package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// aclRows are ACL. Those that may end other clients' connections visit all of these,
// each on its own loop, and so run with nothing locked.
var aclRows = []Row{
	{
		Spec: command.Spec{
			Name: "acl", Arity: -2, Summary: "A container for Access List Control commands ",
			Since: "6.0.0", Group: "server", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "cat", Arity: -2, Summary: "List the ACL categories or the commands inside a category",
					Flags: command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(1) since the categories and commands are a fixed set.",
					Args: []command.Arg{
						{Name: "categoryname", Type: "string", Optional: true},
					},
				},
				Run: runACLCat,
			},
			{
				Spec: command.Spec{
					Name: "deluser", Arity: -3, Summary: "Remove the specified ACL users and the associated rules",
					Flags: command.KeyspaceWalk | command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(1) amortized time considering the typical user.",
					Args: []command.Arg{
						{Name: "username", Type: "string", Multiple: true},
					},
				},
				Run: runACLDeluser,
			},
			{
				Spec: command.Spec{
					Name: "dryrun", Arity: -4, Summary: "Returns whether the user can execute the given command without executing the command.",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "7.0.0", Group: "server", Complexity: "O(1).",
					Args: []command.Arg{
						{Name: "username", Type: "string"},
						{Name: "command", Type: "string"},
						{Name: "arg", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runACLDryrun,
			},
			{
				Spec: command.Spec{
					Name: "genpass", Arity: -2, Summary: "Generate a pseudorandom secure password to use for ACL users",
					Flags: command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "bits", Type: "integer", Optional: true},
					},
				},
				Run: runACLGenpass,
			},
			{
				Spec: command.Spec{
					Name: "getuser", Arity: 3, Summary: "Get the rules for a specific ACL user",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of password, command and pattern rules that the user has.",
					History: []command.Change{
						{Since: "6.2.0", What: "Added Pub/Sub channel patterns."},
						{Since: "7.0.0", What: "Added selectors and changed the format of key and channel patterns from a list to their rule representation."},
					},
					Args: []command.Arg{
						{Name: "username", Type: "string"},
					},
				},
				Run: runACLGetuser,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(1)",
				},
				Run: runACLHelp,
			},
			{
				Spec: command.Spec{
					Name: "list", Arity: 2, Summary: "List the current ACL rules in ACL config file format",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of configured users.",
				},
				Run: runACLList,
			},
			{
				Spec: command.Spec{
					Name: "load", Arity: 2, Summary: "Reload the ACLs from the configured ACL file",
					Flags: command.KeyspaceWalk | command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of configured users.",
				},
				Run: runACLLoad,
			},
			{
				Spec: command.Spec{
					Name: "log", Arity: -2, Summary: "List latest events denied because of ACLs in place",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(N) with N being the number of entries shown.",
					History: []command.Change{
						{Since: "7.2.0", What: "Added entry ID, timestamp created, and timestamp last updated."},
					},
					Args: []command.Arg{
						{Name: "operation", Type: "oneof", Optional: true, Args: []command.Arg{
							{Name: "count", Type: "integer"},
							{Name: "reset", Type: "pure-token", Token: "RESET"},
						}},
					},
				},
				Run: runACLLog,
			},
			{
				Spec: command.Spec{
					Name: "save", Arity: 2, Summary: "Save the current ACL rules in the configured ACL file",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of configured users.",
				},
				Run: runACLSave,
			},
			{
				Spec: command.Spec{
					Name: "setuser", Arity: -3, Summary: "Modify or create the rules for a specific ACL user",
					Flags: command.KeyspaceWalk | command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of rules provided.",
					History: []command.Change{
						{Since: "6.2.0", What: "Added Pub/Sub channel patterns."},
						{Since: "7.0.0", What: "Added selectors and key based permissions."},
					},
					Args: []command.Arg{
						{Name: "username", Type: "string"},
						{Name: "rule", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runACLSetuser,
			},
			{
				Spec: command.Spec{
					Name: "users", Arity: 2, Summary: "List the username of all the configured ACL rules",
					Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of configured users.",
				},
				Run: runACLUsers,
			},
			{
				Spec: command.Spec{
					Name: "whoami", Arity: 2, Summary: "Return the name of the user associated to the current connection",
					Flags: command.NoScript | command.Loading | command.Stale,
					Since: "6.0.0", Group: "server", Complexity: "O(1)",
				},
				Run: runACLWhoami,
			},
		},
	},
}
