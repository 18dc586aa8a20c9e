package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

// The environment variables that stand in for the credentials of a single
// account. They are Equinix' own names, shared with its other tools.
const (
	EnvClientID     = "EQUINIX_API_CLIENTID"
	EnvClientSecret = "EQUINIX_API_CLIENTSECRET" //nolint:gosec // a name, not a credential
)

// Credentials say where an account's client id and secret are: each one either
// here or in a file.
type Credentials struct {
	// ClientID is the client id, "" if it is in ClientIDFile.
	ClientID string
	// ClientIDFile is the file with the client id, "" if there is none.
	ClientIDFile string
	// ClientSecret is the secret, "" if it is in ClientSecretFile.
	ClientSecret Secret
	// ClientSecretFile is the file with the secret, "" if there is none.
	ClientSecretFile string
}

// Read returns the client id and secret of this moment. It reads the files
// anew each time, so a rotated secret is seen by the next login; it blocks on
// nothing but the disk.
func (c Credentials) Read() (id string, secret Secret, err error) {
	id, secret = c.ClientID, c.ClientSecret
	if c.ClientIDFile != "" {
		if id, err = readSecret(c.ClientIDFile); err != nil {
			return "", "", fmt.Errorf("client_id_file: %w", err)
		}
	}
	if c.ClientSecretFile != "" {
		text, err := readSecret(c.ClientSecretFile)
		if err != nil {
			return "", "", fmt.Errorf("client_secret_file: %w", err)
		}
		secret = Secret(text)
	}
	return id, secret, nil
}

// maxSecret bounds a file with a credential; a larger one is another file.
const maxSecret = 64 << 10

// readSecret returns the text of a file that holds one credential. White space
// at its end goes: editors and `echo` put a line break there.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // opening a pipe could block for ever
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path) //nolint:gosec // the configuration names the file to read
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("%s is larger than %d KiB: it must hold the credential and nothing else", path, maxSecret>>10)
	}
	text := strings.TrimRightFunc(string(data), unicode.IsSpace)
	if err := credential(text); err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return text, nil
}

// credential returns what is wrong with a client id or secret, if anything.
// The error does not quote it.
func credential(text string) error {
	if text == "" {
		return errors.New("is empty")
	}
	if _, ok := unprintable(text); ok {
		return errors.New("holds several lines or a character that does not print: it must hold the credential and nothing else")
	}
	return nil
}
