package web

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"gopkg.in/yaml.v3"
)

// healthcheckTime is how long the exporter may take to say that it is well.
const healthcheckTime = 3 * time.Second

// HealthcheckOptions say whom to ask, and as whom.
type HealthcheckOptions struct {
	URL          string // "": /-/healthy where the flags make the exporter listen
	Prefix       Prefix // of the paths of the exporter
	Username     string // "": no basic auth
	PasswordFile string
}

// Healthcheck asks the running exporter whether it is healthy. It takes the
// flags that the exporter runs with, and returns what is wrong, or nil.
func Healthcheck(ctx context.Context, flags *toolkit.FlagConfig, o HealthcheckOptions) error {
	u, err := o.target(flags)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	if err := o.authorize(req); err != nil {
		return err
	}
	trust, err := o.trust(*flags.WebConfigFile, u)
	if err != nil {
		return err
	}
	// Directly: never through a proxy, and to no other host that this one names.
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	// A page of a proxy in between may be of any length.
	line, _ := bufio.NewReader(io.LimitReader(resp.Body, 512)).ReadString('\n')
	line = strings.TrimSpace(line)
	if resp.StatusCode == http.StatusUnauthorized && o.Username == "" {
		line = "the web configuration asks for a user: give --username and --password-file"
	}
	return fmt.Errorf("%s: %s: %s", u.Redacted(), resp.Status, cmp.Or(line, "(no text)"))
}

// target is the URL to ask.
func (o HealthcheckOptions) target(flags *toolkit.FlagConfig) (*url.URL, error) {
	if o.URL != "" {
		u, err := url.Parse(o.URL)
		if err != nil {
			return nil, fmt.Errorf("--url: %w", err)
		}
		if strings.Trim(u.Path, "/") == "" {
			u.Path = o.Prefix.Route + "/-/healthy" // the landing page is there in sickness, too
		}
		return u, nil
	}
	scheme, err := schemeWithoutCertificate(*flags.WebConfigFile)
	if err != nil {
		return nil, fmt.Errorf("--web.config.file: %w", err)
	}
	host, err := hostOf(flags)
	if err != nil {
		return nil, err
	}
	return &url.URL{Scheme: scheme, Host: host, Path: o.Prefix.Route + "/-/healthy"}, nil
}

// schemeWithoutCertificate is the scheme of a server that asks its clients for no
// certificate.
func schemeWithoutCertificate(file string) (string, error) {
	c, err := readTLS(file)
	if err != nil {
		return "", err
	}
	switch c.ClientAuth {
	case "RequireAnyClientCert", "RequireClientCert", "RequireAndVerifyClientCert":
		return "", fmt.Errorf("%s: client_auth_type %s: healthcheck has no client certificate to show", file, c.ClientAuth)
	}
	return schemeOf(c), nil
}

// readTLS is the part about TLS of a web configuration file, "" for none. It is no
// place to find other faults in it.
func readTLS(file string) (toolkit.TLSConfig, error) {
	if file == "" {
		return toolkit.TLSConfig{}, nil
	}
	content, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file
	if err != nil {
		return toolkit.TLSConfig{}, err
	}
	var c struct {
		TLS toolkit.TLSConfig `yaml:"tls_server_config"`
	}
	if err := yaml.Unmarshal(content, &c); err != nil {
		return toolkit.TLSConfig{}, fmt.Errorf("%s: %w", file, err)
	}
	return c.TLS, nil
}

func schemeOf(c toolkit.TLSConfig) string {
	if c.IsEnabled() {
		return "https"
	}
	return "http"
}

// hostOf is where the exporter listens, as seen from this machine.
func hostOf(flags *toolkit.FlagConfig) (string, error) {
	if !*flags.WebSystemdSocket {
		for _, address := range *flags.WebListenAddresses {
			if strings.HasPrefix(address, vsockScheme) {
				continue
			}
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return "", fmt.Errorf("--web.listen-address: %w", err)
			}
			switch host {
			case "", "0.0.0.0":
				host = "127.0.0.1"
			case "::":
				host = "::1"
			}
			return net.JoinHostPort(host, port), nil
		}
	}
	return "", errors.New("the exporter has no TCP address of its own: give --url")
}

func (o HealthcheckOptions) authorize(req *http.Request) error {
	if (o.Username == "") != (o.PasswordFile == "") {
		return errors.New("--username and --password-file belong together")
	}
	if o.Username == "" {
		return nil
	}
	password, err := os.ReadFile(o.PasswordFile)
	if err != nil {
		return fmt.Errorf("--password-file: %w", err)
	}
	req.SetBasicAuth(o.Username, strings.TrimRight(string(password), "\r\n"))
	return nil
}

// trust says whose certificate is good. A certificate for the exporter's public name
// does not name the loopback address, so the exporter there is known by the very
// certificate that its web configuration names. Without that any certificate will do
// on loopback, but then no password is sent.
func (o HealthcheckOptions) trust(webConfig string, u *url.URL) (*tls.Config, error) {
	if u.Scheme != "https" || !isLoopback(u.Hostname()) && o.URL != "" {
		return &tls.Config{MinVersion: tls.VersionTLS12}, nil
	}
	own, err := ownCertificate(webConfig)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--web.config.file: %w", err)
	case own == nil && o.Username != "":
		return nil, errors.New("the password is sent only to the exporter's own certificate: give the --web.config.file that names it")
	}
	return &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // G402: the certificate is compared instead
		VerifyConnection: func(c tls.ConnectionState) error {
			if own == nil || bytes.Equal(c.PeerCertificates[0].Raw, own) {
				return nil
			}
			return fmt.Errorf("%s shows another certificate than %s names: is something else listening there?", u.Host, webConfig)
		},
	}, nil
}

// ownCertificate is the one that the server of a web configuration file shows, nil
// without a file.
func ownCertificate(file string) ([]byte, error) {
	c, err := readTLS(file)
	if err != nil || !c.IsEnabled() {
		return nil, err
	}
	text := []byte(c.TLSCert)
	if len(text) == 0 {
		c.SetDirectory(filepath.Dir(file))
		if text, err = os.ReadFile(c.TLSCertPath); err != nil {
			return nil, err
		}
	}
	for {
		block, rest := pem.Decode(text)
		switch {
		case block == nil:
			return nil, fmt.Errorf("%s: no certificate in cert_file or cert", file)
		case block.Type == "CERTIFICATE":
			return block.Bytes, nil
		}
		text = rest
	}
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
