package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// message is an error whose text goes to clients word for word, and therefore
// may start with a capital letter and end with a full stop.
type message string

func (m message) Error() string { return string(m) }

// The texts of redis-server for values it does not take.
const (
	errArgCount   = message("wrong number of arguments")
	errBool       = message("argument must be 'yes' or 'no'")
	errInteger    = message("argument couldn't be parsed into an integer")
	errOctal      = message("argument couldn't be parsed as an octal number")
	errMemory     = message("argument must be a memory value")
	errPercent    = message("argument must be a memory or percent value")
	errTooPercent = message("percentage argument must be less or equal to 100")
)

func parseBool(arg string) (parsed, error) {
	switch strings.ToLower(arg) {
	case "yes":
		return parsed{1, []string{"yes"}}, nil
	case "no":
		return parsed{0, []string{"no"}}, nil
	}
	return parsed{}, errBool
}

func (r *Row) parseInteger(arg string) (parsed, error) {
	n, ok := decimal(arg)
	if !ok {
		return parsed{}, errInteger
	}
	if n < r.Min || n > r.Max {
		return parsed{}, fmt.Errorf("argument must be between %d and %d inclusive", r.Min, r.Max)
	}
	if r.adjust != nil {
		n = r.adjust(n)
	}
	return number(n), nil
}

// decimal parses an integer as strictly as redis-server: no plus sign, no
// leading zeros, no space.
func decimal(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return n, true
}

func number(n int64) parsed {
	return parsed{n, []string{strconv.FormatInt(n, 10)}}
}

func (r *Row) parseOctal(arg string) (parsed, error) {
	n, err := strconv.ParseInt(arg, 8, 64)
	if err != nil {
		return parsed{}, errOctal
	}
	if n < r.Min || n > r.Max {
		return parsed{}, fmt.Errorf("argument must be between %o and %o inclusive", r.Min, r.Max)
	}
	return parsed{n, []string{strconv.FormatInt(n, 8)}}, nil
}

// parseMemory takes "" for 0, as redis-server does.
func (r *Row) parseMemory(arg string) (parsed, error) {
	n, ok := ParseMemory(arg)
	if !ok && arg != "" {
		return parsed{}, errMemory
	}
	if n < r.Min || n > r.Max {
		return parsed{}, fmt.Errorf("argument must be between %d and %d inclusive", r.Min, r.Max)
	}
	return number(n), nil
}

// parsePercent keeps a percentage as a negative number, as redis-server does.
func (r *Row) parsePercent(arg string) (parsed, error) {
	digits, isPercent := strings.CutSuffix(arg, "%")
	if !isPercent {
		if _, ok := ParseMemory(arg); !ok && arg != "" {
			return parsed{}, errPercent
		}
		return r.parseMemory(arg)
	}
	n, ok := decimal(digits)
	if !ok || n < 0 {
		return parsed{}, errPercent
	}
	if n > 100 {
		return parsed{}, errTooPercent
	}
	return parsed{-n, []string{digits + "%"}}, nil
}

func (r *Row) parseEnum(arg string) (parsed, error) {
	i := slices.IndexFunc(r.Values, func(v string) bool { return strings.EqualFold(v, arg) })
	if i < 0 {
		return parsed{}, fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(r.Values, ", "))
	}
	return parsed{int64(i), []string{r.Values[i]}}, nil
}

// units are the suffixes of a size, with redis-server's two series: k, m and g
// are powers of 1000, kb, mb and gb of 1024.
var units = map[string]int64{
	"": 1, "b": 1,
	"k": 1000, "kb": 1 << 10,
	"m": 1000 * 1000, "mb": 1 << 20,
	"g": 1000 * 1000 * 1000, "gb": 1 << 30,
}

// ParseMemory parses a size as redis.conf has it, such as "100mb" or "1k", into
// bytes. Units are taken in any case; there must be at least one digit.
func ParseMemory(s string) (bytes int64, ok bool) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	unit, ok := units[strings.ToLower(s[end:])]
	if !ok || end == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// FormatMemory writes a size with the largest binary unit that divides it, as
// CONFIG REWRITE does: 100mb rather than 104857600.
func FormatMemory(n int64) string {
	for _, u := range []string{"gb", "mb", "kb"} {
		if size := units[u]; n != 0 && n%size == 0 {
			return strconv.FormatInt(n/size, 10) + u
		}
	}
	return strconv.FormatInt(n, 10)
}
