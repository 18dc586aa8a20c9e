package config

import "fmt"

// pairs checks the pairs of an account whose ports are those of listed; nil if
// it may have others.
func (c *checker) pairs(path string, f []filePair, listed map[string]bool) []Pair {
	var pairs []Pair
	for i, p := range f {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !c.sound(at) { // not a mapping
			continue
		}
		if name := at + ".name"; c.need(name, "give each pair a name of its own; it becomes the pair label") {
			c.label(name, p.Name)
			once(c, c.pairNames, name, p.Name)
		}
		pairs = append(pairs, Pair{
			Name:      p.Name,
			Primary:   c.member(at+".primary", p.Primary, listed),
			Secondary: c.member(at+".secondary", p.Secondary, listed),
		})
	}
	return pairs
}

// member returns the UUID of a port of a pair.
func (c *checker) member(path, text string, listed map[string]bool) string {
	id, ok := c.uuid(path, text)
	if !ok {
		return id
	}
	once(c, c.paired, path, id)
	if listed != nil && !listed[id] && c.sound(path) {
		c.bad(path, "is none of the account's ports: list it under ports, or enable discover")
	}
	return id
}

// listed returns the UUIDs of an account's ports, or nil where these may not
// be all: for discovery, or because a fault hides what the user meant.
func listed(ports []Port, discovers bool) map[string]bool {
	if len(ports) == 0 || discovers {
		return nil
	}
	all := make(map[string]bool, len(ports))
	for _, p := range ports {
		if !uuid.MatchString(p.UUID) {
			return nil
		}
		all[p.UUID] = true
	}
	return all
}
