package pictures

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// format writes a value as Grafana does in that unit.
func format(v float64, unit string) string {
	switch unit {
	case "bps":
		return scaled(v, 1000, "b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s")
	case "bytes":
		return scaled(v, 1024, "B", "KiB", "MiB", "GiB")
	case "percentunit":
		return short(100*v) + "%"
	case "s":
		return seconds(v)
	case "reqps":
		return short(v) + " req/s"
	}
	return scaled(v, 1000, "", "K", "Mil", "Bil")
}

// scaled writes v in the largest of units, each so many of the one before, in
// which it is 1 or more.
func scaled(v, step float64, units ...string) string {
	i := 0
	for math.Abs(v) >= step && i < len(units)-1 {
		v /= step
		i++
	}
	return strings.TrimSpace(short(v) + " " + units[i])
}

// short writes three digits.
func short(v float64) string {
	digits := 2
	switch a := math.Abs(v); {
	case a >= 100 || v == math.Trunc(v):
		digits = 0
	case a >= 10:
		digits = 1
	}
	s := strconv.FormatFloat(v+0, 'f', digits, 64) // + 0 makes -0 0
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func seconds(v float64) string {
	for _, u := range []struct {
		name string
		long float64
	}{{"years", 31536000}, {"weeks", 604800}, {"days", 86400}, {"hours", 3600}, {"mins", 60}} {
		if math.Abs(v) >= u.long {
			return fmt.Sprintf("%s %s", short(v/u.long), u.name)
		}
	}
	if v != 0 && math.Abs(v) < 1 {
		return short(1000*v) + " ms"
	}
	return short(v) + " s"
}
