package fabric

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// parseBase checks the address of an API and returns it without a trailing
// slash. Its errors do not repeat it: it may hold a password.
func parseBase(raw string) (string, error) {
	u, err := url.Parse(cmp.Or(raw, DefaultBaseURL))
	if err != nil {
		return "", errors.New("base URL: not a URL")
	}
	switch {
	case u.User != nil:
		return "", errors.New("base URL: must not hold a user or a password")
	case u.Hostname() == "":
		return "", errors.New("base URL: has no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("base URL: must not have a query or a fragment")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return strings.TrimRight(u.String(), "/"), nil
	}
	return "", fmt.Errorf("base URL: scheme %q: must be https, or http on a loopback host", u.Scheme)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
