package config

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// credentials checks how an account logs in: by token exchange, by id and
// secret, or, where it says nothing of either, by the environment.
func (c *checker) credentials(at string, f fileAccount, single bool) Credentials {
	var some bool
	for _, key := range []string{".client_id", ".client_id_file", ".client_secret", ".client_secret_file"} {
		some = some || c.given(at+key)
	}
	exchange := at + ".token_exchange"
	switch {
	case c.given(exchange):
		x := c.tokenExchange(exchange, f.TokenExchange)
		if some && c.sound(exchange) {
			c.bad(exchange, "stands instead of client_id and client_secret: keep one of the two ways")
		}
		return Credentials{TokenExchange: x}
	case !some && single:
		return c.environment(at)
	case !some:
		c.bad(at, "has no credentials: %s (the environment serves only a file with a single account)", giveCredentials)
		return Credentials{}
	}
	cred := Credentials{
		ClientID:         f.ClientID,
		ClientIDFile:     c.resolve(f.ClientIDFile),
		ClientSecret:     f.ClientSecret,
		ClientSecretFile: c.resolve(f.ClientSecretFile),
	}
	c.either(at, "client_id", cred.ClientID, cred.ClientIDFile)
	c.either(at, "client_secret", cred.ClientSecret.Reveal(), cred.ClientSecretFile)
	if c.exposed && c.sound(at+".client_secret") {
		c.warn(at+".client_secret", "others than its owner may read this file: use client_secret_file, or chmod 600")
	}
	return cred
}

const giveCredentials = "give client_id or client_id_file, and client_secret or client_secret_file; or token_exchange"

// either checks that an account has exactly one of key and key_file, and that
// it holds a credential.
func (c *checker) either(at, key, text, path string) {
	direct, byFile := at+"."+key, at+"."+key+"_file"
	switch {
	case c.given(direct) && c.given(byFile):
		c.bad(byFile, "is given beside %s: keep one of the two", key)
	case c.given(byFile) && c.alone: // the file is elsewhere
	case c.given(byFile):
		if _, err := readSecret(path); err != nil && c.sound(byFile) {
			c.bad(byFile, "%v", err)
		}
	case c.need(direct, "give "+key+" or "+key+"_file (the environment serves only an account without any credentials in the file)"):
		if err := credential(text); err != nil {
			c.bad(direct, "%v", err)
		}
	}
}

// environment returns the credentials of the environment.
func (c *checker) environment(at string) Credentials {
	id, _ := c.env(EnvClientID)
	secret, _ := c.env(EnvClientSecret)
	if id == "" && secret == "" {
		c.bad(at, "has no credentials: %s; or set %s and %s in the environment", giveCredentials, EnvClientID, EnvClientSecret)
		return Credentials{}
	}
	for _, v := range []struct{ name, text string }{{EnvClientID, id}, {EnvClientSecret, secret}} {
		if err := credential(v.text); err != nil {
			c.bad(at, "%s in the environment %v", v.name, err)
		}
	}
	return Credentials{ClientID: id, ClientSecret: Secret(secret)}
}

// scope is a list of words as RFC 6749 §3.3 defines it.
var scope = regexp.MustCompile(`^[!#-\[\]-~]+( [!#-\[\]-~]+)*$`)

func (c *checker) tokenExchange(path string, f *fileTokenExchange) TokenExchange {
	if f == nil || !c.sound(path) {
		return TokenExchange{}
	}
	x := TokenExchange{
		SubjectTokenFile: c.resolve(f.SubjectTokenFile),
		Scope:            f.Scope,
		STSURL:           c.url(path+".sts_url", f.STSURL, defaultSTSURL),
	}
	if at := path + ".subject_token_file"; c.need(at, "name the file that holds the token to exchange") && !c.alone {
		if _, err := readSecret(x.SubjectTokenFile); err != nil {
			c.bad(at, "%v", err)
		}
	}
	if at := path + ".sts_url"; c.sound(at) && rootOnly(x.STSURL) {
		c.bad(at, "has no path: write the whole address, like %s", defaultSTSURL)
	}
	if at := path + ".scope"; c.need(at, "write the scope to ask for, like roleassignments:<org-id>") && !scope.MatchString(x.Scope) {
		c.bad(at, "%s is not a scope: write words of plain ASCII, one space between two", quote(x.Scope))
	}
	return x
}

// rootOnly reports whether a URL names a host but nothing on it.
func rootOnly(text string) bool {
	u, err := url.Parse(text)
	return err == nil && strings.Trim(u.Path, "/") == ""
}

// resolve returns a path of the file as the program sees it.
func (c *checker) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.dir, path)
}
