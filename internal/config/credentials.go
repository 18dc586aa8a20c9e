package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The environment variables that stand in for the credentials of a single
// account. They are Equinix' own names, shared with its other tools.
const (
	EnvClientID     = "EQUINIX_API_CLIENTID"
	EnvClientSecret = "EQUINIX_API_CLIENTSECRET" //nolint:gosec // a name, not a credential
)

// Credentials are the client id and the secret of an account, each either here or in
// a file, or the token to exchange instead. If two are equal by ==, they are the same
// login.
type Credentials struct {
	// ClientID is the client id. Default "": it is in ClientIDFile, or, for a
	// single account, in the environment as EQUINIX_API_CLIENTID.
	ClientID string `yaml:"client_id"`
	// ClientIDFile is the file with the client id, read again at each login. Default
	// "": no file.
	ClientIDFile string `yaml:"client_id_file"`
	// ClientSecret is the secret. Default "": it is in ClientSecretFile, or, for
	// a single account, in the environment as EQUINIX_API_CLIENTSECRET.
	ClientSecret Secret `yaml:"client_secret"`
	// ClientSecretFile is the file with the secret, read again at each login. Default
	// "": no file.
	ClientSecretFile string `yaml:"client_secret_file"`
	// TokenExchange logs in with a token of the user's own identity provider,
	// in place of a client id and secret. Default: none.
	TokenExchange TokenExchange `yaml:"token_exchange"`
}

// Read returns the client id and secret; both are empty with a token exchange. It
// reads the files each time, so the next login uses a rotated secret. It only blocks
// on the disk.
func (c Credentials) Read() (id string, secret Secret, err error) {
	if id, err = c.ReadID(); err != nil {
		return "", "", err
	}
	secret = c.ClientSecret
	if c.ClientSecretFile != "" {
		text, err := readSecret(c.ClientSecretFile)
		if err != nil {
			return "", "", fmt.Errorf("client_secret_file: %w", err)
		}
		secret = Secret(text)
	}
	return id, secret, nil
}

// ReadID returns the client id, as Read does.
func (c Credentials) ReadID() (string, error) {
	if c.ClientIDFile == "" {
		return c.ClientID, nil
	}
	id, err := readSecret(c.ClientIDFile)
	if err != nil {
		return "", fmt.Errorf("client_id_file: %w", err)
	}
	return id, nil
}

// TokenExchange is a login by OpenID Connect: a token of the user's own identity
// provider is exchanged for one of Equinix.
type TokenExchange struct {
	// SubjectTokenFile is the file with the token to exchange, read again at each
	// login. Required.
	SubjectTokenFile string `yaml:"subject_token_file"`
	// Scope is the scope to request, in the form that Equinix documents. Required.
	Scope string `yaml:"scope"`
	// STSURL is the URL of the token exchange: https, or http on a loopback host.
	// Default https://sts.eqix.equinix.com/v1/token.
	STSURL string `yaml:"sts_url"`
}

// IsZero reports whether there is no token exchange: the account logs in with client
// id and secret.
func (x TokenExchange) IsZero() bool { return x == TokenExchange{} }

// SubjectToken returns the token to exchange. It reads the file each time: such
// tokens live for minutes, and Kubernetes, for example, replaces them in time. It
// only blocks on the disk.
func (x TokenExchange) SubjectToken() (Secret, error) {
	text, err := readSecret(x.SubjectTokenFile)
	if err != nil {
		return "", fmt.Errorf("subject_token_file: %w", err)
	}
	return Secret(text), nil
}

// maxSecret is the maximum size of a file with a credential; a larger file is the wrong file.
const maxSecret = 64 << 10

