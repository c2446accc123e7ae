package handlers

import (
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// recipient is where messages to the client go that it has not asked for; nil for one
// to which none can go.
func (ctx *Context) recipient() *session.Recipient {
	if ctx.Session == nil || ctx.Session.Mail == nil {
		return nil
	}
	return ctx.Session.Mail.Recipient
}

// subscriptionsOf are a client's subscriptions, nil if it has never had any.
func subscriptionsOf(s *session.Session) *pubsub.Subscriber {
	if s.Mail == nil {
		return nil
	}
	sub, _ := s.Mail.Subscriber.(*pubsub.Subscriber)
	return sub
}

// subscribes tells whether a client subscribes to anything.
func subscribes(s *session.Session) bool { return s.Mail != nil && s.Mail.Subscribed() }

// kindWords are the words of the messages about subscriptions.
var kindWords = [...]struct{ on, off string }{
	pubsub.Channel: {"subscribe", "unsubscribe"},
	pubsub.Pattern: {"psubscribe", "punsubscribe"},
	pubsub.Sharded: {"ssubscribe", "sunsubscribe"},
}

// runSubscribe: listen for messages published to the given channels.
func runSubscribe(ctx *Context) { ctx.subscribe(pubsub.Channel) }

// runPsubscribe: listen for messages published to channels matching the given patterns.
func runPsubscribe(ctx *Context) { ctx.subscribe(pubsub.Pattern) }

// runUnsubscribe: stop listening for messages posted to the given channels.
func runUnsubscribe(ctx *Context) { ctx.unsubscribe(pubsub.Channel) }

// runPunsubscribe: stop listening for messages posted to channels matching the given patterns.
func runPunsubscribe(ctx *Context) { ctx.unsubscribe(pubsub.Pattern) }

// runSunsubscribe: stop listening for messages posted to the given shard channels.
func runSunsubscribe(ctx *Context) { ctx.unsubscribe(pubsub.Sharded) }

// runSsubscribe: where a command must have exactly one reply, in a transaction, this
// one is refused. The two older ones are not, for compatibility.
func runSsubscribe(ctx *Context) {
	if ctx.NoWait {
		ctx.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
		return
	}
	ctx.subscribe(pubsub.Sharded)
}

// subscribe confirms each name, also one that was subscribed to already.
func (ctx *Context) subscribe(k pubsub.Kind) {
	s := ctx.Session
	sub := subscriptionsOf(s)
	if sub == nil {
		m := s.OpenMail()
		sub = pubsub.NewSubscriber(m.Recipient)
		m.Subscriber = sub
	}
	before := subscribes(s)
	for _, name := range ctx.Args[1:] {
		ctx.Server.Exchange.Subscribe(sub, k, string(name))
		ctx.confirm(kindWords[k].on, name, k)
	}
	ctx.Server.subscriberMode(s, before)
}

// unsubscribe confirms each name, also one that was not subscribed to. Without names
// it takes all of a kind; if there is none, the confirmation has no name.
func (ctx *Context) unsubscribe(k pubsub.Kind) {
	s := ctx.Session
	sub, before := subscriptionsOf(s), subscribes(s)
	names := ctx.Args[1:]
	if len(names) == 0 {
		for _, name := range sub.Names(k) {
			names = append(names, []byte(name))
		}
	}
	for _, name := range names {
		ctx.Server.Exchange.Unsubscribe(sub, k, string(name))
		ctx.confirm(kindWords[k].off, name, k)
	}
	if len(names) == 0 {
		ctx.confirm(kindWords[k].off, nil, k)
	}
	ctx.Server.subscriberMode(s, before)
}

// subscriberMode tells the transport if a client has begun or ceased to subscribe.
func (s *Server) subscriberMode(client *session.Session, before bool) {
	if now := subscribes(client); now != before && s.Subscribed != nil {
		s.Subscribed(client, now)
	}
}

// confirm writes a message about a subscription, with how many the client has then;
// sharded ones count for themselves. CLIENT REPLY OFF does not keep it back, as it is
// a message rather than a reply.
func (ctx *Context) confirm(word string, name []byte, k pubsub.Kind) {
	reply := ctx.B
	apart := ctx.Session.Reply == session.ReplyOff || ctx.Session.Reply == session.ReplySkipping
	if apart {
		ctx.B = ctx.Own
	}
	sub := subscriptionsOf(ctx.Session)
	count := sub.Count(k)
	if k != pubsub.Sharded {
		count = sub.Count(pubsub.Channel) + sub.Count(pubsub.Pattern)
	}
	ctx.Push(3)
	ctx.BulkString(word)
	if name == nil {
		ctx.Null()
	} else {
		ctx.Bulk(name)
	}
	ctx.Int(int64(count))
	if apart {
		ctx.B, ctx.Own = reply, ctx.B
	}
}

// runPublish: post a message to a channel.
func runPublish(ctx *Context) { ctx.publish(pubsub.Channel) }

// runSpublish: post a message to a shard channel.
func runSpublish(ctx *Context) { ctx.publish(pubsub.Sharded) }

// publish replies with the number of messages that are delivered. In a transaction or
// script they wait until it has ended, in order with the events that it causes.
func (ctx *Context) publish(k pubsub.Kind) {
	x, channel, text := ctx.Server.Exchange, ctx.Args[1], ctx.Args[2]
	if ctx.NoWait {
		n := x.Receivers(k, channel)
		if n > 0 {
			ctx.Server.Events.Publish(k, channel, text)
		}
		ctx.Int(int64(n))
		return
	}
	n := x.Publish(k, channel, text, ctx.recipient(), ctx.own)
	ctx.Int(int64(n))
}

// own keeps a message to the client that runs the command: it comes behind the reply.
func (ctx *Context) own(message []byte) { ctx.Own = append(ctx.Own, message...) }

func runPubsubChannels(ctx *Context) { ctx.channels(pubsub.Channel) }

// runPubsubShardchannels: list active shard channels.
func runPubsubShardchannels(ctx *Context) { ctx.channels(pubsub.Sharded) }

// runPubsubNumsub: get the count of subscribers for channels.
func runPubsubNumsub(ctx *Context) { ctx.numsub(pubsub.Channel) }

// runPubsubShardnumsub: get the count of subscribers for shard channels.
func runPubsubShardnumsub(ctx *Context) { ctx.numsub(pubsub.Sharded) }

// channels replies with the names of a kind that somebody subscribed to.
func (ctx *Context) channels(k pubsub.Kind) {
	var pattern []byte
	switch len(ctx.Args) {
	case 2:
	case 3:
		pattern = ctx.Args[2]
	default:
		ctx.Error(args.SubcommandSyntax(ctx.Args[1], "PUBSUB"))
		return
	}
	names := ctx.Server.Exchange.Channels(k, pattern)
	ctx.Array(len(names))
	for _, name := range names {
		ctx.BulkString(name)
	}
}

// numsub replies with names and how many subscribed to each.
func (ctx *Context) numsub(k pubsub.Kind) {
	names := ctx.Args[2:]
	ctx.Array(2 * len(names))
	for _, name := range names {
		ctx.Bulk(name)
		ctx.Int(int64(ctx.Server.Exchange.Subscribers(k, name)))
	}
}

// runPubsubNumpat: get the count of unique patterns pattern subscriptions.
func runPubsubNumpat(ctx *Context) { ctx.Int(int64(ctx.Server.Exchange.Len(pubsub.Pattern))) }

// runPubsubHelp: show helpful text about the different subcommands.
func runPubsubHelp(ctx *Context) { ctx.help("PUBSUB", pubsubHelp) }

var pubsubHelp = []string{
	"CHANNELS [<pattern>]",
	"    Return the currently active channels matching a <pattern> (default: '*').",
	"NUMPAT",
	"    Return number of subscriptions to patterns.",
	"NUMSUB [<channel> ...]",
	"    Return the number of subscribers for the specified channels, excluding",
	"    pattern subscriptions(default: no channels).",
	"SHARDCHANNELS [<pattern>]",
	"    Return the currently active shard level channels matching a <pattern> (default: '*').",
	"SHARDNUMSUB [<shardchannel> ...]",
	"    Return the number of subscribers for the specified shard level channel(s)",
}

// ForSubscribers tells whether a command may be sent by a client that subscribes, in
// RESP2: its replies could not be told from messages.
func ForSubscribers(c *Command) bool {
	switch c.FullName {
	case "ping", "subscribe", "ssubscribe", "unsubscribe", "sunsubscribe", "psubscribe", "punsubscribe", "quit", "reset":
		return true
	}
	return false
}

// Gone takes a client that is gone out of all that knows of it. It is called where the
// client's commands run, and may be called twice.
func (s *Server) Gone(client *session.Session) {
	s.Watch.Forget(client.ID)
	if m := client.Mail; m != nil {
		m.Leave()
		s.Exchange.Leave(subscriptionsOf(client))
		s.Tracking.Leave(trackerOf(client))
	}
	s.Monitors.Remove(client.ID)
	if client.Blocked {
		s.Pause.Forget(client.ID)
		s.Blocking.Take(client.ID) // nobody is to be answered
	}
}

// endMail ends a client's subscriptions and tracking (RESET).
func (ctx *Context) endMail() {
	before := subscribes(ctx.Session)
	ctx.Server.Exchange.Leave(subscriptionsOf(ctx.Session))
	ctx.Server.Tracking.Disable(trackerOf(ctx.Session))
	ctx.Server.subscriberMode(ctx.Session, before)
}
