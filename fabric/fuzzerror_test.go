package fabric_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// operations are calls of every operation but the login, each by the error alone.
var operations = []struct {
	op   string
	call func(context.Context, *fabric.Client) error
}{
	{fabric.OpPortStatsV3, probe},
	{fabric.OpUserPortsV3, func(ctx context.Context, c *fabric.Client) error { return last(c.UserPortsV3(ctx)) }},
	{fabric.OpPorts, func(ctx context.Context, c *fabric.Client) error { return last(c.Ports(ctx)) }},
	{fabric.OpPort, func(ctx context.Context, c *fabric.Client) error { return second(c.Port(ctx, portA)) }},
	{fabric.OpPortStatsV4, func(ctx context.Context, c *fabric.Client) error { return second(c.PortStatsV4(ctx, portA, from, to)) }},
	{fabric.OpSearchConnections, func(ctx context.Context, c *fabric.Client) error { return second(connections(ctx, c, portA)) }},
	{fabric.OpSearchMetrics, func(ctx context.Context, c *fabric.Client) error { return second(c.PortMetrics(ctx, portA, from, to)) }},
	{fabric.OpSearchStreamAssets, func(ctx context.Context, c *fabric.Client) error { return last(c.StreamAssets(ctx)) }},
	{fabric.OpBuyerConnectionsV3, func(ctx context.Context, c *fabric.Client) error { return last(c.BuyerConnectionsV3(ctx)) }},
	{fabric.OpConnectionStatsV4, func(ctx context.Context, c *fabric.Client) error {
		return second(c.ConnectionStats(ctx, connE, "aSide", from, to))
	}},
	{fabric.OpSearchPrices, func(ctx context.Context, c *fabric.Client) error { return second(c.PortPrice(ctx, portA)) }},
	{fabric.OpPricesV3, func(ctx context.Context, c *fabric.Client) error {
		return second(c.ConnectionPriceV3(ctx, fabric.ConnectionProduct{Port: portA, Bandwidth: 5e7, ZMetro: "SV"}))
	}},
}

func last[T any](items iter.Seq2[T, error]) error { return second(drain(items)) }

func second[T any](_ T, err error) error { return err }

func TestEveryOperationIsFuzzed(t *testing.T) {
	known := []string{fabric.OpToken, fabric.OpSearchPorts} // one has a target of its own, the other is not called
	for _, o := range operations {
		known = append(known, o.op)
	}
	want := fabric.Operations()
	slices.Sort(known)
	slices.Sort(want)
	if !slices.Equal(known, want) {
		t.Errorf("fuzzed are %v, want %v", known, want)
	}
}

// threeDigits is n made a status that the protocol allows.
func threeDigits(n uint16) int { return 100 + int(n)%900 }

// checkShown fails for an error that could break out of a log line or a page, or
// fill it.
func checkShown(t *testing.T, err error) {
	t.Helper()
	texts := map[string]int{err.Error(): 2000}
	if e, ok := errors.AsType[*fabric.Error](err); ok {
		texts[e.Code], texts[e.CorrelationID], texts[e.Message] = 200, 200, 500
	}
	for s, most := range texts {
		if utf8.RuneCountInString(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%d bytes: %.300q", len(s), s)
		}
	}
	if !slices.Contains(fabric.Reasons(), fabric.Reason(err)) {
		t.Errorf("reason %q of %v", fabric.Reason(err), err)
	}
}

// FuzzDecodeError: an answer that is no success is an error of that status and
// operation, and fit to be shown, whatever it says.
func FuzzDecodeError(f *testing.F) {
	for i, tt := range errorShapes {
		f.Add(tt.body, uint16(tt.status-100), uint8(i))
	}
	for i, status := range []int{100, 200, 204, 299, 300, 302, 400, 401, 402, 403, 404, 405, 408, 409, 410, 422, 429, 500, 501, 502, 503, 504, 599, 999} {
		f.Add(errorShapes[i%len(errorShapes)].body, uint16(status-100), uint8(i))
	}
	for n := range operations {
		f.Add(`{"errorCode":"E\u001b[2J`+strings.Repeat("x", 300)+`","errorMessage":"\u202e\nlevel=error","correlationId":"\u2028"}`, uint16(400), uint8(n))
	}
	f.Fuzz(func(t *testing.T, body string, n uint16, which uint8) {
		status, o := threeDigits(n), operations[int(which)%len(operations)]
		err := o.call(t.Context(), newClient(t, always(status, body, "X-Correlation-Id", body)))
		if err != nil {
			checkErr(t, err)
			checkShown(t, err)
		}
		e, ok := errors.AsType[*fabric.Error](err)
		if good := status >= 200 && status <= 299; !good && !ok || good && ok && !e.Fault && !strings.Contains(body, "fault") {
			t.Fatalf("%s of status %d: %v", o.op, status, err)
		}
		if ok && (e.Op != o.op || e.Status != status || e.Login) {
			t.Errorf("%s of status %d: got %+v", o.op, status, e)
		}
		if reason := fabric.Reason(err); fabric.Gone(err) && reason != "not_found" && reason != "client" && reason != "server" {
			t.Errorf("gone by reason of %s: %v", reason, err)
		}
	})
}

