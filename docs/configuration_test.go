package docs_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

const configurationHead = `<!-- Generated from internal/config by "make golden"; a test compares it with the code. -->

# Configuration

All keys of the configuration file. [config.example.yml](../config.example.yml) has them in
place, with their defaults and the reasons to change them.

- ` + "`equinix_fabric_exporter check`" + ` reads the file and names every fault with its line and path.
  An unknown key or a value out of range is a fault. A file with a
  fault is refused as a whole, at the start and at each [reload](web.md#reload).
- Durations are written as in Prometheus: ` + "`90s`" + `, ` + "`5m`" + `, ` + "`1d`" + `.
- ` + "`--config.file`" + ` names a regular file, a link to one, or ` + "`/dev/stdin`" + `, which is read once.
  Without the flag it is ` + "`config.yml`" + ` in the working directory. If that does not exist either,
  ` + "`EQUINIX_API_CLIENTID`" + ` and ` + "`EQUINIX_API_CLIENTSECRET`" + ` in the environment are enough: the
  exporter then has one account and discovers all of its ports.
- YAML anchors, aliases and merge keys (` + "`<<`" + `) work. Because unknown keys are refused, an anchor
  must be set where its value is used first. All aliases together may expand to 100,000 keys
  and values. Variables (` + "`${VAR}`" + `) are not expanded.
- A client id, secret or token that cannot be right is a fault: ` + "`${VAR}`" + `, ` + "`$(VAR)`" + ` or ` + "`$VAR`" + `,
  quotes around the value, white space at its beginning or end, several lines. It makes no
  difference whether the value is in this file, in a file of its own (where line breaks at
  the end are ignored) or in the environment. The exporter never sends such a value. If a
  secret file changes into one at run time, it does not log in with it, and counts no refused
  login.
- The configuration, and every ` + "`…_file`" + ` in it, must be writable by its owner only, because
  they decide where the secret is sent: ` + "`chmod go-w FILE`" + `.
- Proxies come from ` + "`HTTPS_PROXY`" + ` and ` + "`NO_PROXY`" + ` in the
  [environment](deployment.md#proxies-and-cas).

| key | type | meaning |
|---|---|---|
`

// TestConfigurationPageIsGeneratedFromTheTypes compares docs/configuration.md with the
// file format and with the comments on the settings made from it.
func TestConfigurationPageIsGeneratedFromTheTypes(t *testing.T) {
	r := newReference(t, "../internal/config")
	var b strings.Builder
	b.WriteString(configurationHead)
	r.write(t, &b, "Config", "")
	const page = "configuration.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(got), b.String()); diff != "" {
		t.Errorf("run make golden (-page +code)\n%s", diff)
	}
}

// reference is the struct types of a package.
type reference struct {
	structs map[string]*ast.StructType
	keys    map[string]string // by the name of the field in Go, in lower case
}

func newReference(t *testing.T, dir string) *reference {
	t.Helper()
	r := &reference{structs: map[string]*ast.StructType{}, keys: map[string]string{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources in %s: %v", dir, err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					r.structs[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	for _, s := range r.structs {
		for _, f := range s.Fields.List {
			if key := yamlKey(f); key != "" {
				r.keys[plain(key)] = key
			}
		}
	}
	return r
}

// write adds a row for each key of a type of the configuration, and for those below.
func (r *reference) write(t *testing.T, b *strings.Builder, name, path string) {
	t.Helper()
	for _, f := range r.structs[name].Fields.List {
		key := yamlKey(f)
		switch key {
		case "": // no setting
			continue
		case ",inline":
			_, below := r.kind(f.Type)
			r.write(t, b, below, path)
			continue
		}
		at := strings.TrimPrefix(path+"."+key, ".")
		kind, below := r.kind(f.Type)
		meaning := r.translate(strings.Join(strings.Fields(cmp.Or(f.Doc.Text(), f.Comment.Text())), " "))
		if meaning == "" {
			t.Errorf("no comment says what %s is for", at)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", at, kind, strings.ReplaceAll(meaning, "|", `\|`))
		if below == "" {
			continue
		}
		if strings.HasPrefix(kind, "list") {
			at += "[]"
		}
		r.write(t, b, below, at)
	}
}

// kind is the type of a value in the file's words, and the type of what is below.
func (r *reference) kind(e ast.Expr) (kind, below string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return r.kind(e.X)
	case *ast.ArrayType:
		_, below = r.kind(e.Elt)
		return "list", below
	case *ast.SelectorExpr:
		return strings.ToLower(e.Sel.Name), "" // time.Duration
	case *ast.Ident:
		word, scalar := map[string]string{
			"string": "text", "Secret": "text", "TrafficSource": "text", "Pattern": "regular expression",
			"bool": "true or false", "int": "whole number", "float64": "number",
		}[e.Name]
		if scalar {
			return word, ""
		}
		return "mapping", e.Name
	}
	return "", ""
}

// identifier is a field of Go's, perhaps with its type.
var identifier = regexp.MustCompile(`\b[A-Z][A-Za-z]*(\.[A-Z][A-Za-z]*)?\b`)

// translate writes the names of fields as keys of the file. A word in capitals
// may be just that, but for the first one, which is the field itself.
func (r *reference) translate(text string) string {
	first := true
	return identifier.ReplaceAllStringFunc(text, func(name string) string {
		subject := first && strings.HasPrefix(text, name)
		first = false
		if !subject && name == strings.ToUpper(name) {
			return name
		}
		parts := strings.Split(name, ".")
		for i, p := range parts {
			if parts[i] = r.keys[plain(p)]; parts[i] == "" {
				return name
			}
		}
		return "`" + strings.Join(parts, ".") + "`"
	})
}

// plain is what the name of a key and that of its field have in common.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func yamlKey(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	tag, _ := strconv.Unquote(f.Tag.Value)
	return reflect.StructTag(tag).Get("yaml")
}
