package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// document is the page that shows the figures.
const document = "../../docs/performance.md"

// exporterUnderTest is the one that make has built, or one that is built here.
func exporterUnderTest(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("EXPORTER"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "exporter")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the exporter: %v\n%s", err, out)
	}
	return path
}

// TestASmallFleetHasAllFigures measures 100 ports, briefly, into a copy of the page.
func TestASmallFleetHasAllFigures(t *testing.T) {
	published := read(t, document)
	page := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(page, []byte(published), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := run(t.Context(), []string{
		"-exporter=" + exporterUnderTest(t), "-ports=100", "-rounds=2", "-polling=2s", "-spending=10ms", "-page=" + page,
	}, &out, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	text := out.String()
	number := `\d+(\.\d+)?`
	cell := regexp.MustCompile(`^` + number + `( (ns|ms|s|KiB|MiB|/s))?$`)
	rows := regexp.MustCompile(`(?m)^\| +100 \|.*\|$`).FindAllString(text, -1)
	for _, row := range rows {
		for c := range strings.SplitSeq(strings.Trim(row, "|"), "|") {
			if c = strings.TrimSpace(c); !cell.MatchString(c) {
				t.Errorf("%q is no figure, in %s", c, row)
			}
		}
	}
	if len(rows) != 3 {
		t.Errorf("%d tables have a row for 100 ports, not 3", len(rows))
	}
	// What cannot be 0, however coarse the clock is.
	for _, want := range []string{
		`(?m)^A day of 100 ports`,
		`(?m)^- API calls: [1-9]` + number + ` in 5m0s, .*: \d{4,}$`,
		`(?m)^- CPU: \d+ calls × ` + number + ` ms \+ 5760 scrapes × ` + number + ` ms = .* = [1-9]\d* s, ` + number + ` % of one core$`,
		`(?m)^- memory: [1-9]\d* MiB$`,
		`(?m)^- for each port: [2-9]\d\.\d series, [1-9]\d*\.\d KiB of an answer, ` + number + ` KiB with gzip$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("nothing matches %s", want)
		}
	}
	before, _, _ := strings.Cut(published, begin)
	_, after, _ := strings.Cut(published, end)
	if want := before + begin + "\n" + text + "\n" + end + after; read(t, page) != want {
		t.Errorf("the page is\n%s\nwant\n%s", read(t, page), want)
	}
	// The page that the project publishes has all of it, too.
	for _, m := range regexp.MustCompile(`(?m)^\| +ports \|.*$`).FindAllString(text, -1) {
		heads := strings.Fields(m)
		if !strings.Contains(strings.Join(strings.Fields(published), " "), strings.Join(heads, " ")) {
			t.Errorf("docs/performance.md has no table with %v: run make performance", heads)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestWhatIsBrokenFails: a run without figures must not look like a slow one.
func TestWhatIsBrokenFails(t *testing.T) {
	self, err := os.Executable() // has none of the flags of an exporter
	if err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"the exporter has ended":        {"-exporter=" + self, "-ports=100"},
		"-exporter is required":         {"-ports=100"},
		`"ten" is not a number`:         {"-exporter=" + self, "-ports=ten"},
		"there is no line <!-- written": {"-exporter=" + self, "-ports=1", "-page=bench_linux_test.go"},
	} {
		if err := run(t.Context(), args, io.Discard, t.Output()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
