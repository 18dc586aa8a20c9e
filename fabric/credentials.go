package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Credentials are those of an API application. However they are printed, the
// secret does not show.
type Credentials struct {
	ClientID     string
	ClientSecret string
}

// Format prints the credentials without the secret, with every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// String names the client ID alone.
func (c Credentials) String() string {
	return fmt.Sprintf("client_id %q, client_secret %s", c.ClientID, redacted)
}

// LogValue is the client ID alone.
func (c Credentials) LogValue() slog.Value {
	return slog.GroupValue(slog.String("client_id", c.ClientID), slog.String("client_secret", redacted))
}

// MarshalJSON writes the client ID and no secret.
func (c Credentials) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"client_id": c.ClientID, "client_secret": redacted})
}

func (c Credentials) validate() error {
	// The token endpoint would count these as refused logins.
	if c.ClientID == "" || c.ClientSecret == "" {
		return errors.New("client_id or client_secret is empty")
	}
	return nil
}

// CredentialsError says that there was nothing to log in with. No request was
// sent; the next call reads the credentials again.
type CredentialsError struct{ Err error }

// Error gives the cause.
func (e *CredentialsError) Error() string { return OpToken + ": read credentials: " + e.Err.Error() }

// Unwrap is the cause.
func (e *CredentialsError) Unwrap() error { return e.Err }
