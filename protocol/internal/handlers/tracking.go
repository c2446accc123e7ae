package handlers

import (
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
	"github.com/ashlar-cache/ashlar/protocol/internal/session"
	"github.com/ashlar-cache/ashlar/protocol/internal/tracking"
)

// trackerOf is what a client tracks, nil if it has never tracked anything.
func trackerOf(s *session.Session) *tracking.Client {
	if s.Mail == nil {
		return nil
	}
	c, _ := s.Mail.Tracking.(*tracking.Client)
	return c
}

// trackingOptions are CLIENT TRACKING's arguments.
type trackingOptions struct {
	tracking.Mode
	prefixes []string
}

// runClientTracking checks all options first, whether tracking is to be on or off.
func runClientTracking(ctx *Context) {
	o, err := ctx.parseTracking()
	if err != "" {
		ctx.Error(err)
		return
	}
	c := trackerOf(ctx.Session)
	switch {
	case args.Is(ctx.Args[2], "off"):
		ctx.Server.Tracking.Disable(c)
	case !args.Is(ctx.Args[2], "on"):
		ctx.Error(args.ErrSyntax)
		return
	default:
		if err := o.conflict(c); err != "" {
			ctx.Error(err)
			return
		}
		if c == nil {
			m := ctx.Session.OpenMail()
			c = tracking.NewClient(m.Recipient)
			m.Tracking = c
		}
		ctx.Server.Tracking.Enable(c, o.Mode, o.prefixes)
	}
	ctx.OK()
}

// parseTracking reads the options of CLIENT TRACKING; their order is free.
func (ctx *Context) parseTracking() (o trackingOptions, err string) {
	for options := args.From(ctx.Args, 3); options.More() && err == ""; {
		switch {
		case options.Option("redirect", 1):
			o.Redirect, err = ctx.redirection(o.Redirect, options.Next())
		case options.Word("bcast"):
			o.BCast = true
		case options.Word("optin"):
			o.OptIn = true
		case options.Word("optout"):
			o.OptOut = true
		case options.Word("noloop"):
			o.NoLoop = true
		case options.Option("prefix", 1):
			o.prefixes = append(o.prefixes, string(options.Next()))
		default:
			return o, args.ErrSyntax
		}
	}
	return o, err
}

// redirection finds the client that is to be told instead.
func (ctx *Context) redirection(had *session.Recipient, arg []byte) (to *session.Recipient, err string) {
	if had != nil {
		return nil, "ERR A client can only redirect to a single other client"
	}
	id, ok := args.Int(arg)
	if !ok {
		return nil, args.ErrNotInteger
	}
	ctx.Server.Clients(func(s *session.Session) {
		if s.ID == uint64(id) {
			to = s.OpenMail().Recipient
		}
	})
	if to == nil {
		return nil, "ERR The client ID you want redirect to does not exist"
	}
	return to, ""
}

// conflict finds what options contradict each other, or the mode that the client is in.
func (o *trackingOptions) conflict(c *tracking.Client) (err string) {
	was := c.Mode()
	switch {
	case !o.BCast && o.prefixes != nil:
		return "ERR PREFIX option requires BCAST mode to be enabled"
	case c.On() && was.BCast != o.BCast:
		return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, " +
			"and then re-enabling it with a different mode."
	case o.BCast && (o.OptIn || o.OptOut):
		return "ERR OPTIN and OPTOUT are not compatible with BCAST"
	case o.OptIn && o.OptOut:
		return "ERR You can't specify both OPTIN mode and OPTOUT mode"
	case o.OptIn && was.OptOut || o.OptOut && was.OptIn:
		return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, " +
			"and then re-enabling it with a different mode."
	}
	prefix, other, there, found := c.Collision(o.prefixes)
	switch {
	case !found:
		return ""
	case there:
		return "ERR Prefix '" + prefix + "' overlaps with an existing prefix '" + other + "'. " +
			"Prefixes for a single client must not overlap."
	}
	return "ERR Prefix '" + prefix + "' overlaps with another provided prefix '" + other + "'. " +
		"Prefixes for a single client must not overlap."
}

// runClientCaching is about the next command, or transaction.
func runClientCaching(ctx *Context) {
	c := trackerOf(ctx.Session)
	mode := c.Mode()
	switch arg := ctx.Args[2]; {
	case !c.On():
		ctx.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode " +
			"with OPTIN or OPTOUT mode enabled")
	case args.Is(arg, "yes") && !mode.OptIn:
		ctx.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	case args.Is(arg, "no") && !mode.OptOut:
		ctx.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
	case args.Is(arg, "yes"), args.Is(arg, "no"):
		c.SetCaching(true)
		ctx.OK()
	default:
		ctx.Error(args.ErrSyntax)
	}
}

// runClientGetredir: get tracking notifications redirection client ID if any.
func runClientGetredir(ctx *Context) { ctx.Int(redirectOf(ctx.Session)) }

// redirectOf is the ID of who is told instead of a client, 0 for nobody, -1 where the
// client does not track.
func redirectOf(s *session.Session) int64 {
	if c := trackerOf(s); c.On() {
		return int64(c.RedirectID())
	}
	return -1
}

// runClientTrackinginfo: return information about server assisted client side caching for the
// current connection.
func runClientTrackinginfo(ctx *Context) {
	c := trackerOf(ctx.Session)
	mode := c.Mode()
	flags := []string{"off"}
	if c.On() {
		flags[0] = "on"
	}
	for _, f := range [...]struct {
		on   bool
		name string
	}{
		{mode.BCast, "bcast"},
		{mode.OptIn, "optin"}, {mode.OptIn && c.Caching(), "caching-yes"},
		{mode.OptOut, "optout"}, {mode.OptOut && c.Caching(), "caching-no"},
		{mode.NoLoop, "noloop"}, {c.Broken(ctx.Server.Tracking), "broken_redirect"},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	ctx.Map(3)
	ctx.BulkString("flags")
	ctx.Set(len(flags))
	for _, name := range flags {
		ctx.BulkString(name)
	}
	ctx.BulkString("redirect")
	ctx.Int(redirectOf(ctx.Session))
	ctx.BulkString("prefixes")
	ctx.Array(len(c.Prefixes()))
	for _, prefix := range c.Prefixes() {
		ctx.BulkString(prefix)
	}
}
