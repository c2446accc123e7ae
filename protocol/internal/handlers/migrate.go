package handlers

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/internal/watch"
	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// migrateRows is MIGRATE.
//
// Redis stands still while it waits for the other server. Here only the client does:
// the values are serialised with their keys locked, sent with nothing locked, and a
// key is deleted when the other server has it, if it has not changed meanwhile. One
// that has is sent again, to replace what was sent before; so what is moved in the end
// is the value as it was last, and for others it is as if MIGRATE had come just then.
// A key that somebody has deleted meanwhile stays deleted here, and the value as it
// was is there.
//
// It takes its locks itself, hence KeyspaceWalk: in a transaction, where the client
// must wait on its loop, those of the other commands are let go meanwhile.
var migrateRows = []Row{
	{
		Spec: command.Spec{
			Name: "migrate", Arity: -6, Summary: "Atomically transfer a key from a Redis instance to another one.",
			Flags: command.Write | command.MovableKeys | command.KeyspaceWalk, Categories: command.CatKeyspace | command.CatDangerous,
			Since: "2.6.0", Group: "generic", Complexity: "This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target instance. See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances is performed.",
			Tips: []string{"nondeterministic_output"},
			Keys: []command.KeySpec{
				command.KeyAt(3, "RW", "access", "delete"),
				{Flags: []string{"RW", "access", "delete", "incomplete"}, Keyword: "KEYS", StartFrom: -2, LastKey: -1, Step: 1},
			},
			History: []command.Change{
				{Since: "3.0.0", What: "Added the `COPY` and `REPLACE` options."},
				{Since: "3.0.6", What: "Added the `KEYS` option."},
				{Since: "4.0.7", What: "Added the `AUTH` option."},
				{Since: "6.0.0", What: "Added the `AUTH2` option."},
			},
			Args: []command.Arg{
				{Name: "host", Type: "string"},
				{Name: "port", Type: "integer"},
				{Name: "key_or_empty_string", Type: "oneof", Args: []command.Arg{
					{Name: "key", Type: "key", KeySpecIndex: 1},
					{Name: "empty_string", Type: "pure-token", Token: ""},
				}},
				{Name: "destination-db", Type: "integer"},
				{Name: "timeout", Type: "integer"},
				{Name: "copy", Type: "pure-token", Token: "COPY", Since: "3.0.0", Optional: true},
				{Name: "replace", Type: "pure-token", Token: "REPLACE", Since: "3.0.0", Optional: true},
				{Name: "authentication", Type: "oneof", Optional: true, Args: []command.Arg{
					{Name: "password", Type: "string", Token: "AUTH", Since: "4.0.7", Optional: true},
					{Name: "username_password", Type: "block", Token: "AUTH2", Since: "6.0.0", Optional: true, Args: []command.Arg{
						{Name: "username", Type: "string"},
						{Name: "password", Type: "string"},
					}},
				}},
				{Name: "key", Type: "key", KeySpecIndex: 2, Token: "KEYS", Since: "3.0.6", Optional: true, Multiple: true},
			},
		},
		Run: runMigrate,
	},
}

// migration is one MIGRATE. All that it has is its own: it outlives the handler.
type migration struct {
	server        *Server
	db            int
	host, port    string
	target        int64 // database there
	timeout       time.Duration
	copy, replace bool
	auth          [][]byte // user, if there is one, and password
	keys          []migrant
}

// migrant is one of its keys.
type migrant struct {
	key   []byte
	watch uint64 // under which number its changes are noted
}

// migrants numbers the keys on their way. They are noted in the registry of WATCH,
// beside the clients, whose numbers never come that far.
var migrants atomic.Uint64

const firstMigrant = 1 << 63

// runMigrate is MIGRATE host port key|"" destination-db timeout [COPY] [REPLACE]
// [AUTH password | AUTH2 username password] [KEYS key [key ...]].
func runMigrate(ctx *Context) {
	m, text := ctx.parseMigration()
	if text != "" {
		ctx.Error(text)
		return
	}
	var request []byte
	if request = m.prepare(nil); len(m.keys) == 0 {
		ctx.Simple("NOKEY")
		return
	}
	ctx.Apart(func(away context.Context, reply *resp.Writer) {
		defer m.forget()
		m.run(away, request, reply)
	})
}

