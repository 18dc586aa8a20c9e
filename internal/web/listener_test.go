package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

const (
	password     = "correct horse"
	passwordHash = "$2a$04$BXvMq.oOfKkso4/ZnezGS.SsbNrIHeLW7/b.quBkw91K/JrGHOrvO" // bcrypt
)

// flags are those of an exporter on a free port of loopback.
func flags(webConfig string) *toolkit.FlagConfig {
	return &toolkit.FlagConfig{
		WebListenAddresses: &[]string{"127.0.0.1:0"}, WebSystemdSocket: new(false), WebConfigFile: &webConfig,
	}
}

// serve answers with h until the test ends and returns the address.
func serve(t *testing.T, h http.Handler, f *toolkit.FlagConfig) string {
	t.Helper()
	l, err := web.Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, h, testLog(t)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addrs()[0].String()
}

// webConfig writes a web configuration with a password, and TLS where asked.
func webConfig(t *testing.T, withTLS bool) string {
	t.Helper()
	text := fmt.Sprintf("basic_auth_users:\n  scraper: %s\n", passwordHash)
	dir := t.TempDir()
	if withTLS {
		cert, key := certificate(t, dir)
		text += fmt.Sprintf("tls_server_config:\n  cert_file: %s\n  key_file: %s\n", cert, key)
	}
	return write(t, dir, "web.yml", text)
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate makes a certificate without names.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"exporter.example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	block := func(typ string, b []byte) string { return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: b})) }
	return write(t, dir, "cert.pem", block("CERTIFICATE", der)), write(t, dir, "key.pem", block("PRIVATE KEY", keyDER))
}

func TestListenSaysThatAnAddressIsTaken(t *testing.T) {
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f := flags("")
	f.WebListenAddresses = &[]string{"127.0.0.1:0", ln.Addr().String()}
	if _, err := web.Listen(t.Context(), f); err == nil || !strings.Contains(err.Error(), "--web.listen-address") {
		t.Errorf("error %v", err)
	}
}

func TestListenRefusesABrokenWebConfiguration(t *testing.T) {
	f := flags(write(t, t.TempDir(), "web.yml", "nonsense: true\n"))
	if _, err := web.Listen(t.Context(), f); err == nil || !strings.Contains(err.Error(), "--web.config.file") {
		t.Errorf("error %v", err)
	}
}

func TestServeAnswersOnEveryAddress(t *testing.T) {
	f := flags("")
	f.WebListenAddresses = &[]string{"127.0.0.1:0", "127.0.0.1:0"}
	l, err := web.Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, web.Handler(newOptions(t, nil)), testLog(t)) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, a := range l.Addrs() {
		check(t, get(t, client, "http://"+a.String()+"/-/healthy", ""), http.StatusOK, "healthy")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, client *http.Client, url, user string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestBasicAuthCoversEveryPath(t *testing.T) {
	for _, withTLS := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", withTLS), func(t *testing.T) {
			o := newOptions(t, newSnapshot(time.Now()))
			o.Pprof = true
			scheme := map[bool]string{false: "http://", true: "https://"}[withTLS]
			base := scheme + serve(t, web.Handler(o), flags(webConfig(t, withTLS)))
			client := &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true,
				TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // the certificate has no names
			}}
			for _, path := range []string{"/", "/metrics", "/-/healthy", "/-/ready", "/debug/pprof/"} {
				check(t, get(t, client, base+path, ""), http.StatusUnauthorized, "")
				check(t, get(t, client, base+path, "scraper"), http.StatusOK, "")
			}
		})
	}
}

func TestServeFinishesOpenRequests(t *testing.T) {
	l, err := web.Listen(t.Context(), flags(""))
	if err != nil {
		t.Fatal(err)
	}
	started, finish := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-finish
		if r.Context().Err() != nil {
			t.Error("the request was cancelled")
		}
		_, _ = w.Write([]byte("done"))
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, h, testLog(t)) }()
	answers := make(chan string, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Get("http://" + l.Addrs()[0].String())
		if err != nil {
			answers <- err.Error()
			return
		}
		answers <- body(t, resp)
	}()
	<-started
	cancel()
	close(finish)
	if got := <-answers; got != "done" {
		t.Errorf("the open request got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestListenerKnowsItsScheme(t *testing.T) {
	for want, file := range map[string]string{"http": webConfig(t, false), "https": webConfig(t, true)} {
		l, err := web.Listen(t.Context(), flags(file))
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Scheme(); got != want {
			t.Errorf("scheme %q, want %q", got, want)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Serve(ctx, http.NotFoundHandler(), testLog(t)); err != nil { // closes the socket
			t.Error(err)
		}
	}
}
