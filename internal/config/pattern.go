package config

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// Pattern is a regular expression (RE2) that must match a text from end to end.
// A nil Pattern matches every text.
type Pattern struct {
	re *regexp.Regexp
}

// NewPattern compiles text. Its error says what is wrong with text, without
// quoting it.
func NewPattern(text string) (*Pattern, error) {
	re, err := regexp.Compile(text)
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return nil, errors.New(e.Code.String())
	}
	if err != nil {
		return nil, err
	}
	// Among the matches from the start of a text on, the longest decides whether
	// one reaches the end. Writing ^(?:text)$ instead would let "a)|(b" through.
	re.Longest()
	return &Pattern{re}, nil
}

// Match reports whether the pattern matches all of text.
func (p *Pattern) Match(text string) bool {
	if p == nil {
		return true
	}
	at := p.re.FindStringIndex(text)
	return at != nil && at[0] == 0 && at[1] == len(text)
}

// String returns the pattern as it was written, "" for nil.
func (p *Pattern) String() string {
	if p == nil {
		return ""
	}
	return p.re.String()
}

// Equal reports whether both patterns are written alike. Compare with it, not
// with ==: two readings of a file make different pointers of the same text.
func (p *Pattern) Equal(other *Pattern) bool {
	return (p == nil) == (other == nil) && p.String() == other.String()
}
