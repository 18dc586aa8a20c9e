package fabric

import (
	"encoding/json"
	"hash/maphash"
	"net/http"
)

// proof is what one login shows to the token endpoint.
type proof struct {
	request     request // without decode
	secret      string
	fingerprint uint64 // tells proofs apart without keeping them
	exchange    bool   // of an [Exchange]
}

// fingerprints are salted: one that is printed by mistake tells nothing.
var fingerprintSeed = maphash.MakeSeed()

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
		request:     request{op: OpToken, method: http.MethodPost, path: "/oauth2/v1/token", body: body},
		secret:      c.ClientSecret,
		fingerprint: maphash.Comparable(fingerprintSeed, c),
	}, err
}
