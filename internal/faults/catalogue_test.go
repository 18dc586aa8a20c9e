package faults_test

import (
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// demanded is what must be survived, in the words of those who asked for it, with
// the names of the scenarios.
var demanded = []struct {
	what  string
	names []string
}{
	{"refused connection", []string{"refused"}},
	{"DNS gone", []string{"dns-gone"}},
	{"TLS failure", []string{"tls-failure"}},
	{"slow headers", []string{"slow-headers"}},
	{"slow body", []string{"slow-body"}},
	{"connection cut mid-body", []string{"cut-body", "dropped"}},
	{"truncated JSON", []string{"truncated-json"}},
	{"HTML with 200", []string{"html"}},
	{"gzip bomb", []string{"gzip-bomb"}},
	{"200 MB body", []string{"huge-body", "dense-body"}},
	{"wrong types", []string{"wrong-types"}},
	{"null everywhere", []string{"nulls"}},
	{"empty points", []string{"empty-points"}},
	{"points from the future", []string{"future-points"}},
	{"unsorted", []string{"unsorted"}},
	{"duplicated", []string{"duplicated"}},
	{"gaps", []string{"gaps"}},
	{"capacity 0", []string{"capacity-zero", "capacity-negative", "capacity-absurd"}},
	{"negative and absurd values", []string{"negative", "absurd", "enormous", "overflow", "infinite", "not-a-number"}},
	{"400/401/403/404/405/410", []string{"http-400", "http-401", "http-403", "http-404", "http-405", "http-410"}},
	{"429 (with Retry-After in seconds, as a date, absurd, absent)", []string{"http-429-seconds", "http-429-date", "http-429-absurd", "http-429"}},
	{"500/502/503/504", []string{"http-500", "http-502", "http-503", "http-504"}},
	{"QuotaViolation", []string{"quota-violation"}},
	{"token that expires in the middle of a cycle", []string{"token-expired"}},
	{"token endpoint down", []string{"token-endpoint-down"}},
	{"login refused and lock-out", []string{"login-refused", "login-locked"}},
	{"clock jumps forward and back", []string{"clock-behind", "clock-ahead"}},
	{"system suspend", []string{"suspend"}},
	{"one of three accounts broken", []string{"http-503, one of three accounts"}},
	{"a page that repeats forever", []string{"repeated-page"}},
	{"a total that changes while paging", []string{"changing-total"}},
	{"ports removed and added mid-cycle", []string{"port-removed", "port-added"}},
	{"and while they are listed", []string{
		"changing-total, ports on two pages", "port-removed, between two pages", "port-added, between two pages",
	}},
	{"a listing that has lost everything", []string{"one listing without a port"}},
	{"another unit", []string{"rates in another unit"}},
	{"windows with intervals of their own", []string{"http-503, two windows", "gaps, two windows", "negative, two windows"}},
}

func TestEveryFaultHasAScenario(t *testing.T) {
	played, known := map[string]bool{}, map[string]bool{}
	for _, s := range scenarios() {
		played[s.name()], played[s.Fault] = true, true
	}
	for _, d := range demanded {
		for _, name := range d.names {
			known[name] = true
			if !played[name] {
				t.Errorf("%s: no scenario is called %s", d.what, name)
			}
		}
	}
	for _, k := range fabrictest.Catalogue() {
		if !played[k.Name] || !known[k.Name] {
			t.Errorf("%s of the catalogue has no scenario, or nobody asked for it", k.Name)
		}
	}
}
