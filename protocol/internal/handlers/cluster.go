package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// clusterRows are CLUSTER and what clients of a cluster say, all of which have the
// answer that redis-server gives with cluster-enabled no: clients and tools find out by
// it that they talk to a single server.
var clusterRows = []Row{
	{
		Spec: command.Spec{
			Name: "cluster", Arity: -2, Summary: "A container for cluster commands",
			Since: "3.0.0", Group: "cluster", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "addslots", Arity: -3, Summary: "Assign new hash slots to receiving node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of hash slot arguments",
					Args: []command.Arg{
						{Name: "slot", Type: "integer", Multiple: true},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "addslotsrange", Arity: -4, Summary: "Assign new hash slots to receiving node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
					Args: []command.Arg{
						{Name: "start-slot_end-slot", Type: "block", Multiple: true, Args: []command.Arg{
							{Name: "start-slot", Type: "integer"},
							{Name: "end-slot", Type: "integer"},
						}},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "bumpepoch", Arity: 2, Summary: "Advance the cluster config epoch",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "count-failure-reports", Arity: 3, Summary: "Return the number of failure reports active for a given node",
					Flags: command.Admin | command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of failure reports",
					Tips: []string{"nondeterministic_output"},
					Args: []command.Arg{
						{Name: "node-id", Type: "string"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "countkeysinslot", Arity: 3, Summary: "Return the number of local keys in the specified hash slot",
					Flags: command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "slot", Type: "integer"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "delslots", Arity: -3, Summary: "Set hash slots as unbound in receiving node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of hash slot arguments",
					Args: []command.Arg{
						{Name: "slot", Type: "integer", Multiple: true},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "delslotsrange", Arity: -4, Summary: "Set hash slots as unbound in receiving node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
					Args: []command.Arg{
						{Name: "start-slot_end-slot", Type: "block", Multiple: true, Args: []command.Arg{
							{Name: "start-slot", Type: "integer"},
							{Name: "end-slot", Type: "integer"},
						}},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "failover", Arity: -2, Summary: "Forces a replica to perform a manual failover of its master.",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "options", Type: "oneof", Optional: true, Args: []command.Arg{
							{Name: "force", Type: "pure-token", Token: "FORCE"},
							{Name: "takeover", Type: "pure-token", Token: "TAKEOVER"},
						}},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "flushslots", Arity: 2, Summary: "Delete a node's own slots information",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "forget", Arity: 3, Summary: "Remove a node from the nodes table",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "node-id", Type: "string"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "getkeysinslot", Arity: 4, Summary: "Return local key names in the specified hash slot",
					Flags: command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(log(N)) where N is the number of requested keys",
					Tips: []string{"nondeterministic_output"},
					Args: []command.Arg{
						{Name: "slot", Type: "integer"},
						{Name: "count", Type: "integer"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale,
					Since: "5.0.0", Group: "cluster", Complexity: "O(1)",
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "info", Arity: 2, Summary: "Provides info about Redis Cluster node state",
					Flags: command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "keyslot", Arity: 3, Summary: "Returns the hash slot of the specified key",
					Flags: command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of bytes in the key",
					Args: []command.Arg{
						{Name: "key", Type: "string"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "links", Arity: 2, Summary: "Returns a list of all TCP links to and from peer nodes in cluster",
					Flags: command.Stale,
					Since: "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of Cluster nodes",
					Tips: []string{"nondeterministic_output"},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "meet", Arity: -4, Summary: "Force a node cluster to handshake with another node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					History: []command.Change{
						{Since: "4.0.0", What: "Added the optional `cluster_bus_port` argument."},
					},
					Args: []command.Arg{
						{Name: "ip", Type: "string"},
						{Name: "port", Type: "integer"},
						{Name: "cluster_bus_port", Type: "integer", Since: "4.0.0", Optional: true},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "myid", Arity: 2, Summary: "Return the node id",
					Flags: command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "myshardid", Arity: 2, Summary: "Returns the shard ID of a node.",
					Flags: command.Stale,
					Since: "7.2.0", Group: "cluster", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "nodes", Arity: 2, Summary: "Get Cluster config for the node",
					Flags: command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of Cluster nodes",
					Tips: []string{"nondeterministic_output"},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "replicas", Arity: 3, Summary: "List replica nodes of the specified master node",
					Flags: command.Admin | command.Stale,
					Since: "5.0.0", Group: "cluster", Complexity: "O(1)",
					Tips: []string{"nondeterministic_output"},
					Args: []command.Arg{
						{Name: "node-id", Type: "string"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "replicate", Arity: 3, Summary: "Reconfigure a node as a replica of the specified master node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "node-id", Type: "string"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "reset", Arity: -2, Summary: "Reset a Redis Cluster node",
					Flags: command.Admin | command.NoScript | command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
					Args: []command.Arg{
						{Name: "hard_soft", Type: "oneof", Optional: true, Args: []command.Arg{
							{Name: "hard", Type: "pure-token", Token: "HARD"},
							{Name: "soft", Type: "pure-token", Token: "SOFT"},
						}},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "saveconfig", Arity: 2, Summary: "Forces the node to save cluster state on disk",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "set-config-epoch", Arity: 3, Summary: "Set the configuration epoch in a new node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "config-epoch", Type: "integer"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "setslot", Arity: -4, Summary: "Bind a hash slot to a specific node",
					Flags: command.Admin | command.Stale | command.NoAsyncLoading,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Args: []command.Arg{
						{Name: "slot", Type: "integer"},
						{Name: "subcommand", Type: "oneof", Args: []command.Arg{
							{Name: "node-id", Type: "string", Token: "IMPORTING"},
							{Name: "node-id", Type: "string", Token: "MIGRATING"},
							{Name: "node-id", Type: "string", Token: "NODE"},
							{Name: "stable", Type: "pure-token", Token: "STABLE"},
						}},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "shards", Arity: 2, Summary: "Get array of cluster slots to node mappings",
					Flags: command.Stale,
					Since: "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of cluster nodes",
					Tips: []string{"nondeterministic_output"},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "slaves", Arity: 3, Summary: "List replica nodes of the specified master node",
					Flags: command.Admin | command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
					Deprecated: "5.0.0", ReplacedBy: "`CLUSTER REPLICAS`", Tips: []string{"nondeterministic_output"},
					Args: []command.Arg{
						{Name: "node-id", Type: "string"},
					},
				},
				Run: runClusterDisabled,
			},
			{
				Spec: command.Spec{
					Name: "slots", Arity: 2, Summary: "Get array of Cluster slot to node mappings",
					Flags: command.Stale,
					Since: "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of Cluster nodes",
					Deprecated: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`", Tips: []string{"nondeterministic_output"},
					History: []command.Change{
						{Since: "4.0.0", What: "Added node IDs."},
						{Since: "7.0.0", What: "Added additional networking metadata field."},
					},
				},
				Run: runClusterDisabled,
			},
		},
	},
	{
		Spec: command.Spec{
			Name: "readonly", Arity: 1, Summary: "Enables read queries for a connection to a cluster replica node",
			Flags: command.Loading | command.Stale | command.Fast, Categories: command.CatConnection,
			Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
		},
		Run: runClusterDisabled,
	},
	{
		Spec: command.Spec{
			Name: "readwrite", Arity: 1, Summary: "Disables read queries for a connection to a cluster replica node",
			Flags: command.Loading | command.Stale | command.Fast, Categories: command.CatConnection,
			Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
		},
		Run: runClusterDisabled,
	},
	{
		Spec: command.Spec{
			Name: "asking", Arity: 1, Summary: "Sent by cluster clients after an -ASK redirect",
			Flags: command.Fast, Categories: command.CatConnection,
			Since: "3.0.0", Group: "cluster", Complexity: "O(1)",
		},
		Run: runClusterDisabled,
	},
}

// runClusterDisabled answers whatever concerns a cluster, CLUSTER HELP included.
func runClusterDisabled(ctx *Context) { ctx.Error("ERR This instance has cluster support disabled") }
