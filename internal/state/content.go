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

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// version is that of the format. A change of what fleet keeps is one of it, once a
// release has written the one before.
const version = 1

// maxHeader is more than a header has bytes.
const maxHeader = 200

var errTorn = errors.New("is torn or altered: the checksum does not fit")

// header is the first line of a file.
func header(body []byte) string {
	sum := sha256.Sum256(body)
	return headerOf(sum[:])
}

func headerOf(sum []byte) string {
	return fmt.Sprintf("equinix_fabric_exporter state %d sha256 %x\n", version, sum)
}

// checkHeader reports whether the first line of a file can be that of a state of
// this version.
func checkHeader(line []byte) error {
	if !bytes.HasSuffix(line, []byte("\n")) {
		return errors.New("has no header")
	}
	var v int
	if _, err := fmt.Sscanf(string(line[:min(len(line), maxHeader)]), "equinix_fabric_exporter state %d", &v); err != nil {
		return errors.New("is not the state of an exporter")
	}
	if v != version {
		return fmt.Errorf("is of version %d of the format, not %d", v, version)
	}
	return nil
}

// Decode reads what a file holds. The document is fit to be shown. Where what is
// known of ports cannot be, or cannot be read, the document beside the error has the
// refused logins alone: a clock that was set back must not cost the count of them.
func Decode(b []byte, now time.Time) (*Document, error) {
	i := bytes.IndexByte(b, '\n') + 1
	line, body := b[:i], b[i:]
	if err := checkHeader(line); err != nil {
		return nil, err
	}
	if string(line) != header(body) {
		return nil, errTorn
	}
	var f struct {
		Document
		Fleet json.RawMessage // in the place of the document's
	}
	if err := unmarshal(body, &f); err != nil {
		return nil, err
	}
	d := f.Document
	if err := d.checkLogins(); err != nil {
		return nil, err
	}
	for who, h := range d.Logins { // a text must not cost the count
		h.Reason = human.Printable(h.Reason)
		d.Logins[who] = h
	}
	err := d.readFleet(f.Fleet)
	if err == nil {
		err = d.check(now)
	}
	if err != nil {
		return &Document{Key: d.Key, Logins: d.Logins}, err
	}
	return &d, nil
}

func (d *Document) readFleet(b []byte) error {
	if b == nil {
		return nil
	}
	return unmarshal(provisional.ReplaceAll(b, nil), &d.Fleet)
}

// provisional is what versions until November 2026 wrote of each poll, and no version
// reads any more.
var provisional = regexp.MustCompile(`,"Provisional":"[^"]*"`)

// unmarshal reads one JSON value, of which every part is known.
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

// Encode is what a file is to hold. It is an error where Read would refuse that.
func (d *Document) Encode() ([]byte, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > maxSize-maxHeader {
		return nil, fmt.Errorf("a state of %d bytes is too large", len(body))
	}
	return append([]byte(header(body)), body...), nil
}
