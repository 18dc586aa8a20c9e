package e2e_test

import (
	"encoding/base64"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

const proxyPassword = "pr0xy-p4ss"

// tunnels is a proxy that connects to one server, whatever host it is asked for,
// for whoever knows the password.
type tunnels struct {
	*httptest.Server
	status int // of its refusals; 0: it accepts every client with the password

	mu    sync.Mutex
	asked []string // method and host
	names map[string]bool
}

func newTunnels(t *testing.T, to string, status int) *tunnels {
	t.Helper()
	p := &tunnels{status: status, names: map[string]bool{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, to) }))
	t.Cleanup(p.Close)
	return p
}

func (p *tunnels) serve(w http.ResponseWriter, r *http.Request, to string) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	for name := range r.Header {
		p.names[name] = true
	}
	p.mu.Unlock()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+proxyPassword))
	switch got := r.Header.Get("Proxy-Authorization"); {
	case p.status != 0:
		http.Error(w, "no, "+got, p.status) // with a loose tongue
	case got != basic:
		http.Error(w, "no, "+got, http.StatusProxyAuthRequired)
	default:
		tunnel(w, to)
	}
}

// tunnel hands everything on until one side has enough.
func tunnel(w http.ResponseWriter, to string) {
	server, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

func (p *tunnels) seen() (asked, headers []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked), slices.Sorted(maps.Keys(p.names))
}

// as is the proxy as HTTPS_PROXY names it.
func (p *tunnels) as(password string) string {
	return "HTTPS_PROXY=http://user:" + password + "@" + p.Listener.Addr().String()
}

// behindProxy is a configuration of an API that only a proxy can reach.
func behindProxy(t *testing.T) (api *minimalAPI, config string) {
	t.Helper()
	ca := newAuthority(t)
	api = newMinimalAPI(t, fixturePorts(), fixtureConnections())
	ca.certify(t, api)
	dir := t.TempDir()
	write(t, dir, "ca.pem", ca.pem)
	text := strings.Replace(fixtureConfig(api, inFile...), "api_url: "+api.URL, "api_url: https://"+apiHost+"\n    ca_file: ca.pem", 1)
	return api, write(t, dir, "config.yml", text+"api: {max_retries: 0}\n")
}

func TestProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	api, config := behindProxy(t)
	proxy := newTunnels(t, api.Listener.Addr().String(), 0)
	x := startRun(t, env{proxy.as(proxyPassword)}, config, "--log.level=debug", "--web.enable-pprof")
	base := x.url(t)
	full(t, base, 1) // the mistyped uuid
	asked, headers := proxy.seen()
	if asked = slices.Compact(asked); len(asked) != 1 || asked[0] != "CONNECT "+apiHost+":443" {
		t.Errorf("the proxy was asked for %v", asked)
	}
	// What is for the API goes through the tunnel.
	if slices.Contains(headers, "Authorization") {
		t.Errorf("the proxy was shown %v", headers)
	}
	found := artefacts{}
	found.pages(t, base)
	found.output(x, "run")
	found.search(t, hunt{"password of the proxy": proxyPassword, "client secret": clientSecret, "access token": token})
}

func TestNoProxyGoesPastTheProxy(t *testing.T) {
	t.Parallel()
	api, config := behindProxy(t)
	proxy := newTunnels(t, api.Listener.Addr().String(), 0)
	x := startRun(t, env{proxy.as(proxyPassword), "NO_PROXY=" + apiHost}, config)
	ready(t, x.url(t)) // with an answer about everything, and it is no
	if asked, _ := proxy.seen(); len(asked) > 0 {
		t.Errorf("the proxy was asked for %v", asked)
	}
	if log := x.stderr.String(); !strings.Contains(log, "lookup "+apiHost) {
		t.Errorf("it did not look for the host itself:\n%s", log)
	}
}

// What is wrong with a proxy is said, and its password is not.
func TestProxyTrouble(t *testing.T) {
	t.Parallel()
	api, config := behindProxy(t)
	to := api.Listener.Addr().String()
	good, refusing := newTunnels(t, to, 0), newTunnels(t, to, http.StatusForbidden)
	gone := newTunnels(t, to, 0)
	gone.Close()
	for _, tt := range []struct {
		name, env string
		clues     []string
	}{
		{"wrong password", good.as("wr0ng-" + proxyPassword), []string{"the proxy " + good.Listener.Addr().String(), "asks for other credentials"}},
		{"refuses", refusing.as(proxyPassword), []string{"does not connect: 403 Forbidden", "NO_PROXY"}},
		{"gone", gone.as(proxyPassword), []string{"proxyconnect tcp", "connection refused"}},
		{"no URL", "HTTPS_PROXY=http://user:" + proxyPassword + "%zz@127.0.0.1:1", []string{"HTTPS_PROXY is not the URL"}},
		{"a scheme of its own", "HTTPS_PROXY=ftp://user:" + proxyPassword + "@127.0.0.1:1", []string{"HTTPS_PROXY is not the URL"}},
		{"no port", "HTTPS_PROXY=http://user:" + proxyPassword + "@127.0.0.1:x", []string{"HTTPS_PROXY is not the URL"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := startRun(t, env{tt.env}, config, "--log.level=debug")
			base := x.url(t)
			ready(t, base)
			y := start(t, env{tt.env}, "doctor", "--config.file="+config)
			if code := y.wait(t); code != 1 {
				t.Errorf("doctor: exit code %d", code)
			}
			for where, text := range map[string]string{"the log": x.stderr.String(), "doctor": strings.Join(strings.Fields(y.stdout.String()), " ")} {
				for _, clue := range tt.clues {
					if !strings.Contains(text, clue) {
						t.Errorf("%s does not say %q:\n%s", where, clue, text)
					}
				}
			}
			found := artefacts{"doctor": []byte(y.stdout.String() + y.stderr.String())}
			found.page(t, base, http.MethodGet, "/", nil, "")
			found.page(t, base, http.MethodGet, "/metrics", nil, "")
			found.output(x, "run")
			found.search(t, hunt{"password of the proxy": proxyPassword})
		})
	}
}
