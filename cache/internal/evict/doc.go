// Package evict
package evict
