package exec

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

func TestPermit(t *testing.T) {
	r := newRig(t)
	r.replies([][2]string{
		{"acl setuser u on nopass ~a* +get +set +@transaction +blpop +auth", "+OK"},
		{"auth u x", "+OK"},
		{"get a", "$-1"},
		{"get b", "-NOPERM No permissions to access a key"},
		{"del a", "-NOPERM User u has no permissions to run the 'del' command"},
		{"nosuch", "-ERR unknown command 'nosuch', with args beginning with: "},
		{"get", "-ERR wrong number of arguments for 'get' command"},
		{"multi", "+OK"},
		{"get a", "+QUEUED"},
		{"del a", "-NOPERM User u has no permissions to run the 'del' command"},
		{"exec", "-EXECABORT Transaction discarded because of previous errors."},
	}...)
	account := r.server.ACL.Find([]byte("u"))
	assert.Same(t, account, r.session.Account)

	r.replies([][2]string{{"multi", "+OK"}, {"set a v", "+QUEUED"}, {"get a", "+QUEUED"}, {"set ab v", "+QUEUED"}}...)
	_, err := r.server.ACL.Set("u", []string{"-get", "resetkeys", "~a"})
	assert.NoError(t, err)
	const changed = "-NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " +
		"This command is no longer allowed for the following reason: no permission to "
	r.replies([2]string{"exec", "*3 +OK " + changed + "execute the command or subcommand " + changed + "touch the specified keys"})

	_, _ = r.server.ACL.Set("u", []string{"-exec"})
	r.replies([][2]string{
		{"multi", "+OK"},
		{"exec", "-EXECABORT Transaction discarded because of: NOPERM User u has no permissions to run the 'exec' command"},
		{"discard", "-ERR DISCARD without MULTI"},
	}...)

	r.server.ACL.Delete("u")
	r.replies([2]string{"get a", "-NOPERM User u has no permissions to run the 'get' command"})
}

// Who has not said who it is acts as the default user, whatever that may do now.
func TestNobodyIsTheDefaultUser(t *testing.T) {
	r := newRig(t)
	_, err := r.server.ACL.Set("default", []string{"-get"})
	assert.NoError(t, err)
	r.replies([2]string{"get a", "-NOPERM User default has no permissions to run the 'get' command"})
	r.session = &session.Session{Proto: 2, Client: client{}}
	_, _ = r.server.ACL.Set("default", []string{"off", "+get"})
	r.replies([2]string{"get a", "-NOAUTH Authentication required."})
	_, _ = r.server.ACL.Set("default", []string{"on"})
	r.replies([2]string{"get a", "$-1"})
}

func TestGateAllocatesNothing(t *testing.T) {
	r := newRig(t)
	r.replies([][2]string{{"acl setuser u on nopass ~key:* +get +mget (+set ~a)", "+OK"}, {"set key:1 v", "+OK"}}...)
	get := [][]byte{[]byte("get"), []byte("key:1")}
	out := make([]byte, 0, 256)
	run := func() { r.x.Execute(r.session, get, out) }
	assert.Zero(t, testing.AllocsPerRun(100, run))
	r.replies([2]string{"auth u x", "+OK"})
	assert.Zero(t, testing.AllocsPerRun(100, run), "with rules to be asked")
}
