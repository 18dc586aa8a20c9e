package fabrictest

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const (
	redactedSecret = "(secret)"
	redactedEmail  = "(e-mail)"
)

// secretNames are the members and parameters that hold secrets.
var secretNames = []string{
	"client_secret", "user_password", "refresh_token", "subject_token", "authenticationKey", "authorizationKey",
}

func secretName(name string) bool { return slices.Contains(secretNames, name) }

// redacted is a request's body without what it must keep to itself, and "" where
// that cannot be told. A body that could hold neither a secret nor an address
// stays as it is.
func redacted(op string, body []byte) string {
	login := op == OpToken || op == OpExchange
	suspect := login || bytes.ContainsRune(body, '@') || bytes.ContainsRune(body, '\\') ||
		slices.ContainsFunc(secretNames, func(name string) bool { return bytes.Contains(body, []byte(name)) })
	if !suspect {
		return string(body)
	}
	if op == OpExchange {
		return redactedQuery(string(body))
	}
	var content any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&content) != nil {
		return ""
	}
	if _, object := content.(map[string]any); login && !object {
		return ""
	}
	safe, err := json.Marshal(redactedValue(content))
	if err != nil {
		return ""
	}
	return string(safe)
}

func redactedValue(v any) any {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "@") {
			return redactedEmail
		}
	case []any:
		for i := range v {
			v[i] = redactedValue(v[i])
		}
	case map[string]any:
		// A condition or an operation names in one member what another holds.
		property, _ := v["property"].(string)
		path, _ := v["path"].(string)
		for name := range v {
			held := name == "values" && secretName(lastSegment(property)) || name == "value" && secretName(lastSegment(path))
			if held || secretName(name) {
				v[name] = redactedSecret
			} else {
				v[name] = redactedValue(v[name])
			}
		}
	}
	return v
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// redactedQuery is a query or a form without secrets. It stays as it is where it
// has none.
func redactedQuery(raw string) string {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return ""
	}
	found := false
	for name := range q {
		if secretName(name) {
			q[name], found = []string{redactedSecret}, true
		}
	}
	if !found {
		return raw
	}
	return q.Encode()
}
