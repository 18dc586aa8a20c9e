package capture

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// Manifest is the part of the configuration that a replay needs.
type Manifest struct {
	Version  string    `json:"version"` // of the exporter
	Taken    time.Time `json:"taken"`   // when the calls ended
	Accounts []Account `json:"accounts"`
}

// Account holds the settings of an account that decide which calls are made.
type Account struct {
	TrafficSource string   `json:"traffic_source"`
	Ports         []string `json:"ports,omitempty"` // UUIDs
	Discover      bool     `json:"discover"`
	Connections   bool     `json:"connections"` // with traffic
	All           bool     `json:"connections_all,omitempty"`
}

const (
	manifestName = "manifest.json"
	readmeName   = "README.txt"
)

// Write writes the archive, a compressed tar with a JSON file for each call, and
// returns what was replaced, for example "name 22, accountNumber 1".
func (r *Recorder) Write(w io.Writer, version string, cfg *config.Config) (replaced string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := Manifest{Version: version, Taken: time.Now().UTC()}
	for _, a := range cfg.Accounts {
		account := Account{TrafficSource: string(a.TrafficSource), Discover: a.Discover.Enabled, Connections: a.Connections.Traffic, All: a.Connections.All}
		for _, p := range a.Ports {
			account.Ports = append(account.Ports, p.UUID)
		}
		m.Accounts = append(m.Accounts, account)
	}
	values := newReplacer()
	zip := gzip.NewWriter(w)
	archive := tar.NewWriter(zip)
	add := func(name string, content []byte) {
		header := tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: m.Taken}
		err = errors.Join(err, archive.WriteHeader(&header))
		_, writing := archive.Write(content)
		err = errors.Join(err, writing)
	}
	addJSON := func(name string, v any) {
		content, encoding := json.MarshalIndent(v, "", " ")
		err = errors.Join(err, encoding)
		add(name, append(content, '\n'))
	}
	addJSON(manifestName, m)
	for i, c := range r.calls {
		e := c.exchange(values)
		addJSON(fmt.Sprintf("account-%d/%04d-%s%s.json", c.account, i+1, e.Request.Method, strings.ReplaceAll(e.Request.Path, "/", "-")), e)
	}
	replaced = values.String()
	add(readmeName, fmt.Appendf(nil, readme, version, len(r.calls), replaced))
	return replaced, errors.Join(err, archive.Close(), zip.Close())
}

const readme = `Calls of the Equinix API by equinix_fabric_exporter doctor %s: %d of them, one
file each, in the order in which they ended.

Replaced, each value by the same stand-in everywhere (member and number of values):
%s

Headers of requests are not kept, nor bodies that are not JSON. States, times, places,
rates, error codes and UUIDs are as they were, except UUIDs of service tokens. Look
through the files before you send them.
`

// maxArchive is how many uncompressed bytes of an archive are read.
const maxArchive = 512 << 20

// read returns the content of an archive: the exchanges of each account, in the
// order of the calls.
func read(from io.Reader) (m Manifest, exchanges [][]Exchange, err error) {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return m, nil, err
	}
	archive := tar.NewReader(io.LimitReader(zip, maxArchive))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, nil, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return m, nil, fmt.Errorf("%s: %w", header.Name, err)
		}
		var e Exchange
		account := 0
		switch {
		case header.Name == manifestName:
			err = strictly(content, &m)
			exchanges = make([][]Exchange, len(m.Accounts))
		case path.Ext(header.Name) == ".json":
			if _, err = fmt.Sscanf(header.Name, "account-%d/", &account); err == nil {
				err = strictly(content, &e)
			}
			if err == nil && (account < 1 || account > len(exchanges)) {
				err = fmt.Errorf("account %d is not in %s", account, manifestName)
			}
			if err == nil {
				exchanges[account-1] = append(exchanges[account-1], e)
			}
		}
		if err != nil {
			return m, nil, fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	if len(m.Accounts) == 0 {
		return m, nil, errors.New("no " + manifestName + " with an account in it: not written by doctor --capture")
	}
	return m, exchanges, nil
}

func strictly(content []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
