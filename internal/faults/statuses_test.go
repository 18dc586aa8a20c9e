package faults_test

import "time"

// held is the outcome of an API that asks for patience. Calls wait through it.
func held(from, to int) outcome {
	o := silent("rate_limited", from, to)
	o.failingBy = 40 * time.Minute
	o.note = "the whole account waits, five minutes at most; `port_poll_success` counts only polls that have ended"
	return o
}

var statusScenarios = []scenario{
	{Switch: of("http-400"), outcome: answered("client", calls{94, 120})},
	{Switch: of("http-401"), outcome: answered("auth", calls{66, 86})},
	{Switch: of("http-403"), outcome: answered("forbidden", calls{88, 116})},
	{Switch: of("http-404"), outcome: gone("not_found", calls{155, 205})},
	{Switch: of("http-405"), outcome: gone("client", calls{115, 165})},
	{Switch: of("http-410"), outcome: gone("not_found", calls{115, 165})},
	{Switch: of("http-429"), outcome: held(44, 72)},
	{Switch: of("http-429-seconds"), outcome: held(126, 160)},
	{Switch: of("http-429-date"), outcome: held(126, 160)},
	{Switch: of("http-429-absurd"), outcome: held(44, 72)},
	{Switch: of("http-500"), outcome: answered("server", fiveTimes)},
	{Switch: of("http-502"), outcome: answered("server", fiveTimes)},
	{Switch: of("http-503"), outcome: answered("server", fiveTimes)},
	{Switch: of("http-504"), outcome: answered("server", fiveTimes)},
	{Switch: of("quota-violation"), outcome: held(44, 72)},
}

// gone is the outcome of an API that may have been retired: the other sources
// are tried, and rest for an interval where none exists.
func gone(reason string, n calls) outcome {
	o := silent(reason, n.from, n.to)
	o.lost = []string{"traffic_source_info"}
	o.note = "the exporter also tries the other traffic sources and the v3 listing"
	return o
}
