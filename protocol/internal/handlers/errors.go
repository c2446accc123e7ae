package handlers

import (
	"errors"

	"github.com/ashlar-cache/ashlar/cache"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// engineErrors gives Redis's texts for what the engine may answer.
var engineErrors = []struct {
	err  error
	text string
}{
	{cache.ErrWrongType, args.ErrWrongType},
	{cache.ErrNotInteger, args.ErrNotInteger},
	{cache.ErrOverflow, args.ErrOverflow},
	{cache.ErrNotFloat, args.ErrNotFloat},
	{cache.ErrNaN, args.ErrNaN},
	{cache.ErrTooLarge, args.ErrTooLarge},
	{cache.ErrOutOfMemory, args.ErrOOM},
	{cache.ErrNotFound, args.ErrNoSuchKey},
	{cache.ErrIndex, "ERR index out of range"},
	{cache.ErrScoreNaN, "ERR resulting score is not a number (NaN)"},
	{cache.ErrNotHLL, "WRONGTYPE Key is not a valid HyperLogLog string value."},
	{cache.ErrDumpVersion, "ERR DUMP payload version or checksum are wrong"},
	{cache.ErrDumpFormat, "ERR Bad data format"},
	{cache.ErrCorruptHLL, "INVALIDOBJ Corrupted HLL object detected"},
}

// fail writes the reply to an error of the engine, which may be wrapped. One that
// the table does not know is a fault of the program's, and still gets a code.
func (ctx *Context) fail(err error) {
	for _, e := range engineErrors {
		if errors.Is(err, e.err) {
			ctx.Error(e.text)
			return
		}
	}
	ctx.Error("ERR " + err.Error())
}
