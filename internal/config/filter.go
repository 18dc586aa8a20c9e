package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Discover selects among the ports that an account's credentials see. Its zero value
// selects no port. Ports that the file lists are polled whether they match or not.
type Discover struct {
	// Enabled says whether to look for ports at all. Required in a discover.
	Enabled bool `yaml:"enabled"`
	// Include lists filters; at least one must match. Default none: all ports match.
	Include []Filter `yaml:"include"`
	// Exclude lists filters; if one matches, the port is not selected, whatever
	// include says. Default none.
	Exclude []Filter `yaml:"exclude"`
}

// Filter matches a port if all its patterns match. At least one pattern is not nil.
type Filter struct {
	Name    *Pattern `yaml:"name"`    // the API's name
	Metro   *Pattern `yaml:"metro"`   // metro code, like SV
	IBX     *Pattern `yaml:"ibx"`     // data center, like SV5
	State   *Pattern `yaml:"state"`   // lifecycle state, like ACTIVE
	Project *Pattern `yaml:"project"` // project id
	Package *Pattern `yaml:"package"` // package code, like STANDARD
}

// PortTraits are the texts of a port that a Filter compares, as the API spells them;
// "" if the API does not say.
type PortTraits struct {
	Name, Metro, IBX, State, Project, Package string
}

// Match reports whether discovery selects a port.
func (d Discover) Match(p PortTraits) bool {
	return d.Enabled && selected(p, d.Include, d.Exclude)
}

// Match reports whether all patterns of the filter match p.
func (f Filter) Match(p PortTraits) bool {
	return f.Name.Match(p.Name) && f.Metro.Match(p.Metro) && f.IBX.Match(p.IBX) &&
		f.State.Match(p.State) && f.Project.Match(p.Project) && f.Package.Match(p.Package)
}

// Connections selects the connections of an account that get series of their own,
// traffic included. Its zero value selects no connection. The counts and sums of a
// port always include all connections.
type Connections struct {
	// Traffic says whether selected connections get series. Default false, since each
	// costs as many calls as a port.
	Traffic bool `yaml:"traffic"`
	// Include lists filters; at least one must match. Default none: all connections
	// match.
	Include []ConnectionFilter `yaml:"include"`
	// Exclude lists filters; if one matches, the connection is not selected, whatever
	// include says. Default none.
	Exclude []ConnectionFilter `yaml:"exclude"`
	// Max is how many of the selected connections get series, 1 to 20000: a limit on
	// calls and series in case a filter matches too much. Default 500.
	Max int `yaml:"max"`
	// All says whether connections on no port of the account are selected as well, such
	// as those of cloud routers and virtual devices. Default false.
	All bool `yaml:"all"`
}

// ConnectionFilter matches a connection if all its patterns match. At least one
// pattern is not nil.
type ConnectionFilter struct {
	Name  *Pattern `yaml:"name"`   // as in the label connection_name
	Type  *Pattern `yaml:"type"`   // like EVPL_VC
	State *Pattern `yaml:"state"`  // lifecycle state, like ACTIVE, as in connection_state: UNKNOWN if there is no state
	ZSide *Pattern `yaml:"z_side"` // what the connection leads to, as in the label z_side
}

// ConnectionTraits are the texts of a connection that a ConnectionFilter compares, as in the labels.
type ConnectionTraits struct {
	Name, Type, State, ZSide string
}

// Match reports whether a connection is selected, regardless of Max.
func (c Connections) Match(t ConnectionTraits) bool {
	return c.Traffic && selected(t, c.Include, c.Exclude)
}

// Match reports whether all patterns of the filter match t.
func (f ConnectionFilter) Match(t ConnectionTraits) bool {
	return f.Name.Match(t.Name) && f.Type.Match(t.Type) && f.State.Match(t.State) && f.ZSide.Match(t.ZSide)
}

// selected reports whether a filter of include matches traits, or include is empty,
// and no filter of exclude matches.
func selected[T any, F interface{ Match(T) bool }](traits T, include, exclude []F) bool {
	match := func(f F) bool { return f.Match(traits) }
	return (len(include) == 0 || slices.ContainsFunc(include, match)) && !slices.ContainsFunc(exclude, match)
}

func (c *checker) discover(path string, d *Discover) {
	if !c.sound(path) {
		return
	}
	c.need(path+".enabled", "write true or false")
	if !d.Enabled && c.sound(path+".enabled") && len(d.Include)+len(d.Exclude) > 0 {
		c.warn(path, "has filters but is not enabled: set enabled to true to discover ports")
	}
	filters(c, path+".include", d.Include)
	filters(c, path+".exclude", d.Exclude)
}

func (c *checker) connections(path string, f *Connections) {
	if !c.given(path + ".max") {
		f.Max = defaultMaxConnections
	}
	within(c, path+".max", f.Max, 1, 20_000)
	if f.All && !f.Traffic && !c.faulty[path+".traffic"] {
		c.bad(path+".all", "is true but traffic is off: set traffic to true too, or delete all")
	}
	if !f.Traffic && len(f.Include)+len(f.Exclude) > 0 {
		c.warn(path, "has filters but traffic is off: set traffic to true to get series of single connections")
	}
	filters(c, path+".include", f.Include)
	filters(c, path+".exclude", f.Exclude)
}

// filters refuses an empty filter, which would match everything and is most likely a
// mistake.
func filters[F any](c *checker, path string, list []F) {
	for i := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if c.empty[at] {
			c.bad(at, "is empty: give at least one of %s", strings.Join(names(reflect.TypeFor[F]()), ", "))
		}
	}
}

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
	// The longest match from the start of a text shows whether any match reaches its
	// end. Compiling ^(?:text)$ instead would accept "a)|(b".
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
