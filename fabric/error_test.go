package fabric_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

const op = fabric.OpPortStatsV3

var errorShapes = []struct {
	name   string
	status int
	body   string
	header []string
	want   fabric.Error
	reason string
	gone   bool
}{
	{"v4 array", 403, `[{"errorCode":"EQ-3142402","errorMessage":"no permission","correlationId":"c-1"}]`, nil,
		fabric.Error{Code: "EQ-3142402", Message: "no permission", CorrelationID: "c-1"}, "forbidden", false},
	{"additional info and details", 400, `[{"errorCode":"EQ-3046116","errorMessage":"JSON syntax error.","details":"Unknown json property","additionalInfo":[{"property":"filter.or","reason":"Unexpected value"},{"reason":"why"}]}]`, nil,
		fabric.Error{Code: "EQ-3046116", Message: "JSON syntax error.; Unknown json property; filter.or: Unexpected value; why"}, "client", false},
	{"same said twice", 404, `[{"errorCode":"EQ-3045811","errorMessage":"uuid not found","details":"uuid not found"}]`, nil,
		fabric.Error{Code: "EQ-3045811", Message: "uuid not found"}, "not_found", true},
	{"two in one", 400, `[{"errorCode":"A","errorMessage":"one"},{"errorCode":"B","errorMessage":"two"}]`, nil,
		fabric.Error{Code: "A", Message: "one; two"}, "client", false},
	{"single object", 500, `{"errorCode":"IC-999-99","errorMessage":"Internal Error"}`, nil,
		fabric.Error{Code: "IC-999-99", Message: "Internal Error"}, "server", false},
	{"v3", 400, `[{"errorCode":"IC-LAYER2-400","errorMessage":"Required field","moreInfo":"","errorMessageKey":"k","property":"startDate"}]`, nil,
		fabric.Error{Code: "IC-LAYER2-400", Message: "Required field; property startDate"}, "client", false},
	{"v3 with more", 400, `{"errorCode":"IC-1","errorMessage":"Bad request","moreInfo":"dates are in the future"}`, nil,
		fabric.Error{Code: "IC-1", Message: "Bad request; dates are in the future"}, "client", false},
	{"token endpoint's shape", 500, `{"errorDomain":"apps","errorTitle":"Oops","errorCode":"1","developerMessage":"for developers"}`, nil,
		fabric.Error{Code: "1", Message: "Oops; for developers"}, "server", false},
	{"the same in snake_case", 500, `{"error_domain":"apps","error_title":"Oops","error_code":"1","developer_message":"for developers"}`, nil,
		fabric.Error{Code: "1", Message: "Oops; for developers"}, "server", false},
	{"gateway fault as 401", 401, `{"fault":{"faultstring":"no apiproduct match found","detail":{"errorcode":"keymanagement.service.X"}}}`, nil,
		fabric.Error{Code: "keymanagement.service.X", Message: "no apiproduct match found", Fault: true}, "not_found", true},
	{"gateway fault as 200", 200, ` { "fault":{"faultstring":"no match"}}`, nil,
		fabric.Error{Message: "no match", Fault: true}, "not_found", true},
	{"gateway fault as 503", 503, `{"fault":{"faultstring":"down","detail":{"errorcode":"x"}}}`, nil,
		fabric.Error{Code: "x", Message: "down", Fault: true}, "server", false},
	{"gateway fault as 504", 504, `{"fault":{"faultstring":"Gateway timeout","detail":{"errorcode":"messaging.adaptors.http.flow.GatewayTimeout"}}}`, nil,
		fabric.Error{Code: "messaging.adaptors.http.flow.GatewayTimeout", Message: "Gateway timeout", Fault: true}, "server", false},
	{"gateway fault as 502", 502, `{"fault":{"faultstring":"Bad gateway"}}`, nil, fabric.Error{Message: "Bad gateway", Fault: true}, "server", false},
	{"gateway fault as 500", 500, `{"fault":{"faultstring":"Service unavailable"}}`, nil, fabric.Error{Message: "Service unavailable", Fault: true}, "server", false},
	{"gateway fault as 408", 408, `{"fault":{}}`, nil, fabric.Error{Fault: true}, "client", false},
	{"gateway fault as 501", 501, `{"fault":{}}`, nil, fabric.Error{Fault: true}, "server", true},
	{"no product as 500", 500, `{"fault":{"faultstring":"x","detail":{"errorcode":"keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"}}}`, nil,
		fabric.Error{Code: "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound", Message: "x", Fault: true}, "not_found", true},
	{"no application as 500", 500, `{"fault":{"faultstring":"x","detail":{"errorcode":"messaging.adaptors.http.flow.ApplicationNotFound"}}}`, nil,
		fabric.Error{Code: "messaging.adaptors.http.flow.ApplicationNotFound", Message: "x", Fault: true}, "not_found", true},
	{"no proxy as 500", 500, `{"fault":{"faultstring":"Unable to identify proxy for host"}}`, nil,
		fabric.Error{Message: "Unable to identify proxy for host", Fault: true}, "not_found", true},
	{"gateway fault without detail", 403, `{"fault":{}}`, nil, fabric.Error{Fault: true}, "not_found", true},
	{"gateway quota", 500, `{"fault":{"faultstring":"Rate limit quota violation","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}`, nil,
		fabric.Error{Code: "policies.ratelimit.QuotaViolation", Message: "Rate limit quota violation", Fault: true, Quota: true}, "rate_limited", false},
	{"gateway spike arrest", 401, `{"fault":{"faultstring":"Spike arrest violation","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}`, nil,
		fabric.Error{Code: "policies.ratelimit.SpikeArrestViolation", Message: "Spike arrest violation", Fault: true, Quota: true}, "rate_limited", false},
	{"gateway 429", 429, `{"fault":{"faultstring":"busy"}}`, nil, fabric.Error{Message: "busy", Fault: true}, "rate_limited", false},
	{"quota as 500", 500, `{"error_code":"500","error_message":"QuotaViolation","error_uuid":"u"}`, nil,
		fabric.Error{Code: "500", Message: "QuotaViolation", CorrelationID: "u", Quota: true}, "rate_limited", false},
	{"quota as 401", 401, `{"error_message":"QuotaViolation"}`, nil, fabric.Error{Message: "QuotaViolation", Quota: true}, "rate_limited", false},
	{"spike arrest as 500", 500, `{"error_message":"policies.ratelimit.SpikeArrestViolation"}`, nil,
		fabric.Error{Message: "policies.ratelimit.SpikeArrestViolation", Quota: true}, "rate_limited", false},
	{"429 with header", 429, ``, []string{"Retry-After", "7"}, fabric.Error{RetryAfter: 7 * time.Second}, "rate_limited", false},
	{"401", 401, `[{"errorCode":"EQ-3000039","errorMessage":"User not found"}]`, nil,
		fabric.Error{Code: "EQ-3000039", Message: "User not found"}, "auth", false},
	{"client error as 500", 500, `[{"errorCode":"EQ-3034003","errorMessage":"Method not supported,Please check the URL passed"}]`, nil,
		fabric.Error{Code: "EQ-3034003", Message: "Method not supported,Please check the URL passed"}, "client", false},
	{"client error as 500, by its text", 500, `[{"errorCode":"EQ-1","errorMessage":"Method not supported,Please check the URL passed"}]`, nil,
		fabric.Error{Code: "EQ-1", Message: "Method not supported,Please check the URL passed"}, "client", false},
	{"six digits in the code", 400, `[{"errorCode":"EQ-300005","errorMessage":"x"}]`, nil, fabric.Error{Code: "EQ-300005", Message: "x"}, "client", false},
	{"odd types", 500, `[{"errorCode":500,"errorMessage":{"a":1},"correlationId":null,"additionalInfo":"none"}]`, nil,
		fabric.Error{Code: "500", Message: `{"a":1}`}, "server", false},
	{"html", 502, "<html>\r\n\t<b>Bad\x00\x1b Gateway</b>" + strings.Repeat("x", 500), []string{"X-Correlation-Id", "h-1"},
		fabric.Error{Message: "<html> <b>Bad Gateway</b>" + strings.Repeat("x", 174) + "…", CorrelationID: "h-1"}, "server", false},
	{"empty", 405, ``, nil, fabric.Error{}, "client", true},
	{"410", 410, `{}`, nil, fabric.Error{Message: "{}"}, "not_found", true},
	{"501", 501, ``, nil, fabric.Error{}, "server", true},
	{"redirect", 302, ``, []string{"Location", "https://elsewhere.example.com/login?state=x"},
		fabric.Error{Message: "redirected to https://elsewhere.example.com, which is not followed; set api_url (or sts_url) to the address that answers"}, "client", false},
	{"redirect to nowhere", 301, ``, nil,
		fabric.Error{Message: "redirected to an unnamed address, which is not followed; set api_url (or sts_url) to the address that answers"}, "client", false},
}

