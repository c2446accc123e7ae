package conn

import "golang.org/x/sys/unix"

// acceptMost bounds the connections accepted in one go.
const acceptMost = 256

// acceptAll takes what waits at a listener. It runs on the first loop.
func (l *loop) acceptAll(number int) {
	for range acceptMost {
		fd, sa, at, err := l.srv.plain.listeners.accept(number)
		switch err {
		case nil:
			l.welcome(fd, sa, at)
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EMFILE, unix.ENFILE:
			if !l.refuseOne(number) {
				return
			}
		case unix.EAGAIN:
			return
		default:
			l.srv.log.Warn("could not accept a connection", "error", err)
			return
		}
	}
}

// refuseOne turns away a connection for which there is no descriptor, with the
// one that is kept for this: left waiting it would wake the loop for ever. It
// returns false if none waits, or if even that did not work; then the listeners
// are held back until the next tick.
func (l *loop) refuseOne(number int) bool {
	p := l.srv.plain
	_ = unix.Close(p.reserve)
	fd, _, _, err := p.listeners.accept(number)
	refused := err == nil
	if refused {
		refuse(fd, maxClientsReply)
		l.srv.rejected.Add(1)
	}
	if p.reserve, err = openReserve(); err == nil {
		return refused
	}
	l.srv.log.Error("out of file descriptors; not accepting for a second")
	p.listeners.holdBack()
	l.backlog = true
	return false
}

// listenAgain puts the listeners back that refuseOne has taken away.
func (l *loop) listenAgain() {
	p := l.srv.plain
	if p.reserve < 0 {
		fd, err := openReserve()
		if err != nil {
			return
		}
		p.reserve = fd
	}
	l.backlog = false
	if !l.srv.stopping.Load() {
		l.watchListeners()
	}
}

func (l *loop) watchListeners() {
	if at, err := l.srv.plain.listeners.watch(l.epfd); err != nil {
		l.srv.log.Error("could not watch a listening socket", "addr", at.name, "error", err)
	}
}

// openReserve opens the descriptor that is kept in reserve; -1 on failure.
func openReserve() (int, error) {
	return unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// refuse sends a last reply and closes.
func refuse(fd int, reply string) {
	_ = unix.SetNonblock(fd, true)
	_, _ = unix.Write(fd, []byte(reply))
	_ = unix.Close(fd)
}

// welcome makes a connection of a socket and gives it to a loop at work.
func (l *loop) welcome(fd int, sa unix.Sockaddr, at *listener) {
	srv := l.srv
	if !srv.admit() {
		refuse(fd, maxClientsReply)
		return
	}
	if !at.unix {
		setKeepAlive(fd, srv.lim.TCPKeepAlive.Load())
	}
	c := &Conn{srv: srv, fd: int32(fd), from: at, peer: makeAddress(addrPort(sa)), want: watched}
	if refusal := srv.open(c, !at.unix); refusal != "" {
		refuse(fd, refusal)
		srv.left()
		return
	}
	to := srv.plain.leastLoaded()
	if to == l {
		l.adopt(c)
		return
	}
	to.send(c)
}
