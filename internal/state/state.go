// Package state is the file that lets the exporter go on after a restart from what
// it knew: a header with a version and a checksum, and one JSON object. A file is
// replaced whole or not at all, and read whole or not at all.
package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Document is what a state file holds. There is no secret in it, only fingerprints,
// which can be checked against a guess but not reversed.
type Document struct {
	Written time.Time
	// Clean says that the process which wrote the document ended then: it showed
	// nothing later.
	Clean bool

	// Key is the key of all fingerprints in the document. It is made once and goes
	// from file to file.
	Key fabric.FingerprintKey
	// Logins are the refused ones, by the fingerprint of the client id and secret.
	Logins map[fabric.Fingerprint]fabric.Hold `json:",omitempty"`
	// Identities are the fingerprints of the owners of the accounts, by account name.
	Identities map[string]fabric.Fingerprint

	// Fleet is what was known: all of it but the intervals of traffic, and errors.
	Fleet *fleet.Snapshot
}

const (
	// version is the version of the format. Once a release has written it, a change
	// of what fleet keeps needs another version and a migration.
	version = 1
	// maxHeader is more than a header has bytes.
	maxHeader = 200
)

func header(body []byte) string {
	return fmt.Sprintf("equinix_fabric_exporter state %d sha256 %x\n", version, sha256.Sum256(body))
}

// checkHeader returns why a file that begins with b is not a state of this version.
func checkHeader(b []byte) error {
	line, _, found := bytes.Cut(b[:min(len(b), maxHeader)], []byte("\n"))
	if !found {
		return errors.New("has no header")
	}
	var v int
	if _, err := fmt.Sscanf(string(line), "equinix_fabric_exporter state %d", &v); err != nil {
		return errors.New("is not the state of an exporter")
	}
	if v != version {
		return fmt.Errorf("is of version %d of the format, not %d", v, version)
	}
	return nil
}

// Encode returns the content of a file with the document, for Decode.
func (d *Document) Encode() ([]byte, error) {
	kept := *d
	kept.Fleet = withoutErrors(d.Fleet)
	body, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > maxSize-maxHeader {
		return nil, fmt.Errorf("a state of %d bytes is too large", len(body))
	}
	return append([]byte(header(body)), body...), nil
}

// withoutErrors is a copy of s without the texts of errors: another process has no
// use for them, and they may quote what the API said.
func withoutErrors(s *fleet.Snapshot) *fleet.Snapshot {
	if s == nil {
		return nil
	}
	polls := func(all []fleet.Poll) []fleet.Poll {
		kept := make([]fleet.Poll, len(all))
		for i, p := range all {
			p.Err = ""
			kept[i] = p
		}
		return kept
	}
	next := *s
	next.Accounts = make([]fleet.Account, len(s.Accounts))
	for i, a := range s.Accounts {
		a.InventoryPoll.Err, a.LoginError, a.LastError = "", "", ""
		next.Accounts[i] = a
	}
	next.Ports = make([]*fleet.Port, len(s.Ports))
	for i, p := range s.Ports {
		port := *p
		port.Polls, port.ConnectionsPoll.Err = polls(p.Polls), ""
		next.Ports[i] = &port
	}
	next.Connections = make([]*fleet.Tracked, len(s.Connections))
	for i, c := range s.Connections {
		conn := *c
		conn.Polls = polls(c.Polls)
		next.Connections[i] = &conn
	}
	return &next
}

// Decode reads the content of a file. If what it says of the fleet cannot be read, or
// cannot be true, the document beside the error has the refused logins alone: a clock
// that was set back must not cost their count.
func Decode(b []byte, now time.Time) (*Document, error) {
	if err := checkHeader(b); err != nil {
		return nil, err
	}
	i := bytes.IndexByte(b, '\n') + 1
	line, body := b[:i], b[i:]
	if string(line) != header(body) {
		return nil, errors.New("is torn or altered: the checksum does not fit")
	}
	var f struct {
		Document
		Fleet json.RawMessage // in the place of the document's
	}
	if err := unmarshal(body, &f); err != nil {
		return nil, err
	}
	d := f.Document
	var err error
	if f.Fleet != nil {
		err = unmarshal(provisional.ReplaceAll(f.Fleet, nil), &d.Fleet)
	}
	if err == nil {
		err = d.check(now)
	}
	if err != nil {
		return &Document{Key: d.Key, Logins: d.Logins}, err
	}
	return &d, nil
}

// provisional is what versions until November 2026 wrote of each poll, and no version
// reads any more.
var provisional = regexp.MustCompile(`,"Provisional":"[^"]*"`)

// unmarshal reads one JSON value without unknown keys.
func unmarshal(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("goes on after its end")
	}
	return nil
}
