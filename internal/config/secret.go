package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that never shows: however it is printed, logged or marshalled,
// "<secret>" comes out, or nothing where it is empty. Keep it in exported
// fields: fmt cannot call the methods of unexported ones and prints the text.
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

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// Format implements fmt.Formatter, for the verbs that do not ask String, like
// %x and %d.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(f, text) // fmt.State reports no errors
}

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML implements yaml.Marshaler.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
