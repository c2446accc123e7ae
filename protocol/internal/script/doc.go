// Package script runs what EVAL and FCALL bring: programs in Lua 5.1, with the
// functions and libraries that redis-server gives them. It knows the programs, the
// language and the sandbox; commands are run by a Host, which is package exec, and of
// locks, sessions and users it knows nothing.
//
// # Glossary
//
//	script     a program that EVAL runs, known by the SHA-1 of its text
//	library    a program that FUNCTION LOAD runs once; it registers functions
//	state      a VM: a machine (gopher-lua's LState) with everything in it that scripts
//	           may use. Any state can run any script; there are as many as scripts run
//	           at one time, and they are used again
//	run        a script that runs now
//	guard      an empty table that shows another one and refuses to be written
//
// # The life of an EVAL
//
//	Load       the script's text has been seen: there is a compiled form, which all
//	           states share. If not:
//	  parse    by the library's parser, which is not recursive
//	  walk     the tree: bound its depth, put calls in the place of "..", and see
//	           whether the script could run for long (Script.Straight)
//	  compile
//	Eval       a state; KEYS and ARGV are set; the compiled form as a function of this
//	           state, made once; a protected call with a handler that notes the place
//	           of an error
//	  call     redis.call: arguments into a scratch buffer, the Host, the reply into a
//	           value
//	result     the value is written as a reply, while the state is still ours
//
// EVALSHA around one GET allocates for KEYS, ARGV and the value, and takes about the
// processor time that redis-server takes.
//
// A script with loops or functions is carried by the loop to which it came, as a
// coroutine, for up to a millisecond, and goes on elsewhere if it is not over then: see
// carrier.go.
//
// # The sandbox
//
// Scripts see the basic functions that redis-server's scripts see, and none that opens
// files, compiles bytecode or knows the machine's insides (os, io, debug, print, dofile,
// loadfile, require, module, getfenv, setfenv, newproxy). The globals, the libraries and
// the metatable of strings cannot be changed. The machine has no read-only tables, so
// scripts are given guards; the functions that look into tables without metamethods
// (next, pairs, rawget, rawset, getmetatable, setmetatable, table.*, cjson, cmsgpack)
// know them and look behind them, or refuse.
//
// # What is bounded, and by what
//
//	instructions   nothing; SCRIPT KILL stops a script at its next instruction, whatever
//	               it catches, and within a long match as well
//	memory         the heap's growth while a script runs: MaxMemory. A goroutine looks
//	               every 2 ms while scripts run and stops the one that came before the
//	               growth; so the bound is passed by what can be allocated in 2 ms
//	one string     maxString: by concatenation, rep, gsub, format, concat, pack, encode
//	one assignment 16 MiB: t[n] = v fills an array up to n, for n up to maxIndex
//	depth          maxFrames calls, maxNested of pcall and resume, maxMatchDeep for
//	               a pattern, maxLevels for a program's tree, maxReply for a reply
//	scripts        maxRecent that came with EVAL alone; SCRIPT LOAD's stay
//
// # Invariants
//
//  1. No script makes the process panic or Go's stack overflow.
//  2. Nothing that a script does is seen by another script, but for cjson's settings
//     and the state of math.random, which redis-server shares too, and for what the
//     functions of a library keep in variables around them, in each state for itself.
//  3. A state in which a script was stopped, or panicked, is not used again.
//  4. What is shared by states (Script, Library, compiled forms) does not change.
//
// # Differences from redis-server
//
// The machine is another one, and shows in places:
//
//   - Errors of the language itself name the variable as redis-server's do ("attempt to
//     index local 'x' (a nil value)", see varinfo.go), but not where they end a
//     coroutine. Syntax errors give the place and the word, not what was expected.
//   - pairs goes through a table in the order in which keys came; the fields of an
//     object in cjson.encode follow from that.
//   - # of a table with holes may be another border; beyond maxIndex it does not count.
//   - Recursion ends at maxFrames calls rather than at about 16,000.
//   - goto is a word that no name can be.
//   - After an error that was caught, a variable that functions share may have been
//     parted from the function around it, if a call of pcall within the failing one
//     had ended before: the machine closes variables too early then.
//   - string.dump does not exist, and there is no debugger.
package script
