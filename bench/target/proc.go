package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ticksPerSecond is the unit of /proc's times (USER_HZ), the same on all of
// Linux's common processors.
const ticksPerSecond = 100

// proc reads one of the kernel's files about the server.
func (v *Server) proc(name string) ([]byte, error) {
	if v.Pid == 0 {
		return nil, fmt.Errorf("%s is not on this machine: its memory and processor time cannot be seen", v.Name)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", v.Pid, name))
	if err != nil {
		if died := v.Err(); died != nil {
			return nil, fmt.Errorf("the server died: %w", died)
		}
		return nil, fmt.Errorf("%s: %w (figures of memory and processor time need Linux's /proc)", v.Name, err)
	}
	return b, nil
}

// Resident is the server's resident memory in bytes. It is cheap: fit for sampling.
func (v *Server) Resident() (int64, error) {
	b, err := v.proc("statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0, fmt.Errorf("cannot read statm: %q", b)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// ResidentExact is the resident memory counted page by page: Resident may be off
// by some pages for each processor. It walks the page tables, which takes some
// milliseconds for each gigabyte and makes the server wait.
func (v *Server) ResidentExact() (int64, error) {
	b, err := v.proc("smaps_rollup")
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return v.Resident()
	}
	if err != nil {
		return 0, err
	}
	return kilobytes(b, "Rss:")
}

// kilobytes reads a field such as "Rss:  123 kB" and returns bytes.
func kilobytes(text []byte, field string) (int64, error) {
	for line := range bytes.Lines(text) {
		if words := strings.Fields(string(line)); len(words) >= 2 && words[0] == field {
			n, err := strconv.ParseInt(words[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in what the kernel tells", field)
}

// CPU is the processor time that the server has used so far, all threads
// together, in user space and in the kernel. It counts in steps of 10 ms.
func (v *Server) CPU() (time.Duration, error) {
	b, err := v.proc("stat")
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in brackets, which may hold anything.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("cannot read stat: %q", b)
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(err1, err2)
}

// Waited is how long the server's threads, all together, have been ready to run
// but had no processor so far. What other programs on the machine do to the
// server shows here, and 0 where the kernel does not count it.
func (v *Server) Waited() time.Duration {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", v.Pid))
	if err != nil {
		return 0
	}
	sum := time.Duration(0)
	for _, t := range tasks {
		// Time on a processor, time waiting for one, and the number of turns.
		b, err := v.proc("task/" + t.Name() + "/schedstat")
		if fields := bytes.Fields(b); err == nil && len(fields) == 3 {
			ns, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			sum += time.Duration(ns)
		}
	}
	return sum
}

// Peak watches the largest resident memory of a server.
type Peak struct {
	server  *Server
	hasMark bool // the kernel keeps a high-water mark that could be reset
	stop    chan struct{}
	work    sync.WaitGroup
	mu      sync.Mutex
	most    int64
}

// WatchPeak starts to watch: it samples every 10 ms and, where the kernel allows
// it, takes the kernel's own high-water mark, which misses nothing.
func (v *Server) WatchPeak(ctx context.Context) *Peak {
	p := &Peak{server: v, stop: make(chan struct{})}
	p.hasMark = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", v.Pid), []byte("5"), 0) == nil
	p.work.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			if n, err := v.Resident(); err == nil {
				p.note(n)
			}
			select {
			case <-tick.C:
			case <-p.stop:
				return
			case <-ctx.Done():
				return
			}
		}
	})
	return p
}

// note counts a sample.
func (p *Peak) note(n int64) {
	p.mu.Lock()
	p.most = max(p.most, n)
	p.mu.Unlock()
}

// Stop ends the watch and returns the peak in bytes.
func (p *Peak) Stop() int64 {
	close(p.stop)
	p.work.Wait()
	if p.hasMark {
		if b, err := p.server.proc("status"); err == nil {
			if n, err := kilobytes(b, "VmHWM:"); err == nil {
				p.note(n)
			}
		}
	}
	return p.most
}
