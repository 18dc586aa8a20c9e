package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// Without a corpus in the repository a target starts from nothing on each machine, and
// what it has found once is not tried again.
func TestEveryFuzzTargetHasACorpus(t *testing.T) {
	targets := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != ".." {
				return filepath.SkipDir // a module of its own
			}
			return nil
		}
		if ok, _ := filepath.Match("*_test.go", d.Name()); !ok {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range fuzzTarget.FindAllSubmatch(text, -1) {
			targets++
			corpus := filepath.Join(filepath.Dir(path), "testdata", "fuzz", string(m[1]))
			if files, err := os.ReadDir(corpus); err != nil || len(files) == 0 {
				t.Errorf("nothing in %s: %v", corpus, err)
			}
		}
		return nil
	})
	if err != nil || targets < 15 {
		t.Errorf("%d targets, %v", targets, err)
	}
}
