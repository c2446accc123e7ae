package handlers

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/internal/acl"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// clientType is a kind of client, by the names that CLIENT LIST and KILL take.
// All of Redis's are understood, even those that no client here is ever of:
// a filter for replicas finds none, which is the truth and no error.
type clientType int

const (
	anyClient clientType = iota - 1
	normalClient
	replicaClient
	pubsubClient
	masterClient
)

// parseClientType reads a client type; "slave" is the old word for replica.
func parseClientType(name []byte) (t clientType, err string) {
	for word, t := range map[string]clientType{
		"normal": normalClient, "slave": replicaClient, "replica": replicaClient,
		"pubsub": pubsubClient, "master": masterClient,
	} {
		if args.Is(name, word) {
			return t, ""
		}
	}
	return 0, "ERR Unknown client type '" + string(args.ClipTo(name, math.MaxInt)) + "'"
}

// typeOf is a session's kind. There is no replication here.
func typeOf(s *session.Session) clientType {
	if subscribes(s) {
		return pubsubClient
	}
	return normalClient
}

// runClientInfo is CLIENT LIST's line for the client that asks, without a detour
// over other loops.
func runClientInfo(ctx *Context) {
	line := appendClient(nil, ctx.Session, ctx, time.Now())
	ctx.Verbatim("txt", string(append(line, '\n')))
}

// runClientList collects the lines on the clients' own loops; a session is
// nobody else's to read.
func runClientList(ctx *Context) {
	kind, ids, err := parseClientList(ctx.Args)
	if err != "" {
		ctx.Error(err)
		return
	}
	lines := map[uint64][]byte{}
	now := time.Now()
	ctx.Server.Clients(func(s *session.Session) {
		if kind == anyClient || typeOf(s) == kind {
			lines[s.ID] = append(appendClient(nil, s, ctx, now), '\n')
		}
	})
	// Clients asked for by ID come in the order in which they were asked for, all
	// of them in the order in which they connected.
	if ids == nil {
		ids = slices.Sorted(maps.Keys(lines))
	}
	var text bytes.Buffer
	for _, id := range ids {
		text.Write(lines[id])
	}
	ctx.Verbatim("txt", text.String())
}

// parseClientList reads the one filter that CLIENT LIST may have: TYPE with one
// type, or ID with any number of them. ids is nil without the latter. The ID of
// a client that is gone is no error; it has no line.
func parseClientList(argv [][]byte) (kind clientType, ids []uint64, err string) {
	kind = anyClient
	switch {
	case len(argv) == 2:
	case len(argv) == 4 && args.Is(argv[2], "type"):
		kind, err = parseClientType(argv[3])
	case len(argv) > 3 && args.Is(argv[2], "id"):
		for _, arg := range argv[3:] {
			id, ok := args.Int(arg)
			if !ok {
				return kind, nil, "ERR Invalid client ID"
			}
			ids = append(ids, uint64(id))
		}
	default:
		err = args.ErrSyntax
	}
	return kind, ids, err
}

// appendClient appends a client's line in the format of Redis 7.4 (its
// catClientInfoString), without the line's end. It must run where s does. Times
// are whole seconds, sizes bytes.
//
// What counts bytes of Redis's own buffers is mapped to the nearest thing here:
// replies are written to a buffer of the loop's, so that a client has memory for
// output (obl) only while some of it waits to be sent. multi=-1 is outside a
// transaction, redir=-1 without tracking.
func appendClient(b []byte, s *session.Session, asking *Context, now time.Time) []byte {
	input, free, output := s.Client.Buffers()
	argv := 0 // between commands a client has no arguments: only the one that asks is inside one
	if s == asking.Session {
		for _, arg := range asking.Args {
			argv += len(arg)
		}
	}
	number := func(name string, n int64) {
		b = append(b, name...)
		b = strconv.AppendInt(b, n, 10)
	}
	text := func(name, value string) {
		b = append(append(b, name...), value...)
	}
	number("id=", int64(s.ID))
	text(" addr=", s.Client.RemoteAddr())
	text(" laddr=", s.Client.LocalAddr())
	number(" fd=", int64(s.Client.FD()))
	text(" name=", s.Name)
	number(" age=", now.Unix()-s.CreatedAt.Unix())
	number(" idle=", max(now.UnixMilli()-s.LastActive, 0)/1000)
	text(" flags=", clientFlags(s, asking))
	number(" db=", int64(s.DB))
	sub := subscriptionsOf(s)
	number(" sub=", int64(sub.Count(pubsub.Channel)))
	number(" psub=", int64(sub.Count(pubsub.Pattern)))
	number(" ssub=", int64(sub.Count(pubsub.Sharded)))
	queued, queuedBytes := int64(-1), 0
	if s.Multi != nil {
		queued, queuedBytes = int64(len(s.Multi.Queue)), s.Multi.Bytes
	}
	number(" multi=", queued)
	number(" watch=", int64(asking.Server.Watch.Len(s.ID)))
	number(" qbuf=", int64(input))
	number(" qbuf-free=", int64(free))
	number(" argv-mem=", int64(argv))
	number(" multi-mem=", int64(queuedBytes))
	number(" rbs=", int64(output))
	number(" rbp=", int64(output))
	number(" obl=", int64(output))
	text(" oll=0 omem=0", "")
	number(" tot-mem=", int64(sessionBytes+input+free+output+argv+queuedBytes))
	text(" events=", "r")
	text(" cmd=", orElse(s.LastCommand, "NULL"))
	text(" user=", s.User)
	number(" redir=", redirectOf(s))
	number(" resp=", int64(s.Proto))
	text(" lib-name=", s.LibName)
	text(" lib-ver=", s.LibVer)
	return b
}

