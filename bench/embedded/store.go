package embedded

import "slices"

// store is a cache as the measurements use it. get and set may be called by several
// goroutines at once.
type store interface {
	// get appends the value to dst; ok is false if there is none.
	get(dst []byte, k key) (value []byte, ok bool)
	// set keeps neither the key nor the value it is given.
	set(k key, value []byte)
	// settle returns when what was set is there to be read.
	settle()
	close()
}

// key is one key in both forms, for each store to take the one it likes. The text is
// part of a much longer string: who keeps it must clone it.
type key struct {
	bytes []byte
	text  string
}

// maker makes a store.
type maker struct {
	name string
	// pointers says that entries are held by pointers, which the collector follows.
	pointers bool
	bounded  bool
	// make makes a store for so many bytes, by its own count, and about so many entries.
	make func(bytes int64, entries int) (store, error)
}

// makers are all stores; the first is held to the bars.
func makers() []maker {
	return []maker{
		{name: subject, bounded: true, make: newAshlar},
		{name: "fastcache", bounded: true, make: newFastcache},
		{name: "bigcache", bounded: true, make: newBigcache},
		{name: "freecache", bounded: true, make: newFreecache},
		{name: "ristretto", bounded: true, pointers: true, make: newRistretto},
		{name: "otter", bounded: true, pointers: true, make: newOtter},
		{name: "syncmap", pointers: true, make: newSyncMap},
	}
}

// subject is the store that has bars to reach.
const subject = "ashlar"

// Stores are the names of what is compared.
func Stores() (names []string) {
	for _, m := range makers() {
		names = append(names, m.name)
	}
	return names
}

func find(name string) (maker, bool) {
	all := makers()
	i := slices.IndexFunc(all, func(m maker) bool { return m.name == name })
	if i < 0 {
		return maker{}, false
	}
	return all[i], true
}
