package config

import "cmp"

// Connections selects the connections of an account that get series of their
// own, traffic included. Its zero value selects none. Counts and sums by port
// take in all connections whatever it says.
type Connections struct {
	// Traffic says whether any connection gets series. Default false: each
	// costs calls as a port does.
	Traffic bool
	// Include lists filters of which one must match. Default none: all
	// connections.
	Include []ConnectionFilter
	// Exclude lists filters of which none may match; it has the last word.
	// Default none.
	Exclude []ConnectionFilter
	// Max is how many of the selected connections get series, 1 to 20000: a
	// bound on calls and series that a filter too wide cannot break. Default
	// 500.
	Max int
}

// ConnectionFilter matches a connection that all of its patterns match; at
// least one is not nil.
type ConnectionFilter struct {
	Name  *Pattern // as in the label connection_name
	Type  *Pattern // like EVPL_VC
	State *Pattern // lifecycle state, like ACTIVE, as in connection_state: UNKNOWN where there is none
	ZSide *Pattern // what the connection leads to, as in the label z_side
}

// ConnectionTraits are what a ConnectionFilter looks at, as the labels show it.
type ConnectionTraits struct {
	Name, Type, State, ZSide string
}

// Match reports whether a connection is to have series, Max aside.
func (c Connections) Match(t ConnectionTraits) bool {
	return c.Traffic && selected(t, c.Include, c.Exclude)
}

// Match reports whether all patterns of the filter match t.
func (f ConnectionFilter) Match(t ConnectionTraits) bool {
	return f.Name.Match(t.Name) && f.Type.Match(t.Type) && f.State.Match(t.State) && f.ZSide.Match(t.ZSide)
}

func (c *checker) connections(path string, f *fileConnections) Connections {
	f = cmp.Or(f, &fileConnections{})
	most := cmp.Or(f.Max, new(defaultMaxConnections))
	within(c, path+".max", *most, 1, 20_000)
	if !f.Traffic && len(f.Include)+len(f.Exclude) > 0 {
		c.warn(path, "has filters without effect: set traffic to true for connections with series of their own")
	}
	return Connections{
		Traffic: f.Traffic,
		Include: filters(c, path+".include", f.Include, c.connectionFilter),
		Exclude: filters(c, path+".exclude", f.Exclude, c.connectionFilter),
		Max:     *most,
	}
}

func (c *checker) connectionFilter(at string, f fileConnectionFilter) ConnectionFilter {
	return ConnectionFilter{
		Name:  c.pattern(at+".name", f.Name),
		Type:  c.pattern(at+".type", f.Type),
		State: c.pattern(at+".state", f.State),
		ZSide: c.pattern(at+".z_side", f.ZSide),
	}
}