func TestErrorOfEveryShape(t *testing.T) {
	for _, tt := range errorShapes {
		t.Run(tt.name, func(t *testing.T) {
			var seen []fabric.Attempt
			err := probe(t.Context(), newClient(t, always(tt.status, tt.body, tt.header...), watch(&seen)))
			got, ok := errors.AsType[*fabric.Error](err)
			if !ok {
				t.Fatalf("got %T %v, want *Error", err, err)
			}
			want := tt.want
			want.Op, want.Status = op, tt.status
			if diff := cmp.Diff(want, *got, cmpopts.IgnoreUnexported(fabric.Error{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := fabric.Reason(err); got != tt.reason {
				t.Errorf("reason %q, want %q", got, tt.reason)
			}
			if got := fabric.Gone(err); got != tt.gone {
				t.Errorf("gone %v, want %v", got, tt.gone)
			}
			if len(seen) == 0 || seen[len(seen)-1].Err != err || seen[0].Status != tt.status { //nolint:errorlint // the very same
				t.Errorf("observed %+v", seen)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&fabric.Error{Op: op, Status: 403, Code: "EQ-1", Message: "no", CorrelationID: "c"}, "v3_port_stats: HTTP 403: EQ-1: no (correlation id c)"},
		{&fabric.Error{Op: op, Status: 404}, "v3_port_stats: HTTP 404: Not Found"},
		{&fabric.Error{Op: op, Message: "no answer within 30s"}, "v3_port_stats: no answer within 30s"},
		{&fabric.DecodeError{Op: op, Err: io.EOF}, "v3_port_stats: decode: EOF"},
		{&fabric.DecodeError{Op: op, Path: "a[1].b", Err: io.EOF}, "v3_port_stats: decode: a[1].b: EOF"},
		{&fabric.CredentialsError{Err: io.EOF}, "token: read credentials: EOF"},
		{&fabric.LoginError{Refusals: 1, NextTry: from, Err: io.EOF}, "login refused, 1 in a row; next try at 2026-03-01T00:00:00Z: check client_id and client_secret: EOF"},
		{&fabric.LoginError{Refusals: 3, Suspended: true, Err: io.EOF}, "logins suspended after 3 refusals, because Equinix locks the account after five: correct client_id or client_secret, or reload the configuration to try once more: EOF"},
		{&fabric.LoginError{Refusals: 4, Suspended: true, Err: io.EOF}, "logins suspended after 4 refusals, because Equinix locks the account after five: correct client_id or client_secret; if they are right and the account is unlocked, start once with --login.forget-refusals: EOF"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestErrorLogsItsFields(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("m", "err", &fabric.Error{Op: op, Status: 429, Code: "c", Message: "m", CorrelationID: "i", RetryAfter: time.Second, Fault: true})
	log.Info("m", "err", &fabric.LoginError{Refusals: 2, NextTry: from, Err: io.EOF})
	for _, want := range []string{
		"err.op=v3_port_stats err.reason=rate_limited err.status=429 err.code=c err.message=m err.correlation_id=i err.retry_after=1s err.fault=true",
		"err.refusals=2 err.suspended=false err.err=EOF err.next_try=2026-03-01",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, out.String())
		}
	}
}

func TestReasonWithoutAnswer(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"transport", &net.OpError{Op: "dial", Err: errors.New("refused")}, "transport"},
		{"network timeout", &net.DNSError{IsTimeout: true}, "timeout"},
		{"deadline", context.DeadlineExceeded, "timeout"},
		{"cancelled", context.Canceled, "transport"},
		{"decode", &fabric.DecodeError{Op: op, Err: io.EOF}, "decode"},
		{"login", &fabric.LoginError{Err: &fabric.Error{Op: fabric.OpToken, Status: 500}}, "auth"},
		{"credentials", &fabric.CredentialsError{Err: io.EOF}, "auth"},
		{"token endpoint in trouble", &fabric.Error{Op: fabric.OpToken, Status: 503}, "server"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := fabric.Reason(tt.err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.want != "" && !slices.Contains(fabric.Reasons(), tt.want) {
				t.Errorf("%q is not in Reasons", tt.want)
			}
			if fabric.Gone(tt.err) {
				t.Error("gone")
			}
		})
	}
}

func TestGoneIsNotAboutTheTokenEndpoint(t *testing.T) {
	if fabric.Gone(&fabric.Error{Op: fabric.OpToken, Status: http.StatusNotFound}) {
		t.Error("a missing token endpoint says that a traffic source is gone")
	}
}

// Every word of the closed set has an error that leads to it.
func TestReasonsAreAllReachable(t *testing.T) {
	reached := map[string]bool{"timeout": true, "transport": true, "decode": true} // TestReasonWithoutAnswer
	for _, tt := range errorShapes {
		reached[tt.reason] = true
	}
	for _, r := range fabric.Reasons() {
		if !reached[r] {
			t.Errorf("%q is never reached", r)
		}
	}
	if len(reached) != len(fabric.Reasons()) {
		t.Errorf("reached %v", reached)
	}
}
