package fabric

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// errorBody is the union of the error bodies seen at the API's host: v4 and v3,
// the gateway, the token endpoint, and an older snake_case relative.
type errorBody struct {
	ErrorCode        loose `json:"errorCode"`
	ErrorMessage     loose `json:"errorMessage"`
	ErrorTitle       loose `json:"errorTitle"`
	CorrelationID    loose `json:"correlationId"`
	Details          loose `json:"details"`
	MoreInfo         loose `json:"moreInfo"`
	Property         loose `json:"property"`
	DeveloperMessage loose `json:"developerMessage"`

	SnakeCode             loose `json:"error_code"`
	SnakeMessage          loose `json:"error_message"`
	SnakeTitle            loose `json:"error_title"`
	SnakeUUID             loose `json:"error_uuid"`
	SnakeDeveloperMessage loose `json:"developer_message"`
	OAuthError            loose `json:"error"`
	OAuthDescription      loose `json:"error_description"`

	AdditionalInfo []struct {
		Property loose `json:"property"`
		Reason   loose `json:"reason"`
	} `json:"additionalInfo"`

	Fault *struct {
		FaultString loose `json:"faultstring"`
		Detail      struct {
			ErrorCode loose `json:"errorcode"`
		} `json:"detail"`
	} `json:"fault"`
}

func (b *errorBody) code() string {
	if b.Fault != nil {
		return string(b.Fault.Detail.ErrorCode)
	}
	return string(cmp.Or(b.ErrorCode, b.SnakeCode, b.OAuthError))
}

// message joins the texts of the body, each once.
func (b *errorBody) message() string {
	parts := []string{
		string(cmp.Or(b.ErrorMessage, b.SnakeMessage, b.OAuthDescription, b.ErrorTitle, b.SnakeTitle)),
		string(b.Details), string(b.MoreInfo),
		string(cmp.Or(b.DeveloperMessage, b.SnakeDeveloperMessage)),
	}
	if b.Fault != nil {
		parts = append(parts, string(b.Fault.FaultString))
	}
	if b.Property != "" {
		parts = append(parts, "property "+string(b.Property))
	}
	for _, info := range b.AdditionalInfo {
		parts = append(parts, strings.Trim(string(info.Property+": "+info.Reason), ": "))
	}
	var texts []string
	for _, p := range parts {
		if p != "" && !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, p) }) {
			texts = append(texts, p)
		}
	}
	return strings.Join(texts, "; ")
}

// answerError returns the [Error] for an answer that is not a success.
func answerError(op string, resp *http.Response, body []byte, secrets []string) *Error {
	e := &Error{Op: op, Status: resp.StatusCode, CorrelationID: resp.Header.Get("X-Correlation-Id")}
	known := e.decode(body)
	limit := maxMessage
	if !known {
		e.Message, limit = string(body), maxRawText
	}
	if host := redirectTarget(resp); host != "" {
		e.Message = "redirected to " + host + ", which is not followed; set api_url (or sts_url) to the address that answers"
	}
	e.Code = oneLine(redact(e.Code, secrets), maxRawText)
	e.Message = oneLine(redact(e.Message, secrets), limit)
	e.CorrelationID = oneLine(redact(e.CorrelationID, secrets), maxRawText)
	e.Quota = e.outOfQuota()
	e.Login = op == OpToken && refusesLogin(e, body)
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	return e
}

// decode reads the fields of a known error body, single or in an array.
func (e *Error) decode(body []byte) (known bool) {
	var bodies []errorBody
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '{' {
		body = append(append([]byte{'['}, body...), ']')
	}
	// A field of an unexpected type leaves the others readable.
	_ = json.Unmarshal(body, &bodies)
	var messages []string
	for _, b := range bodies {
		e.Code = cmp.Or(e.Code, b.code())
		e.CorrelationID = cmp.Or(string(b.CorrelationID), string(b.SnakeUUID), e.CorrelationID)
		e.Fault = e.Fault || b.Fault != nil
		if m := b.message(); m != "" {
			messages = append(messages, m)
		}
	}
	e.Message = strings.Join(messages, "; ")
	return e.Code != "" || e.Message != "" || e.Fault
}

// errorText is the error that body describes, whatever the status; "" if it
// describes none.
func errorText(body []byte) string {
	var e Error
	if len(body) > maxErrorBody || !e.decode(body) {
		return ""
	}
	return strings.TrimPrefix(e.Code+": "+e.Message, ": ")
}

// outOfQuota reports a used up quota or a spike arrest, which the API sends with various
// statuses, including 500.
func (e *Error) outOfQuota() bool {
	text := strings.ToLower(e.Code + " " + e.Message)
	if strings.Contains(text, "quotaviolation") || strings.Contains(text, "spikearrest") {
		return true
	}
	return e.Fault && (strings.Contains(text, "quota") || strings.Contains(text, "spike arrest") ||
		strings.Contains(text, "ratelimit") || strings.Contains(text, "rate limit"))
}

// isFault reports a gateway fault with a good status.
func isFault(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	rest, ok := bytes.CutPrefix(body, []byte("{"))
	return ok && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(`"fault"`))
}

// redirectTarget is the scheme and the host that a redirect points to. The rest
// of the address may hold anything, so it is not shown.
func redirectTarget(resp *http.Response) string {
	if resp.StatusCode < 300 || resp.StatusCode > 399 {
		return ""
	}
	u, err := resp.Location()
	if err != nil {
		return "an unnamed address"
	}
	return u.Scheme + "://" + u.Host
}

// retryAfter reads a Retry-After header, seconds or a date. It is 0 if the header is
// missing, past or unreadable, and never above maxPause, even if a server asks for a
// day.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil || seconds > int64(maxPause/time.Second) {
			return maxPause // fails only if an int64 does not hold the digits
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxPause)
}
