// Command sbom writes a CycloneDX 1.6 bill of materials of a Go binary to standard
// output, in JSON. It lists the modules that the binary itself names (go version -m).
// The same binary gives the same bill.
package main

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

func main() {
	name := flag.String("name", "", "name of the program")
	version := flag.String("version", "", "its version")
	flag.Parse()
	if err := run(os.Stdout, flag.Arg(0), *name, *version); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, path, name, version string) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path) //nolint:gosec // G304: the user names the file
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(newBill(info, sha256.Sum256(content), name, version))
}

// bill is the part of a CycloneDX document that is used here.
type bill struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Ref        string     `json:"bom-ref"`
	Type       string     `json:"type"` // application or library
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Licenses   []license  `json:"licenses,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"` // hexadecimal
}

type license struct {
	License struct {
		ID string `json:"id"` // SPDX
	} `json:"license"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// newBill is the bill of the binary with that build info and checksum.
func newBill(info *debug.BuildInfo, sum [sha256.Size]byte, name, version string) bill {
	program := component{
		Ref: purl(info.Main.Path, version), Type: "application", Name: name, Version: version,
		PURL: purl(info.Main.Path, version), Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
		Licenses: make([]license, 1),
	}
	program.Licenses[0].License.ID = "Apache-2.0"
	for _, s := range info.Settings {
		program.Properties = append(program.Properties, property{"go:build:" + s.Key, s.Value})
	}
	b := bill{
		Format: "CycloneDX", Spec: "1.6", Serial: serial(sum), Version: 1,
		Metadata: metadata{program}, Components: components(info),
	}
	all := dependency{Ref: program.Ref}
	for _, c := range b.Components {
		all.DependsOn = append(all.DependsOn, c.Ref)
	}
	b.Dependencies = []dependency{all}
	return b
}

// components are the modules in the binary and the standard library.
func components(info *debug.BuildInfo) []component {
	std := strings.TrimPrefix(info.GoVersion, "go")
	cs := []component{{Ref: purl("std", std), Type: "library", Name: "std", Version: std, PURL: purl("std", std)}}
	for _, m := range info.Deps {
		m = cmp.Or(m.Replace, m)
		c := component{Ref: purl(m.Path, m.Version), Type: "library", Name: m.Path, Version: m.Version, PURL: purl(m.Path, m.Version)}
		if m.Sum != "" { // the hash of go.sum, which is of no type that CycloneDX knows
			c.Properties = []property{{"go:sum", m.Sum}}
		}
		cs = append(cs, c)
	}
	slices.SortFunc(cs, func(a, b component) int { return cmp.Compare(a.Ref, b.Ref) })
	return cs
}

// purl is the package URL of a module.
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// serial is a UUID that identifies the binary.
func serial(sum [sha256.Size]byte) string {
	u := sum[:16]
	u[6] = u[6]&0x0f | 0x80 // version 8: vendor-specific
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
