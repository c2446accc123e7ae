package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// transport is a client's connection without a socket.
type transport struct {
	remote, local string
	killed        bool
}

func (t *transport) RemoteAddr() string       { return t.remote }
func (t *transport) LocalAddr() string        { return t.local }
func (t *transport) FD() int                  { return 8 }
func (t *transport) Push([]byte) bool         { return true }
func (t *transport) Kill()                    { t.killed = true }
func (t *transport) Resume([]byte)            {}
func (t *transport) Buffers() (int, int, int) { return 10, 100, 1000 }

// withClients gives the rig's session and n-1 others transports; their IDs count
// from 1, and the other sessions are n minutes old.
func withClients(r *rig, n int) (list []*session.Session) {
	for i := 1; i <= n; i++ {
		s := &session.Session{ID: uint64(i), Proto: 2, User: "default", TCP: true, CreatedAt: time.Now().Add(-time.Duration(i-1) * time.Minute)}
		if i == 1 {
			s = r.session
			s.TCP, s.CreatedAt, s.LastActive = true, time.Now(), time.Now().UnixMilli()
		}
		s.Client = &transport{remote: fmt.Sprintf("10.0.0.%d:1000", i), local: "127.0.0.1:6379"}
		list = append(list, s)
	}
	r.server.Clients = func(f func(*session.Session)) {
		for i := len(list) - 1; i >= 0; i-- { // in no particular order
			f(list[i])
		}
	}
	return list
}

func TestClientAttributes(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"client id", ":1"},
		{"client getname", "$-1"},
		{"client setname me", "+OK"},
		{"client getname", "$2 me"},
		{"client setname ''", "+OK"},
		{"client getname", "$-1"},
		{"client setname a\x7f", "-ERR Client names cannot contain spaces, newlines or special characters."},
		{"client setinfo lib-name jedis", "+OK"},
		{"client setinfo LIB-VER 1.2", "+OK"},
		{"client setinfo Lib-Ver a\x01", "-ERR Lib-Ver cannot contain spaces, newlines or special characters."},
		{"client setinfo lib-x a", "-ERR Unrecognized option 'lib-x'"},
		{"client no-evict on", "+OK"},
		{"client no-evict maybe", "-ERR syntax error"},
		{"client no-touch ON", "+OK"},
		{"client no-touch off", "+OK"},
		{"client reply on", "+OK"},
		{"client reply x", "-ERR syntax error"},
		{"client unblock 5", ":0"},
		{"client unblock 5 ERROR", ":0"},
		{"client unblock x", "-ERR value is not an integer or out of range"},
		{"client unblock x y", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"},
		{"client unblock 5 timeout x", "-ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT HELP."},
	}...)
	assert.Equal(t, []string{"jedis", "1.2"}, []string{r.session.LibName, r.session.LibVer})
	assert.True(t, r.session.NoEvict)
	assert.False(t, r.session.NoTouch)
	assert.Contains(t, r.do("client help"), "+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n")
}

func TestClientInfoLine(t *testing.T) {
	r := newRig(t)
	withClients(r, 1)
	for _, line := range []string{"select 3", "client setname me", "client setinfo lib-name lib", "client setinfo lib-ver 9", "client no-evict on", "client no-touch on"} {
		assert.Equal(t, "+OK\r\n", r.do(line))
	}
	r.session.LastActive = time.Now().UnixMilli()
	line := r.do("client info")
	_, line, _ = strings.Cut(line, "\r\n")
	// The executor's clock stands in the past, so the idle time is left out.
	fields := strings.Fields(line)
	assert.True(t, strings.HasPrefix(fields[6], "idle="))
	fields[6] = "idle=0"
	assert.Equal(t, "id=1 addr=10.0.0.1:1000 laddr=127.0.0.1:6379 fd=8 name=me age=0 idle=0 flags=eT db=3 sub=0 psub=0 ssub=0 "+
		"multi=-1 watch=0 qbuf=10 qbuf-free=100 argv-mem=10 multi-mem=0 rbs=1000 rbp=1000 obl=1000 oll=0 omem=0 tot-mem=1632 "+
		"events=r cmd=client|info user=default redir=-1 resp=2 lib-name=lib lib-ver=9", strings.Join(fields, " "))
	assert.True(t, strings.HasSuffix(line, "lib-ver=9\n\r\n"))
	r.do("hello 3")
	assert.Regexp(t, `^=\d+\r\ntxt:id=1 .* resp=3 `, r.do("client info"))
}

// ids are the IDs in a reply of CLIENT LIST, in order.
func ids(reply string) string {
	var list []string
	for _, word := range strings.Fields(reply) {
		if id, ok := strings.CutPrefix(word, "id="); ok {
			list = append(list, id)
		}
	}
	return strings.Join(list, " ")
}

func TestClientList(t *testing.T) {
	r := newRig(t)
	withClients(r, 4)
	for line, want := range map[string]string{
		"client list": "1 2 3 4", "client list type normal": "1 2 3 4", "client list TYPE replica": "", "client list type slave": "",
		"client list type pubsub": "", "client list type master": "", "client list id 3": "3", "client list id 4 9 2 -1 2": "4 2 2",
	} {
		assert.Equal(t, want, ids(r.do(line)), line)
	}
	r.script([][2]string{
		{"client list x", "-ERR syntax error"},
		{"client list id", "-ERR syntax error"},
		{"client list id x", "-ERR Invalid client ID"},
		{"client list type x", "-ERR Unknown client type 'x'"},
		{"client list type normal x", "-ERR syntax error"},
		{"client list id 99", "$0 "},
	}...)
}

