package config

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"gopkg.in/yaml.v3"
)

// RemoteWrite is one receiver of remote write.
type RemoteWrite struct {
	// URL is where samples are sent: http or https, as in Prometheus. Required.
	URL string `yaml:"url"`
	// Name is the value of the label receiver, and what the state file keeps how far the
	// receiver is under: unique, at most 256 bytes. Default: URL without user, password
	// and query.
	Name string `yaml:"name"`
	// RemoteTimeout is the time limit of a request, 1s to 5m. Default 30s.
	RemoteTimeout time.Duration `yaml:"remote_timeout"`
	// ProtobufMessage is the protocol: prometheus.WriteRequest for remote write 1.0, or
	// io.prometheus.write.v2.Request for 2.0. Default prometheus.WriteRequest.
	ProtobufMessage string `yaml:"protobuf_message"`
	// Headers are sent with each request. Default: none.
	Headers map[string]Secret `yaml:"headers"`
	// Client is how to reach the receiver and log in: the keys that Prometheus has for its
	// HTTP clients. Paths of files are relative to the process.
	Client promconfig.HTTPClientConfig
}

// The values of protobuf_message.
const (
	RemoteWriteV1 = "prometheus.WriteRequest"
	RemoteWriteV2 = "io.prometheus.write.v2.Request"
)

// Transport returns a transport that logs in at the receiver and sets its headers.
func (w *RemoteWrite) Transport(userAgent string) (http.RoundTripper, error) {
	t, err := promconfig.NewRoundTripperFromConfig(w.Client, "remote_write", promconfig.WithUserAgent(userAgent))
	if err != nil {
		return nil, err
	}
	return withHeaders{w.Headers, t}, nil
}

// withHeaders is a transport that sets headers.
type withHeaders struct {
	headers map[string]Secret
	http.RoundTripper
}

func (t withHeaders) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range t.headers {
		r.Header.Set(name, value.Reveal())
	}
	return t.RoundTripper.RoundTrip(r)
}

// Secrets are what must not be shown of the receiver: what the configuration itself has of its
// credentials, headers, and the query of its URL.
func (w *RemoteWrite) Secrets() []string {
	all := w.credentials()
	for _, v := range w.Headers {
		all = append(all, v.Reveal())
	}
	if u, err := url.Parse(w.URL); err == nil && u.RawQuery != "" {
		all = append(all, u.RawQuery)
	}
	return all
}

// credentials are the secrets to log in with that are in the configuration itself.
func (w *RemoteWrite) credentials() []string {
	all := secretsIn(reflect.ValueOf(w.Client))
	if u, err := url.Parse(w.URL); err == nil {
		all = append(all, password(u)...)
	}
	return all
}

// secretsIn are the secrets and the passwords of URLs in v, which holds keys of the HTTP client.
func secretsIn(v reflect.Value) (all []string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[promconfig.Secret]() && v.Len() > 0 {
			all = append(all, v.String())
		}
	case reflect.Pointer:
		if u, ok := reflect.TypeAssert[*url.URL](v); ok {
			return password(u)
		}
		if !v.IsNil() {
			return secretsIn(v.Elem())
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			all = append(all, secretsIn(field)...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, secretsIn(v.Index(i))...)
		}
	case reflect.Map:
		for _, value := range v.Seq2() {
			all = append(all, secretsIn(value)...)
		}
	}
	return all
}

// password is the password of a URL that has one.
func password(u *url.URL) (all []string) {
	if u != nil {
		if p, ok := u.User.Password(); ok && p != "" {
			all = append(all, p)
		}
	}
	return all
}

// clientKeys are the keys of HTTPClientConfig.
func clientKeys(t reflect.Type) (keys []string) {
	for f := range t.Fields() {
		switch key, options, _ := strings.Cut(f.Tag.Get("yaml"), ","); {
		case options == "inline":
			keys = append(keys, clientKeys(f.Type)...)
		case key != "" && key != "-":
			keys = append(keys, key)
		}
	}
	return keys
}

