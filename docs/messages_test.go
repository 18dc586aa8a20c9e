package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	symptom  = regexp.MustCompile(`(?ms)^\*\*(.*?)\*\*`)
	quotedIn = regexp.MustCompile("`([^`]+)`")
)

// others are messages of Equinix and of Go.
var others = []string{
	`{"fault": …"Invalid API call as no apiproduct match found"}`, "Internal Error", "certificate signed by unknown authority",
}

// TestTroubleshootingQuotesMessagesThatExist looks for every message that is a symptom in
// docs/troubleshooting.md: readers search the page for what they see. A … in a message stands for
// what differs.
func TestTroubleshootingQuotesMessagesThatExist(t *testing.T) {
	code := source(t)
	messages := 0
	for _, s := range symptom.FindAllStringSubmatch(read(t, "troubleshooting.md"), -1) {
		for _, m := range quotedIn.FindAllStringSubmatch(s[1], -1) {
			message := strings.Join(strings.Fields(m[1]), " ")
			if !strings.Contains(message, " ") || slices.Contains(others, message) {
				continue // a metric or a flag
			}
			messages++
			for part := range strings.SplitSeq(message, "…") {
				if part = strings.TrimSpace(part); !strings.Contains(code, part) {
					t.Errorf("no code says %q", part)
				}
			}
		}
	}
	if messages < 8 {
		t.Errorf("only %d messages were found", messages)
	}
}

// source is the text of all Go files of the program.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, root := range []string{"../fabric", "../internal", "../collector"} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
