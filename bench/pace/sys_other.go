//go:build !linux

package pace

import (
	"errors"
	"time"
)

func sleep(d time.Duration) { time.Sleep(d) }

// urgent does nothing here: threads have no priority of their own.
func urgent() (calm func()) { return func() {} }

func prefer() (calm func()) { return func() {} }

// yielding does nothing here either.
func yielding() {}

// processors are none where none can be watched.
func processors() []int { return nil }

func tie([]int) (release func(), err error) {
	return nil, errors.New("this system cannot tie a thread to a processor")
}

// lateness is of no use without processors to watch.
func lateness(int64) int64 { return 0 }

func foremost(int) bool { return false }
