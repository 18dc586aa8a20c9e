package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

const (
	openAPI = `{"definitions": {
  "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object", "properties": {"name": {"type": "string", "description": "…"}}},
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
  "Tree": {"type": "object", "properties": {"leaf": {"format": "int-or-string", "type": "string"},
    "children": {"type": "array", "items": {"$ref": "#/definitions/Tree"}}}},
  "Unused": {"type": "object"},
  "Wood": {"type": "object", "required": ["spec"], "x-kubernetes-group-version-kind": [{"group": "forest.k8s.io", "kind": "Wood", "version": "v1"}],
    "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"},
      "metadata": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}, "spec": {"$ref": "#/definitions/Tree"},
      "size": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity"},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "any": {"type": "object"}}},
  "Options": {"x-kubernetes-group-version-kind": [{"group": "", "kind": "Options", "version": "v1"}, {"group": "a", "kind": "Options", "version": "v1"}]}
}}`
	wood = `{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false,
  "required": ["apiVersion", "kind", "spec"],
  "properties": {"apiVersion": {"enum": ["forest.k8s.io/v1"]}, "kind": {"enum": ["Wood"]},
    "metadata": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}, "spec": {"$ref": "#/definitions/Tree"},
    "size": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "any": {"type": "object"}},
  "definitions": {
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": false},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
    "Tree": {"type": "object", "additionalProperties": false,
      "properties": {"leaf": {"type": ["integer", "string"]}, "children": {"type": "array", "items": {"$ref": "#/definitions/Tree"}}}}}}`
	resource = `{"kind": "CustomResourceDefinition", "spec": {"group": "axe.example.com", "names": {"kind": "Axe"}, "versions": [{"name": "v1beta1",
  "schema": {"openAPIV3Schema": {"type": "object", "properties": {"metadata": {"type": "object"}, "spec": {"type": "object", "properties": {
    "port": {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": true},
    "edge": {"type": "string", "nullable": true, "enum": ["sharp", "blunt"]},
    "open": {"type": "object", "properties": {}, "x-kubernetes-preserve-unknown-fields": true},
    "choice": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
      "oneOf": [{"properties": {"a": {}}, "required": ["a"]}, {"required": ["b"]}]}}}}}}}]}}`
	axe = `{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false, "required": ["apiVersion", "kind"],
  "properties": {"apiVersion": {"enum": ["axe.example.com/v1beta1"]}, "kind": {"enum": ["Axe"]},
    "metadata": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
    "spec": {"type": "object", "additionalProperties": false, "properties": {
      "port": {"type": ["integer", "string"]}, "edge": {"type": ["string", "null"], "enum": ["sharp", "blunt"]},
      "open": {"type": "object", "properties": {}},
      "choice": {"type": "object", "additionalProperties": false, "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"properties": {"a": {}}, "required": ["a"]}, {"required": ["b"]}]}}}},
  "definitions": {"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": false}}}`
)

func TestSchemas(t *testing.T) {
	b, err := NewBook([]byte(openAPI))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.AddResource([]byte(resource)); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "new", "schemas")
	if err := write(out, b.Schemas()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(out)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v: want one file of each kind", files, err)
	}
	for name, want := range map[string]string{"wood-forest-v1.json": wood, "axe-axe-v1beta1.json": axe} {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(decode(t, got), decode(t, []byte(want))) {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
}

func decode(t *testing.T, content []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOtherDocumentsAreRefused(t *testing.T) {
	for _, document := range []string{`{}`, `[]`, `{"definitions": {"Wood": {}}}`} {
		if _, err := NewBook([]byte(document)); err == nil {
			t.Errorf("%s is taken for the document of an API server", document)
		}
	}
	b, err := NewBook([]byte(openAPI))
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range []string{`{}`, `[]`, `{"kind": "CustomResourceDefinition"}`, `{"kind": "ConfigMap", "spec": {"versions": [{}]}}`} {
		if err := b.AddResource([]byte(definition)); err == nil {
			t.Errorf("%s is taken for a custom resource definition", definition)
		}
	}
}
