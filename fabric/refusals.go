package fabric

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// Equinix locks an account after five refused logins in a row, and a person may
// share it. So the same secret is tried three times by itself, a fourth time
// after a reload, and never a fifth time.
const (
	afterFirstRefusal  = 5 * time.Minute
	afterSecondRefusal = time.Hour
	maxRefusals        = 3
)

// Hold describes the refusals of a secret. It does not contain the secret.
type Hold struct {
	Client   Fingerprint `json:"client"`   // who logged in with the secret
	Refusals int         `json:"refusals"` // since the last successful login of the client
	Exchange bool        `json:"exchange,omitempty"`
	Next     time.Time   `json:"next,omitzero"` // of the next try; zero while suspended
	Reason   string      `json:"reason"`        // of the latest refusal, redacted
}

func (h *Hold) suspended() bool { return h.Refusals >= maxRefusals }

// Refusals counts refused logins for each secret, so that the count survives a
// new [TokenSource]. Any number of sources and goroutines may share one.
type Refusals struct {
	key             FingerprintKey
	before, changed func()

	mu  sync.Mutex
	all map[Fingerprint]*refusal
}

// refusal is a Hold and what is not kept for other processes.
type refusal struct {
	Hold

	granted bool  // one try is allowed although logins are suspended
	err     error // the latest refusal
}

// NewRefusals returns an empty count. before is called before a login is
// decided on, and may call [Refusals.Merge]; changed is called after each change that
// a login has made, before its caller learns the outcome. Either may be nil.
func NewRefusals(key FingerprintKey, before, changed func()) *Refusals {
	nothing := func() {}
	if before == nil {
		before = nothing
	}
	if changed == nil {
		changed = nothing
	}
	return &Refusals{key: key, before: before, changed: changed, all: map[Fingerprint]*refusal{}}
}

// Merge takes over the holds of another process, which used the same key, for each
// secret that was refused more often there. It allows no try: a program that restarts
// again and again would use up all tries of the account.
func (r *Refusals) Merge(holds map[Fingerprint]Hold) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f, h := range holds {
		if known := r.all[f]; h.Refusals <= 0 || known != nil && known.Refusals >= h.Refusals {
			continue
		}
		if latest := time.Now().Add(afterSecondRefusal); h.Next.After(latest) {
			h.Next = latest // a clock that was set back must not hold logins back for ever
		}
		if h.suspended() {
			h.Next = time.Time{}
		}
		r.all[f] = &refusal{Hold: h, err: errors.New(h.Reason)}
	}
}

// Holds returns what to keep for [Refusals.Merge].
func (r *Refusals) Holds() map[Fingerprint]Hold {
	r.mu.Lock()
	defer r.mu.Unlock()
	holds := map[Fingerprint]Hold{}
	for f, x := range r.all {
		holds[f] = x.Hold
	}
	return holds
}

// Resume allows each suspended secret one try, unless it has had that try already. It
// is for a user who has just reloaded the configuration.
func (r *Refusals) Resume() {
	r.before()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.all {
		x.granted = x.Refusals == maxRefusals
	}
}

// attempt is a login as it is counted.
type attempt struct{ client, secret Fingerprint }

// attempt identifies who logs in at an address, and with what.
func (r *Refusals) attempt(address string, p proof) attempt {
	return attempt{r.key.Of(address, p.parts[0]), r.key.Of(address, p.parts[0], p.parts[1])}
}

// of is the error of the secret; nil if it was not refused since the last successful
// login of the client.
func (r *Refusals) of(a attempt) *LoginError {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x := r.all[a.secret]; x != nil {
		return x.loginError()
	}
	return nil
}

// check returns nil if a may be tried now.
func (r *Refusals) check(a attempt) error {
	r.before()
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.all[a.secret]
	if x == nil || x.granted || !x.suspended() && !time.Now().Before(x.Next) {
		return nil
	}
	return x.loginError()
}

func (x *refusal) loginError() *LoginError {
	return &LoginError{Refusals: x.Refusals, Suspended: x.suspended(), NextTry: x.Next, Exchange: x.Exchange, Err: x.err}
}

// refused counts one more refusal, and returns the error of the login.
func (r *Refusals) refused(a attempt, exchange bool, err error) error {
	r.before() // another process may have been refused meanwhile
	r.mu.Lock()
	x := &refusal{Hold: Hold{Client: a.client, Refusals: 1, Exchange: exchange, Reason: err.Error()}, err: err}
	if before := r.all[a.secret]; before != nil {
		x.Refusals += before.Refusals
	}
	if exchange { // a token that was replaced has expired and never comes back
		r.forget(a.client)
	}
	switch {
	case x.suspended():
	case x.Refusals == 1:
		x.Next = time.Now().Add(afterFirstRefusal)
	default:
		x.Next = time.Now().Add(afterSecondRefusal)
	}
	r.all[a.secret] = x
	r.mu.Unlock()
	r.changed()
	return x.loginError()
}

// succeeded resets the count of the client.
func (r *Refusals) succeeded(a attempt) {
	r.mu.Lock()
	before := len(r.all)
	r.forget(a.client)
	forgot := len(r.all) < before
	r.mu.Unlock()
	if forgot {
		r.changed()
	}
}

// forget removes the holds of a client. The caller holds the lock.
func (r *Refusals) forget(client Fingerprint) {
	maps.DeleteFunc(r.all, func(_ Fingerprint, x *refusal) bool { return x.Client == client })
}

// Fingerprint identifies credentials without storing them: it is their HMAC-SHA256
// under a random key.
type Fingerprint [sha256.Size]byte

// MarshalText writes a fingerprint in hexadecimal.
func (f Fingerprint) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, f[:]), nil }

// UnmarshalText reads it.
func (f *Fingerprint) UnmarshalText(text []byte) error { return unhex(f[:], text) }

// FingerprintKey is the key of fingerprints. It is not a secret of Equinix, but
// whoever has it can check guesses of one.
type FingerprintKey [32]byte

// MarshalText writes a key in hexadecimal.
func (k FingerprintKey) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, k[:]), nil }

// UnmarshalText reads it.
func (k *FingerprintKey) UnmarshalText(text []byte) error { return unhex(k[:], text) }

// unhex decodes exactly as many bytes as to has.
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
		sum := sha256.Sum256([]byte(t)) // of a fixed length, so that no two lists of texts hash the same bytes
		h.Write(sum[:])
	}
	copy(f[:], h.Sum(nil))
	return f
}
