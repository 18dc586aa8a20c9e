package main

// kept are the keywords with the same meaning in OpenAPI and in a JSON schema.
// Descriptions, most of the text, are left out.
var kept = []string{
	"$ref", "enum", "type", "required", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
	"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "multipleOf",
}

// strict returns an OpenAPI schema as a JSON schema that refuses unknown fields.
// Rules in CEL (x-kubernetes-validations) are not checked.
func strict(s Schema) Schema {
	if s["x-kubernetes-int-or-string"] == true || s["format"] == "int-or-string" {
		return Schema{"type": []string{"integer", "string"}}
	}
	t := Schema{}
	for _, k := range kept {
		if v, ok := s[k]; ok {
			t[k] = v
		}
	}
	for _, k := range []string{"items", "not"} {
		if v, ok := s[k].(Schema); ok {
			t[k] = strict(v)
		}
	}
	for _, k := range []string{"allOf", "anyOf", "oneOf"} {
		if list, ok := s[k].([]any); ok {
			t[k] = alternatives(list)
		}
	}
	fields(s, t)
	if name, ok := t["type"].(string); ok && s["nullable"] == true {
		t["type"] = []string{name, "null"}
	}
	return t
}

// fields copies the fields of s to t, and refuses others if s lists all fields.
func fields(s, t Schema) {
	properties, closed := s["properties"].(Schema)
	if closed {
		known := Schema{}
		for name, v := range properties {
			known[name] = strict(v.(Schema))
		}
		t["properties"] = known
	}
	switch more := s["additionalProperties"].(type) {
	case Schema:
		t["additionalProperties"] = strict(more)
	case bool:
		t["additionalProperties"] = more
	default:
		if closed && s["x-kubernetes-preserve-unknown-fields"] != true {
			t["additionalProperties"] = false
		}
	}
}

// alternatives are the schemas of a list such as oneOf. They only add conditions to
// their sibling keywords, so they do not refuse unknown fields.
func alternatives(list []any) []any {
	open := make([]any, len(list))
	for i, v := range list {
		s := strict(v.(Schema))
		if s["additionalProperties"] == false {
			delete(s, "additionalProperties")
		}
		open[i] = s
	}
	return open
}
