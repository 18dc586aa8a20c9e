// Package config turns the configuration file into checked settings. A file is
// taken whole or refused whole: File.Load and Parse name every fault of it at once,
// each with its line and its path, and never bend a value into range.
package config

import "time"

// Config is a configuration without faults, in the form of the file: the tags are its
// keys. Nothing in it changes once it has been read, so it may be shared freely.
type Config struct {
	// Accounts are the Equinix accounts to poll, in the order of the file; at
	// least one. If two accounts see the same port, it belongs to the first.
	Accounts []Account `yaml:"accounts"`
	// Poll says what is asked, and how often.
	Poll Poll `yaml:"poll"`
	// API bounds the calls of each account.
	API API `yaml:"api"`
	// State says what survives a restart.
	State State `yaml:"state"`
	// FromEnvironment says that there is no file, and one account with the
	// credentials of the environment discovers all of its ports.
	FromEnvironment bool
	// Warnings are things that are allowed but are worth telling the user,
	// written like the lines of Faults and as free of secrets.
	Warnings []string
}

// Account is one set of credentials and what to poll with it.
type Account struct {
	// Name is the value of the account label: unique, not empty, at most 256
	// bytes. Default "default" in a file with a single account; else required.
	Name string `yaml:"name"`
	// APIURL is the root of the API: https, or http on a loopback host,
	// without a slash at its end. Default https://api.equinix.com.
	APIURL string `yaml:"api_url"`
	// CAFile is a file of CA certificates (PEM) to trust in place of the system's,
	// for all that the account asks, the token exchange included; read at the
	// start and at each reload. Default "": the system's.
	CAFile string `yaml:"ca_file"`
	// Credentials are what the account logs in with: a client id and secret, or
	// a token to exchange. Required in the file, or
	// for a single account without any, in the environment.
	Credentials Credentials `yaml:",inline"`
	// TrafficSource is where the traffic figures come from. Default auto.
	TrafficSource TrafficSource `yaml:"traffic_source"`
	// Ports are the ports to poll in any case, in the order of the file, none
	// twice. Required without Discover.
	Ports []Port `yaml:"ports"`
	// Discover selects further ports to poll. Default: none.
	Discover Discover `yaml:"discover"`
	// Pairs are ports that back each other up, beyond what the API says of them.
	// Unless the account discovers ports, all of them are in Ports.
	Pairs []Pair `yaml:"pairs"`
	// Connections selects the connections with series of their own. Default:
	// none.
	Connections Connections `yaml:"connections"`
	// MaxSeries is how many series the ports, pairs and connections of the
	// account may have together, 1 to 100000000: a guard for Prometheus. Each
	// counts for the most that it can have, see "How many series there can be" in
	// docs/metrics.md. Whole ports, pairs and connections are left out beyond it.
	// Default 1000000.
	MaxSeries int `yaml:"max_series"`
}

// TrafficSource names one of the Equinix APIs that know a port's traffic.
type TrafficSource string

// The traffic sources that the file format knows.
const (
	TrafficAuto      TrafficSource = "auto"       // the first of the others that answers with data
	TrafficV3        TrafficSource = "v3"         // GET /ecx/v3/stats/port/{uuid}
	TrafficV4Stats   TrafficSource = "v4-stats"   // GET /fabric/v4/ports/{uuid}/stats
	TrafficV4Metrics TrafficSource = "v4-metrics" // POST /fabric/v4/metrics/search
)

// Port is one port to poll.
type Port struct {
	// UUID identifies the port, in upper or lower case; series and the API have it in
	// lower case. Required.
	UUID string `yaml:"uuid"`
	// Name overrides the name that the API gives the port; at most 256 bytes.
	// Default "": the API's.
	Name string `yaml:"name"`
}

// Pair is two ports of which each must be able to carry the load of both. No
// port is in two pairs, be they of different accounts.
type Pair struct {
	// Name is the value of the pair label: unique among the pairs of all
	// accounts, at most 256 bytes. Required.
	Name string `yaml:"name"`
	// Primary is the UUID of a port, in upper or lower case. Required.
	Primary string `yaml:"primary"`
	// Secondary is the UUID of the other port, in upper or lower case. Required.
	Secondary string `yaml:"secondary"`
}

