package config

import (
	"bytes"

	"gopkg.in/yaml.v3"
)

// Redacted returns the configuration as a file: every setting that holds,
// defaults and the environment's credentials included, and "<secret>" for each
// secret. With secrets put back, Parse makes an equal Config of it.
func (c *Config) Redacted() ([]byte, error) {
	f := file{
		Accounts: make([]fileAccount, len(c.Accounts)),
		Poll: filePoll{
			Interval:            duration(c.Poll.Interval),
			ConnectionsInterval: duration(c.Poll.ConnectionsInterval),
			InventoryInterval:   duration(c.Poll.InventoryInterval),
			Windows:             make([]fileWindow, len(c.Poll.Windows)),
			StaleIntervals:      c.Poll.StaleIntervals,
		},
		API: fileAPI{
			RequestsPerSecond: c.API.RequestsPerSecond,
			Burst:             c.API.Burst,
			Concurrency:       c.API.Concurrency,
			Timeout:           duration(c.API.Timeout),
			MaxRetries:        c.API.MaxRetries,
		},
		State: fileState(c.State),
	}
	for i, a := range c.Accounts {
		f.Accounts[i] = a.redacted()
	}
	for i, w := range c.Poll.Windows {
		f.Poll.Windows[i] = fileWindow{duration(w.Resolution), duration(w.Span), new(duration(w.Interval))}
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(f); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// redacted relies on Secret, which marshals itself as "<secret>".
func (a Account) redacted() fileAccount {
	f := fileAccount{
		Name:             a.Name,
		APIURL:           a.APIURL,
		CAFile:           a.CAFile,
		ClientID:         a.Credentials.ClientID,
		ClientIDFile:     a.Credentials.ClientIDFile,
		ClientSecret:     a.Credentials.ClientSecret,
		ClientSecretFile: a.Credentials.ClientSecretFile,
		TrafficSource:    string(a.TrafficSource),
		Ports:            each(a.Ports, func(p Port) filePort { return filePort(p) }),
		Discover: &fileDiscover{
			Enabled: &a.Discover.Enabled,
			Include: each(a.Discover.Include, Filter.file),
			Exclude: each(a.Discover.Exclude, Filter.file),
		},
		Pairs: each(a.Pairs, func(p Pair) filePair { return filePair(p) }),
		Connections: &fileConnections{
			Traffic: a.Connections.Traffic,
			Include: each(a.Connections.Include, ConnectionFilter.file),
			Exclude: each(a.Connections.Exclude, ConnectionFilter.file),
			Max:     &a.Connections.Max,
		},
		MaxSeries: &a.MaxSeries,
	}
	if x := a.Credentials.TokenExchange; !x.IsZero() {
		f.TokenExchange = new(fileTokenExchange(x))
	}
	return f
}

func each[T, F any](list []T, file func(T) F) []F {
	files := make([]F, len(list))
	for i, v := range list {
		files[i] = file(v)
	}
	return files
}

func (f Filter) file() fileFilter {
	return fileFilter{
		Name:    f.Name.String(),
		Metro:   f.Metro.String(),
		IBX:     f.IBX.String(),
		State:   f.State.String(),
		Project: f.Project.String(),
		Package: f.Package.String(),
	}
}

func (f ConnectionFilter) file() fileConnectionFilter {
	return fileConnectionFilter{
		Name:  f.Name.String(),
		Type:  f.Type.String(),
		State: f.State.String(),
		ZSide: f.ZSide.String(),
	}
}
