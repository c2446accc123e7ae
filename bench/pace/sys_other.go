//go:build !linux

package pace

import "time"

func sleep(d time.Duration) { time.Sleep(d) }

// urgent does nothing here: threads have no priority of their own.
func urgent() (calm func()) { return func() {} }

// yielding does nothing here either.
func yielding() {}

// processors is 0 where none can be watched.
func processors() int { return 0 }

func foremost(int) bool { return false }
