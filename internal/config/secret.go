package config

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// Secret is text that is not shown: printed, logged or marshalled it is "<secret>",
// or "" if it is empty. Keep it in exported fields only: fmt prints the text of
// unexported ones, whose methods it cannot call.
type Secret string

const redacted = "<secret>"

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String returns the redacted form, as all other methods do.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format implements fmt.Formatter, for all verbs, such as %#v and %x.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text) // fmt.State reports no errors
}

// MarshalText implements encoding.TextMarshaler, for JSON, YAML and XML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
