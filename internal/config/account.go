package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

func (c *checker) accounts(accounts []Account) {
	const path = "accounts"
	if len(accounts) == 0 && c.need(path, "list at least one account") {
		c.bad(path, "is empty: list at least one account")
	}
	taken, logins := map[string]string{}, map[string]string{}
	for i := range accounts {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !c.sound(at) { // not a mapping
			continue
		}
		c.account(at, &accounts[i], len(accounts) == 1)
		if c.sound(at + ".name") {
			once(c, taken, at+".name", accounts[i].Name)
		}
		c.login(at, accounts[i], logins)
	}
}

// login refuses a second account with the same login as another. Equinix locks a
// login after five refusals, and each account would try it three times.
func (c *checker) login(at string, a Account, logins map[string]string) {
	id, _, err := a.Credentials.Read()
	what, key := "client id", a.APIURL+" "+id
	if x := a.Credentials.TokenExchange; !x.IsZero() {
		what, key = "token_exchange", fmt.Sprint(a.APIURL, x)
	} else if err != nil || id == "" {
		return // already reported, or without a client id
	}
	if first, again := logins[key]; again {
		c.bad(at, "has the same %s as %s: list the ports of both under one account", what, first)
		return
	}
	logins[key] = at
}

func (c *checker) account(at string, a *Account, single bool) {
	if single && !c.given(at+".name") {
		a.Name = defaultName
	} else if c.need(at+".name", "give each account a unique name; it becomes the account label") {
		c.label(at+".name", a.Name)
	}
	sources := []string{string(TrafficAuto), string(TrafficV3), string(TrafficV4Stats), string(TrafficV4Metrics)}
	if source := string(a.TrafficSource); c.sound(at+".traffic_source") && !slices.Contains(sources, source) {
		c.bad(at+".traffic_source", "%s is not a traffic source: write one of %s", quote(source), strings.Join(sources, ", "))
	}
	a.TrafficSource = cmp.Or(a.TrafficSource, TrafficAuto)
	c.ports(at+".ports", a.Ports)
	c.discover(at+".discover", &a.Discover)
	// If discover has a fault, the user may have meant to enable it.
	discovers := a.Discover.Enabled || c.faulty[at+".discover"] || c.faulty[at+".discover.enabled"]
	switch {
	case len(a.Ports) > 0 || discovers || c.faulty[at+".ports"]:
	case c.given(at + ".ports"):
		c.bad(at+".ports", "is empty: list at least one port, or enable discover")
	default:
		c.bad(at, "has no ports: list their UUIDs under ports, or enable discover")
	}
	if !c.given(at + ".max_series") {
		a.MaxSeries = defaultMaxSeries
	}
	within(c, at+".max_series", a.MaxSeries, 1, 100_000_000)
	a.APIURL = strings.TrimRight(c.url(at+".api_url", a.APIURL, defaultAPIURL), "/")
	a.CAFile = c.resolve(a.CAFile)
	if c.sound(at+".ca_file") && !c.alone {
		if _, err := readCA(a.CAFile); err != nil {
			c.bad(at+".ca_file", "%v", err)
		}
	}
	c.credentials(at, &a.Credentials, single)
	c.pairs(at+".pairs", a.Pairs, listed(a.Ports, discovers))
	c.connections(at+".connections", &a.Connections)
	if !c.given(at + ".prices.interval") {
		a.Prices.Interval = defaultPrices
	}
	within(c, at+".prices.interval", duration(a.Prices.Interval), hour, 30*day)
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (c *checker) ports(path string, ports []Port) {
	seen := map[string]string{}
	for i := range ports {
		p, at := &ports[i], fmt.Sprintf("%s[%d]", path, i)
		if !c.sound(at) { // not a mapping
			continue
		}
		if c.sound(at + ".name") {
			c.label(at+".name", p.Name)
		}
		if c.uuid(at+".uuid", &p.UUID) {
			once(c, seen, at+".uuid", p.UUID)
		}
	}
}

// listed returns the UUIDs of an account's ports; nil if there may be others, because
// of discovery or a fault in the file.
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

// pairs checks the pairs of an account. listed are its ports; nil if it may have
// others.
func (c *checker) pairs(path string, pairs []Pair, listed map[string]bool) {
	for i := range pairs {
		p, at := &pairs[i], fmt.Sprintf("%s[%d]", path, i)
		if !c.sound(at) { // not a mapping
			continue
		}
		if name := at + ".name"; c.need(name, "give each pair a unique name; it becomes the pair label") {
			c.label(name, p.Name)
			once(c, c.pairNames, name, p.Name)
		}
		c.member(at+".primary", &p.Primary, listed)
		c.member(at+".secondary", &p.Secondary, listed)
	}
}

// member checks the UUID of a port of a pair.
func (c *checker) member(path string, id *string, listed map[string]bool) {
	if !c.uuid(path, id) {
		return
	}
	once(c, c.paired, path, *id)
	if listed != nil && !listed[*id] && c.sound(path) {
		c.bad(path, "is not a port of this account: list it under ports, or enable discover")
	}
}

// uuid turns the UUID of a port to lower case, and reports whether it is one.
func (c *checker) uuid(path string, id *string) bool {
	text := *id
	*id = strings.ToLower(text)
	if !c.need(path, "write the UUID of the port") {
		return false
	}
	if !uuid.MatchString(*id) {
		c.bad(path, "%s is not a UUID: write 8-4-4-4-12 hexadecimal digits", quote(text))
		return false
	}
	return true
}

// label refuses text that is not fit for the value of a label.
func (c *checker) label(path, text string) {
	const longest = 256 // bytes; names at Equinix are much shorter
	r, found := unprintable(text)
	switch {
	case found:
		c.bad(path, "contains a character that does not print (%U)", r)
	case strings.TrimSpace(text) != text:
		c.bad(path, "%s begins or ends with white space", quote(text))
	case len(text) > longest:
		c.bad(path, "is %d bytes long: at most %d", len(text), longest)
	}
}

// unprintable returns the first character of text that is invisible or affects the
// text around it, like a line break or a change of writing direction.
func unprintable(text string) (rune, bool) {
	i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) })
	if i < 0 {
		return 0, false
	}
	return []rune(text[i:])[0], true
}

// url returns the URL at path, or fallback if the file gives no URL. Its faults do not
// quote the URL: a password may be in it.
func (c *checker) url(path, text, fallback string) string {
	if !c.given(path) {
		return fallback
	}
	u, err := url.Parse(text)
	switch {
	case c.faulty[path]:
		return text
	case err != nil || u.Hostname() == "" || !validPort(u):
		c.bad(path, "is not the URL of a host: write it like %s", fallback)
		return text
	case u.User != nil:
		c.bad(path, "must not contain a user or a password: credentials have keys of their own")
	case strings.ContainsAny(text, "?#"):
		c.bad(path, "has a query or a fragment: write only scheme, host and path")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		c.bad(path, "must begin with https:// (http:// only for a loopback host)")
	}
	return u.String()
}

func validPort(u *url.URL) bool {
	_, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		return !strings.HasSuffix(u.Host, ":") // without a port
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
