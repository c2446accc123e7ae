package handlers

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/acl"
	"github.com/ashlar-cache/ashlar/protocol/internal/config"
	"github.com/ashlar-cache/ashlar/protocol/internal/pubsub"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// OpenACL makes the users that the configuration asks for, and has them follow it. The
// executor calls it if nobody has. The error names every mistake in user lines or the
// ACL file, and is for whoever starts the server.
func (s *Server) OpenACL(log *slog.Logger) error {
	entries := make([]*command.Entry, len(s.Table.all))
	for i, c := range s.Table.all {
		entries[i] = &c.Entry
	}
	s.ACL, s.log = acl.New(acl.NewCommands(entries)), log
	s.followACL()
	if s.aclFile() != "" && len(s.Config.Users) > 0 {
		return errors.New("users are defined both in the configuration and, by aclfile, in a file of their own: " +
			"use one of the two")
	}
	lines := make([]acl.Line, len(s.Config.Users))
	for i, line := range s.Config.Users {
		lines[i] = acl.Line(line)
	}
	off, err := s.ACL.Configure(lines)
	if err == nil && s.aclFile() != "" {
		_, _, err = s.loadACL()
	}
	for _, name := range off {
		log.Info("a user of the configuration is off, since its line has no 'on'", "user", name)
	}
	return err
}

// followACL obeys the settings about users, now and when they change. requirepass is
// only another way to set the default user's password.
func (s *Server) followACL() {
	c := s.Config
	most, channels := c.Lookup("acllog-max-len"), c.Lookup("acl-pubsub-default")
	for name, apply := range map[string]func(){
		"requirepass":        func() { s.ACL.SetDefaultPassword(c.RequirePass.Text()) },
		"acllog-max-len":     func() { s.ACL.Log.SetMax(int(most.Int())) },
		"acl-pubsub-default": func() { s.ACL.SetChannelsDefault(channels.Text() == "allchannels") },
	} {
		apply()
		c.OnChange(func() error { apply(); return nil }, name)
	}
	c.RewriteUsers = s.rewriteUsers
}

// rewriteUsers tells CONFIG REWRITE which user lines to write in place of old ones, or
// that these are still right.
func (s *Server) rewriteUsers(old []config.UserLine) (lines []string, keep bool) {
	if s.aclFile() != "" {
		return nil, false // they stand there
	}
	before := make([]acl.Line, len(old))
	for i, line := range old {
		before[i] = acl.Line(line)
	}
	if s.ACL.SameAs(before, s.Config.RequirePass.Text()) {
		return nil, true
	}
	return s.ACL.Lines(), false
}

// aclFile is the path of the ACL file, "" without one.
func (s *Server) aclFile() string {
	path := s.Config.Lookup("aclfile").Text()
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Config.Dir.Text(), path)
}

// redisError is an error in redis-server's words, which begin with a capital.
type redisError string

func (e redisError) Error() string { return string(e) }

// loadACL replaces the users by those of the ACL file.
func (s *Server) loadACL() (changes []acl.Change, gone []*session.Account, err error) {
	name := s.Config.Lookup("aclfile").Text()
	text, err := os.ReadFile(s.aclFile())
	if err != nil {
		var fault *fs.PathError
		if errors.As(err, &fault) {
			err = fault.Err
		}
		return nil, nil, redisError("Error loading ACLs, opening file '" + name + "': " + reasonText(err))
	}
	return s.ACL.Load(name, string(text))
}

// reasonText is the text that C has for an error of the system: with a capital.
func reasonText(err error) string {
	text := err.Error()
	if text != "" && 'a' <= text[0] && text[0] <= 'z' {
		text = string(text[0]-'a'+'A') + text[1:]
	}
	return text
}

