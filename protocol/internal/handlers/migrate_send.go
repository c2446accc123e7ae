package handlers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/ashlar-cache/ashlar/protocol/resp"
)

// The way of MIGRATE to another server: a connection of its own, on which the client is
// authenticated and the database selected; then all commands are sent at once, and
// their replies read one after another. (Redis sends everything at once, and so leaves
// keys in the wrong database where SELECT fails.) Each step may take as long as the
// time-out says, as in Redis. Redis keeps the connection for ten seconds, to use it
// again; here it is closed.

// Errors that MIGRATE replies with.
const (
	errMigrateConnect = "IOERR error or timeout connecting to the client"
	errMigrateWrite   = "IOERR error or timeout writing to target instance"
	errMigrateRead    = "IOERR error or timeout reading to target instance"
	errMigrateBusy    = "ERR Keys went on changing while they were migrated; they are here still, and may be there as well"
)

// migrateRounds is how often a key that changes meanwhile is sent.
const migrateRounds = 8

// migrateChunk is how much is written within one time-out.
const migrateChunk = 64 << 10

// run sends the keys and writes the reply.
func (m *migration) run(ctx context.Context, request []byte, reply *resp.Writer) {
	link, err := m.connect(ctx)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		reply.Error(errMigrateWrite) // that is where Redis comes to know it
		return
	case err != nil:
		reply.Error(errMigrateConnect)
		return
	}
	defer link.close()
	text := m.greet(link)
	if text == "" {
		text = m.send(link, request)
	}
	for round := 1; text == "" && len(m.keys) > 0; round++ {
		if round == migrateRounds {
			text = errMigrateBusy
			break
		}
		m.replace = true // what was sent before
		request = m.prepare(request[:0])
		text = m.send(link, request)
	}
	if text != "" {
		reply.Error(text)
		return
	}
	reply.OK()
}

// greet authenticates and selects the database, where that is needed. text is the
// error.
func (m *migration) greet(link *migrateLink) (text string) {
	var w resp.Writer
	replies := 0
	if len(m.auth) > 0 {
		w.Array(1 + len(m.auth))
		w.BulkString("AUTH")
		for _, arg := range m.auth {
			w.Bulk(arg)
		}
		replies++
	}
	if m.target != 0 {
		w.Array(2)
		w.BulkString("SELECT")
		w.BulkInt(m.target)
		replies++
	}
	if !link.write(w.B) {
		return errMigrateWrite
	}
	for range replies {
		line, ok := link.readLine()
		if !ok {
			return errMigrateRead
		}
		if text == "" {
			text = targetError(line)
		}
	}
	return text
}

// send sends all keys, and deletes those that the other server has taken. m.keys are
// those that are to be sent again then. text is the error.
func (m *migration) send(link *migrateLink, request []byte) (text string) {
	if !link.write(request) {
		return errMigrateWrite
	}
	var again []migrant
	for i := range m.keys {
		k := &m.keys[i]
		line, ok := link.readLine()
		if !ok && text == "" {
			text = errMigrateRead
		}
		if !ok {
			return text
		}
		switch refused := targetError(line); {
		case refused != "":
			if text == "" {
				text = refused
			}
		case !m.copy && m.leave(k):
			again = append(again, *k)
		}
	}
	m.forget()
	m.keys = again
	return text
}

// targetError is the error to reply with if the other server has replied with one.
func targetError(line []byte) string {
	if len(line) == 0 || line[0] != '-' {
		return ""
	}
	return "ERR Target instance replied with error: " + string(line[1:])
}

// appendRestore appends the command for one key.
func (m *migration) appendRestore(dst, key []byte, ttl int64, payload []byte) []byte {
	w := resp.Writer{B: dst}
	n := 4
	if m.replace {
		n++
	}
	w.Array(n)
	w.BulkString("RESTORE")
	w.Bulk(key)
	w.BulkInt(ttl)
	w.Bulk(payload)
	if m.replace {
		w.BulkString("REPLACE")
	}
	return w.B
}

// migrateLink is a connection to the other server.
type migrateLink struct {
	conn    net.Conn
	in      *bufio.Reader
	timeout time.Duration
	stop    func() bool
}

// connect connects to the other server. When ctx is done the connection is closed.
func (m *migration) connect(ctx context.Context) (*migrateLink, error) {
	dialer := net.Dialer{Timeout: m.timeout}
	port := strconv.FormatInt(leadingInt([]byte(m.port)), 10)
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(m.host, port))
	if err != nil {
		return nil, err
	}
	const lineMost = 1024 // bytes of a reply that count, as in Redis
	return &migrateLink{
		conn: conn, in: bufio.NewReaderSize(conn, lineMost), timeout: m.timeout,
		stop: context.AfterFunc(ctx, func() { _ = conn.Close() }),
	}, nil
}

// close ends the connection to the other server.
func (l *migrateLink) close() {
	l.stop()
	_ = l.conn.Close()
}

// write sends b, with a time-out for each piece of it.
func (l *migrateLink) write(b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), migrateChunk)
		_ = l.conn.SetWriteDeadline(time.Now().Add(l.timeout))
		if _, err := l.conn.Write(b[:n]); err != nil {
			return false
		}
		b = b[n:]
	}
	return true
}

// readLine reads a reply of one line, without its end. What is too long is cut off.
// It is good until the next call.
func (l *migrateLink) readLine() (line []byte, ok bool) {
	_ = l.conn.SetReadDeadline(time.Now().Add(l.timeout))
	line, err := l.in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		line = bytes.Clone(line)
		_, err = l.in.ReadSlice('\n')
	}
	return bytes.TrimRight(line, "\r\n"), err == nil
}