// refusalWords are texts of which every refusal contains one, if the status is not a refusal.
var refusalWords = []string{`"s`, "fail", "locked"}

// FuzzLoginError: what the token endpoint says of the credentials holds logins
// back at the first answer, since more would lock the account; nothing else does.
func FuzzLoginError(f *testing.F) {
	for _, tt := range errorShapes {
		f.Add(tt.body, uint16(tt.status-100), false)
	}
	for i, body := range []string{
		`{"errorCode":"S200","errorMessage":"x"}`, `{"errorMessage":"Login failed"}`, `{"errorMessage":"lo\u0063ked"}`, `{"errorMessage":"blocked"}`,
		`{"fault":{"faultstring":"QuotaViolation: locked"}}`, `{"access_token":"t"}`, `{"access_token":"a b"}`, secret, subjectToken, ``,
	} {
		for n, status := range []int{200, 302, 400, 401, 403, 409, 429, 500, 503} {
			f.Add(body, uint16(status-100), (i+n)%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, body string, n uint16, exchange bool) {
		status := threeDigits(n)
		synctest.Test(t, func(t *testing.T) {
			calls, err := logIn(t, always(status, body), exchange)
			if good := status >= 200 && status <= 299; err == nil && !good {
				t.Fatalf("status %d logs in", status)
			}
			refused := checkLogin(t, calls, err)
			e, answered := errors.AsType[*fabric.Error](err)
			if said := strings.ToLower(strings.ToUpper(body)); refused && status != 400 && status != 401 &&
				!slices.ContainsFunc(refusalWords, func(w string) bool { return strings.Contains(said+strings.ToLower(e.Message), w) }) {
				t.Errorf("status %d is a refusal: %v", status, err)
			}
			if (status == 400 || status == 401) && !refused && (!answered || !e.Quota) {
				t.Errorf("status %d is no refusal: %v", status, err)
			}
			// With the code of a refusal in front it is one, unless a quota is used up.
			calls, err = logIn(t, always(status, `"S200" `+body), exchange)
			if e, ok := errors.AsType[*fabric.Error](err); !checkLogin(t, calls, err) && (!ok || !e.Quota) {
				t.Errorf("status %d with a code is no refusal: %v", status, err)
			}
		})
	})
}

// logIn asks twice for a token from a source that tries up to three times. It
// fails where the error shows what was sent.
func logIn(t *testing.T, a *api, exchange bool) (calls int, err error) {
	patient := func(c *fabric.TokenConfig) { c.MaxRetries = 2 }
	source, sent := newSource(t, a, patient), secret
	if exchange {
		source, sent = newExchange(t, a, fixed(subjectToken), patient), subjectToken
	}
	defer source.Close()
	if _, err = source.TokenContext(t.Context()); err != nil {
		calls = a.count()
		if _, again := source.TokenContext(t.Context()); again == nil || a.count() != calls {
			t.Errorf("asked at once again, %d calls became %d: %v", calls, a.count(), again)
		}
		if strings.Contains(err.Error(), sent) {
			t.Errorf("shows a secret: %v", err)
		}
	}
	return a.count(), err
}

// checkLogin fails for an error that is a refusal by one sign and not by another,
// and for a refusal that was asked for again.
func checkLogin(t *testing.T, calls int, err error) (refused bool) {
	t.Helper()
	if err == nil {
		return false
	}
	checkErr(t, err)
	e, answered := errors.AsType[*fabric.Error](err)
	held, refused := errors.AsType[*fabric.LoginError](err)
	if answered {
		checkShown(t, e)
	}
	if refused != (answered && e.Login) || refused != (fabric.Reason(err) == "auth") {
		t.Errorf("refused %v by reason of %s: %v", refused, fabric.Reason(err), err)
	}
	if refused && (calls != 1 || held.Refusals != 1 || held.Suspended) {
		t.Errorf("%d calls: %+v", calls, held)
	}
	return refused
}
