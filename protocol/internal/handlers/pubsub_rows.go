package handlers

import "github.com/ashlar-cache/ashlar/protocol/command"

// pubsubRows are the commands about channels. None of them touches a key: the names of
// sharded channels only look like keys, so that clients of a cluster find its node.
var pubsubRows = []Row{
	{
		Spec: command.Spec{
			Name: "subscribe", Arity: -2, Summary: "Listen for messages published to the given channels",
			Flags: command.PubSub | command.NoScript | command.Loading | command.Stale,
			Since: "2.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of channels to subscribe to.",
			Args: []command.Arg{
				{Name: "channel", Type: "string", Multiple: true},
			},
		},
		Run: runSubscribe,
	},
	{
		Spec: command.Spec{
			Name: "unsubscribe", Arity: -1, Summary: "Stop listening for messages posted to the given channels",
			Flags: command.PubSub | command.NoScript | command.Loading | command.Stale,
			Since: "2.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of clients already subscribed to a channel.",
			Args: []command.Arg{
				{Name: "channel", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runUnsubscribe,
	},
	{
		Spec: command.Spec{
			Name: "psubscribe", Arity: -2, Summary: "Listen for messages published to channels matching the given patterns",
			Flags: command.PubSub | command.NoScript | command.Loading | command.Stale,
			Since: "2.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of patterns the client is already subscribed to.",
			Args: []command.Arg{
				{Name: "pattern", Type: "block", Multiple: true, Args: []command.Arg{
					{Name: "pattern", Type: "pattern"},
				}},
			},
		},
		Run: runPsubscribe,
	},
	{
		Spec: command.Spec{
			Name: "punsubscribe", Arity: -1, Summary: "Stop listening for messages posted to channels matching the given patterns",
			Flags: command.PubSub | command.NoScript | command.Loading | command.Stale,
			Since: "2.0.0", Group: "pubsub", Complexity: "O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).",
			Args: []command.Arg{
				{Name: "pattern", Type: "pattern", Optional: true, Multiple: true},
			},
		},
		Run: runPunsubscribe,
	},
	{
		Spec: command.Spec{
			Name: "ssubscribe", Arity: -2, Summary: "Listen for messages published to the given shard channels",
			Flags: command.PubSub | command.NoScript | command.Loading | command.Stale,
			Since: "7.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of shard channels to subscribe to.",
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "not_key")},
			Args: []command.Arg{
				{Name: "shardchannel", Type: "string", Multiple: true},
			},
		},
		Run: runSsubscribe,
	},
	{
		Spec: command.Spec{
			Name: "sunsubscribe", Arity: -1, Summary: "Stop listening for messages posted to the given shard channels",
			Flags: command.PubSub | command.NoScript | command.Loading | command.Stale,
			Since: "7.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of clients already subscribed to a shard channel.",
			Keys: []command.KeySpec{command.KeyRange(1, -1, 1, "not_key")},
			Args: []command.Arg{
				{Name: "shardchannel", Type: "string", Optional: true, Multiple: true},
			},
		},
		Run: runSunsubscribe,
	},
	{
		Spec: command.Spec{
			Name: "publish", Arity: 3, Summary: "Post a message to a channel",
			Flags: command.PubSub | command.MayReplicate | command.Loading | command.Stale | command.Fast,
			Since: "2.0.0", Group: "pubsub", Complexity: "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
			Args: []command.Arg{
				{Name: "channel", Type: "string"},
				{Name: "message", Type: "string"},
			},
		},
		Run: runPublish,
	},
	{
		Spec: command.Spec{
			Name: "spublish", Arity: 3, Summary: "Post a message to a shard channel",
			Flags: command.PubSub | command.MayReplicate | command.Loading | command.Stale | command.Fast,
			Since: "7.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
			Keys: []command.KeySpec{command.KeyAt(1, "not_key")},
			Args: []command.Arg{
				{Name: "shardchannel", Type: "string"},
				{Name: "message", Type: "string"},
			},
		},
		Run: runSpublish,
	},
	{
		Spec: command.Spec{
			Name: "pubsub", Arity: -2, Summary: "A container for Pub/Sub commands",
			Since: "2.8.0", Group: "pubsub", Complexity: "Depends on subcommand.",
		},
		Subs: []Row{
			{
				Spec: command.Spec{
					Name: "channels", Arity: -2, Summary: "List active channels",
					Flags: command.PubSub | command.Loading | command.Stale,
					Since: "2.8.0", Group: "pubsub", Complexity: "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
					Args: []command.Arg{
						{Name: "pattern", Type: "pattern", Optional: true},
					},
				},
				Run: runPubsubChannels,
			},
			{
				Spec: command.Spec{
					Name: "help", Arity: 2, Summary: "Show helpful text about the different subcommands",
					Flags: command.Loading | command.Stale,
					Since: "6.2.0", Group: "pubsub", Complexity: "O(1)",
				},
				Run: runPubsubHelp,
			},
			{
				Spec: command.Spec{
					Name: "numpat", Arity: 2, Summary: "Get the count of unique patterns pattern subscriptions",
					Flags: command.PubSub | command.Loading | command.Stale,
					Since: "2.8.0", Group: "pubsub", Complexity: "O(1)",
				},
				Run: runPubsubNumpat,
			},
			{
				Spec: command.Spec{
					Name: "numsub", Arity: -2, Summary: "Get the count of subscribers for channels",
					Flags: command.PubSub | command.Loading | command.Stale,
					Since: "2.8.0", Group: "pubsub", Complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
					Args: []command.Arg{
						{Name: "channel", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runPubsubNumsub,
			},
			{
				Spec: command.Spec{
					Name: "shardchannels", Arity: -2, Summary: "List active shard channels",
					Flags: command.PubSub | command.Loading | command.Stale,
					Since: "7.0.0", Group: "pubsub", Complexity: "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
					Args: []command.Arg{
						{Name: "pattern", Type: "pattern", Optional: true},
					},
				},
				Run: runPubsubShardchannels,
			},
			{
				Spec: command.Spec{
					Name: "shardnumsub", Arity: -2, Summary: "Get the count of subscribers for shard channels",
					Flags: command.PubSub | command.Loading | command.Stale,
					Since: "7.0.0", Group: "pubsub", Complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
					Args: []command.Arg{
						{Name: "shardchannel", Type: "string", Optional: true, Multiple: true},
					},
				},
				Run: runPubsubShardnumsub,
			},
		},
	},
}
