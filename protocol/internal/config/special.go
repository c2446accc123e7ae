package config

import (
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
)

// checkMaxMemory takes a size or a percentage of the machine's memory. A size
// keeps no trace of its unit; a percentage keeps its own text, so that CONFIG
// REWRITE writes it back and a larger machine gives more.
func checkMaxMemory(c *Config, args []string) (parsed, error) {
	digits, isPercent := strings.CutSuffix(args[0], "%")
	if !isPercent {
		return (&Row{Max: math.MaxInt64}).parseMemory(args[0])
	}
	n, ok := decimal(digits)
	switch {
	case !ok || n < 1:
		return parsed{}, errPercent
	case n > 100:
		return parsed{}, errTooPercent
	}
	return parsed{c.memory.share(n), []string{digits + "%"}}, nil
}

// showBytes shows the number rather than the words: clients parse maxmemory.
func showBytes(_ *Config, p parsed) string { return strconv.FormatInt(p.num, 10) }

// maxBindAddresses is redis-server's bound on the addresses of bind.
const maxBindAddresses = 16

func checkBind(_ *Config, args []string) (parsed, error) {
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	if len(args) > maxBindAddresses {
		return parsed{}, message("Too many bind addresses specified.")
	}
	return parsed{words: args}, nil
}

// checkDir wants a directory that exists and keeps its absolute path, which is
// taken from the directory that the process was started in.
func checkDir(c *Config, args []string) (parsed, error) {
	path := c.absolute(args[0])
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return parsed{}, message("No such file or directory")
	case err != nil:
		return parsed{}, err
	case !info.IsDir():
		return parsed{}, message("Not a directory")
	}
	return parsed{words: []string{path}}, nil
}

// checkSave takes "" alone, once the value is seen to be well-formed.
func checkSave(_ *Config, args []string) (parsed, error) {
	if len(args) == 0 || len(args) == 1 && args[0] == "" {
		return parsed{words: []string{""}}, nil
	}
	if !validSave(args) {
		return parsed{}, message("Invalid save parameters")
	}
	return parsed{}, message("nothing is saved to disk; only '' is accepted")
}

func validSave(args []string) bool {
	for i, arg := range args {
		n, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || n < int64(1-i%2) {
			return false
		}
	}
	return len(args)%2 == 0
}

// lenientSave lets the save lines of an old redis.conf pass.
func lenientSave(args []string) (parsed, string, bool) {
	if !validSave(args) || len(args) == 0 {
		return parsed{}, "", false
	}
	return parsed{words: []string{""}}, "save is ignored: nothing is saved to disk", true
}

// lenientDaemonize lets the file of a redis-server that is started by systemd pass: in
// Debian's it says so, and has the supervisor wait for a second process.
func lenientDaemonize(args []string) (parsed, string, bool) {
	if len(args) != 1 || !strings.EqualFold(args[0], "yes") {
		return parsed{}, "", false
	}
	return parsed{words: []string{"no"}}, "daemonize is ignored: this server stays in the foreground, where a supervisor such as " +
		"systemd (Type=notify, with supervised auto) keeps it running", true
}

// classNames are the classes of client-output-buffer-limit as CONFIG GET and
// CONFIG REWRITE name them: the one by the older name, the other by the newer.
var classNames = [3]struct{ shown, written string }{
	Normal:  {"normal", "normal"},
	Replica: {"slave", "replica"},
	PubSub:  {"pubsub", "pubsub"},
}

