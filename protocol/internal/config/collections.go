package config

import "math"

// collectionRows: up to where a collection is one packed blob. They also say
// what OBJECT ENCODING calls it, so the names, defaults and bounds are those of
// redis-server. A negative list-max-listpack-size stands for bytes (-1: 4 KiB to
// -5: 64 KiB), a positive one for elements.
var collectionRows = []*Row{
	{Name: "hash-max-listpack-entries", Alias: "hash-max-ziplist-entries", Kind: Integer, Default: "512", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.HashMaxPackedEntries }},
	{Name: "hash-max-listpack-value", Alias: "hash-max-ziplist-value", Kind: Memory, Default: "64", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.HashMaxPackedValue }},
	{Name: "set-max-intset-entries", Kind: Integer, Default: "512", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.SetMaxInts }},
	{Name: "set-max-listpack-entries", Kind: Integer, Default: "128", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.SetMaxPackedEntries }},
	{Name: "set-max-listpack-value", Kind: Integer, Default: "64", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.SetMaxPackedValue }},
	{Name: "zset-max-listpack-entries", Alias: "zset-max-ziplist-entries", Kind: Integer, Default: "128", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.ZSetMaxPackedEntries }},
	{Name: "zset-max-listpack-value", Alias: "zset-max-ziplist-value", Kind: Memory, Default: "64", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.ZSetMaxPackedValue }},
	{Name: "list-max-listpack-size", Alias: "list-max-ziplist-size", Kind: Integer, Default: "-2", Min: math.MinInt32, Max: maxInt32,
		at: func(c *Config) *Value { return &c.ListMaxPackedSize }},
	{Name: "stream-node-max-bytes", Kind: Memory, Default: "4096", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.StreamNodeMaxBytes }},
	{Name: "stream-node-max-entries", Kind: Integer, Default: "100", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.StreamNodeMaxEntries }},
	{Name: "hll-sparse-max-bytes", Kind: Memory, Default: "3000", Max: math.MaxInt64,
		at: func(c *Config) *Value { return &c.HLLSparseMaxBytes }},
}

// CollectionNames are the settings that a cache.Limits is made of, for OnChange.
func CollectionNames() []string {
	var names []string
	for _, r := range collectionRows {
		names = append(names, r.Name)
	}
	return names
}
