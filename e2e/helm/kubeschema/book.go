package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"
)

// Schema is a JSON schema, or the part of an OpenAPI document that becomes one.
type Schema = map[string]any

// Book holds the definitions of a Kubernetes version, and of added resources.
type Book struct {
	definitions map[string]Schema // by name: io.k8s.api.apps.v1.Deployment
	schemas     map[string]Schema // by file name
}

const (
	objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
	quantity   = "io.k8s.apimachinery.pkg.api.resource.Quantity"
	reference  = "#/definitions/"
)

// NewBook reads the OpenAPI 2 document of an API server.
func NewBook(document []byte) (*Book, error) {
	var d struct{ Definitions map[string]Schema }
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	if d.Definitions[objectMeta] == nil {
		return nil, fmt.Errorf("no definition of %s", objectMeta)
	}
	b := &Book{definitions: map[string]Schema{}, schemas: map[string]Schema{}}
	for name, s := range d.Definitions {
		b.definitions[name] = strict(s)
	}
	// The document says "string", but a server also accepts cpu: 2.
	b.definitions[quantity] = Schema{"type": []string{"string", "number"}}
	for name, s := range d.Definitions {
		// Options of requests belong to every group, and are not objects.
		if kinds := kindsOf(s); len(kinds) == 1 {
			k := kinds[0]
			b.schemas[k.file()] = b.standalone(k.pin(b.definitions[name]))
		}
	}
	return b, nil
}

// AddResource reads a custom resource definition, as JSON or YAML.
func (b *Book) AddResource(definition []byte) error {
	var d struct {
		Kind string
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema Schema }
			}
		}
	}
	var tree any
	if err := yaml.Unmarshal(definition, &tree); err != nil {
		return err
	}
	document, err := json.Marshal(tree) // so that all maps have one type
	if err != nil {
		return err
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return err
	}
	if d.Kind != "CustomResourceDefinition" || len(d.Spec.Versions) == 0 {
		return errors.New("is no custom resource definition")
	}
	for _, v := range d.Spec.Versions {
		k := kind{Group: d.Spec.Group, Version: v.Name, Kind: d.Spec.Names.Kind}
		s := k.pin(strict(v.Schema.OpenAPIV3Schema))
		// Definitions do not fix it, since the server knows it.
		s["properties"].(Schema)["metadata"] = Schema{"$ref": reference + objectMeta}
		b.schemas[k.file()] = b.standalone(s)
	}
	return nil
}

// Schemas are the schemas of all kinds by file name.
func (b *Book) Schemas() map[string]Schema { return b.schemas }

// standalone returns s with every definition that it refers to.
func (b *Book) standalone(s Schema) Schema {
	needed := map[string]Schema{}
	var collect func(part any)
	collect = func(part any) {
		switch part := part.(type) {
		case Schema:
			if ref, ok := part["$ref"].(string); ok {
				name := strings.TrimPrefix(ref, reference)
				if _, ok := needed[name]; !ok {
					needed[name] = b.definitions[name]
					collect(b.definitions[name])
				}
			}
			for _, v := range part {
				collect(v)
			}
		case []any:
			for _, v := range part {
				collect(v)
			}
		}
	}
	collect(s)
	s = maps.Clone(s)
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	if len(needed) > 0 {
		s["definitions"] = needed
	}
	return s
}

// kind names a kind of object.
type kind struct{ Group, Version, Kind string }

// kindsOf returns the kinds that a definition of an OpenAPI document describes.
func kindsOf(s Schema) []kind {
	content, err := json.Marshal(s["x-kubernetes-group-version-kind"])
	if err != nil {
		return nil
	}
	var kinds []kind
	if json.Unmarshal(content, &kinds) != nil {
		return nil
	}
	return kinds
}

// file is the file name that kubeconform looks for, with only the first word of the group.
func (k kind) file() string {
	group, _, _ := strings.Cut(k.Group, ".")
	if group != "" {
		group += "-"
	}
	return strings.ToLower(k.Kind+"-"+group+k.Version) + ".json"
}

// pin returns s for only this kind, with apiVersion and kind required.
func (k kind) pin(s Schema) Schema {
	version := k.Version
	if k.Group != "" {
		version = k.Group + "/" + version
	}
	s = maps.Clone(s)
	properties, _ := s["properties"].(Schema)
	properties = maps.Clone(properties)
	if properties == nil {
		properties = Schema{}
	}
	properties["apiVersion"] = Schema{"enum": []string{version}}
	properties["kind"] = Schema{"enum": []string{k.Kind}}
	s["properties"] = properties
	required, _ := s["required"].([]any)
	s["required"] = append([]any{"apiVersion", "kind"}, required...)
	return s
}
