package exec

import (
	"bytes"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// unknown is the reply to a command that does not exist: a subcommand of a
// container, or a command, whose first arguments are repeated so that a wrong
// framing or a forgotten quote is easily seen.
func (x *Executor) unknown(argv [][]byte) string {
	if container := x.server.Table.Top(argv[0]); container != nil && len(argv) > 1 {
		return args.UnknownSubcommand(argv[1], strings.ToUpper(string(argv[0])))
	}
	const most = 128 // bytes of arguments repeated, and of the name
	var b strings.Builder
	b.WriteString("ERR unknown command '")
	b.Write(args.ClipTo(argv[0], most))
	b.WriteString("', with args beginning with: ")
	for n, i := 0, 1; i < len(argv) && n < most; i++ {
		arg := args.ClipTo(argv[i], most-n)
		n += len(arg) + len("'' ")
		b.WriteByte('\'')
		b.Write(arg)
		b.WriteString("' ")
	}
	return b.String()
}

// fromBrowser says whether a command is a line of an HTTP request. Web pages can
// make a browser send those to a cache on the same machine, with commands in the
// body; every such request has a Host line, and the dangerous ones are POSTs.
func fromBrowser(name []byte) bool {
	return bytes.EqualFold(name, []byte("post")) || bytes.EqualFold(name, []byte("host:"))
}

// subscriberText is the reply to a command that a client in RESP2 sends while it
// subscribes.
func subscriberText(name string) string {
	return "ERR Can't execute '" + name + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET " +
		"are allowed in this context"
}

// protectedText is the reply to a command under enable-debug-command.
func protectedText(name string) string {
	return "ERR " + strings.ToUpper(name) + " command not allowed. If the enable-" + name + "-command option is set to " +
		"\"local\", you can run it from a local connection, otherwise you need to set this option in the " +
		"configuration file, and then restart the server."
}
