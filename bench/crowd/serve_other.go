//go:build !linux

package crowd

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ashlar-cache/ashlar/bench/client"
)

// serve runs each member in a goroutine; what they share is guarded by one lock.
func (c *crowd) serve(ctx context.Context, members []*member) (time.Duration, error) {
	var (
		work sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	began := time.Now()
	for _, m := range members {
		work.Go(func() {
			if err := c.single(ctx, &mu, m); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	work.Wait()
	return time.Since(began), errors.Join(errs...)
}

// single is one member's loop.
func (c *crowd) single(ctx context.Context, mu *sync.Mutex, m *member) error {
	conn, err := client.Dial(ctx, c.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		mu.Lock()
		more := c.next(m)
		mu.Unlock()
		if !more {
			return ctx.Err()
		}
		if _, err := conn.Net().Write(m.unsent); err != nil {
			return err
		}
		for done := false; !done; {
			n, err := conn.Net().Read(m.parser.Room())
			if err != nil {
				return err
			}
			m.parser.Filled(n)
			mu.Lock()
			done, err = c.take(m)
			mu.Unlock()
			if err != nil {
				return err
			}
		}
	}
}