// remoteWrite reads one receiver: its own keys like those of any part of the file, and the keys
// of the HTTP client with the package that defines them.
func (r *report) remoteWrite(n *yaml.Node, path string, w *RemoteWrite) {
	if n.Kind != yaml.MappingNode {
		r.badAt(n.Line, path, "must be a mapping (keys with values), not %s", kind(n))
		return
	}
	*w = RemoteWrite{RemoteTimeout: 30 * time.Second, ProtobufMessage: RemoteWriteV1, Client: promconfig.DefaultHTTPClientConfig}
	n, ok := r.plain(n, path)
	if !ok {
		return
	}
	own, client := &yaml.Node{Kind: yaml.MappingNode, Line: n.Line}, &yaml.Node{Kind: yaml.MappingNode}
	known := clientKeys(reflect.TypeFor[promconfig.HTTPClientConfig]())
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Value == "headers":
			r.headers(value, join(path, "headers"), w)
		case slices.Contains(known, key.Value):
			client.Content = append(client.Content, key, value)
		default:
			own.Content = append(own.Content, key, value)
		}
	}
	r.keys(own, path, reflect.ValueOf(w).Elem(), false)
	if len(client.Content) == 0 {
		return
	}
	text, err := yaml.Marshal(client)
	if err == nil {
		var c *promconfig.HTTPClientConfig
		if c, err = promconfig.LoadHTTPConfig(string(text)); err == nil {
			w.Client = *c
			return
		}
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		r.clientFault(client, path, line)
	}
}

// plain is n without aliases and merge keys.
func (r *report) plain(n *yaml.Node, path string) (_ *yaml.Node, ok bool) {
	next, ok := *n, true
	next.Anchor, next.Content = "", nil
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && c.ShortTag() == "!!merge" {
			r.badAt(c.Line, path, "YAML merge keys (<<) do not work in remote_write: write the keys themselves")
			return nil, false
		}
		r.follow(c, path, func(c *yaml.Node) {
			if c, ok = r.plain(c, path); ok {
				next.Content = append(next.Content, c)
			}
		})
		if !ok {
			return nil, false
		}
	}
	return &next, ok && len(next.Content) == len(n.Content)
}

var (
	unknownField = regexp.MustCompile(`field (\S+) not found in type`)
	wrongType    = regexp.MustCompile(`cannot unmarshal .* into (\S+)`)
	yamlLine     = regexp.MustCompile(`^ *(?:line \d+: )?`)
)

// clientFault adds a line of an error about the keys of the HTTP client. Its line numbers are
// those of a part of the file, and it may quote a secret.
func (r *report) clientFault(n *yaml.Node, path, text string) {
	text = yamlLine.ReplaceAllString(text, "")
	if match := unknownField.FindStringSubmatch(text); match != nil {
		if !showable(match[1]) {
			r.bad(path, "contains an unknown key of the HTTP client, which is not shown since it may be a secret")
			return
		}
		r.badAt(cmp.Or(lineOf(n, match[1]), r.line(path)), path, "unknown key %s of the HTTP client, see <http_config> of Prometheus", match[1])
		return
	}
	switch {
	case text == "yaml: unmarshal errors:":
	case strings.HasPrefix(text, "parse "): // of net/url, with the whole URL and perhaps a password
		r.bad(path, "proxy_url is not an address: write it like http://proxy.example.com:3128")
	case wrongType.MatchString(text):
		r.bad(path, "a value of the HTTP client has the wrong type, see <http_config> of Prometheus")
	default:
		r.bad(path, "%s", text)
	}
}

// lineOf is the line of a key somewhere in n, 0 if it is not there.
func lineOf(n *yaml.Node, key string) int {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == key {
			return c.Line
		}
		if line := lineOf(c, key); line > 0 {
			return line
		}
	}
	return 0
}

// reserved are headers that the protocol or the HTTP client sets.
var reserved = []string{
	"Authorization", "Host", "Content-Encoding", "Content-Length", "Content-Type", "User-Agent", "Connection", "Keep-Alive",
	"Proxy-Authenticate", "Proxy-Authorization", "Www-Authenticate", "Accept-Encoding", "X-Prometheus-Remote-Write-Version",
}

