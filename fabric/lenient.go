package fabric

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// The API changes the types of its fields: numbers have come as strings and strings
// as numbers, in production. The types of this file take both, and null. What they
// refuse becomes a json.UnmarshalTypeError, to which encoding/json adds the path of
// the field; label, amount and flag, for fields that are not essential, accept
// anything: a wrong type counts as absent.

// text is a JSON string, or a number or boolean as it was spelled.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	if b[0] == 'n' {
		return nil
	}
	s, err := spelled(b)
	*t = text(s)
	return err
}

// spelled is what a JSON string says, or a number or boolean as it is; "" for null.
func spelled(b []byte) (string, error) {
	switch b[0] {
	case 'n':
		return "", nil
	case '"':
		if bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
			return string(b[1 : len(b)-1]), nil
		}
		var s string
		err := json.Unmarshal(b, &s)
		return s, err
	case '{', '[':
		return "", wrongType[string](b)
	}
	return string(b), nil
}

// label is a text made tidy; absent if it has another type.
type label string

func (l *label) UnmarshalJSON(b []byte) error {
	if s, err := spelled(b); err == nil {
		*l = label(tidy(s))
	}
	return nil
}

// loose is a text that accepts any type, for error bodies.
type loose string

func (l *loose) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		t = text(b)
	}
	*l = loose(t)
	return nil
}

// number is a JSON number or a string that holds one. It is absent if the API
// sends null, "", or what is not a finite float64.
type number struct {
	value float64
	set   bool
	huge  bool // absent, being beyond a float64
}

func (n *number) UnmarshalJSON(b []byte) error {
	if b[0] == 'n' {
		return nil
	}
	digits := b
	if b[0] == '"' {
		if digits = bytes.TrimSpace(b[1 : len(b)-1]); len(digits) == 0 {
			return nil
		}
	}
	v, err := strconv.ParseFloat(string(digits), 64)
	if err != nil && !math.IsInf(v, 0) {
		return wrongType[float64](b)
	}
	switch {
	case math.IsInf(v, 0):
		*n = number{huge: true}
	case !math.IsNaN(v):
		*n = number{value: v, set: true}
	}
	return nil
}

// amount is a number that is absent if it has another type.
type amount struct{ number }

func (a *amount) UnmarshalJSON(b []byte) error {
	var n number
	if n.UnmarshalJSON(b) == nil {
		a.number = n
	}
	return nil
}

// most is above every line rate and every count of an interval: 100 Tbit/s.
const most = 1e14

// in is n × unit; ok is false if it is absent, negative or above most, which no rate
// and no count can be.
func (n number) in(unit float64) (v float64, ok bool) {
	v = n.value * unit
	return v, n.set && v >= 0 && v <= most
}

// implausible reports whether n × unit is present but negative or above most.
func (n number) implausible(unit float64) bool {
	_, ok := n.in(unit)
	return n.huge || n.set && !ok
}

// times is n × unit as a pointer, nil if in would return false.
func (n number) times(unit float64) *float64 {
	v, ok := n.in(unit)
	if !ok {
		return nil
	}
	return &v
}

// String is the number in plain digits, "" if it is absent.
func (n number) String() string {
	if !n.set {
		return ""
	}
	return tidy(strconv.FormatFloat(n.value, 'f', -1, 64))
}

// speed is String, but "" if the number is implausible as a line rate in Mbit/s.
func (n number) speed() string {
	if positive(n.times(mbit)) == nil {
		return ""
	}
	return n.String()
}

// positive is v if it is above 0, else nil: a capacity of 0 bit/s means that the API
// does not know it.
func positive(v *float64) *float64 {
	if v == nil || *v <= 0 || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

// flag is a JSON boolean or a string that holds one, absent if it has another
// type.
type flag struct{ value, set bool }

func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(bytes.ToLower(bytes.Trim(b, `"`))) {
	case "true":
		*f = flag{value: true, set: true}
	case "false":
		*f = flag{set: true}
	}
	return nil
}

// pointer is nil if the flag is absent.
func (f flag) pointer() *bool {
	if !f.set {
		return nil
	}
	return &f.value
}

// stamp is a point in time. A text that cannot be read is kept, not refused: it
// matters only if its interval has a value, and then the error names the index of the
// interval.
type stamp struct {
	nanos int64  // since 1970; 0 if absent or unreadable
	bad   string // what could not be read
}

// noColon is RFC 3339 with an offset as some Java services write it, +0000.
const noColon = "2006-01-02T15:04:05Z0700"

func (s *stamp) UnmarshalJSON(b []byte) error {
	if b[0] == 'n' {
		return nil
	}
	if b[0] != '"' {
		s.bad = kind(b)
		return nil
	}
	quoted := b
	b = b[1 : len(b)-1]
	var t time.Time
	if t.UnmarshalText(b) != nil {
		t, _ = time.Parse(noColon, string(b))
	}
	// Beyond these years the nanoseconds would overflow.
	if y := t.Year(); y < 1970 || y > 2200 {
		s.bad = kind(quoted)
		return nil
	}
	s.nanos = t.UnixNano()
	return nil
}

func (s stamp) check() error {
	switch {
	case s.bad != "":
		return fmt.Errorf("%s is not an RFC 3339 time between 1970 and 2200", s.bad)
	case s.nanos == 0:
		return errMissing
	}
	return nil
}

func (s stamp) time() time.Time { return time.Unix(0, s.nanos).UTC() }

func wrongType[T any](b []byte) error {
	return &json.UnmarshalTypeError{Value: kind(b), Type: reflect.TypeFor[T]()}
}

// kind names the type of a JSON value, and shows a short string. A long string is not
// shown: it would have to be cut, and a secret that is cut is not recognised and
// redacted.
func kind(b []byte) string {
	switch b[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		if len(b) > 40 {
			return "string"
		}
		return "string " + oneLine(string(b), len(b))
	case 't', 'f':
		return "boolean"
	default:
		return "number"
	}
}
