package fabrictest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// Bodies that the hosts of the API are known to send instead of an answer, for use in
// [Fault].
const (
	// BodyGatewayFault is the gateway's answer to a call that it does not route, with
	// status 404 or 401.
	BodyGatewayFault = `{"fault":{"faultstring":"Invalid API call as no apiproduct match found",` +
		`"detail":{"errorcode":"keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"}}}`
	// BodyQuotaViolation is the gateway's answer when a quota is used up, with status 500.
	BodyQuotaViolation = `{"error_code":"500","error_message":"QuotaViolation","error_uuid":""}`
	// BodyInternalError is a single error object rather than an array.
	BodyInternalError = `{"errorCode":"IC-999-99","errorMessage":"Internal Error"}`
	// BodyHTML is the page of a proxy or a maintenance page, often with status 200.
	BodyHTML = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>"
)

// reply is an answer before it is sent. The zero reply means that the connection
// breaks instead.
type reply struct {
	status int
	header http.Header
	body   []byte
	stream io.Reader // what is sent: body, unless a fault has broken it
}

// complete sets the defaults of an answer.
func (r reply) complete() reply {
	r.status = cmp.Or(r.status, http.StatusOK)
	r.stream = bytes.NewReader(r.body)
	if r.header == nil {
		r.header = http.Header{}
	}
	if r.status == http.StatusNoContent {
		return r
	}
	if r.header.Get("Content-Type") == "" {
		kind := "application/json;charset=UTF-8"
		if bytes.HasPrefix(r.body, []byte("<")) {
			kind = "text/html; charset=utf-8"
		}
		r.header.Set("Content-Type", kind)
	}
	r.header.Set("Content-Length", strconv.Itoa(len(r.body)))
	return r
}

// jsonReply answers with v; the status is 200 unless another is given.
func jsonReply(v any, status ...int) reply {
	return reply{status: append(status, http.StatusOK)[0], body: appendJSON(nil, v)}
}

// apiError is a v4 refusal: an array with one error. more are further members of it.
func apiError(status int, code, message string, more ...any) reply {
	return jsonReply([]object{append(object{"errorCode", code, "errorMessage", message}, more...)}, status)
}

func gatewayFault() reply { return reply{status: http.StatusNotFound, body: []byte(BodyGatewayFault)} }

func notFound(id string) reply {
	return apiError(http.StatusNotFound, "EQ-3045811", "uuid not found", "details", "uuid not found: "+id)
}

// flaw is a fault of one member of a request, with its path.
type flaw struct{ property, reason string }

func unexpected(property, value string) *flaw {
	return &flaw{property, "Unexpected value " + strconv.Quote(value)}
}

func flawList(flaws []flaw) (list []object) {
	for _, f := range flaws {
		list = append(list, object{"property", orOmit(f.property), "reason", orOmit(f.reason)})
	}
	return list
}

// badJSON refuses a body that does not match the schema.
func badJSON(details string, f flaw) reply {
	return apiError(http.StatusBadRequest, "EQ-3046116", "JSON syntax error.",
		"details", details, "additionalInfo", flawList([]flaw{f}))
}

// invalid refuses a request that matches the schema but is not valid.
func invalid(details string, flaws ...flaw) reply {
	return apiError(http.StatusBadRequest, "EQ-3000035", "Validation error",
		"details", details, "additionalInfo", flawList(flaws))
}

func invalidQuery(flaws ...flaw) reply { return invalid("Invalid query parameters", flaws...) }

// object is a JSON object with its members in order: name, value, name, value. A
// member whose value is omit is left out.
type object []any

type omitted struct{}

var omit omitted

// orNull is s; null if s is "".
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// orOmit is s; no member if s is "".
func orOmit(s string) any {
	if s == "" {
		return omit
	}
	return s
}

// appendJSON appends v as JSON, without reflection, which would take as long as
// generating the answers.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case object:
		b = append(b, '{')
		for i := 0; i < len(v); i += 2 {
			if v[i+1] != any(omit) {
				b = appendJSON(appendName(b, v[i].(string)), v[i+1])
			}
		}
		return append(b, '}')
	case []object:
		return appendArray(b, len(v), func(b []byte, i int) []byte { return appendJSON(b, v[i]) })
	case samples:
		return appendArray(b, len(v.list), v.append)
	case string:
		if !strings.ContainsFunc(v, func(r rune) bool {
			return r < ' ' || r > '~' || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
		}) {
			return append(append(append(b, '"'), v...), '"')
		}
	case float64:
		return appendFloat(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case bool:
		return strconv.AppendBool(b, v)
	case nil:
		return append(b, "null"...)
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic("fabrictest: marshal an answer: " + err.Error())
	}
	return append(b, text...)
}

// appendName appends the name of the next member of an object.
func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), `":`...)
}

// appendFloat appends a number; null for NaN.
func appendFloat(b []byte, v float64) []byte {
	if math.IsNaN(v) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

func appendArray(b []byte, n int, element func(b []byte, i int) []byte) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = element(b, i)
	}
	return append(b, ']')
}
