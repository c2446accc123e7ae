package config

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// machine is how much memory this process may reckon with.
type machine struct {
	total  int64  // bytes; 0 if it could not be found out
	source string // "machine" or "control group"
}

// share is percent of the total; without a known total there is no bound.
func (m machine) share(percent int64) int64 {
	return m.total/100*percent + m.total%100*percent/100
}

// detectMemory reads what the machine has and what the control groups around
// this process allow, and gives the smaller. root is the root directory.
func detectMemory(root fs.FS) machine {
	m := machine{total: physicalMemory(root), source: "machine"}
	if limit := cgroupLimit(root); limit < math.MaxInt64 && (m.total == 0 || limit < m.total) {
		m = machine{total: limit, source: "control group"}
	}
	return m
}

// cgroupLimit is the smallest memory limit of the control groups that this
// process is in, of version 1 or 2; MaxInt64 if there is none.
//
// A group's limit holds for its children too, so every ancestor is asked. Inside
// a container the path in /proc/self/cgroup may be the host's, which is not
// mounted there: the walk towards the root ends at the mount itself, whose
// files are then the container's own.
func cgroupLimit(root fs.FS) int64 {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return math.MaxInt64
	}
	limit := int64(math.MaxInt64)
	for line := range strings.Lines(string(groups)) {
		// "0::/path" for version 2, "9:memory:/path" for version 1
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch {
		case fields[0] == "0" && fields[1] == "":
			limit = min(limit, walkLimits(root, "sys/fs/cgroup", fields[2], "memory.max"))
		case hasController(fields[1], "memory"):
			limit = min(limit, walkLimits(root, "sys/fs/cgroup/memory", fields[2], "memory.limit_in_bytes"))
		}
	}
	return limit
}

func hasController(list, name string) bool {
	for c := range strings.SplitSeq(list, ",") {
		if c == name {
			return true
		}
	}
	return false
}

// walkLimits reads file in the group's directory and in all above it, up to mount.
func walkLimits(root fs.FS, mount, group, file string) int64 {
	limit := int64(math.MaxInt64)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		limit = min(limit, readLimit(root, path.Join(mount, group, file)))
		if group == "/" {
			return limit
		}
	}
}

// readLimit reads one limit. "max", a file that is not there and version 1's
// huge page-rounded number all mean none.
func readLimit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return math.MaxInt64
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n <= 0 || n >= math.MaxInt64/2 {
		return math.MaxInt64
	}
	return n
}

// memInfo is MemTotal of /proc/meminfo in bytes, or 0.
func memInfo(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, "MemTotal:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil || kib < 0 || kib > math.MaxInt64/1024 {
			return 0
		}
		return kib * 1024
	}
	return 0
}
