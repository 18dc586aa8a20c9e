package fabrictest

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kind is a fault of the catalogue, which can be switched on by its name.
type Kind struct {
	Name string
	Does string        // in a few words
	By   time.Duration // how far or how long, by default; 0 if the fault has no such setting

	// scope is the part of the API that is affected, which a switch cannot change.
	scope scope
	clock int // 1 if it sets the API's clock ahead, -1 behind

	// fault is the fault of requests. If it has no operation it does not hit logins.
	fault func(a *API, s Switch) Fault
	end   func(a *API, s Switch) // called at its end; may be nil
}

// scope is the part of the API that a fault affects.
type scope int

const (
	ofRequests scope = iota
	ofNetwork        // requests of any kind
	ofLogin          // logins and tokens, not of a port
	ofAll            // the whole API
)

// Catalogue lists every kind of fault.
func Catalogue() []Kind {
	return slices.Concat(networkKinds, bodyKinds, valueKinds, statusKinds(), accountKinds)
}

// always returns a fault that does not depend on the switch.
func always(f Fault) func(*API, Switch) Fault { return func(*API, Switch) Fault { return f } }

// networkKinds keep requests from the API. They act in transports of the API; the API
// itself still listens, and can switch them off.
var networkKinds = []Kind{
	{Name: "refused", scope: ofNetwork, Does: "the connection is refused",
		fault: undialled(os.NewSyscallError("connect", syscall.ECONNREFUSED))},
	{Name: "dns-gone", scope: ofNetwork, Does: "the name of the API has no address",
		fault: undialled(&net.DNSError{Err: "no such host", Name: "api.equinix.com", IsNotFound: true})},
	{Name: "tls-failure", scope: ofNetwork, Does: "the certificate is signed by an unknown authority",
		fault: always(Fault{Unreachable: x509.UnknownAuthorityError{}})},
}

func undialled(why error) func(*API, Switch) Fault {
	return always(Fault{Unreachable: &net.OpError{Op: "dial", Net: "tcp", Err: why}})
}

var bodyKinds = []Kind{
	{Name: "slow-headers", Does: "the answer comes after a delay", By: 5 * time.Minute,
		fault: func(_ *API, s Switch) Fault { return Fault{Delay: s.By} }},
	{Name: "slow-body", Does: "headers come at once, the body one byte at a time", By: time.Second,
		fault: func(_ *API, s Switch) Fault { return Fault{Drip: s.By} }},
	{Name: "dropped", Does: "the connection breaks before the answer", fault: always(Fault{Drop: true})},
	{Name: "cut-body", Does: "the connection breaks in the middle of the body", fault: always(Fault{Truncate: true})},
	{Name: "truncated-json", Does: "half of the JSON, announced as if it were all", fault: always(Fault{Halve: true})},
	{Name: "html", Does: "a maintenance page with status 200", fault: always(Fault{Body: BodyHTML})},
	{Name: "gzip-bomb", Does: "10 GiB of blanks in 10 MiB of gzip", fault: func(*API, Switch) Fault {
		var small strings.Builder
		z := gzip.NewWriter(&small)
		_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20)) // a strings.Builder never fails
		_ = z.Close()
		return Fault{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: small.String(), Repeat: 10 << 10}
	}},
	{Name: "huge-body", Does: "a body of 200 MB whose length is not announced", fault: func(*API, Switch) Fault {
		return Fault{Body: strings.Repeat(" ", 1<<20), Repeat: 200}
	}},
	{Name: "dense-body", Does: "3 MB with a million empty objects where intervals, ports and connections are", fault: func(*API, Switch) Fault {
		objects := strings.Repeat("{},", 500_000) + "{}]"
		return Fault{Body: `{"capacity":1,"inboundStats":[` + objects + `,"outboundStats":[],"data":[` + objects + "}"}
	}},
	{Name: "wrong-types", Does: "objects where numbers are, arrays where strings are, numbers where the rest is",
		fault: always(Fault{Rewrite: wrongTypes})},
	{Name: "nulls", Does: "null in place of every value", fault: always(Fault{Rewrite: nulls})},
	{Name: "repeated-page", Does: "the first page of a listing for every page, with a total of a million",
		fault: always(Fault{RepeatPages: true, TotalDelta: 1_000_000})},
	{Name: "changing-total", Does: "a total that changes with every page of a listing", fault: always(Fault{TotalGrows: true})},
}

