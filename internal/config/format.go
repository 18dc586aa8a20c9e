package config

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// The types of this file are the file format: what the decoder accepts and what
// Redacted writes. Text in them is "" only if the file does not give it, for
// the decoder refuses empty text; what may be left out but not be zero is a
// pointer.

type file struct {
	Accounts []fileAccount `yaml:"accounts"`
	Poll     filePoll      `yaml:"poll"`
	API      fileAPI       `yaml:"api"`
	State    fileState     `yaml:"state,omitempty"`
}

type fileAccount struct {
	Name             string             `yaml:"name,omitempty"`
	APIURL           string             `yaml:"api_url,omitempty"`
	CAFile           string             `yaml:"ca_file,omitempty"`
	ClientID         string             `yaml:"client_id,omitempty"`
	ClientIDFile     string             `yaml:"client_id_file,omitempty"`
	ClientSecret     Secret             `yaml:"client_secret,omitempty"`
	ClientSecretFile string             `yaml:"client_secret_file,omitempty"`
	TokenExchange    *fileTokenExchange `yaml:"token_exchange,omitempty"`
	TrafficSource    string             `yaml:"traffic_source,omitempty"`
	Ports            []filePort         `yaml:"ports,omitempty"`
	Discover         *fileDiscover      `yaml:"discover,omitempty"`
	Pairs            []filePair         `yaml:"pairs,omitempty"`
	Connections      *fileConnections   `yaml:"connections,omitempty"`
	MaxSeries        *int               `yaml:"max_series,omitempty"`
}

type fileTokenExchange struct {
	SubjectTokenFile string `yaml:"subject_token_file"`
	Scope            string `yaml:"scope"`
	STSURL           string `yaml:"sts_url,omitempty"`
}

type filePort struct {
	UUID string `yaml:"uuid"`
	Name string `yaml:"name,omitempty"`
}

type fileDiscover struct {
	Enabled *bool        `yaml:"enabled"`
	Include []fileFilter `yaml:"include,omitempty"`
	Exclude []fileFilter `yaml:"exclude,omitempty"`
}

type fileFilter struct {
	Name    string `yaml:"name,omitempty"`
	Metro   string `yaml:"metro,omitempty"`
	IBX     string `yaml:"ibx,omitempty"`
	State   string `yaml:"state,omitempty"`
	Project string `yaml:"project,omitempty"`
	Package string `yaml:"package,omitempty"`
}

type filePair struct {
	Name      string `yaml:"name"`
	Primary   string `yaml:"primary"`
	Secondary string `yaml:"secondary"`
}

type fileConnections struct {
	Traffic bool                   `yaml:"traffic"`
	Include []fileConnectionFilter `yaml:"include,omitempty"`
	Exclude []fileConnectionFilter `yaml:"exclude,omitempty"`
	Max     *int                   `yaml:"max,omitempty"`
}

type fileConnectionFilter struct {
	Name  string `yaml:"name,omitempty"`
	Type  string `yaml:"type,omitempty"`
	State string `yaml:"state,omitempty"`
	ZSide string `yaml:"z_side,omitempty"`
}

type filePoll struct {
	Interval            duration     `yaml:"interval"`
	ConnectionsInterval duration     `yaml:"connections_interval"`
	InventoryInterval   duration     `yaml:"inventory_interval"`
	Windows             []fileWindow `yaml:"windows"`
	StaleIntervals      int          `yaml:"stale_intervals"`
}

type fileWindow struct {
	Resolution duration  `yaml:"resolution"`
	Span       duration  `yaml:"span"`
	Interval   *duration `yaml:"interval,omitempty"`
}

type fileAPI struct {
	RequestsPerSecond float64  `yaml:"requests_per_second"`
	Burst             int      `yaml:"burst"`
	Concurrency       int      `yaml:"concurrency"`
	Timeout           duration `yaml:"timeout"`
	MaxRetries        int      `yaml:"max_retries"`
}

type fileState struct {
	File string `yaml:"file,omitempty"`
}

const (
	defaultName           = "default"
	defaultAPIURL         = "https://api.equinix.com"
	defaultSTSURL         = "https://sts.eqix.equinix.com/v1/token"
	defaultMaxConnections = 500
	defaultMaxSeries      = 1_000_000
)

// defaults is what an empty file says. The defaults of an account are filled in
// where it is checked: a list has nothing to start from.
func defaults() file {
	return file{
		Poll: filePoll{
			Interval:            5 * minute,
			ConnectionsInterval: 5 * minute,
			InventoryInterval:   15 * minute,
			Windows:             []fileWindow{{Resolution: 5 * minute, Span: day}},
			StaleIntervals:      5,
		},
		API: fileAPI{RequestsPerSecond: 5, Burst: 10, Concurrency: 8, Timeout: 30 * second, MaxRetries: 4},
	}
}

// duration is a time.Duration in Prometheus' spelling.
type duration time.Duration

const (
	second = duration(time.Second)
	minute = duration(time.Minute)
	hour   = duration(time.Hour)
	day    = 24 * hour
)

// String writes whole days as such, where Prometheus would turn 7d into 1w.
func (d duration) String() string {
	if d > 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return model.Duration(d).String()
}

func (d duration) MarshalYAML() (any, error) { return d.String(), nil }