// sessionBytes is about what a client costs apart from its buffers: the session,
// the connection and their places in tables.
const sessionBytes = 512

// orElse is text, or instead where it is empty.
func orElse(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

// clientFlags is the letters of CLIENT LIST's flags field, in Redis's order: P
// subscribes, b waits in a blocking command, t tracks (R: redirected to nobody, B: with
// BCAST), c is about to be closed, U came by the unix socket, e is not
// evicted, T does not touch; N is none of these.
func clientFlags(s *session.Session, asking *Context) string {
	var flags []byte
	tracker, tracks := trackerOf(s), asking.Server.Tracking
	for _, f := range [...]struct {
		on     bool
		letter byte
	}{{asking.Server.Monitors.Is(s.ID), 'O'}, {subscribes(s), 'P'}, {s.Multi != nil, 'x'}, {s.Blocked, 'b'},
		{tracker.On(), 't'}, {tracker.Broken(tracks), 'R'}, {tracker.Mode().BCast, 'B'},
		{s.Closing, 'c'}, {!s.TCP, 'U'}, {s.NoEvict, 'e'}, {s.NoTouch, 'T'}} {
		if f.on {
			flags = append(flags, f.letter)
		}
	}
	if flags == nil {
		return "N"
	}
	return string(flags)
}

// killFilter says which clients CLIENT KILL means: those that all its fields
// let pass, of which zero values mean any.
type killFilter struct {
	id          uint64
	kind        clientType
	addr, laddr string
	user        string
	skipMe      bool
	maxAge      int64 // seconds; those at least as old die
	users       *acl.Users
}

// disconnect closes another client's connection, while that client is visited. Its
// transport comes to that when it next looks; for everybody else the client is gone by
// the reply of who has it closed: no message is sent to it any more, and no element
// that is pushed from then on is given, and so lost, to a client that waited.
func (ctx *Context) disconnect(s *session.Session) {
	s.Client.Kill()
	// A transaction holds locks, for which who serves that client may wait.
	if !ctx.NoWait {
		ctx.Server.Gone(s)
	}
}

// runClientKill has two forms. The new one takes filters, spares the caller
// unless SKIPME says no, and replies with a number, 0 included. The old one takes
// an address, kills the caller too if it is its own, and replies OK or an error.
func runClientKill(ctx *Context) {
	old := len(ctx.Args) == 3
	filter := killFilter{kind: anyClient, skipMe: true, users: ctx.Server.ACL}
	if old {
		filter.addr, filter.skipMe = string(ctx.Args[2]), false
	} else if err := filter.parse(ctx.Args[2:]); err != "" {
		ctx.Error(err)
		return
	}
	killed := int64(0)
	now := time.Now()
	ctx.Server.Clients(func(s *session.Session) {
		me := s == ctx.Session
		if !filter.matches(s, now) || me && filter.skipMe {
			return
		}
		killed++
		if !me {
			ctx.disconnect(s)
			return
		}
		s.Closing = true // its reply goes out first
	})
	switch {
	case !old:
		ctx.Int(killed)
	case killed == 0:
		ctx.Error("ERR No such client")
	default:
		ctx.OK()
	}
}

// parse reads pairs of a filter and its value; of two of a kind the last counts.
func (f *killFilter) parse(pairs [][]byte) (err string) {
	for options := args.From(pairs, 0); options.More() && err == ""; {
		switch {
		case options.Option("id", 1):
			id, ok := args.Int(options.Next())
			if !ok || id < 1 {
				return "ERR client-id should be greater than 0"
			}
			f.id = uint64(id)
		case options.Option("maxage", 1):
			err = f.parseMaxAge(options.Next())
		case options.Option("type", 1):
			f.kind, err = parseClientType(options.Next())
		case options.Option("addr", 1):
			f.addr = string(options.Next())
		case options.Option("laddr", 1):
			f.laddr = string(options.Next())
		case options.Option("user", 1):
			if f.user = string(options.Next()); f.users.Find([]byte(f.user)) == nil {
				return "ERR No such user '" + f.user + "'"
			}
		case options.Option("skipme", 1):
			f.skipMe = options.Word("yes")
			if !f.skipMe && !options.Word("no") {
				return args.ErrSyntax
			}
		default:
			return args.ErrSyntax
		}
	}
	return err
}

// parseMaxAge reads MAXAGE's value, in seconds.
func (f *killFilter) parseMaxAge(arg []byte) (err string) {
	age, ok := args.Int(arg)
	switch {
	case !ok:
		return "ERR maxage is not an integer or out of range"
	case age <= 0:
		return "ERR maxage should be greater than 0"
	}
	f.maxAge = age
	return ""
}

// matches tells whether a client is one of those meant.
func (f *killFilter) matches(s *session.Session, now time.Time) bool {
	switch {
	case f.addr != "" && s.Client.RemoteAddr() != f.addr,
		f.laddr != "" && s.Client.LocalAddr() != f.laddr,
		f.kind != anyClient && typeOf(s) != f.kind,
		f.id != 0 && s.ID != f.id,
		f.user != "" && s.User != f.user,
		f.maxAge != 0 && now.Unix()-s.CreatedAt.Unix() < f.maxAge:
		return false
	}
	return true
}
