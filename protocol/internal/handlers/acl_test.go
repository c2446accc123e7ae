package handlers_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestACLUsers(t *testing.T) {
	r := newRig(t)
	withClients(r, 1)
	r.script([][2]string{
		{"acl whoami", "$7 default"},
		{"acl users", "*1 $7 default"},
		{"acl list", "*1 $51 user default on nopass sanitize-payload ~* &* +@all"},
		{"acl setuser alice on >x ~a* +get +sort (+set ~b)", "+OK"},
		{"acl getuser alice", "*12 $5 flags *2 $2 on $16 sanitize-payload $9 passwords *1 $64 " +
			"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 $8 commands $16 -@all +get +sort " +
			"$4 keys $3 ~a* $8 channels $0  $9 selectors *1 *6 $8 commands $10 -@all +set $4 keys $2 ~b $8 channels $0 "},
		{"acl getuser bob", "$-1"},
		{"acl setuser alice +nosuch", "-ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL"},
		{"acl deluser default", "-ERR The 'default' user cannot be removed"},
		{"acl deluser nobody", ":0"},
		{"auth alice y", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"auth alice x", "+OK"},
		{"acl whoami", "-NOPERM User alice has no permissions to run the 'acl|whoami' command"},
		{"get b", "-NOPERM No permissions to access a key"},
		{"get a", "$-1"},
		{"sort a by w*", "-ERR BY option of SORT denied due to insufficient ACL permissions."},
		{"sort a get #", "-ERR GET option of SORT denied due to insufficient ACL permissions."},
		{"sort a by nosort", "*0"},
		{"reset", "+RESET"},
		{"acl whoami", "$7 default"},
		{"acl dryrun alice get b", "$51 User alice has no permissions to access the 'b' key"},
		{"acl deluser alice", ":1"},
		{"acl dryrun alice get b", "-ERR User 'alice' not found"},
	}...)
}

func TestACLLog(t *testing.T) {
	r := newRig(t)
	withClients(r, 1)
	r.script([][2]string{
		{"acl log", "*0"},
		{"auth bob x", "-WRONGPASS invalid username-password pair or user is disabled."},
		{"acl setuser alice on nopass +get +multi", "+OK"},
		{"auth alice x", "+OK"},
		{"get k", "-NOPERM No permissions to access a key"},
		{"multi", "+OK"},
		{"get k", "-NOPERM No permissions to access a key"},
		{"reset", "+RESET"},
	}...)
	reply := strings.ReplaceAll(r.do("acl log 2"), "\r\n", " ")
	entry := `\*20 \$5 count :1 \$6 reason \$3 key \$7 context \$\d+ %s \$6 object \$1 k \$8 username \$5 alice ` +
		`\$11 age-seconds \$\d+ [0-9.]+ \$11 client-info \$\d+ id=1 addr=10.0.0.1:1000 .* cmd=get user=alice [^$]* ` +
		`\$8 entry-id :%d \$17 timestamp-created :\d+ \$22 timestamp-last-updated :\d+ `
	assert.Regexp(t, regexp.MustCompile(`^\*2 `+fmt.Sprintf(entry, "multi", 2)+fmt.Sprintf(entry, "toplevel", 1)+"$"), reply)
	r.do("hello 3")
	assert.Contains(t, r.do("acl log"), "age-seconds\r\n,")
	assert.Contains(t, r.do("info stats"), "acl_access_denied_auth:1\r\nacl_access_denied_cmd:0\r\nacl_access_denied_key:2\r\nacl_access_denied_channel:0\r\n")
	r.script([][2]string{
		{"acl log x", "-ERR value is not an integer or out of range"},
		{"acl log reset", "+OK"},
		{"acl log", "*0"},
	}...)
}

func TestACLCat(t *testing.T) {
	r := newRig(t)
	categories := bulks(r.do("acl cat"))
	assert.Len(t, categories, 21)
	for _, category := range categories {
		assert.ElementsMatch(t, bulks(r.do("command list filterby aclcat "+category)), bulks(r.do("acl cat "+category)), category)
	}
	assert.Equal(t, "-ERR Unknown category 'nosuch'\r\n", r.do("acl cat nosuch"))
}

func TestACLGenpass(t *testing.T) {
	r := newRig(t)
	for command, digits := range map[string]int{"": 64, "1": 1, "4": 1, "5": 2, "4095": 1024, "4096": 1024} {
		reply := r.do("acl genpass " + command)
		assert.Regexp(t, fmt.Sprintf(`^\$%d\r\n[0-9a-f]+\r\n$`, digits), reply)
		if digits > 8 {
			assert.NotEqual(t, reply, r.do("acl genpass "+command))
		}
	}
	assert.Contains(t, r.do("acl genpass 4097"), "-ERR ACL GENPASS argument must be the number of bits")
}

func TestClientKillKnowsUsers(t *testing.T) {
	r := newRig(t)
	list := withClients(r, 3)
	r.script([][2]string{
		{"acl setuser alice on nopass", "+OK"},
		{"client kill user nobody", "-ERR No such user 'nobody'"},
		{"client kill user alice", ":0"},
	}...)
	list[1].ActAs(r.server.ACL.Find([]byte("alice")), true)
	r.script([2]string{"client kill user alice", ":1"})
	assert.True(t, list[1].Client.(*transport).killed)

	list[2].ActAs(r.server.ACL.Find([]byte("alice")), true)
	r.script([2]string{"acl deluser alice", ":1"})
	assert.True(t, list[2].Client.(*transport).killed)
	assert.False(t, list[2].Authenticated)
}
