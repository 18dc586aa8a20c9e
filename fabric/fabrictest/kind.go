package fabrictest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Kind is a fault of the catalogue: one that can be switched on by its name.
type Kind struct {
	Name string
	Does string        // in a few words
	By   time.Duration // how far or how long, unless the switch says; 0 where that means nothing

	// scope is what of the API it is about: a switch cannot say otherwise.
	scope scope
	clock int // 1 where it sets the API's clock ahead, -1 behind

	// fault is what requests meet. They need not ask for data where it has an
	// operation; else it spares logins.
	fault func(a *API, s Switch) Fault
	end   func(a *API, s Switch) // what else ends with it; nil for nothing
}

// Catalogue lists every kind of fault.
func Catalogue() []Kind {
	var all []Kind
	for _, part := range [][]Kind{networkKinds, bodyKinds, valueKinds, statusKinds(), accountKinds} {
		all = append(all, part...)
	}
	return all
}

func kindNamed(name string) (Kind, bool) {
	for _, k := range Catalogue() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// always is a fault that the switch has no part in.
func always(f Fault) func(*API, Switch) Fault { return func(*API, Switch) Fault { return f } }

var bodyKinds = []Kind{
	{Name: "slow-headers", Does: "nothing comes for a while, and then the answer", By: 5 * time.Minute,
		fault: func(_ *API, s Switch) Fault { return Fault{Delay: s.By} }},
	{Name: "slow-body", Does: "headers come at once, the body a byte at a time", By: time.Second,
		fault: func(_ *API, s Switch) Fault { return Fault{Drip: s.By} }},
	{Name: "dropped", Does: "the connection breaks before the answer", fault: always(Fault{Drop: true})},
	{Name: "cut-body", Does: "the connection breaks in the middle of the body", fault: always(Fault{Truncate: true})},
	{Name: "truncated-json", Does: "half of the JSON comes as if it were all", fault: always(Fault{Halve: true})},
	{Name: "html", Does: "a maintenance page with status 200", fault: always(Fault{Body: BodyHTML})},
	{Name: "gzip-bomb", Does: "10 GiB of blanks in 10 MiB of gzip", fault: always(Fault{Handler: bomb})},
	{Name: "huge-body", Does: "a body of 200 MB whose length is not told beforehand", fault: always(Fault{Handler: huge})},
	{Name: "dense-body", Does: "3 MB with a million empty objects where intervals, ports and connections are", fault: always(Fault{Handler: dense})},
	{Name: "wrong-types", Does: "objects where numbers are, arrays where strings are, numbers where the rest is",
		fault: always(Fault{Rewrite: wrongTypes})},
	{Name: "nulls", Does: "null in place of every value", fault: always(Fault{Rewrite: nulls})},
	{Name: "repeated-page", Does: "the first page of a listing again and again, of a million things",
		fault: always(Fault{RepeatPages: true, TotalDelta: 1_000_000})},
	{Name: "changing-total", Does: "a total that is another one on every page of a listing", fault: always(Fault{TotalGrows: true})},
}

var valueKinds = []Kind{
	{Name: "empty-points", Does: "statistics without an interval, their summaries null", fault: always(Fault{EmptyPoints: true})},
	{Name: "future-points", Does: "intervals of ten times the rate that have not begun yet", By: 2 * time.Hour,
		fault: func(a *API, s Switch) Fault {
			return Fault{Rewrite: func(v any) any { return ahead(a.now(), s.By)(v) }}
		}},
	{Name: "unsorted", Does: "intervals in disorder", fault: always(Fault{Rewrite: unsorted})},
	{Name: "duplicated", Does: "every tenth interval twice", fault: always(Fault{Rewrite: duplicated})},
	{Name: "gaps", Does: "every tenth interval missing, and a quarter of all in a row", fault: always(Fault{Rewrite: gaps})},
	{Name: "negative", Does: "rates and counts below 0 in every tenth interval", fault: always(Fault{Rewrite: everyTenth(times(-1))})},
	{Name: "absurd", Does: "rates and counts a thousand times too high in every tenth interval",
		fault: always(Fault{Rewrite: everyTenth(times(1e3))})},
	{Name: "enormous", Does: "1e300 in every tenth interval", fault: literal(json.Number("1e300"))},
	{Name: "overflow", Does: "1e400 in every tenth interval", fault: literal(json.Number("1e400"))},
	{Name: "infinite", Does: `"Infinity" in every tenth interval`, fault: literal("Infinity")},
	{Name: "not-a-number", Does: `"NaN" in every tenth interval`, fault: literal("NaN")},
	{Name: "capacity-zero", Does: "lines of 0 bit/s", fault: always(Fault{Rewrite: capacities(0)})},
	{Name: "capacity-negative", Does: "lines of -1 Mbit/s", fault: always(Fault{Rewrite: capacities(-1)})},
	{Name: "capacity-absurd", Does: "lines of 1e300 Mbit/s", fault: always(Fault{Rewrite: capacities(1e300)})},
}

// literal puts v in place of the figures of every tenth interval.
func literal(v any) func(*API, Switch) Fault {
	return always(Fault{Rewrite: everyTenth(func(any) any { return v })})
}

// statusKinds answer with a status and nothing else of use.
func statusKinds() []Kind {
	var all []Kind
	for _, status := range []int{400, 401, 403, 404, 405, 410, 429, 500, 502, 503, 504} {
		all = append(all, Kind{
			Name: "http-" + strconv.Itoa(status), Does: strconv.Itoa(status) + " " + http.StatusText(status),
			fault: always(Fault{Status: status, Body: BodyInternalError}),
		})
	}
	after := func(suffix, does, value string) Kind {
		header := http.Header{"Retry-After": {value}}
		return Kind{Name: "http-429" + suffix, Does: does, fault: always(Fault{Status: 429, Header: header})}
	}
	return append(all,
		after("-seconds", "429 with Retry-After: 60", "60"),
		after("-absurd", "429 with a Retry-After of more seconds than there are", "99999999999999999999"),
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
