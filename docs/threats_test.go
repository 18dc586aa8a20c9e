package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	filePath = regexp.MustCompile("`((?:[a-z0-9.]+/)+[A-Za-z_./]*)`")
)

// TestThreatModelNamesWhatThereIs holds the tests and files of
// docs/threat-model.md against the project: every claim must have a test.
func TestThreatModelNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, dir := range []string{"fabric", "internal/*", "e2e"} {
		files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", dir, files, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| door ") {
			continue
		}
		rows++
		proof := strings.Split(line, "|")[3]
		names, paths := testName.FindAllStringSubmatch(proof, -1), filePath.FindAllStringSubmatch(proof, -1)
		if len(names)+len(paths) == 0 {
			t.Errorf("nothing proves %s", line)
		}
		for _, m := range names {
			if !strings.Contains(code.String(), "\nfunc "+m[1]+"(") {
				t.Errorf("no such test: %s", m[1])
			}
		}
		for _, m := range paths {
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("no such file: %s", m[1])
			}
		}
	}
	if rows < 15 {
		t.Errorf("only %d rows were read", rows)
	}
}
