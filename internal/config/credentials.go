package config

import (
	"errors"
	"fmt"
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

// Credentials say where an account's client id and secret are, each one either
// here or in a file; or in their place, what token to exchange. Two that are
// equal by == log in alike.
type Credentials struct {
	// ClientID is the client id. Default "": it is in ClientIDFile, or, for a
	// single account, in the environment as EQUINIX_API_CLIENTID.
	ClientID string
	// ClientIDFile is the file with the client id, read anew at each login.
	// Default "": there is none.
	ClientIDFile string
	// ClientSecret is the secret. Default "": it is in ClientSecretFile, or, for
	// a single account, in the environment as EQUINIX_API_CLIENTSECRET.
	ClientSecret Secret
	// ClientSecretFile is the file with the secret, read anew at each login.
	// Default "": there is none.
	ClientSecretFile string
	// TokenExchange logs in with a token of the user's own identity provider,
	// in place of a client id and secret. Default: none.
	TokenExchange TokenExchange
}

// Read returns the client id and secret of this moment, nothing with a token
// exchange. It reads the files anew each time, so a rotated secret is seen by
// the next login; it blocks on nothing but the disk.
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

// ReadID returns the client id of this moment alone.
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
	// SubjectTokenFile is the file with the token to exchange, read anew at each
	// login. Required.
	SubjectTokenFile string
	// Scope is what to ask access to, as the exchange wants it written.
	// Required.
	Scope string
	// STSURL is where tokens are exchanged: https, or http on a loopback host.
	// Default https://sts.eqix.equinix.com/v1/token.
	STSURL string
}

// IsZero reports whether there is nothing to exchange: the account logs in by
// client id and secret.
func (x TokenExchange) IsZero() bool { return x == TokenExchange{} }

// SubjectToken returns the token to exchange of this moment. It reads the file
// anew each time: such tokens live for minutes, and whoever issues them (like
// Kubernetes) writes the next one in time. It blocks on nothing but the disk.
func (x TokenExchange) SubjectToken() (Secret, error) {
	text, err := readSecret(x.SubjectTokenFile)
	if err != nil {
		return "", fmt.Errorf("subject_token_file: %w", err)
	}
	return Secret(text), nil
}

// maxSecret bounds a file with a credential; a larger one is another file.
const maxSecret = 64 << 10

// readSecret returns the text of a file that holds one credential, without the
// line break that editors and `echo` put at its end.
func readSecret(path string) (string, error) {
	data, err := readPrivate(path, maxSecret)
	if err != nil {
		return "", err
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("%s is larger than %d KiB: it must hold the credential and nothing else", path, maxSecret>>10)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if err := credential(text); err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return text, nil
}

// variable is how templates and container engines write a variable. A text like
// $NAME is none of them: a secret may begin like that.
var variable = regexp.MustCompile(`^\$(\{.*\}|\(.*\))$`)

// credential returns why text cannot be a client id, a secret or a token, nil if
// it may be one. Such a text is never sent: each refused login is one of five. The
// error does not quote it.
func credential(text string) error {
	const quotes = "\"'`“”‘’"
	first, _ := utf8.DecodeRuneInString(text)
	last, size := utf8.DecodeLastRuneInString(text)
	_, odd := unprintable(text)
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("is empty")
	case variable.MatchString(text):
		return errors.New("looks like a variable that was not expanded: write the value itself, or name a file that holds it")
	case len(text) > size && strings.ContainsRune(quotes, first) && strings.ContainsRune(quotes, last):
		return errors.New("has quotes around it that belong to the value: take them away")
	case strings.TrimSpace(text) != text:
		return errors.New("begins or ends with white space or a line break: take it away")
	case odd:
		return errors.New("holds several lines or a character that does not print: it must hold the credential and nothing else")
	}
	return nil
}
