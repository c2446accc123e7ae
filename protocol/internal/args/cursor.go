package args

// Cursor walks a command's arguments from left to right. It is a value: a
// handler keeps it on its stack. None of its methods runs past the end.
type Cursor struct {
	args [][]byte
	next int
}

// From starts a cursor at args[start].
func From(args [][]byte, start int) Cursor { return Cursor{args, start} }

// More reports whether an argument is left.
func (c *Cursor) More() bool { return c.next < len(c.args) }

// Left is the number of arguments not yet taken.
func (c *Cursor) Left() int { return max(len(c.args)-c.next, 0) }

// Position is the index of the next argument.
func (c *Cursor) Position() int { return c.next }

// Peek is the next argument, left where it is; nil at the end.
func (c *Cursor) Peek() []byte {
	if !c.More() {
		return nil
	}
	return c.args[c.next]
}

// Next takes the next argument; nil at the end.
func (c *Cursor) Next() []byte {
	if !c.More() {
		return nil
	}
	c.next++
	return c.args[c.next-1]
}

// Word takes the next argument if it is word, which is in lower case.
func (c *Cursor) Word(word string) bool {
	if !c.More() || !Is(c.args[c.next], word) {
		return false
	}
	c.next++
	return true
}

// Option takes the next argument if it is word and at least values more follow
// it. A word without its values stays, and so ends up as a syntax error.
func (c *Cursor) Option(word string, values int) bool {
	if c.Left() <= values || !Is(c.args[c.next], word) {
		return false
	}
	c.next++
	return true
}

// Int takes the next argument as an integer.
func (c *Cursor) Int() (n int64, err string) {
	if !c.More() {
		return 0, ErrSyntax
	}
	n, ok := Int(c.Next())
	if !ok {
		return 0, ErrNotInteger
	}
	return n, ""
}
