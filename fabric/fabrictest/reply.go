package fabrictest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Bodies that the Fabric hosts have been seen to send in place of an answer,
// ready for [Fault].
const (
	// BodyGatewayFault is the gateway's word that it routes no such call; it
	// comes with 404, and with 401 too.
	BodyGatewayFault = `{"fault":{"faultstring":"Invalid API call as no apiproduct match found",` +
		`"detail":{"errorcode":"keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"}}}`
	// BodyQuotaViolation is how the gateway throttles: with status 500.
	BodyQuotaViolation = `{"error_code":"500","error_message":"QuotaViolation","error_uuid":""}`
	// BodyInternalError is a single error object rather than an array.
	BodyInternalError = `{"errorCode":"IC-999-99","errorMessage":"Internal Error"}`
	// BodyHTML is what a proxy or a maintenance page says, often with 200.
	BodyHTML = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>"
)

// reply is a whole answer: small enough to be made before it is sent.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send writes r. A truncated one promises all of the body, sends half of it
// and breaks the connection.
func (r reply) send(w http.ResponseWriter, truncate bool) {
	r.begin(w)
	if !truncate {
		_, _ = w.Write(r.body) // a caller that went away needs no answer
		return
	}
	_, _ = w.Write(r.body[:len(r.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// begin sends status and headers.
func (r reply) begin(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range r.header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", contentType(r.body))
	}
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
}

// drip sends r a byte at a time, until ctx ends.
func (r reply) drip(ctx context.Context, w http.ResponseWriter, apart time.Duration) {
	r.begin(w)
	for i := range r.body {
		_, err := w.Write(r.body[i : i+1])
		_ = http.NewResponseController(w).Flush()
		if err != nil || !pause(ctx, apart) {
			panic(http.ErrAbortHandler)
		}
	}
}

func contentType(body []byte) string {
	if len(body) > 0 && body[0] == '<' {
		return "text/html; charset=utf-8"
	}
	return "application/json;charset=UTF-8"
}

// jsonReply is a 200 with v as its body.
func jsonReply(v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic("fabrictest: marshal an answer: " + err.Error())
	}
	return reply{status: http.StatusOK, body: body}
}

// apiError is one entry of a v4 error body, which is an array of them.
type apiError struct {
	Code          string         `json:"errorCode"`
	Message       string         `json:"errorMessage"`
	CorrelationID string         `json:"correlationId,omitempty"`
	Details       string         `json:"details,omitempty"`
	Help          string         `json:"help,omitempty"`
	More          []propertyFlaw `json:"additionalInfo,omitempty"`
}

// propertyFlaw says what is wrong with one member of a request body, by its path.
type propertyFlaw struct {
	Property string `json:"property,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

func apiErrors(status int, errs ...apiError) reply {
	r := jsonReply(errs)
	r.status = status
	return r
}

// gatewayFault is the answer to a call that nothing takes.
func gatewayFault() reply { return reply{status: http.StatusNotFound, body: []byte(BodyGatewayFault)} }

func unauthorized() reply {
	return apiErrors(http.StatusUnauthorized, apiError{
		Code:          "EQ-3000039",
		Message:       "User not found in request or invalid.",
		CorrelationID: "5c0d2f1e-user-token",
	})
}

func forbidden() reply {
	return apiErrors(http.StatusForbidden, apiError{
		Code:    "EQ-3142402",
		Message: "Do not have permission to read this port",
		Help:    "Ask the master administrator of the owning organization",
	})
}

func notFound(uuid string) reply {
	return apiErrors(http.StatusNotFound, apiError{
		Code:    "EQ-3045811",
		Message: "uuid not found",
		Details: "uuid not found: " + uuid,
	})
}

// badJSON is the v4 answer to a body with something wrong at the given path.
func badJSON(details, path, reason string) reply {
	return apiErrors(http.StatusBadRequest, apiError{
		Code:    "EQ-3046116",
		Message: "JSON syntax error.",
		Details: details,
		More:    []propertyFlaw{{Property: path, Reason: reason}},
	})
}

// invalid is the v4 answer to a request that is well formed and wrong.
func invalid(details string, flaws ...propertyFlaw) reply {
	return apiErrors(http.StatusBadRequest, apiError{
		Code: "EQ-3000035", Message: "Validation error", Details: details, More: flaws,
	})
}

func invalidQuery(flaws ...propertyFlaw) reply { return invalid("Invalid query parameters", flaws...) }

// v3Error is one entry of a v3 error body, also an array, with members of its own.
type v3Error struct {
	Code       string `json:"errorCode"`
	Message    string `json:"errorMessage"`
	More       string `json:"moreInfo"`
	MessageKey string `json:"errorMessageKey"`
	Property   string `json:"property"`
}

func v3Errors(status int, errs ...v3Error) reply {
	r := jsonReply(errs)
	r.status = status
	return r
}
