package fabric

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
)

// proof is what one login shows to the token endpoint.
type proof struct {
	request  request // without decode
	secret   string
	parts    [2]string // what a refusal is about: who logs in, and with what
	exchange bool      // of an [Exchange]
}

// Fingerprint tells what was shown to the token endpoint from anything else,
// without keeping it: an HMAC-SHA256 of it under a random key.
type Fingerprint [sha256.Size]byte

// MarshalText writes a fingerprint in hexadecimal.
func (f Fingerprint) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, f[:]), nil }

// UnmarshalText reads it.
func (f *Fingerprint) UnmarshalText(text []byte) error { return unhex(f[:], text) }

// FingerprintKey is the key of fingerprints. It is no secret of Equinix', but
// whoever has it can try guesses of one.
type FingerprintKey [32]byte

// MarshalText writes a key in hexadecimal.
func (k FingerprintKey) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, k[:]), nil }

// UnmarshalText reads it.
func (k *FingerprintKey) UnmarshalText(text []byte) error { return unhex(k[:], text) }

// unhex reads exactly as much as fits into to.
func unhex(to, text []byte) error {
	if len(text) != hex.EncodedLen(len(to)) {
		return fmt.Errorf("%d hexadecimal digits, want %d", len(text), hex.EncodedLen(len(to)))
	}
	_, err := hex.Decode(to, text)
	return err
}

// NewFingerprintKey returns a random key.
func NewFingerprintKey() (k FingerprintKey) {
	_, _ = rand.Read(k[:]) // never fails
	return k
}

// Of is the fingerprint of some texts in their order.
func (k FingerprintKey) Of(texts ...string) (f Fingerprint) {
	h := hmac.New(sha256.New, k[:])
	for _, t := range texts {
		sum := sha256.Sum256([]byte(t)) // of one length, so that none can pass for two
		h.Write(sum[:])
	}
	copy(f[:], h.Sum(nil))
	return f
}

func (c Credentials) proof() (proof, error) {
	if err := c.validate(); err != nil {
		return proof{}, err
	}
	body, err := json.Marshal(map[string]string{
		"grant_type":    "client_credentials", // without it the API assumes a password
		"client_id":     c.ClientID,
		"client_secret": c.ClientSecret,
	})
	return proof{
		request: request{op: OpToken, method: http.MethodPost, path: "/oauth2/v1/token", body: body},
		secret:  c.ClientSecret,
		parts:   [2]string{c.ClientID, c.ClientSecret},
	}, err
}
