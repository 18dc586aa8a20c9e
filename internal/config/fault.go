package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Fault is one fault of a configuration.
type Fault struct {
	File    string // the name given to Load or Parse
	Line    int    // from 1 on; 0 if unknown
	Path    string // the key, like accounts[0].ports[2].uuid; "" for the file as a whole
	Problem string // what is wrong and what to write instead; without secrets
}

// String is "file:line: path: problem", without the parts that are unknown.
func (f Fault) String() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if f.Path == "" {
		return where + ": " + f.Problem
	}
	return where + ": " + f.Path + ": " + f.Problem
}

// Faults are all faults of a configuration, in the order of the file: an error with
// one line per fault.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// report collects faults and warnings about one file, and knows the line of each path
// in it.
type report struct {
	file     string
	lines    map[string]int  // by path, for all values of the file
	faulty   map[string]bool // by path
	empty    map[string]bool // by path, for mappings without keys
	faults   Faults
	warnings []string

	aliases []*yaml.Node // the values of the aliases that are being read, the outermost first
}

func newReport(file string) *report {
	return &report{file: file, lines: map[string]int{}, faulty: map[string]bool{}, empty: map[string]bool{}}
}

// bad adds a fault at path, on the line of path or of the nearest parent that
// the file gives.
func (r *report) bad(path, format string, args ...any) {
	r.badAt(r.line(path), path, format, args...)
}

// badAt adds a fault at path, on another line than the line of the path.
func (r *report) badAt(line int, path, format string, args ...any) {
	r.faulty[path] = true
	r.faults = append(r.faults, Fault{r.file, line, path, fmt.Sprintf(format, args...)})
}

// warn adds a warning about path.
func (r *report) warn(path, text string) {
	r.warnings = append(r.warnings, Fault{r.file, r.line(path), path, text}.String())
}

// given reports whether the file has a value at path, with or without a fault.
func (r *report) given(path string) bool {
	_, ok := r.lines[path]
	return ok
}

// sound reports whether the file has a value at path without a fault so far. Checks
// that depend on a value call this first, so that one mistake is reported once.
func (r *report) sound(path string) bool { return r.given(path) && !r.faulty[path] }

func (r *report) line(path string) int {
	for {
		if line, ok := r.lines[path]; ok || path == "" {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// inOrder returns the faults in the order of the file.
func (r *report) inOrder() Faults {
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return r.faults
}
