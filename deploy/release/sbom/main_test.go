package main

import (
	"bytes"
	"encoding/json"
	"os"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBillNamesEveryModuleOfTheBinary(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("the test binary says nothing of its modules")
	}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := run(w, self, "sbom", "1.2.3+4"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same binary gives two bills")
	}
	var b bill
	if err := json.Unmarshal(first.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, c := range b.Components {
		got = append(got, c.PURL)
	}
	for _, m := range info.Deps {
		want = append(want, "pkg:golang/"+m.Path+"@"+m.Version)
	}
	want = append(want, "pkg:golang/std@"+info.GoVersion[len("go"):])
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, b.Dependencies[0].DependsOn); diff != "" {
		t.Errorf("what the program depends on (-components +got):\n%s", diff)
	}
	if c := b.Metadata.Component; c.PURL != "pkg:golang/"+info.Main.Path+"@1.2.3%2B4" {
		t.Errorf("the program is %q", c.PURL)
	}
}
