package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

const ports = "ports: [{uuid: c4d9350e-783c-83cd-1ce0-306a5c00a600}]"

func TestEnvironment(t *testing.T) {
	const missing = "config.yml:1: accounts[0]: "
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string // the error
	}{
		{name: "both", env: map[string]string{config.EnvClientID: "id", config.EnvClientSecret: "s3cr3t"}},
		{
			name: "none",
			want: missing + "has no credentials: give client_id or client_id_file, and client_secret or client_secret_file; or token_exchange; or set EQUINIX_API_CLIENTID and EQUINIX_API_CLIENTSECRET in the environment",
		},
		{
			name: "no id",
			env:  map[string]string{config.EnvClientSecret: "s3cr3t"},
			want: missing + "EQUINIX_API_CLIENTID in the environment is empty",
		},
		{
			name: "empty secret",
			env:  map[string]string{config.EnvClientID: "id", config.EnvClientSecret: ""},
			want: missing + "EQUINIX_API_CLIENTSECRET in the environment is empty",
		},
		{
			name: "line break",
			env:  map[string]string{config.EnvClientID: "id\r", config.EnvClientSecret: "s3cr3t"},
			want: missing + "EQUINIX_API_CLIENTID in the environment begins or ends with white space or a line break: remove it",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := func(name string) (string, bool) { text, ok := tt.env[name]; return text, ok }
			cfg, err := config.Parse("config.yml", []byte("accounts: [{"+ports+"}]"), "", env)
			if tt.want != "" {
				if err == nil || err.Error() != tt.want {
					t.Fatalf("got  %v\nwant %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			id, secret, err := cfg.Accounts[0].Credentials.Read()
			if id != "id" || secret.Reveal() != "s3cr3t" || err != nil {
				t.Errorf("Read() = %q, %q, %v", id, secret.Reveal(), err)
			}
		})
	}
}

// TestCredentialsThatCannotBeRight: from whatever source, and the token to exchange
// like them. Each would cost one of five logins.
func TestCredentialsThatCannotBeRight(t *testing.T) {
	const (
		aVariable = "looks like a variable that was not expanded: write the value itself, or name a file that holds it"
		quoted    = "has quotes around it that are part of the value: remove them"
		blank     = "begins or ends with white space or a line break: remove it"
	)
	for text, problem := range map[string]string{
		"${SECRET}":                     aVariable,
		"${SECRET:-s3cr3t}":             aVariable,
		"$(SECRET)":                     aVariable,
		"$(cat /run/s3cr3t)":            aVariable,
		`"s3cr3t"`:                      quoted,
		"'s3cr3t'":                      quoted,
		"\u201cs3cr3t\u201d":            quoted,
		"\"${SECRET}\"":                 quoted,
		" s3cr3t":                       blank,
		"s3cr3t ":                       blank,
		"s3cr3t\t":                      blank,
		"s3cr3t\u00a0":                  blank,
		"pa$$word$":                     "",
		"a${SECRET":                     "",
		"$":                             "",
		`"`:                             "",
		`"s3cr3t`:                       "",
		"s3'cr3t":                       "",
		"eyJhbGciOiJSUzI1NiJ9.e30.c2ln": "",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "file"), text+"\n")
		write(t, filepath.Join(dir, "good"), "good")
		for source, keys := range map[string]string{
			"client_id":          fmt.Sprintf("client_id: %q, client_secret: good", text),
			"client_secret":      fmt.Sprintf("client_id: good, client_secret: %q", text),
			"client_id_file":     "client_id_file: file, client_secret: good",
			"client_secret_file": "client_id: good, client_secret_file: file",
			"subject_token_file": "token_exchange: {subject_token_file: file, scope: s}",
			config.EnvClientID:   "", config.EnvClientSecret: "",
		} {
			env := map[string]string{config.EnvClientID: "good", config.EnvClientSecret: "good"}
			if keys == "" {
				env[source] = text
			}
			_, err := config.Parse("config.yml", []byte("accounts: [{"+ports+", "+keys+"}]"), dir, func(name string) (string, bool) {
				text, ok := env[name]
				return text, ok
			})
			switch {
			case problem == "" && err != nil:
				t.Errorf("%s %q: %v", source, text, err)
			case problem != "" && (err == nil || !strings.HasSuffix(err.Error(), problem) || !strings.Contains(err.Error(), source)):
				t.Errorf("%s %q: %v, want %s", source, text, err, problem)
			case err != nil && strings.Contains(err.Error(), "s3cr3t"):
				t.Errorf("%s %q shows: %v", source, text, err)
			}
		}
	}
}

// TestSecretFileThatTurnsWrong: the next login reads it, and must not send it.
func TestSecretFileThatTurnsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write(t, path, "s3cr3t\n")
	cred := parse(t, "accounts: [{client_id: id, client_secret_file: %q, "+ports+"}]", path).Accounts[0].Credentials
	write(t, path, "${SECRET}\n")
	if id, secret, err := cred.Read(); id != "" || secret != "" || err == nil || !strings.Contains(err.Error(), "client_secret_file: "+path+" looks like a variable that was not expanded") {
		t.Errorf("Read() = %q, %q, %v", id, secret.Reveal(), err)
	}
}

