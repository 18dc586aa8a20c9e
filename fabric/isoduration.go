package fabric

import (
	"regexp"
	"strconv"
	"time"
)

var isoPattern = regexp.MustCompile(`^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?$`)

// maxInterval is the longest range that the API keeps.
const maxInterval = 90 * 24 * time.Hour

// isoDuration reads an ISO 8601 duration such as PT5M, to the second. It is 0
// where the text is none, is longer than any interval may be, or has months or
// years, whose length varies.
func isoDuration(s string) time.Duration {
	m := isoPattern.FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(m[i+1]) // digits only, or none, which is 0
		if n > int(maxInterval/unit) {
			return 0
		}
		d += time.Duration(n) * unit
	}
	if d > maxInterval {
		return 0
	}
	return d
}
