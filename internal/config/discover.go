package config

// Discover selects among the ports that an account's credentials see. Its zero
// value selects none. It has no say in the ports that the file lists.
type Discover struct {
	// Enabled says whether to look for ports at all. Required where the file
	// gives a discover.
	Enabled bool
	// Include lists filters of which one must match. Default none: all ports.
	Include []Filter
	// Exclude lists filters of which none may match; it has the last word.
	// Default none.
	Exclude []Filter
}

// Filter matches a port that all of its patterns match; at least one is not
// nil.
type Filter struct {
	Name    *Pattern // the API's name
	Metro   *Pattern // metro code, like SV
	IBX     *Pattern // data center, like SV5
	State   *Pattern // lifecycle state, like ACTIVE
	Project *Pattern // project id
	Package *Pattern // package code, like STANDARD
}

// PortTraits are what a Filter looks at: the texts of a port as the API spells
// them, "" where it says nothing.
type PortTraits struct {
	Name, Metro, IBX, State, Project, Package string
}

// Match reports whether a port is to be polled, were it only for discovery.
func (d Discover) Match(p PortTraits) bool {
	return d.Enabled && selected(p, d.Include, d.Exclude)
}

// Match reports whether all patterns of the filter match p.
func (f Filter) Match(p PortTraits) bool {
	return f.Name.Match(p.Name) && f.Metro.Match(p.Metro) && f.IBX.Match(p.IBX) &&
		f.State.Match(p.State) && f.Project.Match(p.Project) && f.Package.Match(p.Package)
}

func (c *checker) discover(path string, f *fileDiscover) Discover {
	if f == nil || !c.sound(path) {
		return Discover{}
	}
	enabled := c.need(path+".enabled", "write true or false") && *f.Enabled
	if !enabled && c.sound(path+".enabled") && len(f.Include)+len(f.Exclude) > 0 {
		c.warn(path, "has filters without effect: set enabled to true to discover ports")
	}
	return Discover{
		Enabled: enabled,
		Include: filters(c, path+".include", f.Include, c.filter),
		Exclude: filters(c, path+".exclude", f.Exclude, c.filter),
	}
}

func (c *checker) filter(at string, f fileFilter) Filter {
	return Filter{
		Name:    c.pattern(at+".name", f.Name),
		Metro:   c.pattern(at+".metro", f.Metro),
		IBX:     c.pattern(at+".ibx", f.IBX),
		State:   c.pattern(at+".state", f.State),
		Project: c.pattern(at+".project", f.Project),
		Package: c.pattern(at+".package", f.Package),
	}
}

// mayDiscover reports whether an account may get ports beyond those it lists.
// One whose discover has a fault may, for the user may have meant it to.
func (c *checker) mayDiscover(path string, d Discover) bool {
	return d.Enabled || c.faulty[path] || c.faulty[path+".enabled"]
}
