package protocol

import (
	"context"
	"io"
	"log/slog"
	"os"
)

// Levels of the log beyond slog's own: loglevel's "verbose" lies between debug
// and notice, and "nothing" above everything.
const (
	levelVerbose = slog.Level(-2)
	levelNothing = slog.Level(1 << 20)
)

// levels are loglevel's values; "notice" is slog's Info.
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "verbose": levelVerbose, "notice": slog.LevelInfo,
	"warning": slog.LevelWarn, "nothing": levelNothing,
}

// NewLog makes the log that cfg asks for, in slog's text form. It goes to
// logfile or, if that is empty, to out, and follows loglevel when it changes.
func NewLog(cfg *Config, out io.Writer) (*slog.Logger, error) {
	if name := cfg.LogFile.Text(); name != "" {
		file := logFile(name)
		if _, err := file.Write(nil); err != nil {
			return nil, err
		}
		out = file
	}
	level := new(slog.LevelVar)
	follow := func() error {
		level.Set(levels[cfg.LogLevel.Text()])
		return nil
	}
	_ = follow()
	cfg.OnChange(follow, "loglevel")
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: levelName})), nil
}

// levelName shows a level by loglevel's name for it.
func levelName(groups []string, a slog.Attr) slog.Attr {
	level, ok := a.Value.Any().(slog.Level)
	if !ok || a.Key != slog.LevelKey || len(groups) > 0 {
		return a
	}
	for name, l := range levels {
		if l == level {
			return slog.String(slog.LevelKey, name)
		}
	}
	return a
}

// logFile is a file that is opened for each line, as redis-server does it: the
// log goes on in a new file after it was moved away (logrotate).
type logFile string

func (name logFile) Write(p []byte) (int, error) {
	f, err := os.OpenFile(string(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(p)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return n, err
}

// verbose logs what is of interest to few.
func verbose(log *slog.Logger, msg string, args ...any) {
	log.Log(context.Background(), levelVerbose, msg, args...)
}
