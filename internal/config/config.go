// Package config turns the configuration file into checked settings. A file with a
// fault is refused as a whole: File.Load and Parse return every fault at once, each
// with its line and path. They never change a value to fit a range.
package config

import "time"

// Config is a configuration without faults. It has the structure of the file, and its
// tags are the keys. It does not change after it has been read, so it may be shared.
type Config struct {
	// Accounts are the Equinix accounts to poll, in the order of the file; at
	// least one. If two accounts see the same port, it belongs to the first.
	Accounts []Account `yaml:"accounts"`
	// Poll says what is polled, and how often.
	Poll Poll `yaml:"poll"`
	// API limits the calls of each account.
	API API `yaml:"api"`
	// State says what is kept over a restart.
	State State `yaml:"state"`
	// RemoteWrite are the receivers of every interval of traffic, each sample with the time
	// of its interval. Default: none.
	RemoteWrite []RemoteWrite `yaml:"remote_write"`
	// FromEnvironment is true without a file: one account with the credentials of the
	// environment discovers all its ports.
	FromEnvironment bool
	// Warnings are about settings that are allowed but may not be intended. They look
	// like the lines of Faults, and contain no secrets.
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
	// for all requests of the account, including the token exchange; read at the
	// start and at each reload. Default "": the system's.
	CAFile string `yaml:"ca_file"`
	// Credentials are what the account logs in with: a client id and secret, or a
	// token to exchange. Required in the file; a single account without credentials
	// takes them from the environment.
	Credentials Credentials `yaml:",inline"`
	// TrafficSource is the API that traffic is polled from. Default auto.
	TrafficSource TrafficSource `yaml:"traffic_source"`
	// Ports are the ports to poll whether or not they are discovered, in the order of
	// the file, each once. Required without Discover.
	Ports []Port `yaml:"ports"`
	// Discover selects further ports to poll. Default: none.
	Discover Discover `yaml:"discover"`
	// Pairs are redundant ports, in addition to the pairs that the API knows. Unless
	// the account discovers ports, all of them are in Ports.
	Pairs []Pair `yaml:"pairs"`
	// Connections selects the connections with series of their own. Default:
	// none.
	Connections Connections `yaml:"connections"`
	// MaxSeries is how many series the ports, pairs and connections of the account
	// may have together, 1 to 100000000: a protection for Prometheus. Each counts as
	// the most series that it has had, see "How many series there are" in
	// docs/metrics.md. Above the limit whole ports, pairs and connections are left out;
	// check says how many ports it is enough for. Default 1000000.
	MaxSeries int `yaml:"max_series"`
}

// TrafficSource names one of the Equinix APIs that give the traffic of a port.
type TrafficSource string

// The values of traffic_source.
const (
	TrafficAuto      TrafficSource = "auto"       // the first of the others that answers with data
	TrafficV3        TrafficSource = "v3"         // GET /ecx/v3/stats/port/{uuid}
	TrafficV4Stats   TrafficSource = "v4-stats"   // GET /fabric/v4/ports/{uuid}/stats
	TrafficV4Metrics TrafficSource = "v4-metrics" // POST /fabric/v4/metrics/search
)

// Port is one port to poll.
type Port struct {
	// UUID is the UUID of the port, in upper or lower case; series and requests have
	// it in lower case. Required.
	UUID string `yaml:"uuid"`
	// Name overrides the name that the API gives the port; at most 256 bytes.
	// Default "": not overridden.
	Name string `yaml:"name"`
}

// Pair is two ports of which each must be able to carry the load of both. A port is
// in at most one pair of all accounts.
type Pair struct {
	// Name is the value of the pair label: unique among the pairs of all
	// accounts, at most 256 bytes. Required.
	Name string `yaml:"name"`
	// Primary is the UUID of a port, in upper or lower case. Required.
	Primary string `yaml:"primary"`
	// Secondary is the UUID of the other port, in upper or lower case. Required.
	Secondary string `yaml:"secondary"`
}

// Poll is what is polled, and how often.
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
	// Windows are the spans of time that mean, maximum and 95th percentile are
	// computed over; at least one, each span once. The first also gives the last
	// polled rate. Default: 1d at a resolution of 5m.
	Windows []Window `yaml:"windows"`
	// StaleIntervals is how long a value is shown after its last successful poll, in
	// effective intervals of that poll, 2 to 100. Default 5.
	StaleIntervals int `yaml:"stale_intervals"`
}

// Window is a span of time that ends now.
type Window struct {
	// Resolution is the length of the intervals to request from the API: 5m or 1h.
	// Required.
	Resolution time.Duration `yaml:"resolution"`
	// Span is the length of the window in whole days: 1d to 7d at 5m, 8d to
	// 90d at 1h. Required.
	Span time.Duration `yaml:"span"`
	// Interval is the time between two polls of the window, Poll.Interval to
	// 1d. Default Poll.Interval.
	Interval time.Duration `yaml:"interval"`
}

// API limits the calls; the limits apply to each account separately.
type API struct {
	// RequestsPerSecond is the average rate of calls, above 0 to 1000. Default 5.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
	// Burst is how many calls may start at once after a pause, 1 to 10000.
	// Default 10.
	Burst int `yaml:"burst"`
	// Concurrency is how many calls may be open at a time, 1 to 256. Default 8.
	Concurrency int `yaml:"concurrency"`
	// Timeout is the time limit of a single attempt of a call, 1s to 5m. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxRetries is how often a call is tried again after a temporary fault, 0 to 10.
	// Default 4. After a timeout a call is tried again only once.
	MaxRetries int `yaml:"max_retries"`
}

// State is what is kept over a restart.
type State struct {
	// File is the state file. It keeps the last successfully polled values and the
	// count of refused logins over a restart. Default "": no file.
	File string `yaml:"file"`
}

const (
	defaultName           = "default"
	defaultAPIURL         = "https://api.equinix.com"
	defaultSTSURL         = "https://sts.eqix.equinix.com/v1/token"
	defaultMaxConnections = 500
	defaultMaxSeries      = 1_000_000
)

// defaults is the configuration before the file is decoded. Accounts and windows,
// which are in lists, get their defaults when they are checked.
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

// maxFile is the maximum size of the configuration file. Ten thousand ports need
// less, and YAML is slow to parse.
const maxFile = 1 << 20

// Parse checks data as File.Load checks a file of that name. Relative paths in data
// start from dir. env looks up environment variables, like os.LookupEnv; nil is an
// empty environment.
func Parse(name string, data []byte, dir string, env func(string) (string, bool)) (*Config, error) {
	return parse(name, dir, &content{data: data}, false, env)
}

func parse(name, dir string, src *content, alone bool, env func(string) (string, bool)) (*Config, error) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	r := newReport(name)
	if src.writable && !alone { // its mode on the other machine is unknown
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
