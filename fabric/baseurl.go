package fabric

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// parseAddress checks an address to send secrets to and returns it without a
// trailing slash. Its errors call it by name and do not repeat it: it may hold
// a password.
func parseAddress(name, raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New(name + ": not a URL")
	}
	switch {
	case u.User != nil:
		return "", errors.New(name + ": must not hold a user or a password")
	case u.Hostname() == "":
		return "", errors.New(name + ": has no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New(name + ": must not have a query or a fragment")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return strings.TrimRight(u.String(), "/"), nil
	}
	return "", fmt.Errorf("%s: scheme %q: must be https, or http on a loopback host", name, u.Scheme)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
