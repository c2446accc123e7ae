package conn

// spread puts both loops to work and moves every other connection.
func spread(h *harness) {
	p := h.server.plain
	if len(p.all()) == 0 {
		return
	}
	second, err := p.startLoop()
	if err != nil {
		h.t.Fatal(err)
	}
	done := make(chan struct{})
	p.all()[0].post(func(l *loop) {
		for i, c := range l.conns {
			if c != nil && i%2 == 0 {
				l.moveTo(second, c)
			}
		}
		close(done)
	})
	<-done
	p.working.Store(2)
}
