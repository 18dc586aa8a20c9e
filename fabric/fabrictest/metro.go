package fabrictest

import "time"

// metro is a place with ports. Its clock knows no daylight saving, so that
// traffic depends on no time-zone database.
type metro struct {
	code, name, region string
	utc                time.Duration // offset of the local clock
}

// metros are the places that generated fleets use.
var metros = []metro{
	{"SV", "Silicon Valley", "AMER", -8 * time.Hour},
	{"DC", "Washington", "AMER", -5 * time.Hour},
	{"DA", "Dallas", "AMER", -6 * time.Hour},
	{"NY", "New York", "AMER", -5 * time.Hour},
	{"AM", "Amsterdam", "EMEA", time.Hour},
	{"FR", "Frankfurt", "EMEA", time.Hour},
	{"LD", "London", "EMEA", 0},
	{"SG", "Singapore", "APAC", 8 * time.Hour},
	{"SY", "Sydney", "APAC", 10 * time.Hour},
	{"TY", "Tokyo", "APAC", 9 * time.Hour},
}

// metroOf knows any code: a place it has never heard of lies in UTC.
func metroOf(code string) metro {
	for _, m := range metros {
		if m.code == code {
			return m
		}
	}
	return metro{code: code, name: code, region: "EMEA"}
}
