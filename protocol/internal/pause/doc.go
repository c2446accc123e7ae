// Package pause holds commands up: those of all clients, or those that write, for a
// time (CLIENT PAUSE), and the whole server (DEBUG SLEEP).
//
// # A paused command
//
//	arrives ──Park──▶ parked ──┬─ time is up, CLIENT UNPAUSE ─▶ Client.Resume: read again
//	(its gate asks             └─ its client leaves ─▶ Forget
//	 State, one load)
//
// It is not run, and not copied either: it stays in its connection's input, of which
// nothing more is read, and when the pause has ended it is parsed again as if it had
// just come. So a client that is paused costs an entry here, and keeps its place on
// whichever loop it is. Clients go on in the order in which they were parked.
//
// A pause has one end. What comes while it lasts can only prolong it, and make one of
// writes one of everything, as in Redis.
//
// # A sleeping server
//
// Sleep has every loop that is about to run a command wait in WaitAwake, with no lock
// held, until the sleeper wakes. Nothing is parked: it is meant to look like a server
// that hangs.
package pause
