package daemon

import (
	"sync"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// loginKey is what Equinix counts refused logins by, as far as the settings tell.
type loginKey struct{ url, clientID, clientIDFile string }

// identities tells by fingerprints whom accounts belong to.
type identities struct {
	key fabric.FingerprintKey

	mu    sync.Mutex
	known map[loginKey]fabric.Fingerprint
}

func newIdentities(key fabric.FingerprintKey) *identities {
	return &identities{key: key, known: map[loginKey]fabric.Fingerprint{}}
}

// of is the fingerprint of what Equinix counts refused logins of an account by;
// ok is false where the client id could never be read. One that cannot be read at
// this moment, as while it is replaced, is that of before.
func (i *identities) of(a config.Account) (id fabric.Fingerprint, ok bool) {
	if x := a.Credentials.TokenExchange; !x.IsZero() {
		return i.key.Of(x.STSURL, x.Scope), true
	}
	key := loginKey{a.APIURL, a.Credentials.ClientID, a.Credentials.ClientIDFile}
	client, err := a.Credentials.ReadID() // without the lock: a disk may hang
	i.mu.Lock()
	defer i.mu.Unlock()
	if err == nil {
		i.known[key] = i.key.Of(a.APIURL, client)
	}
	id, ok = i.known[key]
	return id, ok
}

// all are those of the accounts that are known, by name.
func (i *identities) all(accounts []config.Account) map[string]fabric.Fingerprint {
	all := map[string]fabric.Fingerprint{}
	for _, a := range accounts {
		if id, ok := i.of(a); ok {
			all[a.Name] = id
		}
	}
	return all
}