// checkOutputLimits takes any number of groups "class hard soft seconds";
// classes that are not named keep what they have.
func checkOutputLimits(c *Config, args []string) (parsed, error) {
	if len(args)%4 != 0 {
		return parsed{}, message("Wrong number of arguments in buffer limit configuration.")
	}
	var limits [3]OutputLimit
	if now := c.limits.Load(); now != nil {
		limits = *now
	}
	for ; len(args) > 0; args = args[4:] {
		class, ok := parseClass(args[0])
		if !ok {
			return parsed{}, message("Invalid client class specified in buffer limit configuration.")
		}
		hard, ok1 := ParseMemory(args[1])
		soft, ok2 := ParseMemory(args[2])
		seconds, err := strconv.ParseInt(args[3], 10, 64)
		if !ok1 || !ok2 || err != nil || seconds < 0 {
			return parsed{}, message("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
		}
		limits[class] = OutputLimit{hard, soft, seconds}
	}
	return parsed{words: limitWords(limits)}, nil
}

func parseClass(name string) (Class, bool) {
	switch strings.ToLower(name) {
	case "normal":
		return Normal, true
	case "slave", "replica":
		return Replica, true
	case "pubsub":
		return PubSub, true
	}
	return 0, false
}

func limitWords(limits [3]OutputLimit) []string {
	var words []string
	for class, l := range limits {
		words = append(words, classNames[class].shown,
			strconv.FormatInt(l.Hard, 10), strconv.FormatInt(l.Soft, 10), strconv.FormatInt(l.Seconds, 10))
	}
	return words
}

// deriveLimits keeps client-output-buffer-limit in the form that connections read.
func deriveLimits(c *Config) {
	var limits [3]OutputLimit
	words := c.OutputBufferLimit.Words()
	for i := range limits {
		group := words[4*i : 4*i+4]
		limits[i].Hard, _ = strconv.ParseInt(group[1], 10, 64)
		limits[i].Soft, _ = strconv.ParseInt(group[2], 10, 64)
		limits[i].Seconds, _ = strconv.ParseInt(group[3], 10, 64)
	}
	c.limits.Store(&limits)
}

// linesOfLimits writes a line for each class.
func linesOfLimits(_ *Config, p parsed) [][]string {
	var lines [][]string
	for class := range classNames {
		group := p.words[4*class : 4*class+4]
		hard, _ := strconv.ParseInt(group[1], 10, 64)
		soft, _ := strconv.ParseInt(group[2], 10, 64)
		lines = append(lines, []string{classNames[class].written, FormatMemory(hard), FormatMemory(soft), group[3]})
	}
	return lines
}

func linesOfMemory(_ *Config, p parsed) [][]string {
	if strings.HasSuffix(p.words[0], "%") {
		return [][]string{p.words}
	}
	return [][]string{{FormatMemory(p.num)}}
}

// checkPercentiles takes numbers from 0 to 100.
func checkPercentiles(_ *Config, args []string) (parsed, error) {
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	for _, arg := range args {
		f, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			return parsed{}, message("Invalid latency-tracking-info-percentiles parameters")
		}
		if !(f >= 0 && f <= 100) {
			return parsed{}, message("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
		}
	}
	return parsed{words: args}, nil
}

// checkOOMScores takes three numbers.
func checkOOMScores(_ *Config, args []string) (parsed, error) {
	if len(args) != 3 {
		return parsed{}, errArgCount
	}
	for _, arg := range args {
		n, err := strconv.Atoi(arg)
		if err != nil || n < -2000 || n > 2000 {
			return parsed{}, message("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
		}
	}
	return parsed{words: args}, nil
}

// checkReplicaOf takes "" and "no one": this server is nobody's replica.
func checkReplicaOf(_ *Config, args []string) (parsed, error) {
	text := strings.ToLower(strings.Join(args, " "))
	if text == "" || text == "no one" {
		return parsed{}, nil
	}
	return parsed{}, fixedError("this server cannot be a replica; only 'no one' is accepted")
}

// eventClasses are the characters that notify-keyspace-events may be made of.
const eventClasses = "Ag$lshzxeKEtmdn"

func checkEvents(_ *Config, args []string) (parsed, error) {
	if strings.Trim(args[0], eventClasses) != "" {
		return parsed{}, message("Invalid event class character. Use '" + eventClasses + "'.")
	}
	return parsed{words: args}, nil
}

// showEvents puts the characters in redis-server's order, and A for all of those that
// it stands for; n is not shown beside A.
func showEvents(_ *Config, p parsed) string {
	const every, channels = "g$lshzxetd", "KEm"
	given, shown := p.words[0], ""
	pick := func(from string) {
		for _, c := range from {
			if strings.ContainsRune(given, c) {
				shown += string(c)
			}
		}
	}
	if pick(every); shown == every || strings.Contains(given, "A") {
		shown = "A"
	} else {
		pick("n")
	}
	pick(channels)
	return shown
}
