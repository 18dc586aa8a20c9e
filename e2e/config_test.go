package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// account is a sound account of a configuration file with secrets in it.
const account = `accounts:
  - client_id: ` + clientID + `
    client_secret: ` + clientSecret + `
    ports:
      - uuid: ` + uplinkUUID + `
`

type brokenFile struct {
	name, content string
	want          []string
}

// paths are the paths of the faults.
func (b brokenFile) paths() []string {
	paths := make([]string, len(b.want))
	for i, w := range b.want {
		paths[i] = strings.Split(w, ": ")[1]
	}
	return paths
}

// brokenFiles are mistakes of users, and the errors for them: line, path
// and the beginning of the explanation.
var brokenFiles = []brokenFile{
	{"unknown key", account + "pol: {}\n", []string{`6: pol: unknown key`}},
	{
		"bad uuid", strings.Replace(account, uplinkUUID, "uplink-1", 1),
		[]string{`5: accounts[0].ports[0].uuid: "uplink-1" is not a UUID`},
	},
	{
		"duplicate port", account + "      - uuid: " + strings.ToUpper(uplinkUUID) + "\n",
		[]string{`6: accounts[0].ports[1].uuid: is the same as accounts[0].ports[0].uuid on line 5`},
	},
	{
		"interval too short", account + "poll:\n  interval: 30s\n",
		[]string{`7: poll.interval: 30s is out of range: 1m to 1h`},
	},
	{
		"secret twice", account + "    client_secret_file: secret\n",
		[]string{`6: accounts[0].client_secret_file: is given in addition to client_secret`},
	},
	{
		"bad url", account + "    api_url: http://api.example.com\n",
		[]string{`6: accounts[0].api_url: must begin with https://`},
	},
	{
		"window span twice", account + `poll:
  windows:
    - {resolution: 5m, span: 7d}
    - {resolution: 5m, span: 168h}
`,
		[]string{`9: poll.windows[1].span: is the same as poll.windows[0].span on line 8`},
	},
	{"number out of range", account + "api:\n  burst: 0\n", []string{`7: api.burst: 0 is out of range: 1 to 10000`}},
	{"wrong type", account + "api:\n  burst: many\n", []string{`7: api.burst: must be a whole number, not "many"`}},
	{
		"several at once", strings.Replace(account, uplinkUUID, "uplink-1", 1) + `      - {uuid: ` + branchUUID + `, nam: branch}
poll:
  interval: 2h
  stale_intervals: [5]
colour: blue
`,
		[]string{
			`5: accounts[0].ports[0].uuid: "uplink-1" is not a UUID`,
			`6: accounts[0].ports[1].nam: unknown key`,
			`8: poll.interval: 2h is out of range`,
			`9: poll.stale_intervals: must be a whole number`,
			`10: colour: unknown key`,
		},
	},
}

// refusal checks that text names each fault of a file on a line of its own.
func refusal(t *testing.T, text, file string, faults []string) {
	t.Helper()
	for _, f := range faults {
		if !strings.Contains(text, fmt.Sprintf("%s:%s", file, f)) {
			t.Errorf("want %s:%s\ngot %s", file, f, text)
		}
	}
	if got := strings.Count(text, file+":"); got != len(faults) {
		t.Errorf("%d faults, want %d:\n%s", got, len(faults), text)
	}
	freeOfSecrets(t, "the refusal", text, clientSecret)
}

func TestBrokenConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	for _, b := range brokenFiles {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "secret", clientSecret)
			file := write(t, dir, "config.yml", b.content)
			for _, x := range []*exporter{
				start(t, nil, "check", "--config.file="+file),
				startRun(t, nil, file),
			} {
				if code := x.wait(t); code != 1 {
					t.Errorf("%v: exit code %d, want 1", x.cmd.Args, code)
				}
				refusal(t, x.stderr.String(), file, b.want)
				if out := x.stdout.String(); out != "" {
					t.Errorf("%v writes to stdout: %s", x.cmd.Args, out)
				}
			}
		})
	}
}

func TestMissingConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "absent.yml")
	for _, x := range []*exporter{start(t, inEnv, "check", "--config.file="+file), startRun(t, inEnv, file)} {
		if code := x.wait(t); code != 1 || !strings.Contains(x.stderr.String(), file) {
			t.Errorf("%v: exit code %d, %s", x.cmd.Args, code, x.stderr.String())
		}
	}
}

func TestCheckAcceptsExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../config.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	example := write(t, t.TempDir(), "config.yml", string(text)) // with the mode that it should have
	x := start(t, inEnv, "check", "--config.file="+example)
	if code := x.wait(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if out := x.stdout.String(); out != example+" is valid: 1 account, 1 port, 1 window\naccount default: max_series 1000000 is enough for 21276 ports (47 series each) without single connections\n" {
		t.Errorf("check says %q", out)
	}
	if log := x.stderr.String(); log != "" {
		t.Errorf("check complains: %s", log)
	}
}

func TestCheckMissesCredentials(t *testing.T) {
	t.Parallel()
	x := start(t, nil, "check", "--config.file="+write(t, t.TempDir(), "config.yml", "accounts: [{discover: {enabled: true}}]"))
	code, log := x.wait(t), x.stderr.String()
	if code != 1 || !strings.Contains(log, "accounts[0]") || !strings.Contains(log, "credentials") {
		t.Errorf("exit code %d, %s", code, log)
	}
}