func TestEnvironmentIsNotReadBesideOthers(t *testing.T) {
	for name, file := range map[string]string{
		"two accounts":       "accounts: [{name: a, " + ports + "}, {name: b, " + ports + "}]",
		"client_id":          "accounts: [{client_id: id, " + ports + "}]",
		"client_id_file":     "accounts: [{client_id_file: id, " + ports + "}]",
		"client_secret":      "accounts: [{client_secret: s, " + ports + "}]",
		"client_secret_file": "accounts: [{client_secret_file: secret, " + ports + "}]",
		"bad credentials":    "accounts: [{client_id: [], " + ports + "}]",
		"token_exchange":     "accounts: [{token_exchange: {}, " + ports + "}]",
		"no token_exchange":  "accounts: [{token_exchange: , " + ports + "}]",
		"no account":         "accounts: []",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yml", []byte(file), "testdata", func(name string) (string, bool) {
				t.Errorf("asked the environment for %s", name)
				return "x", true
			})
			if err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestCredentialsAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	idFile, secretFile := filepath.Join(dir, "id"), filepath.Join(dir, "sub", "secret")
	if err := os.Mkdir(filepath.Dir(secretFile), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, idFile, "id-1\n")
	write(t, secretFile, "s3cr3t-1")
	write(t, filepath.Join(dir, "config.yml"), "accounts: [{client_id_file: id, client_secret_file: sub/secret, "+ports+"}]")
	t.Chdir(dir)
	cfg, err := load("config.yml", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // a path relative to the file must not follow the process
	read := func() string {
		id, secret, err := cfg.Accounts[0].Credentials.Read()
		return fmt.Sprintf("%s %s %v", id, secret.Reveal(), err)
	}
	steps := []struct{ write, text, want string }{
		{secretFile, "s3cr3t-1\n", "id-1 s3cr3t-1 <nil>"},
		{secretFile, "s3cr3t 2\r\n\n", "id-1 s3cr3t 2 <nil>"},
		{idFile, "id-2", "id-2 s3cr3t 2 <nil>"},
		{idFile, "\n", "  client_id_file: " + idFile + " is empty"},
		{idFile, "id-3", "id-3 s3cr3t 2 <nil>"},
		{secretFile, "a\nb", "  client_secret_file: " + secretFile + " contains several lines or a character that does not print: it must contain only the credential"},
		{secretFile, strings.Repeat("x", 64<<10), "id-3 " + strings.Repeat("x", 64<<10) + " <nil>"},
		{secretFile, strings.Repeat("x", 64<<10+1), "  client_secret_file: " + secretFile + " is larger than 64 KiB: it must contain only the credential"},
	}
	for _, step := range steps {
		write(t, step.write, step.text)
		if diff := cmp.Diff(step.want, read()); diff != "" {
			t.Errorf("Read() (-want +got):\n%s", diff)
		}
	}
	if err := os.Remove(secretFile); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), "  client_secret_file: stat "+secretFile+": no such file or directory"; got != want {
		t.Errorf("Read() = %s, want %s", got, want)
	}
}

func TestTokenExchangeAsksNothingOfTheEnvironment(t *testing.T) {
	const file = "accounts: [{token_exchange: {subject_token_file: token, scope: s}, " + ports + "}]"
	cfg, err := config.Parse("config.yml", []byte(file), "testdata", func(name string) (string, bool) {
		t.Errorf("asked the environment for %s", name)
		return "x", true
	})
	if err != nil {
		t.Fatal(err)
	}
	cred := cfg.Accounts[0].Credentials
	if cred.TokenExchange.IsZero() {
		t.Error("no token exchange")
	}
	if id, secret, err := cred.Read(); id != "" || secret != "" || err != nil {
		t.Errorf("Read() = %q, %q, %v, want nothing", id, secret.Reveal(), err)
	}
}

func TestSubjectTokenIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "token")
	project := func(generation, token string) {
		t.Helper()
		swap(t, path, generation, token)
	}
	if err := os.Symlink(filepath.Join("..data", "token"), path); err != nil {
		t.Fatal(err)
	}
	project("1", "s3cr3t-1\n")
	write(t, filepath.Join(dir, "config.yml"), "accounts: [{token_exchange: {subject_token_file: token, scope: s}, "+ports+"}]")
	t.Chdir(dir)
	cfg, err := load("config.yml", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // a path relative to the file must not follow the process
	exchange := cfg.Accounts[0].Credentials.TokenExchange
	read := func() string {
		token, err := exchange.SubjectToken()
		return fmt.Sprintf("%s %v", token.Reveal(), err)
	}
	if got, want := read(), "s3cr3t-1 <nil>"; got != want {
		t.Errorf("SubjectToken() = %s, want %s", got, want)
	}
	project("2", "s3cr3t-2")
	if got, want := read(), "s3cr3t-2 <nil>"; got != want {
		t.Errorf("SubjectToken() = %s, want %s", got, want)
	}
	project("3", "\n")
	if got, want := read(), " subject_token_file: "+path+" is empty"; got != want {
		t.Errorf("SubjectToken() = %s, want %s", got, want)
	}
}

// TestCredentialsCompare: a reload keeps the login of an account whose
// credentials are the same by ==.
func TestCredentialsCompare(t *testing.T) {
	const file = "accounts: [{token_exchange: {subject_token_file: token, scope: %s}, " + ports + "}]"
	first, second := parse(t, file, "s").Accounts[0].Credentials, parse(t, file, "s").Accounts[0].Credentials
	if first != second {
		t.Error("the same file makes different credentials")
	}
	if first == parse(t, file, "other").Accounts[0].Credentials {
		t.Error("another scope makes the same credentials")
	}
}

func TestAbsolutePathsStayAsTheyAre(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write(t, path, "s3cr3t\n")
	cfg := parse(t, "accounts: [{client_id: id, client_secret_file: %q, "+ports+"}]", path)
	want := config.Credentials{ClientID: "id", ClientSecretFile: path}
	if diff := cmp.Diff(want, cfg.Accounts[0].Credentials); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
}
