package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The ports of the minimal API, and one that it does not know.
const (
	uplinkUUID = "c4d9350e-783c-83cd-1ce0-306a5c00a601" // 130 connections; named in the configuration
	branchUUID = "c4d9350e-783c-83cd-1ce0-306a5c00a602" // one connection, which it shares with uplink; no name
	spareUUID  = "c4d9350e-783c-83cd-1ce0-306a5c00a603" // none, nor traffic
	typoUUID   = "c4d9350e-783c-83cd-1ce0-306a5c00a6ff"
)

// fixturePorts are the ports of the minimal API.
func fixturePorts() map[string]port {
	month := [2]traffic{
		inbound:  {highest: 90, mean: 30, last: 66, means: []float64{60}},
		outbound: {highest: 91.2, mean: 31.2, last: 67.2, means: []float64{61.6}},
	}
	// The value is one that Equinix publishes: 1,060,088 bytes in an hour.
	const trickle = 0.002355751111111111
	return map[string]port{
		uplinkUUID: {capacity: 10_000_000_000, month: month, day: [2]traffic{
			inbound:  {highest: 81.5, mean: 20.5, last: 7.25, means: oneTo(40, 1)},
			outbound: {highest: 240, mean: 105, last: 48, means: oneTo(20, 10)},
		}},
		branchUUID: {capacity: 1_000_000_000, month: month, day: [2]traffic{
			inbound:  {highest: 19.5, mean: 10, last: 3, means: oneTo(19, 1)},
			outbound: {highest: trickle, mean: trickle, last: trickle, means: []float64{trickle}},
		}},
		spareUUID: {capacity: 1_000_000_000, month: month, day: [2]traffic{
			inbound: {means: []float64{0}}, outbound: {means: []float64{0}},
		}},
	}
}

// oneTo is step, 2 × step … n × step, with the low and high ones mixed.
func oneTo(n int, step float64) []float64 {
	means := make([]float64, n)
	for i := range means {
		means[i] = step * float64(i+1)
	}
	slices.Reverse(means[n/3 : n])
	return means
}

// fixtureConnections are 130 connections of uplink, the last of the provisioned
// ones with branch on its other side, and one between other people's ports.
func fixtureConnections() []connection {
	const provider, stranger = "9b1d6c82-b30e-4b87-8564-0781f514e0bf", "9b1d6c82-b30e-4b87-8564-0781f514e0ff"
	var all []connection
	add := func(c connection) {
		c.UUID = fmt.Sprintf("eeeeeeee-0000-4000-8000-%012d", len(all))
		all = append(all, c)
	}
	works := operation{EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE"}
	for _, group := range []struct {
		number    int
		state     string
		bandwidth int // Mbit/s
		operation operation
	}{
		{60, "ACTIVE", 50, works},
		{29, "PROVISIONED", 100, works},
		{5, "PROVISIONING", 200, works},
		{5, "REPROVISIONING", 500, works},
		{10, "CANCELLED", 1000, operation{}},
		{10, "DRAFT", 50, operation{}},
		{4, "DEPROVISIONED", 50, operation{}},
		{3, "FAILED", 50, operation{}},
		{2, "PENDING", 50, operation{}},
		{1, "", 50, operation{}},
	} {
		for range group.number {
			add(connection{
				State: group.state, Bandwidth: group.bandwidth, Operation: group.operation,
				ASide: newSide(uplinkUUID), ZSide: newSide(provider),
			})
		}
	}
	add(connection{State: "PROVISIONED", Bandwidth: 100, Operation: works, ASide: newSide(branchUUID), ZSide: newSide(uplinkUUID)})
	add(connection{State: "ACTIVE", Bandwidth: 10_000, Operation: works, ASide: newSide(stranger), ZSide: newSide(provider)})
	return all
}

// fixtureConfig is a configuration file for the ports of the minimal API and a
// mistyped one. credentials are lines of its account.
func fixtureConfig(api *minimalAPI, credentials ...string) string {
	return `accounts:
  - api_url: ` + api.URL + `
` + indented(credentials) + `    ports:
      - {uuid: ` + uplinkUUID + `, name: uplink-1}
      - uuid: ` + branchUUID + `
      - {uuid: ` + spareUUID + `, name: spare}
      - uuid: ` + typoUUID + `
poll:
  windows:
    - {resolution: 5m, span: 1d}
    - {resolution: 1h, span: 30d, interval: 1h}
`
}

func indented(lines []string) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "    %s\n", l)
	}
	return b.String()
}

// inFile are the credentials of the minimal API as lines of a configuration.
var inFile = []string{"client_id: " + clientID, "client_secret: " + clientSecret}

// inEnv are the same in the environment.
var inEnv = env{"EQUINIX_API_CLIENTID=" + clientID, "EQUINIX_API_CLIENTSECRET=" + clientSecret}

// write makes a file that only its owner can read, in dir, and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startRun runs the exporter with a configuration file, on a port of its own.
func startRun(t *testing.T, e env, configFile string, args ...string) *exporter {
	t.Helper()
	return start(t, e, append([]string{"--config.file=" + configFile, "--web.listen-address=127.0.0.1:0"}, args...)...)
}
