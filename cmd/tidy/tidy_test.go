package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHouseRules checks this module.
func TestHouseRules(t *testing.T) {
	root, err := moduleRoot(".")
	require.NoError(t, err)
	tree, err := load(os.DirFS(root))
	require.NoError(t, err)
	require.Greater(t, len(tree.packages), 5)
	for _, f := range check(tree, houseRules()) {
		t.Error(f)
	}
}