func TestClientKill(t *testing.T) {
	for line, want := range map[string]struct{ reply, killed string }{
		"10.0.0.3:1000":                    {"+OK", "3"},
		"10.0.0.1:1000":                    {"+OK", "me"},
		"10.0.0.9:1000":                    {"-ERR No such client", ""},
		"addr 10.0.0.2:1000":               {":1", "2"},
		"laddr 127.0.0.1:6379":             {":3", "2 3 4"},
		"laddr 127.0.0.1:6379 skipme no":   {":4", "me 2 3 4"},
		"type normal skipme yes":           {":3", "2 3 4"},
		"type pubsub":                      {":0", ""},
		"id 4":                             {":1", "4"},
		"id 4 addr 10.0.0.2:1000":          {":0", ""},
		"user default":                     {":3", "2 3 4"},
		"maxage 60":                        {":3", "2 3 4"},
		"MAXAGE 120 type normal":           {":2", "3 4"},
		"maxage 0":                         {"-ERR maxage should be greater than 0", ""},
		"maxage x":                         {"-ERR maxage is not an integer or out of range", ""},
		"id 0":                             {"-ERR client-id should be greater than 0", ""},
		"id x":                             {"-ERR client-id should be greater than 0", ""},
		"type x":                           {"-ERR Unknown client type 'x'", ""},
		"user x":                           {"-ERR No such user 'x'", ""},
		"skipme x":                         {"-ERR syntax error", ""},
		"id 4 skipme":                      {"-ERR syntax error", ""},
		"what 4":                           {"-ERR syntax error", ""},
		"id 4 id 3":                        {":1", "3"},
		"user default maxage 60 skipme no": {":3", "2 3 4"},
	} {
		r := newRig(t)
		list := withClients(r, 4)
		assert.Equal(t, want.reply+"\r\n", r.do("client kill "+line), line)
		var killed []string
		for _, s := range list {
			if s.Client.(*transport).killed {
				killed = append(killed, fmt.Sprint(s.ID))
			} else if s.Closing {
				killed = append(killed, "me")
			}
		}
		assert.Equal(t, want.killed, strings.Join(killed, " "), line)
	}
}

func TestConnectionCommands(t *testing.T) {
	r := newRig(t)
	r.script([][2]string{
		{"ping", "+PONG"},
		{"ping x", "$1 x"},
		{"ping x y", "-ERR wrong number of arguments for 'ping' command"},
		{"echo x", "$1 x"},
		{"select 15", "+OK"},
		{"select 16", "-ERR DB index is out of range"},
		{"select -1", "-ERR DB index is out of range"},
		{"select x", "-ERR value is not an integer or out of range"},
		{"select 2147483648", "-ERR value is out of range, value must between -2147483648 and 2147483647"},
		{"auth x", "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"},
		{"auth default x", "+OK"},
		{"auth x x", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"auth a b c", "-ERR syntax error"},
		{"client setname me", "+OK"},
	}...)
	assert.Equal(t, 15, r.session.DB)
	r.do("hello 3")
	r.script([][2]string{{"get nosuch", "_"}, {"reset", "+RESET"}, {"get nosuch", "$-1"}, {"client getname", "$-1"}}...)
	assert.Zero(t, r.session.DB)
	assert.True(t, r.session.Authenticated)
	r.script([2]string{"quit now", "+OK"})
	assert.True(t, r.session.Closing)
}

func TestHello(t *testing.T) {
	greeting := func(kind string, proto int) string {
		return fmt.Sprintf("%s $6 server $5 redis $7 version $5 7.4.2 $5 proto :%d $2 id :1 $4 mode $10 standalone $4 role $6 master $7 modules *0", kind, proto)
	}
	r := newRig(t)
	r.script([][2]string{
		{"hello", greeting("*14", 2)},
		{"hello 3", greeting("%7", 3)},
		{"hello", greeting("%7", 3)},
		{"hello 2 setname a SETNAME b", greeting("*14", 2)},
		{"client getname", "$1 b"},
		{"hello 4", "-NOPROTO unsupported protocol version"},
		{"hello x", "-ERR Protocol version is not an integer or out of range"},
		{"hello 3 foo", "-ERR Syntax error in HELLO option 'foo'"},
		{"hello 3 auth default", "-ERR Syntax error in HELLO option 'auth'"},
		{"hello 3 setname \x01", "-ERR Client names cannot contain spaces, newlines or special characters."},
		{"hello 3 auth x y", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"client getname", "$1 b"},
	}...)
	assert.EqualValues(t, 2, r.session.Proto, "nothing changes where an option is wrong")

	r = newRig(t, "--requirepass", "sesame")
	r.session.Authenticated = false
	refusal := "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option " +
		"can be used to authenticate the client and select the RESP protocol version at the same time"
	r.script([][2]string{
		{"hello", refusal},
		{"hello 3 setname x", refusal},
		{"hello 3 auth default wrong", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"hello 3 auth default sesame setname x", greeting("%7", 3)},
		{"client getname", "$1 x"},
	}...)
}
