package session

import "sync/atomic"

// Account is a user as the sessions that act as it see it: one for all of them, so that
// a change of what the user may do holds for each from its next command on. Package acl
// makes accounts and keeps the rules; a session only carries one about.
type Account struct {
	Name string

	unrestricted atomic.Bool
	rules        atomic.Value
}

// Unrestricted tells whether the user may do everything, so that no rules need be asked.
func (a *Account) Unrestricted() bool { return a.unrestricted.Load() }

// Rules are what acl keeps there.
func (a *Account) Rules() any { return a.rules.Load() }

// SetRules changes both. To restrict comes first: no command may run under the old
// permission once the new rules can be seen.
func (a *Account) SetRules(rules any, unrestricted bool) {
	if !unrestricted {
		a.unrestricted.Store(false)
	}
	a.rules.Store(rules)
	a.unrestricted.Store(unrestricted)
}

// ActAs makes the session one of a user's.
func (s *Session) ActAs(a *Account, authenticated bool) {
	s.Account, s.User, s.Authenticated = a, a.Name, authenticated
}
