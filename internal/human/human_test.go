package human_test

import (
	"testing"
	"time"
	"unicode"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

func TestScaleWritesThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 999.4: "999", 999.5: "1k", 1250: "1.25k", 9994: "9.99k", 9995: "10k", 12_340: "12.3k",
		99_949: "99.9k", 99_950: "100k", 1.25e9: "1.25G", 100e9: "100G", 4e12: "4T", 5e21: "5000E",
	} {
		digits, prefix := human.Scale(v)
		if got := digits + prefix; got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

// A kilo is 1000 in both units, never 1024.
func TestRatesInBothUnits(t *testing.T) {
	for bits, want := range map[float64][2]string{
		0: {"0 bit/s", "0 B/s"}, 8: {"8 bit/s", "1 B/s"}, 8000: {"8 kbit/s", "1 kB/s"}, 8192: {"8.19 kbit/s", "1.02 kB/s"},
		1e9: {"1 Gbit/s", "125 MB/s"}, 10e9: {"10 Gbit/s", "1.25 GB/s"}, 800e9: {"800 Gbit/s", "100 GB/s"},
	} {
		if got := [2]string{human.Bits.Rate(bits), human.Bytes.Rate(bits)}; got != want || human.Units("").Rate(bits) != want[0] {
			t.Errorf("%v is %q, want %q", bits, got, want)
		}
	}
}

func TestPrintableSteersNoTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"SV5-CORE 10G": "SV5-CORE 10G", "Zürich 東京": "Zürich 東京", "\x1b[2J\n": "\ufffd[2J\ufffd", "a\u202eb": "a\ufffdb",
	} {
		if got := human.Printable(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestPluralCounts(t *testing.T) {
	for n, want := range map[int]string{0: "0 ports", 1: "1 port", 2: "2 ports"} {
		if got := human.Plural(n, "port"); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

// Neither package imports the other: the domain's texts must not depend on the API
// client, nor the client on what commands print.
func TestVisibleIsWhatTheAPIClientKeeps(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		if human.Visible(r) != fabric.Visible(r) {
			t.Errorf("%U: visible here: %t, in fabric: %t", r, human.Visible(r), fabric.Visible(r))
		}
	}
}

func TestDurationHasNoDigitsThatChangeAtOnce(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 37*time.Second + time.Millisecond: "37s", 5*time.Minute + 37*time.Second: "5m",
		23*time.Hour + 59*time.Minute + 59*time.Second: "23h59m", 25*time.Hour + 59*time.Minute: "1d1h",
	} {
		if got := human.Duration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for text, want := range map[string]string{"": "", "zürich": "zürich", "zürich-1": "züric…", "ams 4 x": "ams 4…"} {
		if got := human.Cut(text, 6); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
