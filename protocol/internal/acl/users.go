package acl

import (
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ashlar-cache/ashlar/protocol/internal/session"
)

// DefaultUser is the user of clients that have not said who they are.
const DefaultUser = "default"

// Users is all users of a server. Its methods may be called from any goroutine.
type Users struct {
	Log Log

	commands     *Commands
	byName       atomic.Pointer[map[string]*session.Account] // replaced as a whole
	root         *session.Account                            // the default user's, which never goes
	allChannels  atomic.Bool                                 // acl-pubsub-default
	mustLogIn    atomic.Bool
	needPassword atomic.Bool

	mu sync.Mutex // who changes users has it
}

// New makes the users of a server that nobody configured: the default user, who may do
// everything and needs no password.
func New(c *Commands) *Users {
	us := &Users{commands: c, root: &session.Account{Name: DefaultUser}}
	us.byName.Store(&map[string]*session.Account{DefaultUser: us.root})
	us.put(us.root, us.newDefault())
	return us
}

func (us *Users) newDefault() *User {
	u := newUser(DefaultUser, us.commands, true)
	u.enabled, u.noPass = true, true
	s := u.selectors[0]
	s.base(true)
	s.allKeys = true
	return u
}

// put gives an account its rules.
func (us *Users) put(a *session.Account, u *User) {
	if a == us.root {
		us.mustLogIn.Store(!u.noPass || !u.enabled)
		us.needPassword.Store(!u.noPass)
	}
	a.SetRules(u, u.Unrestricted())
}

// Of is the user of an account, as it is now; nil if there is none any more.
func Of(a *session.Account) *User {
	u, _ := a.Rules().(*User)
	return u
}

// Default is the default user's account.
func (us *Users) Default() *session.Account { return us.root }

// MustLogIn tells whether clients that have not said who they are may do nothing: the
// default user has a password, or is off.
func (us *Users) MustLogIn() bool { return us.mustLogIn.Load() }

// NeedPassword tells whether the default user has a password.
func (us *Users) NeedPassword() bool { return us.needPassword.Load() }

// SetChannelsDefault sets what new users, and new selectors, may do with channels:
// anything, or nothing.
func (us *Users) SetChannelsDefault(all bool) { us.allChannels.Store(all) }

// Find gives a user's account; nil if there is no such user.
func (us *Users) Find(name []byte) *session.Account { return (*us.byName.Load())[string(name)] }

// Names are the names of all users, in order.
func (us *Users) Names() []string { return slices.Sorted(maps.Keys(*us.byName.Load())) }

// Lines describes all users, as lines of a file.
func (us *Users) Lines() []string {
	accounts := *us.byName.Load()
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(accounts)) {
		if u := Of(accounts[name]); u != nil { // else it was deleted this moment
			lines = append(lines, "user "+name+" "+u.Describe())
		}
	}
	return lines
}

// Authenticate gives the account of a user that may log in with this password, or nil.
func (us *Users) Authenticate(name, password []byte) *session.Account {
	given := sha256.Sum256(password)
	nobody := User{passwords: []digest{{}}}
	account, u := us.Find(name), &nobody
	if account != nil {
		if found := Of(account); found != nil {
			u = found
		}
	}
	if !u.accepts(given) || !u.enabled {
		return nil
	}
	return account
}

// SetDefaultPassword is requirepass: the one password of the default user, "" for none.
func (us *Users) SetDefaultPassword(password string) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u := Of(us.root).clone()
	u.noPass, u.passwords = password == "", nil
	if password != "" {
		u.passwords = []digest{sha256.Sum256([]byte(password))}
	}
	us.put(us.root, u)
}

// Set is ACL SETUSER: it makes a user or changes one, by all the modifiers or none.
// The error's text is what the client is to get, without the code ERR. change tells
// whose subscriptions may be against the rules now.
func (us *Users) Set(name string, modifiers []string) (change Change, err error) {
	us.mu.Lock()
	defer us.mu.Unlock()
	account := us.Find([]byte(name))
	var old, u *User
	if account != nil {
		old = Of(account)
		u = old.clone()
	} else {
		u = newUser(name, us.commands, us.allChannels.Load())
	}
	merged, open := mergeSelectors(modifiers)
	if open >= 0 {
		return Change{}, modifierError("Unmatched parenthesis in acl selector starting at '" + modifiers[open] + "'.")
	}
	for _, op := range merged {
		if err := u.apply(op, us.allChannels.Load()); err != nil {
			return Change{}, modifierError("Error in ACL SETUSER modifier '" + op + "': " + err.Error())
		}
	}
	if account == nil {
		us.insert(&session.Account{Name: name}, u)
		return Change{}, nil
	}
	us.put(account, u)
	return changed(account, old, u), nil
}

// insert adds a new account.
func (us *Users) insert(a *session.Account, u *User) {
	us.put(a, u)
	accounts := maps.Clone(*us.byName.Load())
	accounts[a.Name] = a
	us.byName.Store(&accounts)
}

// Delete deletes users, and gives the accounts of those that there were. Their sessions
// may do nothing from now on; to end them is up to the caller. The default user stays.
func (us *Users) Delete(names ...string) (gone []*session.Account) {
	us.mu.Lock()
	defer us.mu.Unlock()
	accounts := maps.Clone(*us.byName.Load())
	for _, name := range names {
		if a := accounts[name]; a != nil && a != us.root {
			delete(accounts, name)
			gone = append(gone, a)
		}
	}
	us.byName.Store(&accounts)
	for _, a := range gone {
		a.SetRules((*User)(nil), false)
	}
	return gone
}

// replace makes the users those of a list, which has no two of one name. Accounts of
// names that stay stay. Without a default user in the list, it is as New makes it.
func (us *Users) replace(list []*User) (changes []Change, gone []*session.Account) {
	us.mu.Lock()
	defer us.mu.Unlock()
	before := *us.byName.Load()
	accounts := map[string]*session.Account{}
	if !slices.ContainsFunc(list, func(u *User) bool { return u.Name == DefaultUser }) {
		list = append(list, us.newDefault())
	}
	for _, u := range list {
		a := before[u.Name]
		if a == nil {
			a = &session.Account{Name: u.Name}
		} else {
			changes = append(changes, changed(a, Of(a), u))
		}
		accounts[u.Name] = a
		us.put(a, u)
	}
	us.byName.Store(&accounts)
	for name, a := range before {
		if accounts[name] == nil {
			a.SetRules((*User)(nil), false)
			gone = append(gone, a)
		}
	}
	return changes, gone
}

// Change is a change of a user's rules, as to subscriptions that there are.
type Change struct {
	Account *session.Account
	// Narrower: some channel that could be subscribed to cannot any more, perhaps.
	Narrower bool
	channels []string // patterns that may still be subscribed to
}

// changed compares the channels of all selectors together.
func changed(a *session.Account, old, now *User) Change {
	c := Change{Account: a}
	for _, s := range now.selectors {
		if s.allChannels {
			return c
		}
		c.channels = append(c.channels, s.channels...)
	}
	for _, s := range old.selectors {
		c.Narrower = c.Narrower || s.allChannels
		for _, pattern := range s.channels {
			c.Narrower = c.Narrower || !slices.Contains(c.channels, pattern)
		}
	}
	return c
}

// Revokes tells whether a subscription to one of names, channels or patterns, is against
// the new rules.
func (c Change) Revokes(names []string, arePatterns bool) bool {
	return c.Narrower && slices.ContainsFunc(names, func(name string) bool {
		return !permitsChannel(c.channels, []byte(name), arePatterns)
	})
}

// Commands is the command table.
func (us *Users) Commands() *Commands { return us.commands }
