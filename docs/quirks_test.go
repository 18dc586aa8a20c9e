package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestQuirksPageNamesWhatThereIs holds the files and tests of docs/api-quirks.md
// against the project.
func TestQuirksPageNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("api-quirks.md")
	if err != nil {
		t.Fatal(err)
	}
	there := tests(t)
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| quirk ") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 {
			t.Errorf("%d cells: %s", len(cells), line)
			continue
		}
		for _, file := range quoted(t, cells[1]) {
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(file))); err != nil || strings.HasSuffix(file, "_test.go") {
				t.Errorf("no such cure: %s", file)
			}
		}
		for _, name := range quoted(t, cells[2]) {
			if !there[name] {
				t.Errorf("no such test: %s", name)
			}
		}
	}
	architecture, err := os.ReadFile("architecture.md")
	if err != nil || !strings.Contains(string(architecture), "(api-quirks.md)") {
		t.Errorf("architecture.md does not lead to the page: %v", err)
	}
	if rows < 50 {
		t.Errorf("only %d rows were read", rows)
	}
}

var backticks = regexp.MustCompile("`[^`]+`")

// quoted is what a cell has between backticks, and it has nothing else.
func quoted(t *testing.T, cell string) []string {
	t.Helper()
	names := backticks.FindAllString(cell, -1)
	if len(names) == 0 || strings.TrimSpace(backticks.ReplaceAllString(cell, "")) != "" {
		t.Errorf("not a list of names: %s", cell)
	}
	for i, n := range names {
		names[i] = strings.Trim(n, "`")
	}
	return names
}

// tests are the test functions of the packages that the page may name, such as
// fabric.TestPaging.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, dir := range []string{
		"fabric", "collector", "internal/fleet", "internal/poll", "internal/config", "internal/daemon", "internal/doctor",
	} {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
					found[filepath.Base(dir)+"."+f.Name.Name] = true
				}
			}
		}
	}
	return found
}
