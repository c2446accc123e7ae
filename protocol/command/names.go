package command

// flagNames is in the order in which COMMAND INFO prints them.
var flagNames = []struct {
	flag Flags
	name string
}{
	{Write, "write"}, {ReadOnly, "readonly"}, {DenyOOM, "denyoom"}, {Admin, "admin"}, {PubSub, "pubsub"},
	{NoScript, "noscript"}, {Blocking, "blocking"}, {Loading, "loading"}, {Stale, "stale"},
	{SkipMonitor, "skip_monitor"}, {SkipSlowlog, "skip_slowlog"}, {Asking, "asking"}, {Fast, "fast"},
	{NoAuth, "no_auth"}, {NoMandatoryKeys, "no_mandatory_keys"},
	{NoAsyncLoading, "no_async_loading"}, {NoMulti, "no_multi"}, {MovableKeys, "movablekeys"},
	{AllowBusy, "allow_busy"},
}

// FlagNames gives the flags' names as COMMAND INFO prints them, in its order.
func FlagNames(f Flags) []string {
	var names []string
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// categoryNames is indexed by the category's bit.
var categoryNames = [...]string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog",
	"geo", "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection",
	"transaction", "scripting",
}

// CategoryNames gives the names of categories without the "@", in Redis's order.
func CategoryNames(c Category) []string {
	var names []string
	for bit, name := range categoryNames {
		if c&(1<<bit) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// ParseCategory finds a category by its name, in lower case and without "@".
func ParseCategory(name string) (Category, bool) {
	for bit, n := range categoryNames {
		if n == name {
			return 1 << bit, true
		}
	}
	return 0, false
}

// AllCategories is the row's categories with those that follow from its flags
// (redis-server's setImplicitACLCategories); every command is either fast or
// slow. Rows name only what no flag says: the type of data, mostly.
func (s *Spec) AllCategories() Category {
	c := s.Categories
	for _, implied := range []struct {
		flag       Flags
		categories Category
	}{
		{Write, CatWrite}, {ReadOnly, CatRead}, {Admin, CatAdmin | CatDangerous},
		{PubSub, CatPubSub}, {Fast, CatFast}, {Blocking, CatBlocking},
	} {
		if s.Flags&implied.flag == 0 {
			continue
		}
		if implied.flag == ReadOnly && s.Categories&CatScripting != 0 {
			continue // EVAL_RO and its kind are no plain reads
		}
		c |= implied.categories
	}
	if c&CatFast == 0 {
		c |= CatSlow
	}
	return c
}

// ArityOK tells whether a command may have n arguments, its name included.
func (s *Spec) ArityOK(n int) bool {
	if s.Arity < 0 {
		return n >= -s.Arity
	}
	return n == s.Arity
}
