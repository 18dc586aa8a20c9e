package portlist

import (
	"math"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

const absent = human.Absent

// cut is text with at most width characters, the last of them … where that is
// too few.
func cut(text string, width int) string {
	r := []rune(text)
	if len(r) <= width {
		return text
	}
	return strings.TrimRight(string(r[:width-1]), " ") + "…"
}

// rateText writes bit/s with three digits, e.g. "1.25G".
func rateText(bits *float64) string {
	if bits == nil {
		return absent
	}
	digits, prefix := human.Scale(*bits)
	return digits + prefix
}

// barWidth is the length of a whole bar.
const barWidth = 4

// bar draws a share in eighths of a character. What is not nothing shows.
func bar(share *float64) string {
	if share == nil {
		return ""
	}
	eighths := int(math.Ceil(min(max(*share, 0), 1) * barWidth * 8))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return text
}

// ageText is how long ago t was.
func ageText(t *time.Time, now time.Time) string {
	if t == nil {
		return absent
	}
	return human.Duration(max(0, fleet.Age(now, *t))) // clocks differ
}