func (r *report) headers(n *yaml.Node, path string, w *RemoteWrite) {
	r.lines[path] = n.Line
	if n.Kind != yaml.MappingNode {
		r.badAt(n.Line, path, "must be a mapping (names with values), not %s", kind(n))
		return
	}
	w.Headers = map[string]Secret{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := http.CanonicalHeaderKey(key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode || unreadable(value) != "" || value.Value == "":
			r.badAt(key.Line, path, "must have text as names and values")
		case slices.Contains(reserved, name):
			r.badAt(key.Line, join(path, key.Value), "is set by the exporter; to log in, use basic_auth, authorization or oauth2")
		case w.Headers[name] != "":
			r.badAt(key.Line, join(path, key.Value), "is given twice: delete one")
		default:
			w.Headers[name] = Secret(value.Value)
		}
	}
}

func (c *checker) remoteWrite(cfg *Config) {
	seen := map[string]string{}
	for i := range cfg.RemoteWrite {
		w, at := &cfg.RemoteWrite[i], fmt.Sprintf("remote_write[%d]", i)
		if !c.sound(at) {
			continue
		}
		if c.need(at+".url", "write the address that samples are sent to, like http://localhost:9090/api/v1/write") {
			u, err := url.Parse(w.URL)
			if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
				c.bad(at+".url", "is not the address of a receiver: write it like http://localhost:9090/api/v1/write")
				continue
			}
			c.plaintext(at, u, w)
			u.User, u.RawQuery, u.Fragment = nil, "", ""
			w.Name = cmp.Or(w.Name, u.String())
		}
		within(c, at+".remote_timeout", duration(w.RemoteTimeout), second, 5*minute)
		if m := w.ProtobufMessage; m != RemoteWriteV1 && m != RemoteWriteV2 {
			c.bad(at+".protobuf_message", "%s is unknown: write %s or %s", quote(m), RemoteWriteV1, RemoteWriteV2)
		}
		if len(w.Name) > 256 {
			c.bad(at+".name", "is longer than 256 bytes")
		}
		if first, ok := seen[w.Name]; ok && w.Name != "" {
			c.bad(at+".name", "two receivers have the name %s (the other is %s): give each a name of its own", quote(w.Name), first)
		}
		seen[w.Name] = at
		if c.exposed && len(w.credentials()) > 0 {
			c.bad(at, "other users than its owner may read this file: put the secret of the receiver into a file of its own, or chmod 600")
		}
		w.Client.SetDirectory(c.dir)
		if c.sound(at) && !c.alone {
			c.clientFiles(at, w)
		}
	}
	if len(cfg.RemoteWrite) > 0 && cfg.State.File == "" {
		c.warn("remote_write", "without state.file each start begins with the newest hour, so a longer stop leaves a gap at the receivers: set state.file")
	}
}

// plaintext warns of credentials that would cross a network without encryption.
func (c *checker) plaintext(at string, u *url.URL, w *RemoteWrite) {
	host := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || host != nil && host.IsLoopback()
	if u.Scheme == "http" && !local && (u.User != nil || w.Client.BasicAuth != nil || w.Client.Authorization != nil || w.Client.OAuth2 != nil) {
		c.warn(at+".url", "sends credentials without encryption: use https")
	}
}

// clientFiles checks that the HTTP client can be made, and the files that it reads at each request.
func (c *checker) clientFiles(at string, w *RemoteWrite) {
	files := map[string]string{"bearer_token_file": w.Client.BearerTokenFile}
	if b := w.Client.BasicAuth; b != nil {
		files["basic_auth.username_file"], files["basic_auth.password_file"] = b.UsernameFile, b.PasswordFile
	}
	if a := w.Client.Authorization; a != nil {
		files["authorization.credentials_file"] = a.CredentialsFile
	}
	if o := w.Client.OAuth2; o != nil {
		files["oauth2.client_secret_file"] = o.ClientSecretFile
	}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if name := files[key]; name != "" {
			if _, err := os.ReadFile(name); err != nil { //nolint:gosec // G304: the user names the file
				c.bad(at, "%s: %v", key, err)
			}
		}
	}
	if _, err := w.Transport(""); err != nil { // of tls_config, or a secret in a store that there is not
		c.bad(at, "%v", err)
	}
}
