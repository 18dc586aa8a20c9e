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

// healthcheckTime is how long the exporter may take to answer.
const healthcheckTime = 3 * time.Second

// HealthcheckOptions are the URL to ask and the user to log in as.
type HealthcheckOptions struct {
	URL          string // "": /-/healthy at the address that the flags name
	Prefix       Prefix // of the paths of the exporter
	Username     string // "": no basic auth
	PasswordFile string
}

// Healthcheck asks the running exporter whether it is healthy. It takes the flags
// that the exporter runs with. The error says what is wrong.
func Healthcheck(ctx context.Context, flags *toolkit.FlagConfig, o HealthcheckOptions) error {
	ctx, cancel := context.WithTimeout(ctx, healthcheckTime)
	defer cancel()
	server, err := readTLS(*flags.WebConfigFile)
	if err != nil {
		return err
	}
	u, err := o.target(flags, server)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	if (o.Username == "") != (o.PasswordFile == "") {
		return errors.New("--username and --password-file belong together")
	}
	if o.Username != "" {
		password, err := os.ReadFile(o.PasswordFile)
		if err != nil {
			return fmt.Errorf("--password-file: %w", err)
		}
		req.SetBasicAuth(o.Username, strings.TrimRight(string(password), "\r\n"))
	}
	trust, err := o.trust(u, server)
	if err != nil {
		return err
	}
	// Without proxy and without redirects.
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
	// The answer of a proxy in between may have any length.
	line, _ := bufio.NewReader(io.LimitReader(resp.Body, 512)).ReadString('\n')
	line = strings.TrimSpace(line)
	if resp.StatusCode == http.StatusUnauthorized && o.Username == "" {
		line = "the web configuration requires a user: give --username and --password-file"
	}
	return fmt.Errorf("%s: %s: %s", u.Redacted(), resp.Status, cmp.Or(line, "(no text)"))
}

// readTLS reads the TLS part of a web configuration file; without a file TLS is off.
// [CheckConfig] checks the rest.
func readTLS(file string) (toolkit.TLSConfig, error) {
	var c struct {
		TLS toolkit.TLSConfig `yaml:"tls_server_config"`
	}
	if file == "" {
		return c.TLS, nil
	}
	content, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file
	if err == nil {
		err = yaml.Unmarshal(content, &c)
	}
	if err != nil {
		return c.TLS, fmt.Errorf("--web.config.file: %s: %w", file, err)
	}
	c.TLS.SetDirectory(filepath.Dir(file))
	return c.TLS, nil
}

func schemeOf(c toolkit.TLSConfig) string {
	if c.IsEnabled() {
		return "https"
	}
	return "http"
}

// target is the URL of the health check: --url, or else the address in the flags, as
// seen from this machine.
func (o HealthcheckOptions) target(flags *toolkit.FlagConfig, server toolkit.TLSConfig) (*url.URL, error) {
	if o.URL != "" {
		u, err := url.Parse(o.URL)
		if err != nil {
			return nil, fmt.Errorf("--url: %w", err)
		}
		if strings.Trim(u.Path, "/") == "" {
			u.Path = o.Prefix.Route + "/-/healthy" // the landing page answers even if the exporter is not healthy
		}
		return u, nil
	}
	switch server.ClientAuth {
	case "RequireAnyClientCert", "RequireClientCert", "RequireAndVerifyClientCert":
		return nil, fmt.Errorf("--web.config.file: client_auth_type %s: healthcheck has no client certificate to show", server.ClientAuth)
	}
	for _, address := range *flags.WebListenAddresses {
		if *flags.WebSystemdSocket || strings.HasPrefix(address, vsockScheme) {
			continue
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("--web.listen-address: %w", err)
		}
		switch host {
		case "", "0.0.0.0":
			host = "127.0.0.1"
		case "::":
			host = "::1"
		}
		return &url.URL{Scheme: schemeOf(server), Host: net.JoinHostPort(host, port), Path: o.Prefix.Route + "/-/healthy"}, nil
	}
	return nil, errors.New("the exporter has no TCP address of its own: give --url")
}

// trust sets which certificate is accepted. A certificate for the public name of the
// exporter does not name the loopback address, so on loopback it must be the
// certificate of the web configuration. Without a web configuration any certificate
// is accepted on loopback, but no password is sent.
func (o HealthcheckOptions) trust(u *url.URL, server toolkit.TLSConfig) (*tls.Config, error) {
	loopback := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" || !loopback && o.URL != "" {
		return &tls.Config{MinVersion: tls.VersionTLS12}, nil
	}
	var own []byte
	if server.IsEnabled() {
		text := []byte(server.TLSCert)
		if len(text) == 0 {
			var err error
			if text, err = os.ReadFile(server.TLSCertPath); err != nil {
				return nil, fmt.Errorf("--web.config.file: %w", err)
			}
		}
		block, rest := pem.Decode(text)
		for block != nil && block.Type != "CERTIFICATE" {
			block, rest = pem.Decode(rest)
		}
		if block == nil {
			return nil, errors.New("--web.config.file: no certificate in cert_file or cert")
		}
		own = block.Bytes
	}
	if own == nil && o.Username != "" {
		return nil, errors.New("the password is sent only to a server with the exporter's certificate: give the --web.config.file that names it")
	}
	return &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // G402: the certificate is compared instead
		VerifyConnection: func(c tls.ConnectionState) error {
			if own == nil || bytes.Equal(c.PeerCertificates[0].Raw, own) {
				return nil
			}
			return fmt.Errorf("%s shows another certificate than the web configuration: is something else listening there?", u.Host)
		},
	}, nil
}
