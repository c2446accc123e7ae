// Package acl knows the server's users: who may log in, and what each of them may do.
//
//	Users ── name ──▶ Account ── rules ──▶ User           replaced as a whole, never changed
//	                     ▲                  ├─ flags, digests of passwords
//	       Session ──────┘                  └─ selectors: the user's own, then those in (...)
//	                                             ├─ commands  a bit each, and first arguments
//	                                             ├─ keys      patterns, to read, to write, or both
//	                                             └─ channels  patterns
//
// # Glossary
//
//   - A User is a set of rules. It is immutable: whoever changes one makes another.
//   - An Account is where a session finds its user (package session). It lives as long as
//     the user has its name; a change of rules is a store of one pointer in it, so it holds
//     for every session from its next command on. An account whose user was deleted may
//     do nothing.
//   - A selector is one set of permissions. A command may run if any one selector of the
//     user allows it whole: the command, all its keys and all its channels.
//   - A modifier is one word of ACL SETUSER: "on", "+get", "~key:*", "(+set ~tmp:*)".
//   - A rule is a modifier about commands, as it is kept to be shown again.
//
// # The check
//
// A user that may do everything is marked so in its account, and the executor asks no
// further: that is the default user of a server that nobody configured. For others
// Check finds the command's bit by its index in the table, matches its keys with the
// patterns of those that lend the access which the key specification says is needed,
// and then its channels. It allocates nothing.
//
// What access a key needs follows from its specification as in redis-server: "access"
// is reading, "insert", "update" and "delete" are writing; a key of which only the name
// or the type is asked for needs neither, but has to match a pattern. SET and BITFIELD
// need to read only with certain options; SORT, MIGRATE and GEORADIUS have keys at
// places that no specification describes in full (keys.go).
//
// # How rules about commands are kept
//
// The bits say what is allowed; the rules that led to them are kept beside them, in
// their order, to be shown: "-@all +@read -get". A rule that a later one overrides is
// dropped when the later one comes (the same command or category, or a subcommand of
// it), so the list stays short and says the same.
//
// # Invariants
//
//  1. What Describe shows, given to a new user, makes one that is equal.
//  2. A failed change changes nothing.
//  3. Passwords are kept as SHA-256 digests, and compared in a time that tells neither
//     whether the user exists nor which of its passwords were near.
//  4. Readers take no lock: the table of users is replaced as a whole.
//
// # What is not here
//
// Connections: whoever deletes a user ends its sessions (handlers). Files are read and
// written by handlers as well; their text is made and read here.
package acl