// saveACL writes the users to the ACL file: beside it first, so that a crash leaves
// either the old file or the new.
func (s *Server) saveACL() (err error) {
	path := s.aclFile()
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	mode := fs.FileMode(0o600) // the digests are nobody else's business
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	_, err = f.WriteString(s.ACL.Text())
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Account is the user that the client acts as.
func (ctx *Context) Account() *session.Account {
	s := ctx.Session
	if s.Account == nil { // nobody has asked it who it is
		s.Account = ctx.Server.ACL.Default()
	}
	return s.Account
}

// Welcome makes a session one of the default user's, as when it has just connected or
// said RESET. It is authenticated only where that user needs no password.
func (s *Server) Welcome(c *session.Session) {
	c.Reset(false)
	c.ActAs(s.ACL.Default(), !s.ACL.MustLogIn())
}

// Allowed tells whether the client's user may run a command, with enough arguments, and
// if not, why; nothing is noted.
func (ctx *Context) Allowed(c *Command, argv [][]byte) (acl.Denial, bool) {
	account := ctx.Account()
	if account.Unrestricted() {
		return acl.Denial{}, true
	}
	d := acl.Of(account).Check(c.Index, argv)
	return d, d.Reason == acl.Allowed
}

// Permit is Allowed for a command that is about to run: where it may not, that is counted
// and goes to ACL LOG. where is acl.AtTop, InMulti or InScript; message is for the
// client, without a code.
func (ctx *Context) Permit(c *Command, argv [][]byte, where string) (message string, ok bool) {
	d, ok := ctx.Allowed(c, argv)
	if ok {
		return "", true
	}
	ctx.Server.denied(ctx, c, argv, d, where)
	return d.Message(ctx.Account().Name, c.FullName, argv, false), false
}

// denied counts and notes a denial.
func (s *Server) denied(ctx *Context, c *Command, argv [][]byte, d acl.Denial, where string) {
	object := c.FullName
	switch d.Reason {
	case acl.Key:
		s.Metrics.KeyDenied.Add(1)
		object = string(argv[d.Arg])
	case acl.Channel:
		s.Metrics.ChannelDenied.Add(1)
		object = string(argv[d.Arg])
	default:
		s.Metrics.CommandDenied.Add(1)
	}
	ctx.logDenial(acl.Entry{Reason: d.Reason, Context: where, Object: object, User: ctx.Account().Name})
}

// loginDenied counts and notes a wrong password, or a user that is not.
func (ctx *Context) loginDenied(user []byte) {
	ctx.Server.Metrics.AuthDenied.Add(1)
	where := acl.AtTop
	if ctx.NoWait {
		where = acl.InMulti
	}
	ctx.logDenial(acl.Entry{Reason: acl.Auth, Context: where, Object: string(ctx.Args[0]), User: string(user)})
}

func (ctx *Context) logDenial(e acl.Entry) {
	if ctx.Session.Client != nil && !ctx.Session.Blocked { // else it belongs to another loop
		e.Client = string(appendClient(nil, ctx.Session, ctx, time.Now()))
	}
	ctx.Server.ACL.Log.Add(e, time.Now().UnixMilli())
}

// ReadsAllKeys tells whether the client's user may read any key by this command.
func (ctx *Context) ReadsAllKeys() bool {
	account := ctx.Account()
	return account.Unrestricted() || acl.Of(account).ReadsAllKeys(ctx.Command.Index, ctx.Args)
}

// dismiss ends the connections of clients whose user is gone, and of those that subscribe
// to what their user may not any more.
func (ctx *Context) dismiss(gone []*session.Account, changes []acl.Change) {
	changes = slices.DeleteFunc(changes, func(c acl.Change) bool { return !c.Narrower })
	if ctx.Server.Clients == nil || len(gone) == 0 && (len(changes) == 0 || ctx.Server.Exchange.Clients() == 0) {
		return
	}
	ctx.Server.Clients(func(s *session.Session) {
		if !slices.Contains(gone, s.Account) && !revoked(s, changes) {
			return
		}
		s.ActAs(ctx.Server.ACL.Default(), false)
		if s == ctx.Session {
			s.Closing = true // its reply goes out first
		} else {
			ctx.disconnect(s)
		}
	})
}

// revoked tells whether a client subscribes to what its user may not any more.
func revoked(s *session.Session, changes []acl.Change) bool {
	sub := subscriptionsOf(s)
	if sub == nil {
		return false
	}
	return slices.ContainsFunc(changes, func(c acl.Change) bool {
		return c.Account == s.Account && (c.Revokes(sub.Names(pubsub.Pattern), true) ||
			c.Revokes(sub.Names(pubsub.Channel), false) || c.Revokes(sub.Names(pubsub.Sharded), false))
	})
}