// parseMigration reads the arguments, in the order in which redis-server does: an
// error in the options comes before one in the numbers. text is the error.
func (ctx *Context) parseMigration() (m *migration, text string) {
	argv := ctx.Args
	keys := argv[3:4]
	m = &migration{server: ctx.Server, db: ctx.Session.DB, host: string(argv[1]), port: string(argv[2])}
	for opt := args.From(argv, 6); opt.More(); {
		switch {
		case opt.Word("copy"):
			m.copy = true
		case opt.Word("replace"):
			m.replace = true
		case opt.Option("auth", 1):
			m.auth = [][]byte{slices.Clone(opt.Next())}
		case opt.Option("auth2", 2):
			m.auth = [][]byte{slices.Clone(opt.Next()), slices.Clone(opt.Next())}
		case opt.Word("keys"):
			if len(argv[3]) != 0 {
				return nil, "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
			}
			keys = argv[opt.Position():]
			opt = args.From(nil, 0) // all the rest
		default:
			return nil, args.ErrSyntax
		}
	}
	timeout, ok := args.Int(argv[5])
	target, okTarget := args.Int(argv[4])
	if !ok || !okTarget {
		return nil, args.ErrNotInteger
	}
	if timeout <= 0 {
		timeout = 1000
	}
	m.timeout = time.Duration(min(timeout, math.MaxInt64/int64(time.Millisecond)/2)) * time.Millisecond
	m.target = target
	for _, key := range keys {
		m.keys = append(m.keys, migrant{key: slices.Clone(key)})
	}
	return m, ""
}

// begin locks the keys.
func (m *migration) begin(tx *cache.Tx, keys []migrant) {
	list := make([][]byte, len(keys))
	for i := range keys {
		list[i] = keys[i].key
	}
	m.server.Cache.Begin(tx, m.db, list...)
}

// prepare serialises the keys, as commands for the other server appended to dst, and
// notes their changes from now on. Keys that are not there are dropped.
func (m *migration) prepare(dst []byte) []byte {
	var tx cache.Tx
	m.begin(&tx, m.keys)
	defer tx.End()
	there := m.keys[:0]
	var payload []byte
	for _, k := range m.keys {
		at, ok := tx.ExpireAt(k.key)
		if !ok {
			tx.Exists(k.key) // a miss
			continue
		}
		var err error
		if payload, err = tx.Dump(payload[:0], k.key, cache.DumpPortable); err != nil {
			continue
		}
		if ttl := int64(0); at != cache.NoExpiry {
			ttl = max(at-tx.Now(), 1)
			dst = m.appendRestore(dst, k.key, ttl, payload)
		} else {
			dst = m.appendRestore(dst, k.key, 0, payload)
		}
		if !m.copy {
			k.watch = firstMigrant + migrants.Add(1)
			m.server.Watch.Watch(k.watch, watch.Key{DB: m.db, Name: string(k.key)}, true)
		}
		there = append(there, k)
	}
	m.keys = there
	return dst
}

// leave deletes a key that the other server has now, unless it has changed: then it
// tells that it is to be sent again.
func (m *migration) leave(k *migrant) (again bool) {
	var tx cache.Tx
	m.server.Cache.BeginKey(&tx, m.db, k.key)
	defer tx.End()
	there := func(watch.Key) bool { return tx.Type(k.key) != cache.None }
	changed := m.server.Watch.Touched(k.watch, there)
	m.server.Watch.Forget(k.watch)
	k.watch = 0
	switch {
	case !there(watch.Key{}):
		return false
	case changed:
		return true
	}
	tx.Delete(k.key)
	if e := m.server.Events; e.On(pubsub.Generic) {
		e.Notify(pubsub.Generic, "del", m.db, k.key)
	}
	return false
}

// forget ends that changes of keys are noted.
func (m *migration) forget() {
	for _, k := range m.keys {
		if k.watch != 0 {
			m.server.Watch.Forget(k.watch)
		}
	}
}
