// Package state reads and writes the file that keeps values over a restart of the
// exporter: a header with a version and a checksum, and one JSON object. A file is
// only replaced and read as a whole.
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
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
)

// Document is what a state file holds. It contains no secret, only fingerprints,
// which cannot be reversed but can be checked against a guess.
type Document struct {
	Written time.Time
	// Clean means that the process ended when it wrote the document, and showed no
	// later values.
	Clean bool

	// Key is the key of all fingerprints in the document. It is made once and goes
	// from file to file.
	Key fabric.FingerprintKey
	// Logins are the refused logins, by the fingerprint of the client id and secret.
	Logins map[fabric.Fingerprint]fabric.Hold `json:",omitempty"`
	// Identities are the fingerprints of the owners of the accounts, by account name.
	Identities map[string]fabric.Fingerprint

	// Marks say how far the receivers of remote write are.
	Marks history.Marks `json:",omitempty"`

	// Fleet is the snapshot without the intervals of traffic and without errors.
	Fleet *fleet.Snapshot
}

const (
	// version is the version of the format. After a release, a change of the types of
	// package fleet needs a new version and a migration.
	version = 1
	// maxHeader is more than the length of a header.
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
		return fmt.Errorf("has version %d of the format, not %d", v, version)
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

// withoutErrors is a copy of s without the texts of errors: they are of no use to
// another process, and may quote the API.
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

// Decode decodes the content of a file. If the fleet in it cannot be decoded or is
// implausible, it returns an error and a document with only the refused logins: if
// the clock was set back, their count must not be lost.
func Decode(b []byte, now time.Time) (*Document, error) {
	if err := checkHeader(b); err != nil {
		return nil, err
	}
	i := bytes.IndexByte(b, '\n') + 1
	line, body := b[:i], b[i:]
	if string(line) != header(body) {
		return nil, errors.New("is incomplete or was changed: the checksum does not match")
	}
	var f struct {
		Document
		Fleet json.RawMessage // replaces the document's field
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

// provisional is a field that versions until November 2026 wrote for each poll. It is
// ignored.
var provisional = regexp.MustCompile(`,"Provisional":"[^"]*"`)

// unmarshal reads one JSON value without unknown keys.
func unmarshal(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("has data after the JSON object")
	}
	return nil
}
