package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// modulePath is the prefix of this module's own import paths.
const modulePath = "github.com/ashlar-cache/ashlar"

// tree is the module as the rules see it.
type tree struct {
	files    []*file
	packages map[string]*pkg // by directory; only those with Go files
	top      []string        // the names at the top level
	set      *token.FileSet
}

// file is one file of the module; syntax is nil for what is not Go.
type file struct {
	path   string // slash-separated, from the module's root
	text   string
	syntax *ast.File
}

// pkg is a directory's Go files: those of the package, its tests, and those of
// its external test package alike, for all build tags.
type pkg struct {
	dir   string
	files []*file
}

func (f *file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// lines counts a file's lines as wc does, and the last one without a newline.
func (f *file) lines() int {
	n := strings.Count(f.text, "\n")
	if f.text != "" && !strings.HasSuffix(f.text, "\n") {
		n++
	}
	return n
}

// moduleRoot finds the directory with go.mod, from dir upwards.
func moduleRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above")
		}
		dir = parent
	}
}

// load reads a module. Of directories whose names begin with a dot only .ci is
// looked into.
func load(root fs.FS) (*tree, error) {
	t := &tree{packages: make(map[string]*pkg), set: token.NewFileSet()}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if !strings.Contains(name, "/") {
			t.top = append(t.top, d.Name())
		}
		// .git is not ours to read; other dot directories hold settings of tools.
		switch {
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".ci":
			return fs.SkipDir
		case d.IsDir() || ignored(name):
			return nil
		}
		return t.add(root, name)
	})
	return t, err
}

// ignored says whether a file is a build's or a run's product; .gitignore names
// the same.
func ignored(name string) bool {
	ext := path.Ext(name)
	return name == "ashlar" || name == "ashlar-bench" || ext == ".test" || ext == ".prof"
}

func (t *tree) add(root fs.FS, name string) error {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	f := &file{path: name, text: string(text)}
	t.files = append(t.files, f)
	if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
		return nil
	}
	// A rule that met a file that does not parse could say nothing of it, so this
	// ends the check; the compiler says it better anyway.
	f.syntax, err = parser.ParseFile(t.set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("does not parse: %w", err)
	}
	dir := path.Dir(name)
	if t.packages[dir] == nil {
		t.packages[dir] = &pkg{dir: dir}
	}
	t.packages[dir].files = append(t.packages[dir].files, f)
	return nil
}

// goFiles are the files that parsed as Go, those of testdata left out.
func (t *tree) goFiles() []*file {
	return slices.DeleteFunc(slices.Clone(t.files), func(f *file) bool { return f.syntax == nil })
}

// line is where a node begins.
func (t *tree) line(n ast.Node) int { return t.set.Position(n.Pos()).Line }
