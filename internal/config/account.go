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
	taken := map[string]string{}
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
	}
	return accounts
}

func (c *checker) account(at string, f fileAccount, single bool) Account {
	if single && !c.given(at+".name") {
		f.Name = defaultName
	} else if c.need(at+".name", "give each account a name of its own; it becomes the account label") {
		c.label(at+".name", f.Name)
	}
	c.trafficSource(at+".traffic_source", f.TrafficSource)
	c.discover(at+".discover", f.Discover)
	c.tokenExchange(at+".token_exchange", f.TokenExchange)
	c.something(at, f)
	return Account{
		Name:          f.Name,
		APIURL:        c.url(at+".api_url", cmp.Or(f.APIURL, defaultAPIURL)),
		Credentials:   c.credentials(at, f, single),
		TrafficSource: cmp.Or(TrafficSource(f.TrafficSource), TrafficAuto),
		Ports:         c.ports(at+".ports", f.Ports),
	}
}

// something refuses an account that has nothing to poll.
func (c *checker) something(at string, f fileAccount) {
	off := f.Discover == nil || f.Discover.Enabled != nil && !*f.Discover.Enabled
	switch ports := at + ".ports"; {
	case len(f.Ports) > 0 || !off || c.faulty[ports] || c.faulty[at+".discover"]:
	case c.given(ports):
		c.bad(ports, "is empty: list at least one port")
	default:
		c.bad(at, "has no ports: list their UUIDs under ports")
	}
}

func (c *checker) trafficSource(path, source string) {
	sources := []string{string(TrafficAuto), string(TrafficV3), string(TrafficV4Stats), string(TrafficV4Metrics)}
	if c.sound(path) && !slices.Contains(sources, source) {
		offered := slices.DeleteFunc(sources, func(s string) bool {
			_, missing := unavailable(path, s)
			return missing
		})
		c.bad(path, "%s is none of %s", quote(source), strings.Join(offered, ", "))
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
		ports[i] = Port{UUID: strings.ToLower(p.UUID), Name: p.Name}
		if c.sound(at + ".name") {
			c.label(at+".name", p.Name)
		}
		switch at := at + ".uuid"; {
		case !c.need(at, "write the UUID of the port"):
		case !uuid.MatchString(ports[i].UUID):
			c.bad(at, "%s is not a UUID: write 8-4-4-4-12 hexadecimal digits", quote(p.UUID))
		default:
			once(c, seen, at, ports[i].UUID)
		}
	}
	return ports
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

// url returns text as the root of an API, without a slash at its end. Its
// faults do not quote the URL: a password may be in it.
func (c *checker) url(path, text string) string {
	u, err := url.Parse(text)
	switch {
	case c.faulty[path]:
		return text
	case err != nil || u.Hostname() == "" || !validPort(u):
		c.bad(path, "is not the URL of a host: write it like %s", defaultAPIURL)
		return text
	case u.User != nil:
		c.bad(path, "has a user in it: credentials go into client_id and client_secret or client_secret_file")
	case strings.ContainsAny(text, "?#"):
		c.bad(path, "has a query or a fragment: write only scheme, host and path")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		c.bad(path, "must begin with https:// (http:// only for a loopback host)")
	}
	return strings.TrimRight(u.String(), "/")
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

// discover checks the form of an account's discovery.
func (c *checker) discover(path string, f *fileDiscover) {
	if f == nil || !c.sound(path) {
		return
	}
	c.need(path+".enabled", "write true or false")
	c.filters(path+".include", f.Include)
	c.filters(path+".exclude", f.Exclude)
}

func (c *checker) filters(path string, filters []fileFilter) {
	for i, f := range filters {
		at := fmt.Sprintf("%s[%d]", path, i)
		if c.sound(at) && !c.given(at+".metro") && !c.given(at+".name") {
			c.bad(at, "is empty: give metro, name or both")
		}
		c.pattern(at+".metro", f.Metro)
		c.pattern(at+".name", f.Name)
	}
}

func (c *checker) pattern(path, text string) {
	if _, err := regexp.Compile("^(?:" + text + ")$"); err != nil && c.sound(path) {
		c.bad(path, "%s is not a regular expression of Go (RE2)", quote(text))
	}
}