// readSecret returns the text of a file that contains one credential, without the
// line break that editors and `echo` add.
func readSecret(path string) (string, error) {
	data, err := readPrivate(path, maxSecret)
	if err != nil {
		return "", err
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("%s is larger than %d KiB: it must contain only the credential", path, maxSecret>>10)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if err := credential(text); err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return text, nil
}

// variable matches a variable as templates and container engines write it. $NAME is
// allowed, since a secret may begin with $.
var variable = regexp.MustCompile(`^\$(\{.*\}|\(.*\))$`)

// credential returns why text cannot be a client id, a secret or a token; nil if it
// can. Such a text is never sent, since Equinix locks an account after five refused
// logins. The error does not quote the text.
func credential(text string) error {
	const quotes = "\"'`“”‘’"
	first, _ := utf8.DecodeRuneInString(text)
	last, size := utf8.DecodeLastRuneInString(text)
	_, unprintable := unprintable(text)
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("is empty")
	case variable.MatchString(text):
		return errors.New("looks like a variable that was not expanded: write the value itself, or name a file that holds it")
	case len(text) > size && strings.ContainsRune(quotes, first) && strings.ContainsRune(quotes, last):
		return errors.New("has quotes around it that are part of the value: remove them")
	case strings.TrimSpace(text) != text:
		return errors.New("begins or ends with white space or a line break: remove it")
	case unprintable:
		return errors.New("contains several lines or a character that does not print: it must contain only the credential")
	}
	return nil
}

// credentials checks how an account logs in: by token exchange, by id and secret, or,
// if it has neither, by the environment.
func (c *checker) credentials(at string, cred *Credentials, single bool) {
	var some bool
	for _, key := range []string{".client_id", ".client_id_file", ".client_secret", ".client_secret_file"} {
		some = some || c.given(at+key)
	}
	exchange := at + ".token_exchange"
	switch {
	case c.given(exchange):
		c.tokenExchange(exchange, &cred.TokenExchange)
		if some && c.sound(exchange) {
			c.bad(exchange, "replaces client_id and client_secret: delete one or the other")
		}
	case !some && single:
		*cred = c.environment(at)
	case !some:
		c.bad(at, "has no credentials: %s (the environment serves only a file with a single account)", giveCredentials)
	default:
		cred.ClientIDFile, cred.ClientSecretFile = c.resolve(cred.ClientIDFile), c.resolve(cred.ClientSecretFile)
		c.either(at, "client_id", cred.ClientID, cred.ClientIDFile)
		c.either(at, "client_secret", cred.ClientSecret.Reveal(), cred.ClientSecretFile)
		if c.exposed && c.sound(at+".client_secret") {
			c.warn(at+".client_secret", "other users than its owner may read this file: use client_secret_file, or chmod 600")
		}
	}
}

const giveCredentials = "give client_id or client_id_file, and client_secret or client_secret_file; or token_exchange"

// either checks that an account has exactly one of key and key_file, and that its
// value can be a credential.
func (c *checker) either(at, key, text, path string) {
	direct, byFile := at+"."+key, at+"."+key+"_file"
	switch {
	case c.given(direct) && c.given(byFile):
		c.bad(byFile, "is given in addition to %s: delete one of the two", key)
	case c.given(byFile) && c.alone: // the file is on another machine
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

func (c *checker) tokenExchange(path string, x *TokenExchange) {
	if !c.sound(path) {
		return
	}
	x.SubjectTokenFile = c.resolve(x.SubjectTokenFile)
	x.STSURL = c.url(path+".sts_url", x.STSURL, defaultSTSURL)
	if at := path + ".subject_token_file"; c.need(at, "name the file that holds the token to exchange") && !c.alone {
		if _, err := readSecret(x.SubjectTokenFile); err != nil {
			c.bad(at, "%v", err)
		}
	}
	if at := path + ".sts_url"; c.sound(at) {
		if u, err := url.Parse(x.STSURL); err == nil && strings.Trim(u.Path, "/") == "" {
			c.bad(at, "has no path: write the whole URL, like %s", defaultSTSURL)
		}
	}
	if at := path + ".scope"; c.need(at, "write the scope to request, like roleassignments:<org-id>") && !scope.MatchString(x.Scope) {
		c.bad(at, "%s is not a scope: write words of printable ASCII with single spaces between them", quote(x.Scope))
	}
}