var valueKinds = []Kind{
	{Name: "empty-points", Does: "statistics without an interval, their summaries null", fault: always(Fault{EmptyPoints: true})},
	{Name: "future-points", Does: "intervals of ten times the rate that have not begun yet", By: 2 * time.Hour,
		fault: func(a *API, s Switch) Fault {
			return Fault{Rewrite: func(v any) any { return ahead(a.now(), s.By)(v) }}
		}},
	{Name: "unsorted", Does: "intervals out of order", fault: always(Fault{Rewrite: unsorted})},
	{Name: "duplicated", Does: "every tenth interval twice", fault: always(Fault{Rewrite: duplicated})},
	{Name: "gaps", Does: "every tenth interval missing, and a quarter of all in a row", fault: always(Fault{Rewrite: gaps})},
	{Name: "negative", Does: "rates and counts below 0 in every tenth interval", fault: always(Fault{Rewrite: everyTenth(times(-1))})},
	{Name: "absurd", Does: "rates and counts a thousand times too high in every tenth interval",
		fault: always(Fault{Rewrite: everyTenth(times(1e3))})},
	{Name: "enormous", Does: "1e300 in every tenth interval", fault: literal(json.Number("1e300"))},
	{Name: "overflow", Does: "1e400 in every tenth interval", fault: literal(json.Number("1e400"))},
	{Name: "infinite", Does: `"Infinity" in every tenth interval`, fault: literal("Infinity")},
	{Name: "not-a-number", Does: `"NaN" in every tenth interval`, fault: literal("NaN")},
	{Name: "capacity-zero", Does: "line rates of 0 bit/s", fault: always(Fault{Rewrite: capacities(0)})},
	{Name: "capacity-negative", Does: "line rates of -1 Mbit/s", fault: always(Fault{Rewrite: capacities(-1)})},
	{Name: "capacity-absurd", Does: "line rates of 1e300 Mbit/s", fault: always(Fault{Rewrite: capacities(1e300)})},
}

// literal replaces the values of every tenth interval by v.
func literal(v any) func(*API, Switch) Fault {
	return always(Fault{Rewrite: everyTenth(func(any) any { return v })})
}

// statusKinds answer with an error status.
func statusKinds() []Kind {
	var all []Kind
	for _, status := range []int{400, 401, 403, 404, 405, 410, 429, 500, 502, 503, 504} {
		all = append(all, Kind{
			Name: "http-" + strconv.Itoa(status), Does: strconv.Itoa(status) + " " + http.StatusText(status),
			fault: always(Fault{Status: status, Body: BodyInternalError}),
		})
	}
	return append(all,
		Kind{Name: "http-429-seconds", Does: "429 with Retry-After: 60",
			fault: always(Fault{Status: 429, Header: http.Header{"Retry-After": {"60"}}})},
		Kind{Name: "http-429-absurd", Does: "429 with a Retry-After that overflows a number",
			fault: always(Fault{Status: 429, Header: http.Header{"Retry-After": {"99999999999999999999"}}})},
		Kind{Name: "http-429-date", Does: "429 with a date as its Retry-After, a minute ahead", By: time.Minute, fault: retryDate},
		Kind{Name: "quota-violation", Does: "500 with the gateway's QuotaViolation",
			fault: always(Fault{Status: 500, Body: BodyQuotaViolation})})
}

func retryDate(a *API, s Switch) Fault {
	return Fault{Handler: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", a.now().Add(s.By).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	}}
}

// unharmed lets requests pass unchanged, and counts them.
var unharmed = Fault{Do: func(*API) {}}

// accountKinds affect logins, time, or the ports of the account.
var accountKinds = []Kind{
	{Name: "token-expired", scope: ofLogin, Does: "every token becomes invalid with the next call, before it expires",
		fault: always(Fault{Times: 1, Do: (*API).ExpireTokens})},
	{Name: "token-endpoint-down", scope: ofLogin, Does: "no more tokens: logins get a 503",
		fault: always(Fault{Op: OpToken, Status: http.StatusServiceUnavailable})},
	{Name: "login-refused", scope: ofLogin, Does: "the right credentials are refused, and tokens become invalid",
		fault: func(a *API, _ Switch) Fault {
			a.ExpireTokens()
			refusal := loginFailure(http.StatusBadRequest, "Login Failure, please try again.")
			return Fault{Op: OpToken, Status: refusal.status, Body: string(refusal.body)}
		}},
	{Name: "login-locked", scope: ofAll, Does: "the account is locked, and tokens become invalid",
		fault: func(a *API, _ Switch) Fault {
			a.LockLogin()
			a.ExpireTokens()
			return Fault{Op: OpToken, Do: unharmed.Do}
		},
		end: func(a *API, _ Switch) { a.UnlockLogin() }},
	{Name: "clock-ahead", scope: ofAll, clock: 1, Does: "the API's clock jumps ahead of the exporter's", By: time.Hour, fault: always(unharmed)},
	{Name: "clock-behind", scope: ofAll, clock: -1, Does: "the API's clock jumps behind the exporter's", By: time.Hour, fault: always(unharmed)},
	{Name: "suspend", scope: ofAll, clock: 1, Does: "the exporter's machine has slept: the API's clock is ahead, and tokens are invalid", By: 8 * time.Hour,
		fault: func(a *API, _ Switch) Fault {
			a.ExpireTokens()
			return unharmed
		}},
	{Name: "port-removed", Does: "a port disappears with the next call",
		fault: func(_ *API, s Switch) Fault {
			return Fault{Times: 1, Do: func(a *API) { a.RemovePort(s.port.UUID) }}
		},
		end: func(a *API, s Switch) { a.AddPort(s.port) }},
	{Name: "port-added", Does: "a copy of a port appears with the next call",
		fault: func(_ *API, s Switch) Fault {
			return Fault{Times: 1, Do: func(a *API) { a.AddPort(s.twin()) }}
		},
		end: func(a *API, s Switch) { a.RemovePort(s.twin().UUID) }},
}

// twin is a copy of the port of the switch with another name.
func (s Switch) twin() Port {
	p := s.port.clone()
	p.UUID, p.Name, p.Group, p.Priority = newUUID(hashString(0, s.port.UUID), "twin", 0), p.Name+"-TWIN", "", ""
	return p
}