// Poll is what is asked of the API, and how often.
type Poll struct {
	// Interval is the time between two polls of a port's traffic, 1m to 1h.
	// Default 5m, the resolution at which Equinix measures.
	Interval time.Duration `yaml:"interval"`
	// ConnectionsInterval is the time between two polls of the connections,
	// 1m to 1d. Default 5m.
	ConnectionsInterval time.Duration `yaml:"connections_interval"`
	// InventoryInterval is the time between two polls of the ports' names,
	// speeds and states, 1m to 1d. Default 15m.
	InventoryInterval time.Duration `yaml:"inventory_interval"`
	// Windows are the spans of time that traffic is summed up over; at least
	// one, no span twice. The first also yields the last polled value.
	// Default: 1d at a resolution of 5m.
	Windows []Window `yaml:"windows"`
	// StaleIntervals is how many of its own effective intervals a value
	// outlives its last good poll, 2 to 100. Default 5.
	StaleIntervals int `yaml:"stale_intervals"`
}

// Window is a span of time that ends now.
type Window struct {
	// Resolution is the length of the intervals that the API is asked for: 5m
	// or 1h. Required.
	Resolution time.Duration `yaml:"resolution"`
	// Span is the length of the window in whole days: 1d to 7d at 5m, 8d to
	// 90d at 1h. Required.
	Span time.Duration `yaml:"span"`
	// Interval is the time between two polls of the window, Poll.Interval to
	// 1d. Default Poll.Interval.
	Interval time.Duration `yaml:"interval"`
}

// API bounds the calls; each account has these bounds for itself.
type API struct {
	// RequestsPerSecond is the long-term rate, above 0 to 1000. Default 5.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
	// Burst is how many calls may start at once after a rest, 1 to 10000.
	// Default 10.
	Burst int `yaml:"burst"`
	// Concurrency is how many calls may be open at a time, 1 to 256. Default 8.
	Concurrency int `yaml:"concurrency"`
	// Timeout ends a single attempt of a call, 1s to 5m. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxRetries is how often a call is tried again after a passing fault, 0
	// to 10. Default 4. A call that timed out is tried once more at most.
	MaxRetries int `yaml:"max_retries"`
}

// State is what survives a restart.
type State struct {
	// File holds the last good values, and the count of refused logins, between
	// two runs. Default "": none.
	File string `yaml:"file"`
}

const (
	defaultName           = "default"
	defaultAPIURL         = "https://api.equinix.com"
	defaultSTSURL         = "https://sts.eqix.equinix.com/v1/token"
	defaultMaxConnections = 500
	defaultMaxSeries      = 1_000_000
)

// defaults is what an empty file says. An account and a window get their defaults when
// they are checked: a list has nothing to start from.
func defaults() *Config {
	return &Config{
		Poll: Poll{
			Interval:            5 * time.Minute,
			ConnectionsInterval: 5 * time.Minute,
			InventoryInterval:   15 * time.Minute,
			Windows:             []Window{{Resolution: 5 * time.Minute, Span: 24 * time.Hour}},
			StaleIntervals:      5,
		},
		API: API{RequestsPerSecond: 5, Burst: 10, Concurrency: 8, Timeout: 30 * time.Second, MaxRetries: 4},
	}
}

// maxFile bounds the configuration file. Ten thousand ports need less, and YAML is
// slow to parse.
const maxFile = 1 << 20

// Parse checks data as File.Load does a file of that name. Relative paths in data
// start from dir. The environment is asked through env, as by os.LookupEnv; nil is
// an empty one.
func Parse(name string, data []byte, dir string, env func(string) (string, bool)) (*Config, error) {
	return parse(name, dir, &content{data: data}, false, env)
}

func parse(name, dir string, src *content, alone bool, env func(string) (string, bool)) (*Config, error) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	r := newReport(name)
	if src.writable && !alone { // its mode elsewhere is unknown
		r.faults = append(r.faults, Fault{File: name, Problem: src.tooOpen(name)})
	}
	cfg := defaults()
	if root := r.root(src.data); root != nil && r.decode(root, cfg) {
		c := &checker{
			report: r, dir: dir, exposed: src.exposed, alone: alone, env: env,
			pairNames: map[string]string{}, paired: map[string]string{},
		}
		c.check(cfg)
		if len(r.faults) == 0 {
			cfg.Warnings = r.warnings
			return cfg, nil
		}
	}
	return nil, r.inOrder()
}
