package fabric_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Answers are full of people and keys: who created what, whom to notify, what
// authorises a connection. What is never decoded can never be shown.
func TestNothingPrivateIsDecoded(t *testing.T) {
	private := regexp.MustCompile(`(?i)mail|notif|changelog|createdby|updatedby|authenticationkey|account|contact|phone|user`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	tags := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			if !ok || field.Tag == nil {
				return true
			}
			tags++
			// The ports of a v3 port are called userPorts; nobody is behind them.
			if tag := field.Tag.Value; private.MatchString(tag) && !strings.Contains(tag, `"userPorts"`) {
				t.Errorf("%s decodes %s", name, tag)
			}
			return true
		})
	}
	if tags < 100 {
		t.Errorf("only %d fields were looked at", tags)
	}
}
