// Package index finds items by hash.
package index
