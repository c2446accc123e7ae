package protocol

import (
	"io"

	"github.com/ashlar-cache/ashlar/protocol/internal/config"
)

// Config is a server's settings: redis.conf's, by its names, in its units. Read
// them at any time; change them through CONFIG SET or Config.Set.
type Config = config.Config

// Pair is the name and value of a setting, for Config.Set.
type Pair = config.Pair

// DefaultConfig returns the settings of a server that nobody configured.
func DefaultConfig() *Config { return config.New() }

// LoadConfig reads the settings that a command line asks for: [FILE] [--name
// value ...] [-], without the program's name; "-" stands for settings on stdin.
// The error's text has a line for each mistake, with its file and line number.
func LoadConfig(args []string, stdin io.Reader) (*Config, error) {
	return config.Parse(args, stdin)
}

// ParseMemory parses a size such as "100mb", "2gb" or "1k" as redis.conf has it.
func ParseMemory(text string) (bytes int64, ok bool) { return config.ParseMemory(text) }
