package main

import (
	"encoding/json"
	"maps"
	"strings"
)

// kind names a kind of object.
type kind struct{ Group, Version, Kind string }

// kindsOf are the kinds that a definition of an OpenAPI document stands for.
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

// file is the name by which kubeconform asks: of the group only the first word.
func (k kind) file() string {
	group, _, _ := strings.Cut(k.Group, ".")
	if group != "" {
		group += "-"
	}
	return strings.ToLower(k.Kind+"-"+group+k.Version) + ".json"
}

// pin returns s for this kind alone, with the fields that say so required.
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
