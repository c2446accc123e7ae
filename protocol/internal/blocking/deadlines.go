package blocking

// deadlines are the waiters whose wait ends at some time, a binary heap with the
// next one in front. A waiter knows where it is, so it leaves in logarithmic time:
// most are served long before.
type deadlines []*Waiter

// first is the waiter whose time is up next, nil if there is none.
func (d deadlines) first() *Waiter {
	if len(d) == 0 {
		return nil
	}
	return d[0]
}

func (d *deadlines) add(w *Waiter) {
	*d = append(*d, w)
	w.heapAt = len(*d)
	d.up(len(*d) - 1)
}

// remove takes a waiter out, if it is there.
func (d *deadlines) remove(w *Waiter) {
	if w.heapAt == 0 {
		return
	}
	h, i, last := *d, w.heapAt-1, len(*d)-1
	w.heapAt = 0
	if i != last {
		h.set(i, h[last])
	}
	h[last] = nil
	*d = h[:last]
	if i != last {
		d.up(i)
		d.down(i)
	}
}

func (d deadlines) set(i int, w *Waiter) {
	d[i] = w
	w.heapAt = i + 1
}

func (d deadlines) swap(i, j int) {
	a, b := d[i], d[j]
	d.set(i, b)
	d.set(j, a)
}

func (d deadlines) up(i int) {
	for parent := (i - 1) / 2; i > 0 && d[i].Deadline < d[parent].Deadline; parent = (i - 1) / 2 {
		d.swap(i, parent)
		i = parent
	}
}

func (d deadlines) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(d); child++ {
			if d[child].Deadline < d[least].Deadline {
				least = child
			}
		}
		if least == i {
			return
		}
		d.swap(i, least)
		i = least
	}
}
