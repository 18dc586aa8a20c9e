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

func (c *checker) accounts(f []fileAccount) []Account {
	const path = "accounts"
	if len(f) == 0 && c.need(path, "list at least one account") {
		c.bad(path, "is empty: list at least one account")
	}
	taken, logins := map[string]string{}, map[string]string{}
	accounts := make([]Account, len(f))
	for i, a := range f {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !c.sound(at) { // not a mapping
			continue
		}
		accounts[i] = c.account(at, a, len(f) == 1)
		if c.sound(at + ".name") {
			once(c, taken, at+".name", a.Name)
		}
		c.login(at, accounts[i], logins)
	}
	return accounts
}

// login refuses a second account that logs in as another does. Equinix locks a
// login after five refusals, and each account would try its own three.
func (c *checker) login(at string, a Account, logins map[string]string) {
	id, _, err := a.Credentials.Read()
	what, key := "client id", a.APIURL+" "+id
	if x := a.Credentials.TokenExchange; !x.IsZero() {
		what, key = "token_exchange", fmt.Sprint(a.APIURL, x)
	} else if err != nil || id == "" {
		return // said already, or no client id
	}
	if first, again := logins[key]; again {
		c.bad(at, "has the same %s as %s: list the ports of both under one account", what, first)
		return
	}
	logins[key] = at
}

func (c *checker) account(at string, f fileAccount, single bool) Account {
	if single && !c.given(at+".name") {
		f.Name = defaultName
	} else if c.need(at+".name", "give each account a name of its own; it becomes the account label") {
		c.label(at+".name", f.Name)
	}
	c.trafficSource(at+".traffic_source", f.TrafficSource)
	ports := c.ports(at+".ports", f.Ports)
	discover := c.discover(at+".discover", f.Discover)
	discovers := c.mayDiscover(at+".discover", discover)
	if len(ports) == 0 && !discovers {
		c.portless(at)
	}
	most := cmp.Or(f.MaxSeries, new(defaultMaxSeries))
	within(c, at+".max_series", *most, 1, 100_000_000)
	return Account{
		Name:          f.Name,
		APIURL:        c.apiURL(at+".api_url", f.APIURL),
		CAFile:        c.caFile(at+".ca_file", f.CAFile),
		Credentials:   c.credentials(at, f, single),
		TrafficSource: cmp.Or(TrafficSource(f.TrafficSource), TrafficAuto),
		Ports:         ports,
		Discover:      discover,
		Pairs:         c.pairs(at+".pairs", f.Pairs, listed(ports, discovers)),
		Connections:   c.connections(at+".connections", f.Connections),
		MaxSeries:     *most,
	}
}

// portless refuses an account that has nothing to poll.
func (c *checker) portless(at string) {
	switch ports := at + ".ports"; {
	case c.faulty[ports]:
	case c.given(ports):
		c.bad(ports, "is empty: list at least one port, or enable discover")
	default:
		c.bad(at, "has no ports: list their UUIDs under ports, or enable discover")
	}
}

func (c *checker) trafficSource(path, source string) {
	sources := []string{string(TrafficAuto), string(TrafficV3), string(TrafficV4Stats), string(TrafficV4Metrics)}
	if c.sound(path) && !slices.Contains(sources, source) {
		c.bad(path, "%s is none of %s", quote(source), strings.Join(sources, ", "))
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (c *checker) ports(path string, f []filePort) []Port {
	seen := map[string]string{}
	ports := make([]Port, len(f))
	for i, p := range f {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !c.sound(at) { // not a mapping
			continue
		}
		if c.sound(at + ".name") {
			c.label(at+".name", p.Name)
		}
		id, ok := c.uuid(at+".uuid", p.UUID)
		if ok {
			once(c, seen, at+".uuid", id)
		}
		ports[i] = Port{UUID: id, Name: p.Name}
	}
	return ports
}

// uuid returns the UUID of a port in lower case, and whether it is one.
func (c *checker) uuid(path, text string) (id string, ok bool) {
	id = strings.ToLower(text)
	if !c.need(path, "write the UUID of the port") {
		return id, false
	}
	if ok = uuid.MatchString(id); !ok {
		c.bad(path, "%s is not a UUID: write 8-4-4-4-12 hexadecimal digits", quote(text))
	}
	return id, ok
}

// label refuses text that would be a nuisance as the value of a label.
func (c *checker) label(path, text string) {
	const longest = 256 // bytes; far beyond any name that Equinix gives
	r, odd := unprintable(text)
	switch {
	case odd:
		c.bad(path, "holds a character that does not print (%U)", r)
	case strings.TrimSpace(text) != text:
		c.bad(path, "%s has white space at an end", quote(text))
	case len(text) > longest:
		c.bad(path, "is %d bytes long: at most %d", len(text), longest)
	}
}

// unprintable returns the first character of text that leaves no mark or moves
// the text around it, like a line break or a change of writing direction.
func unprintable(text string) (rune, bool) {
	i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) })
	if i < 0 {
		return 0, false
	}
	return []rune(text[i:])[0], true
}

// apiURL returns text as the root of an API, without a slash at its end.
func (c *checker) apiURL(path, text string) string {
	return strings.TrimRight(c.url(path, text, defaultAPIURL), "/")
}

// url returns the URL at path, or fallback where the file gives none. Its faults
// do not quote the URL: a password may be in it.
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
		c.bad(path, "has a user in it: credentials go into keys of their own")
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
		return !strings.HasSuffix(u.Host, ":") // no port at all
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
