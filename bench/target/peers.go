package target

import (
	"fmt"
	"strconv"
	"strings"
)

// known are the servers that need no command line from the user. Each keeps data in
// memory only, or saving it would be measured as well; each listens on this machine
// alone; and those that have several threads get as many as there are processors,
// unless that is their own choice anyway.
var known = []Spec{
	{Name: Ashlar, Command: []string{"ashlar", "--port", "{port}"}},
	{Name: Redis, Command: []string{"redis-server", "--port", "{port}", "--save", "", "--appendonly", "no"}},
	{Name: "valkey", Command: []string{"valkey-server", "--port", "{port}", "--save", "", "--appendonly", "no"}},
	{Name: "memcached", Memcached: true, style: memcachedStyle,
		Command: []string{memcachedProgram, "-p", "{port}", "-U", "0", "-l", "127.0.0.1", "-u", "nobody", "-c", "20000", "-m", "4096", "-t", "{processors}"}},
	{Name: "keydb", Command: []string{"keydb-server", "--port", "{port}", "--save", "", "--appendonly", "no", "--server-threads", "{processors}"}},
	{Name: "dragonfly", style: dragonflyStyle,
		Command: []string{"dragonfly", "--port", "{port}", "--bind", "127.0.0.1", "--dbfilename=", "--logtostderr", "--proactor_threads={processors}"}},
	{Name: "pogocache", style: pogocacheStyle,
		Command: []string{"pogocache", "-p", "{port}", "-h", "127.0.0.1", "--threads", "{processors}"}},
}

// memcachedProgram is what memcached's program is called, and memcachedScheme stands
// before the address of one that runs.
const (
	memcachedProgram = "memcached"
	memcachedScheme  = "memcached://"
)

// Known are the names of the servers that Find knows, Ashlar first.
func Known() []string {
	names := make([]string, len(known))
	for i, s := range known {
		names[i] = s.Name
	}
	return names
}

// style is how a server takes settings, which have the names that redis.conf gives them.
type style int

const (
	redisStyle style = iota // --name value
	memcachedStyle
	dragonflyStyle
	pogocacheStyle
)

// The settings that mean something to servers of other styles.
const (
	maxMemory = "maxmemory"
	policy    = "maxmemory-policy"
	keepAll   = "noeviction"
)

// words are a setting as it stands on the command line. What a server has no word for
// is an error: a comparison that leaves a bound out for one of them would be no use.
func (s style) words(o Setting) ([]string, error) {
	refuses := o.Name == policy && o.Value == keepAll
	switch {
	case s == redisStyle:
		return []string{"--" + o.Name, o.Value}, nil
	case s == memcachedStyle && o.Name == maxMemory:
		n, err := megabytes(o.Value)
		return []string{"-m", strconv.FormatInt(n, 10)}, err
	case s == memcachedStyle && refuses:
		return []string{"-M"}, nil
	case s == dragonflyStyle && o.Name == maxMemory:
		return []string{"--maxmemory=" + o.Value}, nil
	case s == dragonflyStyle && o.Name == policy:
		return []string{fmt.Sprintf("--cache_mode=%t", !refuses)}, nil
	case s == pogocacheStyle && o.Name == maxMemory:
		return []string{"--maxmemory", o.Value}, nil
	case s == pogocacheStyle && refuses:
		return []string{"--evict", "no"}, nil
	case o.Name == policy: // there is one, whatever it is called
		return nil, nil
	}
	return nil, fmt.Errorf("it has no setting for %s", o.Name)
}

// megabytes reads a size in redis.conf's form and rounds it up.
func megabytes(text string) (int64, error) {
	digits := strings.TrimRight(strings.ToLower(text), "kmgb")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	switch strings.ToLower(text[len(digits):]) {
	case "kb":
		n <<= 10
	case "mb":
		n <<= 20
	case "gb":
		n <<= 30
	case "k":
		n *= 1e3
	case "m":
		n *= 1e6
	case "g":
		n *= 1e9
	}
	return (n + 1<<20 - 1) >> 20, nil
}
