package conn

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// meter measures the load for the governor.
type meter struct {
	last     time.Duration
	cpu      []time.Duration // of each loop's thread, so far
	commands uint64
	bytesIn  []uint64 // of each loop, at the last call of busy

	idle    float64 // seconds that the cores we may use were idle, so far
	process float64 // seconds of CPU that this process has used, so far
	primed  bool    // idle and process are of the last window
}

// busy says whether a loop, which has read that many bytes so far, has read
// any since the last call.
func (m *meter) busy(loop int, bytesIn uint64) bool {
	for len(m.bytesIn) <= loop {
		m.bytesIn = append(m.bytesIn, 0)
	}
	was := m.bytesIn[loop]
	m.bytesIn[loop] = bytesIn
	return was != bytesIn
}

// sample measures the window that ends now. ok is false for the first one.
func (m *meter) sample(p *plain, now time.Duration) (s sample, ok bool) {
	loops := p.all()[:p.atWork()]
	window := now - m.last
	s.now = now
	commands, hot := uint64(0), false
	for i, l := range p.all() {
		commands += l.public.commands.Load()
		used := time.Duration(threadCPU(l.tid.Load()))
		if i == len(m.cpu) {
			m.cpu = append(m.cpu, used)
		}
		if i < len(loops) {
			share := float64(used-m.cpu[i]) / float64(window)
			s.cpu = append(s.cpu, share)
			s.conns = append(s.conns, l.public.conns.Load())
			hot = hot || share >= hotShare
		}
		m.cpu[i] = used
	}
	s.commands = commands - m.commands
	ok = m.last != 0
	m.last, m.commands = now, commands
	if !hot {
		m.primed = false
		return s, ok
	}
	s.spare = m.spare(window)
	return s, ok
}

// spare is how many cores had nothing to do in the window, 0 for the first one
// of a row: of the cores we may run on, and of GOMAXPROCS (which a cgroup's
// quota lowers) the part that this process did not use itself.
func (m *meter) spare(window time.Duration) float64 {
	idle, known := idleSeconds()
	process := processSeconds()
	was := *m
	m.idle, m.process = idle, process
	if !m.primed {
		m.primed = true
		return 0
	}
	free := float64(runtime.GOMAXPROCS(0)) - (process-was.process)/window.Seconds()
	if known {
		free = min(free, (idle-was.idle)/window.Seconds())
	}
	return free
}

// processSeconds is the CPU time of this process.
func processSeconds() float64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano()).Seconds()
}

// userHZ is the unit of /proc/stat on every architecture that Go runs on.
const userHZ = 100

// idleSeconds sums the idle time of the cores that this process may run on.
func idleSeconds() (float64, bool) {
	stat, err := os.ReadFile("/proc/stat")
	var ours unix.CPUSet
	if err != nil || unix.SchedGetaffinity(0, &ours) != nil {
		return 0, false
	}
	sum, found := 0.0, false
	for line := range bytes.Lines(stat) {
		// cpu3 user nice system idle iowait ...
		fields := bytes.Fields(line)
		if len(fields) < 6 || !bytes.HasPrefix(fields[0], []byte("cpu")) {
			continue
		}
		core, err := strconv.Atoi(string(fields[0][3:]))
		if err != nil || !ours.IsSet(core) {
			continue
		}
		for _, field := range fields[4:6] {
			ticks, err := strconv.ParseFloat(string(field), 64)
			if err != nil {
				return 0, false
			}
			sum += ticks / userHZ
		}
		found = true
	}
	return sum, found
}

// govern is called every governPeriod.
func (p *plain) govern(now time.Duration) {
	if p.atWork() == 0 {
		return
	}
	s, ok := p.meter.sample(p, now)
	if !ok || p.governor.most < 2 {
		return
	}
	loops := p.all()
	switch o := p.governor.step(s); o.kind {
	case orderSpread:
		if o.to == len(loops) {
			if _, err := p.startLoop(); err != nil {
				p.srv.log.Error("could not start an event loop", "error", err)
				return
			}
			loops = p.all()
		}
		p.working.Store(int32(o.to + 1))
		to := loops[o.to]
		loops[o.from].post(func(l *loop) { l.shareWith(to, 0.5) })
		p.srv.log.Debug("event loop added", "loops", o.to+1)
	case orderEven:
		to := loops[o.to]
		part := (s.cpu[o.from] - s.cpu[o.to]) / 2 / s.cpu[o.from]
		loops[o.from].post(func(l *loop) { l.shareWith(to, part) })
	case orderGather:
		p.working.Store(int32(o.from))
		rest := loops[:o.from]
		loops[o.from].post(func(l *loop) { l.disperse(rest) })
		p.srv.log.Debug("event loop given up", "loops", o.from)
	}
}

// shareWith gives another loop connections that had that part of this loop's
// events lately; none that had more than what is to go, since that would move
// the trouble rather than share it.
func (l *loop) shareWith(to *loop, part float64) {
	total, now := uint64(0), l.srv.clock.Load()
	for _, c := range l.conns {
		if c != nil && now-c.seen <= 1 {
			total += uint64(c.ops)
		}
	}
	goal, moved := uint64(float64(total)*part), uint64(0)
	for _, c := range l.conns {
		if c == nil {
			continue
		}
		ops := uint64(c.ops)
		c.ops = 0
		if now-c.seen <= 1 && moved+ops <= goal && c.state == 0 {
			moved += ops
			l.moveTo(to, c)
		}
	}
}

// disperse gives all connections to other loops.
func (l *loop) disperse(to []*loop) {
	i := 0
	for _, c := range l.conns {
		if c != nil {
			l.moveTo(to[i%len(to)], c)
			i++
		}
	}
}
