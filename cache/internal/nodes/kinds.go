package nodes

// Kind says what a node is, and so how to find its children. There are at most 16.
type Kind uint8

// The kinds.
const (
	Large       Kind = iota // one oversized element; no children
	TableDir                // table: directory of a range of hashes
	TableBucket             // table: elements with keys
	TableFixed              // table: fingerprints with fixed-size values
	TreeInner               // tree: inner node
	ListLeaf                // elements of a list
	ZSetLeaf                // elements of a sorted set, in order
	StreamLeaf              // entries of a stream
	StreamGroup             // consumer group, its consumers
	StreamPEL               // pending entries
	TreeKeyed               // tree: inner node of a keyed tree
	kinds
)

var _ [16 - kinds]struct{} // a kind is four bits
